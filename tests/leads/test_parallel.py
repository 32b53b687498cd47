"""Many workers at once: the history is written once, and one rule version is made."""

from datetime import timedelta

import pytest

from contacts.services.behaviours import behaviour_record_many
from leads.handlers import on_behaviours_recorded
from leads.models import FollowUp, Lead, LeadEvent, RuleVersion
from leads.services import lead_follow_up, leads_recompute, rules_current
from outbox.contracts import kind_of
from outbox.models import EventRow
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks
from tests.parallel import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]
WORKERS = 4


def test_four_workers_deriving_the_same_people_write_each_history_row_once(tenant, frozen):
    with tenant_scope(tenant):
        customers = make_customers(tenant=tenant, count=30)
        make_camp(tenant=tenant, customers=customers)
        items = [one for customer in customers for one in purchase_clicks(customer, 3, frozen.moment)]
        frozen.move(hours=1)
        behaviour_record_many(tenant_id=tenant.pk, source="test", items=items)
    ids = [one.pk for one in customers]

    def work(number: int) -> None:
        with tenant_scope(tenant):
            leads_recompute(tenant_id=tenant.pk, customer_ids=ids if number % 2 else list(reversed(ids)))

    in_parallel(WORKERS, work)
    with tenant_scope(tenant):
        assert Lead.objects.filter(tier="A").count() == 30
        assert LeadEvent.objects.filter(kind="tier").count() == 30
        assert RuleVersion.objects.count() == 1


@pytest.mark.parametrize(("result", "state"), [("talked", "open"), ("paid", "won")])
def test_a_form_sent_four_times_at_once_is_one_follow_up_and_refuses_nobody(
    tenant, frozen, owner, result, state
):
    with tenant_scope(tenant):
        (customer,) = make_customers(tenant=tenant, count=1)
        make_camp(tenant=tenant, customers=[customer])
        act(tenant, item(customer, "pay_click", frozen.moment))
        lead = lead_of(customer)
    made = []

    def tap(_number: int) -> None:
        with tenant_scope(tenant):
            row = lead_follow_up(tenant=tenant, lead_id=lead.pk, result=result, actor=owner, key="one form")
            made.append(row.pk)

    in_parallel(WORKERS, tap)
    with tenant_scope(tenant):
        assert made == [FollowUp.objects.get().pk] * WORKERS
        lead.refresh_from_db()
        assert (lead.follow_count, lead.state) == (1, state)
        assert LeadEvent.objects.filter(kind="followed").count() == 1


def test_first_rule_version_is_made_once_by_four_workers(tenant, frozen):
    def work(number: int) -> None:
        with tenant_scope(tenant):
            rules_current(tenant_id=tenant.pk)

    in_parallel(WORKERS, work)
    with tenant_scope(tenant):
        assert list(RuleVersion.objects.values_list("number", flat=True)) == [1]


def test_event_handled_twice_changes_nothing(tenant, frozen):
    with tenant_scope(tenant):
        customers = make_customers(tenant=tenant, count=2)
        make_camp(tenant=tenant, customers=customers)
        frozen.move(hours=1)
        start = frozen.moment - timedelta(minutes=40)
        behaviour_record_many(
            tenant_id=tenant.pk, source="test", items=purchase_clicks(customers[0], 3, start)
        )
        row = EventRow.objects.get(name="contacts.behaviours.recorded")
        event = kind_of(row.name).from_row(
            tenant_id=tenant.pk, occurred_at=row.occurred_at, payload=row.payload
        )
        for _ in range(2):
            on_behaviours_recorded(tenant_id=tenant.pk, events=[event, event])
        assert Lead.objects.get().tier == "A"
        assert LeadEvent.objects.count() == 1
        assert EventRow.objects.filter(name="leads.tier.changed").count() == 1
