"""A lead is a person (R37, R68): whatever record clicked, bought or refused, and one place on the board."""

from datetime import timedelta

import pytest

from contacts.events import PersonsChanged
from contacts.services.customers import customer_set_opt_out
from contacts.services.identity import customer_split, customers_merge
from leads.enums import LeadState
from leads.handlers import on_persons_changed
from leads.models import Lead
from leads.selectors import undecided_customer_ids
from leads.services import lead_close, leads_recompute
from outbox.models import EventRow
from team.models import WorkItem
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_order
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def _scope(tenant, frozen):
    with tenant_scope(tenant):
        yield


@pytest.fixture
def two(tenant):
    """(the record that sits in the camp, another one of the same person that does not)."""
    return make_customer(tenant=tenant, name="王芳"), make_customer(tenant=tenant, name="王芳小号")


def joined(tenant, owner, goes_on, other):
    """Both are one person, and what is told of it has been heard."""
    customers_merge(tenant=tenant, goes_on_id=goes_on.pk, other_id=other.pk, reason="同一个人", actor=owner)
    hear(tenant, goes_on, other)


def hear(tenant, *records):
    assert EventRow.objects.filter(name=PersonsChanged.name).exists()
    told = PersonsChanged(
        tenant_id=tenant.pk, occurred_at=records[0].first_seen_at, customer_ids=[one.pk for one in records]
    )
    on_persons_changed(tenant_id=tenant.pk, events=[told, told])


def test_clicks_of_both_records_make_one_tier_and_taking_them_apart_unmakes_it(tenant, owner, frozen, two):
    here, other = two
    make_camp(tenant=tenant, customers=[here])
    last = item(other, "purchase_click", frozen.moment + timedelta(minutes=30))
    act(tenant, *purchase_clicks(here, 2, frozen.moment), last)
    frozen.move(hours=1)
    assert not Lead.objects.exists()
    joined(tenant, owner, other, here)
    assert (lead_of(here).tier, lead_of(here).state) == ("A", LeadState.OPEN)
    customer_split(tenant=tenant, customer_id=here.pk, reason="看错了", actor=owner)
    hear(tenant, here, other)
    assert (lead_of(here).tier, lead_of(here).state) == ("", LeadState.UNRANKED)


def test_an_order_with_another_record_wins_the_lead(tenant, owner, frozen, two):
    here, other = two
    window = make_camp(tenant=tenant, customers=[here])
    act(tenant, *purchase_clicks(here, 3, frozen.moment))
    frozen.move(hours=1)
    joined(tenant, owner, other, here)
    asked = {"tenant_id": tenant.pk, "source_kind": window.source_kind, "source_id": window.source_id}
    assert undecided_customer_ids(**asked) == {here.pk}
    act(tenant, item(other, "order", frozen.moment, fen=9900))
    make_order(tenant=tenant, customer=other)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[other.pk])
    assert lead_of(here).state == LeadState.WON
    assert undecided_customer_ids(**asked) == set()


def test_a_refusal_with_another_record_closes_the_lead(tenant, owner, frozen, two):
    here, other = two
    window = make_camp(tenant=tenant, customers=[here])
    act(tenant, *purchase_clicks(here, 3, frozen.moment))
    frozen.move(hours=1)
    joined(tenant, owner, here, other)
    customer_set_opt_out(tenant=tenant, customer_id=other.pk, opted_out=True, reason="不要", actor=owner)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[other.pk])
    assert lead_of(here).state == LeadState.OPTED_OUT
    asked = {"tenant_id": tenant.pk, "source_kind": window.source_kind, "source_id": window.source_id}
    assert undecided_customer_ids(**asked) == set()


def test_two_records_in_one_camp_are_one_lead_with_one_task(tenant, owner, frozen, two):
    here, other = two
    window = make_camp(tenant=tenant, customers=[here, other])
    act(tenant, *purchase_clicks(here, 3, frozen.moment), *purchase_clicks(other, 3, frozen.moment))
    frozen.move(hours=1)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[here.pk, other.pk])
    assert Lead.objects.filter(state=LeadState.OPEN).count() == 2
    joined(tenant, owner, other, here)
    assert Lead.objects.filter(state=LeadState.OPEN).count() == 1
    assert WorkItem.objects.filter(kind="lead", state="open").count() == 1
    stands = Lead.objects.get(state=LeadState.OPEN)
    lead_close(tenant=tenant, lead_id=stands.pk, state=LeadState.NOT_BUYING, reason="price", actor=owner)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[here.pk])
    assert not Lead.objects.filter(state=LeadState.OPEN).exists()
    asked = {"tenant_id": tenant.pk, "source_kind": window.source_kind, "source_id": window.source_id}
    assert undecided_customer_ids(**asked) == set()
