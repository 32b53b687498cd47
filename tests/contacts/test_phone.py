"""The customer on the phone: only a friend's, with tags that can be taken back, and the wish for no marketing."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import Customer, CustomerTag, Tag
from team.models import Staff
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customer, make_customer_tag, make_follow, make_tag
from tests.factories.team import make_staff
from tests.factories.tenants import make_member
from tests.phone import hold_phone

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def staff(tenant: Tenant, frozen: MovableClock) -> Staff:
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓")


@pytest.fixture
def friend(tenant: Tenant, staff: Staff) -> Customer:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, name="刘女士", phone="13800136027")
        make_follow(tenant=tenant, customer=person, staff=staff, remark="果果妈妈")
        return person


@pytest.fixture
def phone(tenant: Tenant, staff: Staff) -> Client:
    return hold_phone(tenant, staff)


def url_of(tenant: Tenant, person: Customer, rest: str = "") -> str:
    return f"/m/{tenant.slug}/customer/{person.external_userid}/{rest}"


def test_stranger_and_foreign_customers_are_not_there(
    tenant: Tenant, other_tenant: Tenant, friend: Customer, phone: Client
) -> None:
    with tenant_scope(tenant):
        stranger = make_customer(tenant=tenant)
    with tenant_scope(other_tenant):
        foreign = make_customer(tenant=other_tenant)
    for person in (stranger, foreign):
        for rest in ("", "scripts/"):
            assert phone.get(url_of(tenant, person, rest)).status_code == 404
        for rest in ("tags/add/", "tags/remove/", "opt-out/"):
            sent = phone.post(url_of(tenant, person, rest), {"tag": "1", "opted_out": "1", "reason": "x"})
            assert sent.status_code == 404
    assert phone.get(url_of(tenant, friend)).status_code == 200


def test_page_says_what_is_unknown_and_since_when(
    tenant: Tenant, staff: Staff, friend: Customer, phone: Client
) -> None:
    page = phone.get(url_of(tenant, friend)).content.decode()
    assert ("No message is known" in page, "never read from WeCom" in page) == (True, True)
    with tenant_scope(tenant):
        make_behaviour(tenant=tenant, customer=friend, kind="message", text="有回放吗")
        other = make_staff(tenant=tenant, name="何静")
        make_follow(tenant=tenant, customer=friend, staff=other)
    page = phone.get(url_of(tenant, friend)).content.decode()
    assert ("有回放吗" in page, "also of 何静" in page, "13800136027" in page) == (True, True, True)


def test_phone_number_is_masked_for_who_may_not_see_it(
    tenant: Tenant, staff: Staff, friend: Customer, phone: Client
) -> None:
    with tenant_scope(tenant):
        Staff.objects.update(membership=make_member(tenant=tenant, role=Role.VIEWER))
    page = phone.get(url_of(tenant, friend)).content.decode()
    assert ("13800136027" in page, "opt-out/" in page) == (False, False)
    sent = phone.post(url_of(tenant, friend, "opt-out/"), {"opted_out": "1", "reason": "x"})
    assert sent.status_code == 403


def held(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant):
        return list(CustomerTag.objects.order_by("tag__name").values_list("tag__name", flat=True))


def test_tag_is_put_on_and_taken_back_by_its_undo(tenant: Tenant, friend: Customer, phone: Client) -> None:
    with tenant_scope(tenant):
        tag = make_tag(tenant=tenant, name="高意向")
    answer = phone.post(url_of(tenant, friend, "tags/add/"), {"tag": tag.pk}, headers=HTMX)
    assert (answer.status_code, "高意向" in answer.content.decode(), held(tenant)) == (200, True, ["高意向"])
    undo = url_of(tenant, friend, f"tags/remove/?tag={tag.pk}")
    assert undo in answer.headers["HX-Trigger"].encode().decode("unicode_escape")
    assert phone.post(undo).status_code == 302
    assert held(tenant) == []


def test_wecoms_own_tag_cannot_be_taken_off_here(
    tenant: Tenant, staff: Staff, friend: Customer, phone: Client
) -> None:
    with tenant_scope(tenant):
        tag = make_tag(tenant=tenant, name="抖音")
        make_customer_tag(tenant=tenant, customer=friend, tag=tag, source="wecom", staff=staff)
    assert "tags/remove/" not in phone.get(url_of(tenant, friend)).content.decode()
    phone.post(url_of(tenant, friend, "tags/remove/"), {"tag": tag.pk}, headers=HTMX)
    assert held(tenant) == ["抖音"]


@pytest.mark.parametrize("raw", ["", "x", "-1", "9" * 30])
def test_tag_that_is_none_is_refused(tenant: Tenant, friend: Customer, phone: Client, raw: str) -> None:
    answer = phone.post(url_of(tenant, friend, "tags/add/"), {"tag": raw}, headers=HTMX)
    assert (answer.status_code, held(tenant)) in [(404, []), (409, [])]


def test_tag_of_another_company_is_refused(
    tenant: Tenant, other_tenant: Tenant, friend: Customer, phone: Client
) -> None:
    with tenant_scope(other_tenant):
        foreign: Any = make_tag(tenant=other_tenant)
    answer = phone.post(url_of(tenant, friend, "tags/add/"), {"tag": foreign.pk}, headers=HTMX)
    assert (answer.status_code in (404, 409), held(tenant)) == (True, [])
    with tenant_scope(other_tenant):
        assert Tag.objects.count() == 1


def test_opt_out_needs_what_was_said_and_can_be_taken_back(
    tenant: Tenant, friend: Customer, phone: Client
) -> None:
    url = url_of(tenant, friend, "opt-out/")
    assert phone.post(url, {"opted_out": "1"}).status_code == 409
    assert phone.post(url, {"opted_out": "1", "reason": "说别再发了"}).status_code == 302
    assert "说别再发了" in phone.get(url_of(tenant, friend)).content.decode()
    phone.post(url, {"opted_out": "0", "reason": "又想看了"})
    with tenant_scope(tenant):
        assert Customer.objects.get(pk=friend.pk).opt_out_at is None
