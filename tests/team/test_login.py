"""Signing in to the console with WeCom: who gets in, as whom, how far, and what the others are told."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from team import viewer
from team.models import Staff
from team.services import staff_deactivate, staff_let_in, staff_link_member, staff_store
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Membership, Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.factories.wecom import make_app
from wecom.errors import Permanent, Retryable
from wecom.selectors import Identity

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
IN_WECOM = "Mozilla/5.0 (iPhone) wxwork/4.1.22 MicroMessenger/7.0.1"


@pytest.fixture
def staff(tenant: Tenant, frozen: MovableClock) -> Staff:
    """何静, linked to an operator's login that has no password."""
    owner = Actor.of_user(User.objects.get(email="lin@example.com"), PERMISSIONS[Role.OWNER])
    with tenant_scope(tenant):
        row = make_staff(tenant=tenant, app=make_app(tenant=tenant), userid="HeJing", name="何静")
        return staff_let_in(tenant=tenant, staff_id=row.pk, role=Role.OPERATOR, actor=owner)


@pytest.fixture
def browser() -> Client:
    return Client(headers={"accept-language": "en"})


def wecom_says(monkeypatch: pytest.MonkeyPatch, who: Any) -> None:
    def answer(*, app: Any, code: str) -> Identity:
        if isinstance(who, Exception):
            raise who
        return who

    monkeypatch.setattr(viewer, "oauth_identity", answer)


def begin(browser: Client, tenant: Tenant, then: str = "", **headers: str) -> dict[str, str]:
    """What WeCom is asked: host and path, and the query."""
    answer = browser.get(f"/login/{tenant.slug}/wecom/", {"next": then} if then else {}, headers=headers)
    asked = urlsplit(answer.headers["location"])
    return {"at": asked.path, **{key: value[0] for key, value in parse_qs(asked.query).items()}}


def come_back(browser: Client, tenant: Tenant, state: str, code: str = "c0de") -> Any:
    return browser.get(f"/login/{tenant.slug}/back/", {"code": code, "state": state})


def scan(
    browser: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, then: str = "", userid: str = "hejing"
) -> Any:
    wecom_says(monkeypatch, Identity(userid=userid))
    return come_back(browser, tenant, begin(browser, tenant, then)["state"])


def test_wecom_is_asked_for_a_code_to_scan_and_inside_wecom_silently(
    browser: Client, tenant: Tenant, staff: Staff
) -> None:
    outside = begin(browser, tenant)
    back = f"http://127.0.0.1:8000/login/{tenant.slug}/back/"
    assert (outside["at"], outside["login_type"]) == ("/wwlogin/sso/login", "CorpApp")
    with tenant_scope(tenant):
        app = staff.app
    assert (outside["appid"], outside["agentid"]) == (app.corp_id, str(app.agent_id))
    assert outside["redirect_uri"] == back
    inside = begin(browser, tenant, **{"user-agent": IN_WECOM})
    assert (inside["at"], inside["scope"]) == ("/connect/oauth2/authorize", "snsapi_base")
    for state in (outside["state"], inside["state"]):
        assert state.isalnum()
        assert len(state) <= 128  # what WeCom carries


