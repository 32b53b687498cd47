"""How people paid for a group finds them in the customer list (R3)."""

import pytest

from contacts.services.identity import customers_merge
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group, make_member

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_people_are_found_by_how_their_groups_are_paid_for(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        paid = make_group(tenant=tenant, payment_basis="paid", state="active")
        unpaid = make_group(tenant=tenant, payment_basis="unpaid", state="active")
        member, other, gone = (
            make_customer(tenant=tenant, name=name) for name in ("付费人", "白来人", "走了人")
        )
        person, record = (make_customer(tenant=tenant, name=name) for name in ("本人号", "小号"))
        for group, one in ((paid, member), (unpaid, other), (paid, record)):
            make_member(group=group, customer=one)
        make_member(group=paid, customer=gone, left_at=paid.synced_at)
        customers_merge(
            tenant=tenant, goes_on_id=person.pk, other_id=record.pk, reason="同一个人", actor=owner
        )
    client = sign_in(tenant)
    home = f"/t/{tenant.slug}/customers/"
    page = body(client.get(f"{home}?payment=paid"))
    assert ("付费人" in page, "本人号" in page) == (True, True)
    assert [one for one in ("白来人", "走了人", "小号") if one in page] == []
    both = body(client.get(f"{home}?payment=paid&payment=unpaid"))
    assert "白来人" in both
    assert "付费人" in both


def test_a_way_of_paying_that_nobody_knows_matches_nobody(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        make_customer(tenant=tenant, name="付费人")
    assert "付费人" not in body(sign_in(tenant).get(f"/t/{tenant.slug}/customers/?payment=barter"))
