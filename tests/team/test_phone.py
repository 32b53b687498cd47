"""The phone: only WeCom says who holds it, for one tenant, for a while."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from team import viewer
from team.models import Staff, WorkItem
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff, make_work_item
from tests.factories.wecom import make_app
from wecom.errors import Permanent
from wecom.selectors import Identity

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def phone(tenant: Tenant, frozen: MovableClock) -> Client:
    with tenant_scope(tenant):
        make_staff(tenant=tenant, app=make_app(tenant=tenant), userid="HeJing", name="何静")
    return Client(headers={"accept-language": "en"})


def wecom_says(monkeypatch: pytest.MonkeyPatch, who: Any) -> None:
    def answer(*, app: Any, code: str) -> Identity:
        if isinstance(who, Exception):
            raise who
        return who

    monkeypatch.setattr(viewer, "oauth_identity", answer)


def to_wecom(client: Client, url: str) -> str:
    """Follow our own redirects; the state that WeCom is asked to carry."""
    answer = client.get(url)
    answer = client.get(answer.headers["location"])
    asked = urlsplit(answer.headers["location"])
    assert asked.path == "/connect/oauth2/authorize"
    return parse_qs(asked.query)["state"][0]


def enter(client: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, userid: str = "hejing") -> Any:
    state = to_wecom(client, f"/m/{tenant.slug}/")
    wecom_says(monkeypatch, Identity(userid=userid))
    return client.get(f"/m/{tenant.slug}/oauth/", {"code": "c", "state": state})


def test_staff_comes_back_to_the_page_asked_for(
    phone: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = to_wecom(phone, f"/m/{tenant.slug}/?bucket=remind")
    wecom_says(monkeypatch, Identity(userid="hejing"))
    answer = phone.get(f"/m/{tenant.slug}/oauth/", {"code": "c", "state": state})
    assert (answer.status_code, answer.headers["location"]) == (302, f"/m/{tenant.slug}/?bucket=remind")
    with tenant_scope(tenant):
        make_work_item(tenant=tenant, staff=Staff.objects.get(), title="转发预告", phone_url="/m/x/send/1/")
        make_work_item(tenant=tenant, staff=make_staff(tenant=tenant), title="别人的事")
    page = phone.get(f"/m/{tenant.slug}/").content.decode()
    assert ("转发预告" in page, "别人的事" in page, "/m/x/send/1/" in page) == (True, False, True)


def test_state_works_once_and_only_in_the_browser_it_was_given_to(
    phone: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = to_wecom(phone, f"/m/{tenant.slug}/")
    wecom_says(monkeypatch, Identity(userid="hejing"))
    where = f"/m/{tenant.slug}/oauth/"
    assert Client().get(where, {"code": "c", "state": state}).status_code == 400
    assert phone.get(where, {"code": "c", "state": state}).status_code == 302
    assert phone.get(where, {"code": "c", "state": state}).status_code == 400


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (Identity(userid="nobody"), 403),
        (Identity(external_userid="wm1"), 403),
        (Permanent("used", code=40029), 400),
    ],
)
def test_who_is_not_staff_is_told_so_plainly(
    phone: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, who: Any, code: int
) -> None:
    state = to_wecom(phone, f"/m/{tenant.slug}/")
    wecom_says(monkeypatch, who)
    answer = phone.get(f"/m/{tenant.slug}/oauth/", {"code": "c", "state": state})
    assert (answer.status_code, "q-empty" in answer.content.decode()) == (code, True)
    assert phone.get(f"/m/{tenant.slug}/").status_code == 302


def test_session_ends_by_the_clock_and_when_the_person_leaves(
    phone: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, frozen: MovableClock
) -> None:
    enter(phone, tenant, monkeypatch)
    home = f"/m/{tenant.slug}/"
    assert phone.get(home).status_code == 200
    frozen.move(hours=12)
    assert phone.get(home).status_code == 302
    assert phone.post(f"{home}items/1/done").status_code == 401
    enter(phone, tenant, monkeypatch)
    assert phone.get(home).status_code == 200
    with tenant_scope(tenant):
        Staff.objects.update(is_active=False)
    assert phone.get(home).status_code == 302


def test_session_of_one_tenant_opens_no_other(
    phone: Client, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(phone, tenant, monkeypatch)
    assert phone.get(f"/m/{tenant.slug}/").status_code == 200
    assert phone.get(f"/m/{other_tenant.slug}/").status_code == 302
    assert phone.get("/m/no-such-company/").status_code == 404


def test_task_is_done_on_the_phone_by_its_own_person_only(
    phone: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(phone, tenant, monkeypatch)
    with tenant_scope(tenant):
        own = make_work_item(tenant=tenant, staff=Staff.objects.get())
        other = make_work_item(tenant=tenant, staff=make_staff(tenant=tenant))
    htmx = {"HX-Request": "true"}
    codes = [
        phone.post(f"/m/{tenant.slug}/items/{one.pk}/done", headers=htmx).status_code for one in (own, other)
    ]
    assert codes == [200, 409]
    with tenant_scope(tenant):
        row = WorkItem.objects.get(pk=own.pk)
        assert (row.state, row.done_by) == ("done", "何静")


def test_company_without_an_app_says_so(tenant: Tenant, frozen: MovableClock) -> None:
    client = Client()
    answer = client.get(client.get(f"/m/{tenant.slug}/").headers["location"])
    assert answer.status_code == 503
