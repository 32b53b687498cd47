"""Every console route as a stranger, as a member of another company, and in each role (first net of isolation)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenants.enums import Role
from tenants.models import User
from tenants.roles import allows
from tenants.scoping import tenant_scope
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user
from tests.isolation.demands import CONSOLE
from tests.isolation.routes import console_names, phone_names, public_names
from tests.isolation.strangers import PHONE, PHONE_DOOR, PUBLIC
from tests.phone import hold_phone

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

NOBODYS_ID = 999_999_999
# A value for every argument a route can have; ids belong to nobody.
ARGUMENTS: dict[str, Any] = {
    "pk": NOBODYS_ID, "step_pk": NOBODYS_ID, "tag_pk": NOBODYS_ID, "doubt_pk": NOBODYS_ID, "run_pk": NOBODYS_ID,
    "need_pk": NOBODYS_ID,
    "file_pk": NOBODYS_ID,
    "task_pk": NOBODYS_ID, "script_pk": NOBODYS_ID,
    "external_userid": "wmNobody", "chat_id": "wrNobody",
    "other_pk": NOBODYS_ID,
    "number": NOBODYS_ID, "prize_pk": NOBODYS_ID, "award_pk": NOBODYS_ID, "shown_pk": NOBODYS_ID,
    "coupon_pk": NOBODYS_ID, "node_pk": NOBODYS_ID, "deal_pk": NOBODYS_ID,
    "invite_pk": NOBODYS_ID, "seller_pk": NOBODYS_ID, "inviter_pk": NOBODYS_ID, "checkin_pk": NOBODYS_ID,
    "code": "00000000002A",
}  # fmt: skip
# Routes whose word is one of a few.
WORDS: dict[str, dict[str, str]] = {
    "analytics:serve": {"kind": "run"},
    "analytics:funnel_act": {"verb": "again"},
    "campaigns:act": {"verb": "clone"},
    "campaigns:post": {"kind": "relay"},
    "campaigns:flash_node": {"verb": "posted"},
    "campaigns:step": {"step": "idea"},
    "contacts:bulk_tag": {"verb": "tag"},
    "contacts:own_field_archive": {"verb": "archive"},
    "contacts:sheet_act": {"verb": "write"},
    "contacts:sheet_template": {"kind": "tags"},
    "contacts:question_act": {"verb": "no_need"},
    "contacts:sku_archive": {"verb": "archive"},
    "contacts:survey_act": {"verb": "close"},
    "contacts:tag_archive": {"verb": "archive"},
    "contacts:survey_answer": {"verb": "drop"},
    "contacts_phone:tag": {"verb": "add"},
    "sop:step_take": {"verb": "take"},
    "content:knowledge_act": {"verb": "archive"},
    "content:fact_act": {"verb": "archive"},
    "content:persona_act": {"verb": "archive"},
    "content:material_act": {"verb": "ask"},
    "content:materials_bulk": {"verb": "kind"},
    "content:script_verb": {"verb": "archive"},
    "team:notice_mute": {"span": "hour"},
    "groups:koc_task_act": {"verb": "done"},
    "groups:norms_tell": {"place": "welcome"},
    "groups:thanks_act": {"verb": "said"},
    "groups:end_task": {"kind": "notice"},
    "groups:end_task_act": {"kind": "notice", "verb": "done"},
    "groups:intro_mark": {"verb": "done"},
    "groups:setup_step": {"kind": "rules"},
    "groups:setup_tick": {"kind": "rules", "verb": "tick"},
    "groups:violation_act": {"verb": "done"},
    "groups:silent_decide": {"decision": "keep"},
    "groups_phone:freeze": {"verb": "freeze"},
    "groups_phone:breach_act": {"verb": "done"},
    "groups:bulk": {"verb": "freeze"},
    "groups:bulk_tag": {"verb": "tag"},
    "groups:tab_file": {"what": "koc"},
    "groups:tag_archive": {"verb": "archive"},
    "groups:incident_task_act": {"verb": "done"},
    "groups:code_act": {"verb": "read"},
    "groups:way_act": {"verb": "retry"},
    "groups:welcome_act": {"verb": "publish"},
    "groups:fix": {"what": "week"},
    "groups:wordings": {"kind": "welcome"},
    "groups:wording_restore": {"kind": "welcome"},
    "groups:promise_end": {"verb": "break"},
    "groups:opening": {"opening": "flash_sale"},
    "groups:screening_publish": {"verb": "publish"},
    "groups:invitation_act": {"verb": "accepted"},
    "leads:list": {"tab": "overdue"},
    "leads:s_verdict": {"verb": "confirm"},
    "leads:share_undo": {"act": "0" * 32},
    "leads_phone:s_verdict": {"verb": "confirm"},
    "sop:certificate_act": {"verb": "again"},
    "sop:clone": {"code": "nothing"},
    "sop:proof_act": {"verb": "accept"},
    "sop:run_late": {"verb": "send"},
    "sop:shelve": {"verb": "archive"},
    "sop:event_person": {"verb": "came"},
    "sop:topic_verb": {"verb": "archive"},
    "sop:review_act": {"verb": "draft"},
    "sop:review_item": {"verb": "done"},
    "sop:touch_verb": {"verb": "confirm"},
    "sop:week_act": {"verb": "clear"},
    "sop:week_slot": {"place": "1-noon"},
    "team:approval_decide": {"verb": "grant"},
    "team:item_act": {"verb": "done"},
    "team:kind": {"kind": "sales"},
    "team:ranking_cases": {"figure": "conversion"},
    "team_phone:item_act": {"verb": "done"},
    "wecom:archive_act": {"verb": "pause"},
    "wecom:inbox_bulk": {"verb": "replay"},
    "wecom:inbox_progress": {"token": "nothing"},
    "wecom:operations_act": {"verb": "redeliver"},
    "wecom:setup_act": {"verb": "pause"},
}


def arguments_of(name: str, path: str) -> dict[str, Any]:
    own = {**ARGUMENTS, **WORDS.get(name, {})}
    return {key: value for key, value in own.items() if f":{key}>" in path or f"?P<{key}>" in path}


def url_of(name: str, slug_key: str, slug: str, **changed: Any) -> str:
    from tests.isolation.routes import routes  # noqa: PLC0415 - the resolver is complete only in a test

    path = next(path for known, path, _view in routes() if known == name)
    return reverse(name, kwargs={slug_key: slug, **arguments_of(name, path), **changed})


def console_url(tenant: Any, name: str, **changed: Any) -> str:
    return url_of(name, "tenant_slug", tenant.slug, **changed)


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def test_no_console_route_is_unlisted():
    assert sorted(console_names()) == sorted(CONSOLE)


def test_no_phone_route_is_unlisted():
    assert set(phone_names()) == PHONE | PHONE_DOOR


def test_no_public_route_is_unlisted():
    assert sorted(public_names()) == sorted(PUBLIC)


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_sign_in_everywhere(tenant, method):
    stranger = Client(raise_request_exception=False)
    for name in CONSOLE:
        answer = getattr(stranger, method)(console_url(tenant, name))
        assert (name, answer.status_code) == (name, 302)
        assert answer["Location"].startswith("/accounts/login/?next="), name


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_member_of_another_company_finds_nothing(tenant, other_tenant, method):
    outsider = signed_in(User.objects.get(email="zhou@example.com"))
    found = {name: getattr(outsider, method)(console_url(tenant, name)).status_code for name in CONSOLE}
    assert {name: status for name, status in found.items() if status != 404} == {}


@pytest.mark.parametrize("role", Role.values)
def test_each_role_reads_and_writes_only_what_it_may(tenant, role):
    person = make_user()
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=role, user=person)
    client = signed_in(person)
    wrong = {}
    for name, (read, write) in CONSOLE.items():
        url = console_url(tenant, name)
        got = client.get(url).status_code
        if (got == 403) != (not allows(role, read)) or got == 500:
            wrong[f"GET {name}"] = got
        sent = client.post(url).status_code
        if (sent == 403) != (not (allows(role, read) and allows(role, write))) or sent == 500:
            wrong[f"POST {name}"] = sent
    assert wrong == {}


def test_phone_pages_send_strangers_to_sign_in_and_refuse_their_forms(tenant):
    stranger = Client(raise_request_exception=False)
    for name in sorted(PHONE):
        url = url_of(name, "phone_slug", tenant.slug)
        opened = stranger.get(url)
        assert (name, opened.status_code) == (name, 302)
        assert "/login/" in opened["Location"], name
        assert (name, stranger.post(url).status_code) == (name, 401)


def test_a_viewer_writes_nothing_on_the_phone(tenant):
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant, membership=make_member(tenant=tenant, role=Role.VIEWER))
    phone = hold_phone(tenant, staff)
    for name in sorted(PHONE):
        assert (name, phone.post(url_of(name, "phone_slug", tenant.slug)).status_code) == (name, 403)


def test_a_console_session_opens_no_phone_page(tenant):
    owner = signed_in(User.objects.get(email="lin@example.com"))
    for name in sorted(PHONE):
        assert (name, owner.get(url_of(name, "phone_slug", tenant.slug)).status_code) == (name, 302)


PUBLIC_ARGUMENTS = {
    "token": "nothing",
    "part": "rules",
    "slug": "nothing",
    "key": "nothing",
    "uidb36": "zz",
    "tenant_id": 1,
}


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_a_stranger_gets_on_public_routes(name):
    from tests.isolation.routes import routes  # noqa: PLC0415

    path = next(path for known, path, _view in routes() if known == name)
    wanted = {
        key: value for key, value in PUBLIC_ARGUMENTS.items() if f":{key}>" in path or f"?P<{key}>" in path
    }
    url = f"/{path}" if name == path else reverse(name, kwargs=wanted)
    assert Client(raise_request_exception=False).get(url).status_code == PUBLIC[name]


def test_the_admin_is_closed_to_owners_of_companies(tenant):
    owner = signed_in(User.objects.get(email="lin@example.com"))
    for url in ("/admin/", "/admin/operations/", "/admin/tenants/tenant/", "/admin/tenants/user/"):
        answer = owner.get(url)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