def test_staff_scans_and_comes_to_the_page_asked_for(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"/t/{tenant.slug}/groups/?tab=bad"
    answer = scan(browser, tenant, monkeypatch, page)
    assert (answer.status_code, answer.headers["location"]) == (302, page)
    assert browser.get(page).status_code == 200
    assert browser.get(f"/t/{tenant.slug}/settings/members/").status_code == 403


@pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example/", "/t/someone-else/"])
def test_sign_in_leads_to_no_other_place(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    assert scan(browser, tenant, monkeypatch, then).headers["location"] == f"/t/{tenant.slug}/"


def test_state_works_once_in_one_browser_for_ten_minutes(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch, frozen: MovableClock
) -> None:
    wecom_says(monkeypatch, Identity(userid="hejing"))
    state = begin(browser, tenant)["state"]
    assert come_back(Client(), tenant, state).status_code == 400
    forged = state[:-1] + ("0" if state[-1] != "0" else "1")
    assert come_back(browser, tenant, forged).status_code == 400
    assert come_back(browser, tenant, state).status_code == 302
    again = come_back(browser, tenant, state)
    assert (again.status_code, "这次登录已失效" in again.content.decode()) == (
        400,
        True,
    )  # in the user's language
    late = Client()
    slow = begin(late, tenant)["state"]
    frozen.move(minutes=11)
    assert come_back(late, tenant, slow).status_code == 400


def test_state_of_one_company_opens_no_other(
    browser: Client, tenant: Tenant, other_tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(other_tenant):
        make_staff(tenant=other_tenant, userid="HeJing")
    wecom_says(monkeypatch, Identity(userid="hejing"))
    assert come_back(browser, other_tenant, begin(browser, tenant)["state"]).status_code == 400


@pytest.mark.parametrize(
    ("who", "status", "words"),
    [
        (Permanent("used", code=40029), 400, "This code was used already"),
        (Retryable("busy", retry_at=None), 503, "WeCom did not answer"),
        (Identity(external_userid="wm1", openid="o1"), 403, "This page is for staff"),
        (Identity(openid="o1"), 403, "belongs to another company"),
        (Identity(userid="wwother/hejing"), 403, "belongs to another company"),
        (Identity(userid="nobody"), 403, "staff list does not"),
    ],
)
def test_who_is_not_let_in_is_told_why(
    browser: Client,
    tenant: Tenant,
    staff: Staff,
    monkeypatch: pytest.MonkeyPatch,
    who: Any,
    status: int,
    words: str,
) -> None:
    wecom_says(monkeypatch, who)
    answer = come_back(browser, tenant, begin(browser, tenant)["state"])
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    assert browser.get(f"/t/{tenant.slug}/").status_code == 302


def test_declined_question_is_no_sign_in(browser: Client, tenant: Tenant, staff: Staff) -> None:
    answer = browser.get(f"/login/{tenant.slug}/back/", {"state": begin(browser, tenant)["state"]})
    assert (answer.status_code, "Nothing was confirmed" in answer.content.decode()) == (400, True)


def test_staff_without_a_login_learns_who_can_help(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        make_staff(tenant=tenant, app=staff.app, userid="chenmo")
    answer = scan(browser, tenant, monkeypatch, userid="chenmo")
    assert (answer.status_code, "no console login yet" in answer.content.decode()) == (403, True)


def test_leaver_is_suspended_with_a_record_and_let_in_again_by_an_owner(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch, owner: Actor
) -> None:
    home = f"/t/{tenant.slug}/"
    scan(browser, tenant, monkeypatch)
    assert browser.get(home).status_code == 200
    where = {"tenant_id": tenant.pk, "app_id": staff.app_id}
    with tenant_scope(tenant):
        for _time in range(2):
            staff_deactivate(**where, userid="HeJing")
        records = AuditEntry.objects.filter(tenant=tenant, verb="tenants.member.suspended")
        assert [(one.actor_kind, one.target_name) for one in records] == [("system", "何静")]
    assert browser.get(home).status_code == 404  # at once, in the open session
    left = scan(Client(headers={"accept-language": "en"}), tenant, monkeypatch)
    assert "no longer lists you" in left.content.decode()
    with tenant_scope(tenant):
        seen = {"people": [], "contactable": {"HeJing"}, "is_complete": True}
        staff_store(**where, **seen)  # back in WeCom: not back in here by itself
    again = scan(Client(headers={"accept-language": "en"}), tenant, monkeypatch)
    assert "Your access is suspended" in again.content.decode()
    boss = Client()
    boss.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        member = Membership.objects.exclude(suspended_at=None).get()
    page = boss.get(f"{home}settings/members/").content.decode()
    assert f"members/{member.pk}/resume/" in page
    assert boss.post(f"{home}settings/members/{member.pk}/resume/").status_code == 302
    assert scan(Client(), tenant, monkeypatch).status_code == 302


def test_full_read_suspends_leavers_but_never_the_last_owner(
    tenant: Tenant, staff: Staff, owner: Actor
) -> None:
    with tenant_scope(tenant):
        boss = Membership.objects.get(user__email="lin@example.com")
        other = make_staff(tenant=tenant, app=staff.app, userid="linxiao", membership=boss)
        staff_store(tenant_id=tenant.pk, app_id=staff.app_id, people=[], contactable=set(), is_complete=True)
        boss.refresh_from_db()
        assert (boss.suspended_at, Staff.objects.get(pk=other.pk).is_active) == (None, False)
        assert Membership.objects.exclude(suspended_at=None).get() == staff.membership
        kept = AuditEntry.objects.get(verb="tenants.member.kept")
        assert kept.target_id == str(boss.pk)


def test_a_second_app_that_still_lists_the_person_keeps_the_login(tenant: Tenant, staff: Staff) -> None:
    with tenant_scope(tenant):
        make_staff(tenant=tenant, app=make_app(tenant=tenant), userid="hj", membership=staff.membership)
        staff_deactivate(tenant_id=tenant.pk, app_id=staff.app_id, userid="HeJing")
        assert Membership.objects.get(pk=staff.membership_id).suspended_at is None


def test_only_who_manages_members_says_whom_a_scan_signs_in(tenant: Tenant, staff: Staff) -> None:
    """A link is a way in: a team lead could otherwise come in as an owner."""
    with tenant_scope(tenant):
        lead = make_member(tenant=tenant, role=Role.LEADER)
        boss = Membership.objects.get(user__email="lin@example.com")
        actor = Actor.of_user(lead.user, PERMISSIONS[Role.LEADER])
        with pytest.raises(NotPermitted):
            staff_link_member(tenant=tenant, staff_id=staff.pk, member_id=boss.pk, actor=actor)
        with pytest.raises(NotPermitted):
            staff_let_in(tenant=tenant, staff_id=staff.pk, role=Role.OWNER, actor=actor)


def test_scan_of_one_company_reaches_nothing_else_of_the_person(
    browser: Client,
    tenant: Tenant,
    other_tenant: Tenant,
    staff: Staff,
    monkeypatch: pytest.MonkeyPatch,
    owner: Actor,
) -> None:
    """Company A links its staff to a person who is also in B and on the platform's own staff."""
    person = User.objects.get(email="zhou@example.com")
    User.objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, user=person)
        staff_link_member(tenant=tenant, staff_id=staff.pk, member_id=member.pk, actor=owner)
    assert scan(browser, tenant, monkeypatch).status_code == 302
    assert browser.get(f"/t/{tenant.slug}/").status_code == 200
    assert browser.get(f"/t/{other_tenant.slug}/").status_code == 404
    assert other_tenant.name not in browser.get(f"/t/{tenant.slug}/").content.decode()
    closed = [
        "/admin/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/companies/new/",
    ]
    assert {url: browser.get(url).status_code for url in closed} == dict.fromkeys(closed, 403)
    assert browser.get("/").headers["location"] == f"/t/{tenant.slug}/"
    browser.post("/accounts/logout/")
    sent = {"login": "zhou@example.com", "password": "correct-horse-9"}
    assert browser.post("/accounts/login/", sent).status_code == 302
    assert browser.get(f"/t/{other_tenant.slug}/").status_code == 200


def test_password_in_the_same_browser_opens_the_wider_door(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a scan afterwards narrows it again."""
    begin(browser, tenant)
    sent = {"login": "lin@example.com", "password": "correct-horse-9"}
    browser.post("/accounts/login/", sent)
    assert browser.get("/accounts/email/").status_code == 200
    scan(browser, tenant, monkeypatch)
    assert browser.get("/accounts/email/").status_code == 403


def test_second_factor_is_still_asked_for(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        user = Membership.objects.get(pk=staff.membership_id).user
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert scan(browser, tenant, monkeypatch).headers["location"] == "/accounts/2fa/authenticate/"
    assert browser.get(f"/t/{tenant.slug}/").status_code == 302


def test_company_is_found_by_page_code_or_address(browser: Client, tenant: Tenant, staff: Staff) -> None:
    page = f"/t/{tenant.slug}/groups/"
    own = f"/login/{tenant.slug}/"
    assert browser.get("/login/", {"next": page}).headers["location"].startswith(own)
    for told in (tenant.slug, tenant.slug.upper(), f"https://scrm.example/login/{tenant.slug}/"):
        assert browser.get("/login/", {"company": told}).headers["location"] == own
    missing = browser.get("/login/", {"company": "nobody"})
    assert (missing.status_code, "No company has the code" in missing.content.decode()) == (404, True)
    assert "Scan with WeCom" in browser.get(own).content.decode()
    silent = browser.get(own, headers={"user-agent": IN_WECOM})
    assert silent.headers["location"] == f"{own}wecom/"


def test_company_without_an_app_offers_e_mail(browser: Client, other_tenant: Tenant) -> None:
    page = browser.get(f"/login/{other_tenant.slug}/").content.decode()
    assert "has not connected WeCom yet" in page
    assert browser.get(f"/login/{other_tenant.slug}/wecom/").status_code == 503


def test_owner_lets_staff_in_and_takes_it_back(
    browser: Client, tenant: Tenant, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant, app=staff.app, userid="chenmo", name="陈默")
    boss = Client(headers={"accept-language": "en"})
    boss.force_login(User.objects.get(email="lin@example.com"))
    base = f"/t/{tenant.slug}/settings/members/staff/"
    page = boss.get(base, {"access": "none"}).content.decode()
    assert ("陈默" in page, "何静" in page, f"/login/{tenant.slug}/" in page) == (True, False, True)
    htmx = {"HX-Request": "true"}
    assert boss.post(f"{base}{other.pk}/let-in/", {"role": "sales"}, headers=htmx).status_code == 204
    assert scan(browser, tenant, monkeypatch, userid="chenmo").status_code == 302
    twice = boss.post(f"{base}{other.pk}/let-in/", {"role": "owner"}, headers=htmx)
    assert twice.status_code == 409
    assert boss.post(f"{base}{other.pk}/unlink/", headers=htmx).status_code == 204
    assert scan(Client(), tenant, monkeypatch, userid="chenmo").status_code == 403
    assert boss.post(f"{base}{staff.pk + 10_000}/let-in/", {"role": "sales"}).status_code == 404
