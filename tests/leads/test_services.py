"""Leads in the database: derived from behaviours, followed by people, closed only three ways."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts.services.behaviours import behaviour_record_many
from leads.enums import LeadState
from leads.errors import LeadClosed, NextActionPast, ReasonMissing
from leads.models import Lead, LeadEvent, RuleVersion, WindowMember
from leads.selectors import tiers_of, undecided_customer_ids
from leads.services import (
    doubt_answer,
    doubt_raise,
    lead_assign,
    lead_close,
    lead_confirm_s,
    lead_deny_s,
    lead_follow_up,
    lead_reopen,
    lead_set_next_action,
    lead_snooze,
    leads_recompute,
    rules_current,
    window_members_add,
    window_rebuild,
)
from leads.services.deriving import DERIVED
from leads.services.sweep import sweep, tenants_with_due
from team.models import WorkItem
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope, unscoped
from tests.factories.contacts import make_customer, make_customers, make_follow
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def _scope(tenant, frozen):
    with tenant_scope(tenant):
        yield


def snapshot(customers) -> list:
    """Everything derived, and the history as it reads: (at, tier) with the last word for each moment."""
    rows = []
    for lead in Lead.objects.filter(customer__in=customers).order_by("customer_id"):
        log = {}
        for event in LeadEvent.objects.filter(lead=lead, kind="tier").order_by("at", "id"):
            log[event.at] = event.data["to"]
        told, before = [], ""
        for at, tier in sorted(log.items()):
            if tier != before:
                told.append((at, tier))
            before = tier
        values = {name: getattr(lead, name) for name in DERIVED}
        values["evidence"] = [{**one, "id": None} for one in values["evidence"]]
        values["suggestion"] = values["suggestion"] and {**values["suggestion"], "id": None}
        rows.append((lead.customer_id, values, told))
    return rows


def test_third_purchase_click_puts_the_customer_on_the_board_with_a_work_item(tenant, frozen):
    customer, staff = make_customer(tenant=tenant, name="刘女士"), make_staff(tenant=tenant, name="林晓")
    make_follow(tenant=tenant, customer=customer, staff=staff)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, *purchase_clicks(customer, 2, frozen.moment))
    assert not Lead.objects.exists()
    frozen.move(minutes=30)
    act(tenant, item(customer, "purchase_click", frozen.moment))
    lead = lead_of(customer)
    assert (lead.tier, lead.state, lead.owner, lead.tier_since) == ("A", LeadState.OPEN, staff, frozen.moment)
    assert lead.sla_due_at == frozen.moment + timedelta(hours=4) == lead.next_action_at
    work = WorkItem.objects.get()
    assert (work.kind, work.tier, work.bucket, work.staff, work.due_at) == (
        "lead", "A", "remind", staff, lead.sla_due_at,
    )  # fmt: skip
    assert "刘女士" in work.title


def test_same_event_twice_changes_nothing(tenant, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    items = purchase_clicks(customer, 3, frozen.moment)
    frozen.move(hours=1)
    act(tenant, *items)
    before, events = snapshot([customer]), LeadEvent.objects.count()
    act(tenant, *items)
    assert (snapshot([customer]), LeadEvent.objects.count()) == (before, events)


def test_order_closes_as_won_takes_the_lead_off_the_board_and_refund_keeps_it(tenant, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    assert WorkItem.objects.get().state == "open"
    frozen.move(minutes=5)
    act(tenant, item(customer, "order", frozen.moment, fen=198000))
    lead = lead_of(customer)
    assert (lead.state, lead.tier, lead.closed_at) == (LeadState.WON, "A+", frozen.moment)
    assert WorkItem.objects.get().state == "done"
    frozen.move(days=1)
    act(tenant, item(customer, "refund", frozen.moment))
    lead = lead_of(customer)
    assert (lead.state, lead.refunded_at) == (LeadState.WON, frozen.moment)


def test_late_older_event_gives_the_same_rows_and_history_as_in_order(tenant, frozen):
    early, late = make_customers(tenant=tenant, count=2)
    make_camp(tenant=tenant, customers=[early, late])
    start = frozen.moment
    frozen.move(hours=5)
    for customer in (early, late):
        pay = item(customer, "pay_click", start + timedelta(minutes=5))
        rest = purchase_clicks(customer, 3, start)
        for one in [pay, *rest] if customer is early else [*rest, pay]:
            act(tenant, one)
    one, two = snapshot([early, late])
    assert one[1:] == two[1:]
    assert [tier for _, tier in one[2]] == ["A+"]


def test_shuffled_arrival_of_20000_behaviours_gives_identical_leads(tenant, frozen):
    customers = make_customers(tenant=tenant, count=200)
    make_camp(tenant=tenant, customers=customers)
    rng = random.Random(7)
    kinds = ["purchase_click", "pay_click", "lesson", "assignment", "message", "join", "order"]
    weights = [30, 1, 25, 20, 20, 3, 0.3]
    start = frozen.moment
    items = [
        item(
            rng.choice(customers),
            rng.choices(kinds, weights)[0],
            start + timedelta(seconds=rng.randrange(20 * 86400)),
            event_id=f"e{number}",
            link=rng.choice("abc"),
            text=rng.choice(["多少钱", "好的", "早上好"]),
        )
        for number in range(20_000)
    ]
    frozen.move(days=20)
    expected = None
    for _ in range(5):
        rng.shuffle(items)
        fresh = transaction.savepoint()
        for start_at in range(0, len(items), 5000):
            act(tenant, *items[start_at : start_at + 5000])
        found = snapshot(customers)
        assert expected is None or found == expected
        expected = found
        transaction.savepoint_rollback(fresh)
    assert len(expected) == 200


def test_rebuild_restores_corrupted_rows_to_the_same_values(tenant, frozen):
    customers = make_customers(tenant=tenant, count=6)
    window = make_camp(tenant=tenant, customers=customers)
    start = frozen.moment
    frozen.move(hours=5)
    act(tenant, *purchase_clicks(customers[0], 4, start), item(customers[1], "pay_click", start))
    act(tenant, item(customers[2], "message", start, text="年课多少钱"), item(customers[3], "order", start))
    expected, events = snapshot(customers), LeadEvent.objects.count()
    Lead.objects.update(
        tier="B", tier_since=None, evidence=[], counts={}, waiting_since=None, sla_due_at=None
    )
    window_rebuild(tenant_id=tenant.pk, window_id=window.pk)
    assert snapshot(customers) == expected
    assert LeadEvent.objects.count() == events
    assert window_rebuild(tenant_id=tenant.pk, window_id=window.pk) == 0


def test_suggested_s_waits_for_a_person_and_is_confirmed(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    asked_at = frozen.moment
    act(tenant, item(customer, "message", asked_at, text="两个孩子一起报有优惠吗"))
    lead = lead_of(customer)
    assert (lead.tier, lead.column, lead.state, lead.suggestion["word"]) == ("", "S", LeadState.OPEN, "优惠")
    assert lead.sla_due_at == asked_at + timedelta(minutes=10)
    frozen.move(minutes=2)
    lead = lead_confirm_s(tenant=tenant, lead_id=lead.pk, actor=owner)
    assert (lead.tier, lead.suggestion, lead.waiting_since) == ("S", None, asked_at)
    assert WorkItem.objects.get().bucket == "must"


def test_denied_s_falls_back_and_leaves_the_board_without_other_intent(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "message", frozen.moment, text="这个多少钱呀"))
    frozen.move(minutes=1)
    lead = lead_deny_s(tenant=tenant, lead_id=lead_of(customer).pk, actor=owner)
    assert (lead.state, lead.tier) == (LeadState.UNRANKED, "")
    assert WorkItem.objects.get().state == "done"


def test_follow_up_stops_the_clock_and_plans_the_next_step(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    frozen.move(minutes=10)
    lead_follow_up(tenant=tenant, lead_id=lead_of(customer).pk, result="talked", actor=owner, key="k1")
    lead_follow_up(tenant=tenant, lead_id=lead_of(customer).pk, result="talked", actor=owner, key="k1")
    lead = lead_of(customer)
    assert (lead.waiting_since, lead.sla_due_at, lead.follow_count) == (None, None, 1)
    assert lead.next_action_at == frozen.moment + timedelta(hours=48)
    assert WorkItem.objects.get().due_at == lead.next_action_at


def test_new_intent_after_a_plan_brings_the_deadline_back(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, *purchase_clicks(customer, 1, frozen.moment), item(customer, "lesson", frozen.moment))
    frozen.move(hours=1)
    act(tenant, *purchase_clicks(customer, 3, frozen.moment - timedelta(minutes=30)))
    lead_follow_up(tenant=tenant, lead_id=lead_of(customer).pk, result="thinking", actor=owner, key="k")
    frozen.move(hours=2)
    act(tenant, item(customer, "pay_click", frozen.moment))
    lead = lead_of(customer)
    assert (lead.tier, lead.next_action) == ("A+", "ask_payment")
    assert lead.next_action_at == frozen.moment + timedelta(minutes=30)


def test_not_buying_needs_a_reason_and_a_later_order_wins(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    lead_id = lead_of(customer).pk
    with pytest.raises(ReasonMissing):
        lead_close(tenant=tenant, lead_id=lead_id, state="not_buying", actor=owner)
    frozen.move(minutes=1)
    lead = lead_close(tenant=tenant, lead_id=lead_id, state="not_buying", reason="price", actor=owner)
    assert (lead.state, lead.close_reason, lead.closed_at) == (LeadState.NOT_BUYING, "price", frozen.moment)
    with pytest.raises(LeadClosed):
        lead_follow_up(tenant=tenant, lead_id=lead_id, result="talked", actor=owner, key="k")
    frozen.move(minutes=1)
    assert lead_reopen(tenant=tenant, lead_id=lead_id, actor=owner).state == LeadState.OPEN
    frozen.move(minutes=1)
    act(tenant, item(customer, "order", frozen.moment))
    assert lead_of(customer).state == LeadState.WON


def test_opted_out_customer_is_no_lead(tenant, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    customer.opt_out_at = frozen.moment
    customer.save()
    leads_recompute(tenant_id=tenant.pk, customer_ids=[customer.pk])
    assert lead_of(customer).state == LeadState.OPTED_OUT


def test_overdue_date_moves_only_with_a_reason(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    frozen.move(hours=1)
    arguments = {"tenant": tenant, "lead_id": lead_of(customer).pk, "actor": owner}
    later = frozen.moment + timedelta(hours=2)
    with pytest.raises(ReasonMissing):
        lead_set_next_action(**arguments, action="ask_how", at=later)
    with pytest.raises(NextActionPast):
        lead_set_next_action(**arguments, action="ask_how", at=frozen.moment - timedelta(hours=1), reason="x")
    lead = lead_snooze(**arguments, until=later, reason="她在开会")
    assert lead.next_action_at == later


def test_assign_moves_the_work_item_and_is_audited(tenant, owner, frozen):
    customers = make_customers(tenant=tenant, count=2)
    staff = make_staff(tenant=tenant, name="周岚")
    make_camp(tenant=tenant, customers=customers)
    act(tenant, *[item(one, "pay_click", frozen.moment) for one in customers])
    ids = [lead_of(one).pk for one in customers]
    assert lead_assign(tenant=tenant, lead_ids=ids, staff_id=staff.pk, actor=owner) == 2
    assert lead_assign(tenant=tenant, lead_ids=ids, staff_id=staff.pk, actor=owner) == 0
    assert set(WorkItem.objects.values_list("staff_id", flat=True)) == {staff.pk}
    assert AuditEntry.objects.filter(verb="leads.lead.assigned").count() == 2


def test_doubt_is_noted_once_and_answered(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "pay_click", frozen.moment))
    lead_id = lead_of(customer).pk
    doubt = doubt_raise(tenant=tenant, lead_id=lead_id, text="比线下贵", actor=owner)
    assert doubt_raise(tenant=tenant, lead_id=lead_id, text="比线下贵 ", actor=owner) == doubt
    answered = doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer="每节 20.6 元", actor=owner)
    assert (answered.state, answered.answered_at) == ("answered", frozen.moment)


def test_the_built_in_rule_is_stored_once_as_the_first_version(tenant, frozen):
    assert [rule.number for _, rule in rules_current(tenant_id=tenant.pk)] == [1]
    assert [rule.number for _, rule in rules_current(tenant_id=tenant.pk)] == [1]
    assert RuleVersion.objects.count() == 1


def test_sweep_lets_an_unconfirmed_suggestion_lapse_and_notes_a_missed_deadline_once(tenant, frozen):
    customer = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[customer])
    act(tenant, item(customer, "message", frozen.moment, text="多少钱"))
    frozen.move(minutes=11)
    for _ in range(2):
        sweep(tenant_id=tenant.pk)
    assert LeadEvent.objects.filter(kind="sla_missed").count() == 1
    frozen.move(hours=24)
    with unscoped("the tick of a test"):
        assert tenants_with_due() == [tenant.pk]
    sweep(tenant_id=tenant.pk)
    assert lead_of(customer).state == LeadState.UNRANKED


def test_sweep_ends_a_window_once(tenant, frozen):
    window = make_camp(tenant=tenant, customers=[], days=1)
    frozen.move(days=1)
    sweep(tenant_id=tenant.pk)
    window.refresh_from_db()
    assert window.ended_at == frozen.moment


def test_member_of_three_groups_counts_once_with_the_first_join(tenant, frozen):
    customer = make_customer(tenant=tenant)
    window = make_camp(tenant=tenant, customers=[customer])
    earlier = frozen.moment - timedelta(days=1)
    joined = [(customer.pk, None, frozen.moment + timedelta(days=2)), (customer.pk, None, earlier)]
    assert window_members_add(tenant_id=tenant.pk, window_id=window.pk, members=joined) == 0
    member = WindowMember.objects.get()
    assert (member.joined_at, member.in_cohort) == (earlier, True)


def test_late_joiner_stands_apart_from_the_frozen_cohort(tenant, frozen):
    first, second = make_customers(tenant=tenant, count=2)
    window = make_camp(tenant=tenant, customers=[first])
    frozen.move(days=2)
    window_members_add(tenant_id=tenant.pk, window_id=window.pk, members=[(second.pk, None, frozen.moment)])
    assert list(WindowMember.objects.order_by("pk").values_list("in_cohort", flat=True)) == [True, False]


def test_undecided_leaves_out_buyers_refusals_and_opt_outs(tenant, owner, frozen):
    bought, refused, gone, ranked, silent = customers = make_customers(tenant=tenant, count=5)
    make_camp(tenant=tenant, customers=customers)
    act(tenant, *[item(one, "pay_click", frozen.moment) for one in (bought, refused, gone, ranked)])
    behaviour_record_many(tenant_id=tenant.pk, source="shop", items=[item(bought, "order", frozen.moment)])
    frozen.move(minutes=1)
    lead_close(tenant=tenant, lead_id=lead_of(refused).pk, state="not_buying", reason="time", actor=owner)
    gone.opt_out_at = frozen.moment
    gone.save()
    found = {"tenant_id": tenant.pk, "source_kind": "sop.run", "source_id": 1}
    assert undecided_customer_ids(**found) == {ranked.pk, silent.pk}
    assert undecided_customer_ids(**found, ranked_only=True) == {ranked.pk}
    assert tiers_of(tenant_id=tenant.pk, customer_ids=[ranked.pk, silent.pk]) == {ranked.pk: "A+"}


def test_window_opened_twice_is_one_window(tenant, frozen):
    make_camp(tenant=tenant, customers=make_customers(tenant=tenant, count=2))
    window = make_camp(tenant=tenant, customers=make_customers(tenant=tenant, count=1), name="第6期（加群）")
    assert (window.name, WindowMember.objects.count()) == ("第6期（加群）", 3)


def test_recompute_uses_the_same_number_of_queries_for_1_and_40_customers(tenant, frozen):
    customers = make_customers(tenant=tenant, count=41)
    make_camp(tenant=tenant, customers=customers)
    rules_current(tenant_id=tenant.pk)
    items = [one for customer in customers for one in purchase_clicks(customer, 3, frozen.moment)]
    frozen.move(hours=1)
    behaviour_record_many(tenant_id=tenant.pk, source="test", items=items)
    counts = []
    for group in (customers[:1], customers[1:]):
        with CaptureQueriesContext(connection) as seen:
            leads_recompute(tenant_id=tenant.pk, customer_ids=[one.pk for one in group])
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert Lead.objects.count() == 41


def test_unknown_lead_is_not_found(tenant, owner):
    with pytest.raises(Lead.DoesNotExist):
        lead_confirm_s(tenant=tenant, lead_id=999_999_999, actor=owner)


def test_a_window_takes_600_people_with_as_many_statements_as_6(tenant, frozen):
    customers = make_customers(tenant=tenant, count=606)
    counts = []
    for number, some in enumerate((customers[:6], customers[6:]), start=1):
        with CaptureQueriesContext(connection) as seen:
            window = make_camp(tenant=tenant, customers=some, source_id=number)
        counts.append(len(seen))
        people = WindowMember.objects.filter(window=window)
        assert set(people.values_list("customer_id", flat=True)) == {one.pk for one in some}
        assert set(people.values_list("joined_at", "in_cohort", "group_id")) == {(frozen.moment, True, None)}
    assert counts[0] == counts[1]
