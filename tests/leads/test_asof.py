"""Where everybody stood on any day."""

import random
from datetime import timedelta

import pytest

from contacts.services.behaviours import behaviour_record_many
from leads.models import Lead
from leads.selectors.asof import standings_at, windows_at
from leads.services import (
    lead_close,
    lead_confirm_s,
    lead_deny_s,
    lead_reopen,
    leads_recompute,
)
from leads.services.sweep import sweep
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def _scope(tenant, frozen):
    with tenant_scope(tenant):
        yield


def at(tenant, moment) -> dict[int, str]:
    windows = list(windows_at(tenant_id=tenant.pk, as_of=moment))
    found = standings_at(tenant_id=tenant.pk, windows=windows, as_of=moment)
    return {one.customer_id: one.place for one in found if one.place}


def shown() -> dict[int, str]:
    return {one.customer_id: one.standing for one in Lead.objects.all() if one.standing}


def _people_decide(tenant, owner, rng):
    """Somebody confirms, denies, closes or opens a lead again, as it comes."""
    for lead in Lead.objects.order_by("pk"):
        chance = rng.random()
        if lead.suggestion and chance < 0.5:
            (lead_confirm_s if chance < 0.25 else lead_deny_s)(tenant=tenant, lead_id=lead.pk, actor=owner)
        elif lead.state == "open" and chance < 0.04:
            lead_close(
                tenant=tenant, lead_id=lead.pk, state="not_buying", reason="price", note="", actor=owner
            )
        elif lead.state in ("not_buying", "won") and chance < 0.2:
            lead_reopen(tenant=tenant, lead_id=lead.pk, actor=owner)


@pytest.mark.parametrize("seed", [1, 2])
def test_any_day_equals_what_was_shown_on_that_day(tenant, owner, frozen, seed):
    rng = random.Random(seed)
    customers = make_customers(tenant=tenant, count=40)
    make_camp(tenant=tenant, customers=customers)
    kinds = ["purchase_click", "pay_click", "lesson", "assignment", "message", "order", "refund"]
    told = {}
    for day in range(9):
        start = frozen.moment
        items = [
            item(
                rng.choice(customers), rng.choices(kinds, [8, 0.4, 7, 6, 3, 0.4, 0.1])[0],
                start + timedelta(minutes=rng.randrange(1300)), event_id=f"d{day}-{number}", link=rng.choice("abc"),
                text=rng.choice(["多少钱", "早上好"]), fen=198000,
            )
            for number in range(45)
        ]  # fmt: skip
        frozen.move(hours=22)
        act(tenant, *items)
        sweep(tenant_id=tenant.pk)
        _people_decide(tenant, owner, rng)
        frozen.move(minutes=90)
        sweep(tenant_id=tenant.pk)
        told[frozen.moment] = shown()
        frozen.move(minutes=30)
    assert {place for day in told.values() for place in day.values()} >= {
        "A",
        "B",
        "S",
        "S?",
        "won",
        "not_buying",
    }
    for moment, places in told.items():
        assert at(tenant, moment) == places


def test_what_arrived_late_holds_for_the_day_it_happened_and_is_told_apart(tenant, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    clicks = purchase_clicks(customer, 3, frozen.moment)
    frozen.move(days=1)
    act(tenant, item(customer, "pay_click", frozen.moment))
    evening = frozen.moment - timedelta(hours=1)
    frozen.move(days=1)
    act(tenant, *clicks)
    windows = list(windows_at(tenant_id=tenant.pk, as_of=evening))
    (found,) = standings_at(tenant_id=tenant.pk, windows=windows, as_of=evening)
    assert (found.place, found.tier_known_then, found.came_late) == ("A", "", True)


def test_a_day_without_a_camp_has_nobody(tenant, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    assert lead_of(customer).tier == "A+"
    before = frozen.moment - timedelta(days=1)
    assert not windows_at(tenant_id=tenant.pk, as_of=before).exists()
    assert standings_at(tenant_id=tenant.pk, windows=[], as_of=before) == []


def test_the_number_of_queries_does_not_depend_on_the_number_of_leads(
    tenant, frozen, django_assert_num_queries
):
    customers = make_customers(tenant=tenant, count=30)
    (window,) = [make_camp(tenant=tenant, customers=customers)]
    behaviour_record_many(
        tenant_id=tenant.pk, source="test", items=[item(one, "pay_click", frozen.moment) for one in customers]
    )
    leads_recompute(tenant_id=tenant.pk, customer_ids=[customers[0].pk])
    with django_assert_num_queries(11):
        assert len(standings_at(tenant_id=tenant.pk, windows=[window], as_of=frozen.moment)) == 1
    leads_recompute(tenant_id=tenant.pk, customer_ids=[one.pk for one in customers])
    with django_assert_num_queries(11):
        assert len(standings_at(tenant_id=tenant.pk, windows=[window], as_of=frozen.moment)) == 30
