"""Edges of windows, of deriving and of the tick: each was seen to fail with its fault planted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from contacts.services.identity import customers_merge
from leads.events import TiersChanged
from leads.models import Lead, RuleReport, Window, WindowMember
from leads.policies.history import tier_through_rules
from leads.policies.rules import BUILT_IN, rule_data, rule_parse, words_changed
from leads.policies.tiers import Act
from leads.policies.tiers import Window as Span
from leads.selectors.asof import standings_at, windows_at
from leads.selectors.share import weighed_loads
from leads.services import lead_close, lead_reopen, lead_set_s, window_close, window_open
from leads.services.rule_drafts import rule_draft_save, rule_publish
from leads.services.rule_reports import rule_report_ask, rule_report_make
from leads.services.sweep import sweep, tenants_with_due
from leads.services.windows import window_members_add, windows_running
from outbox.models import EventRow
from team.models import WorkItem
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope, unscoped
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customers
from tests.factories.groups import make_group
from tests.factories.leads import act, item, lead_of, make_camp
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def scoped(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def opened(tenant: Tenant, **more: object) -> Window:
    who = {"tenant_id": tenant.pk, "source_kind": "sop.run", "source_id": 1, "name": "第6期", "members": []}
    return window_open(**{**who, **more})


def due_tenants() -> list[int]:
    with unscoped("the tick of a test"):
        return tenants_with_due()


def test_an_earlier_join_that_is_told_late_brings_its_group_and_its_place_in_the_cohort(
    tenant: Tenant, frozen: MovableClock
) -> None:
    window, person, start = (
        make_camp(tenant=tenant, customers=[]),
        make_customer(tenant=tenant),
        frozen.moment,
    )
    first, second = make_group(tenant=tenant), make_group(tenant=tenant)
    frozen.move(days=9)
    told = [
        (timedelta(days=5), second, (second.pk, False)),
        (timedelta(days=4), first, (first.pk, False)),
        (timedelta(days=6), second, (first.pk, False)),  # later than what is known: changes nothing
        (timedelta(hours=23), second, (second.pk, True)),
    ]
    for after, group, expected in told:
        joined = [(person.pk, group.pk, start + after)]
        window_members_add(tenant_id=tenant.pk, window_id=window.pk, members=joined)
        seat = WindowMember.objects.get()
        assert (seat.group_id, seat.in_cohort) == expected
    assert seat.joined_at == start + timedelta(hours=23)


def test_a_camp_taken_up_late_counts_everybody_who_is_there_into_its_cohort(
    tenant: Tenant, frozen: MovableClock
) -> None:
    person, start = make_customer(tenant=tenant), frozen.moment - timedelta(days=10)
    opened(
        tenant, starts_at=start, ends_at=start + timedelta(days=33),
        members=[(person.pk, None, frozen.moment - timedelta(days=5))],
    )  # fmt: skip
    assert WindowMember.objects.get().in_cohort


def test_groups_are_added_to_a_camp_and_those_that_read_it_find_it_by_each(
    tenant: Tenant, frozen: MovableClock
) -> None:
    span = {"starts_at": frozen.moment, "ends_at": frozen.moment + timedelta(days=9)}
    opened(tenant, **span, group_ids=[1])
    window = opened(tenant, **span, group_ids=[2])
    other = opened(tenant, **span, group_ids=[3], source_id=2)
    for group_id, expected in ((1, [window]), (2, [window]), (3, [other]), (4, [])):
        assert windows_running(tenant_id=tenant.pk, group_ids=[group_id]) == expected
    frozen.move(days=9)
    assert windows_running(tenant_id=tenant.pk, group_ids=[1, 2, 3]) == []


def test_a_camp_that_goes_on_after_its_end_ends_again(tenant: Tenant, frozen: MovableClock) -> None:
    start = frozen.moment
    opened(tenant, starts_at=start, ends_at=start + timedelta(days=1))
    assert due_tenants() == []
    frozen.move(days=1)
    assert due_tenants() == [tenant.pk]
    sweep(tenant_id=tenant.pk)
    assert due_tenants() == []
    opened(tenant, starts_at=start, ends_at=start + timedelta(days=3))
    assert Window.objects.get().ended_at is None
    frozen.move(days=2)
    assert due_tenants() == [tenant.pk]
    sweep(tenant_id=tenant.pk)
    assert Window.objects.get().ended_at == frozen.moment


def test_a_camp_cancelled_before_it_began_is_over_at_once_and_one_that_is_over_gets_no_longer(
    tenant: Tenant, frozen: MovableClock
) -> None:
    start = frozen.moment + timedelta(days=2)
    opened(tenant, starts_at=start, ends_at=start + timedelta(days=9))
    who = {"tenant_id": tenant.pk, "source_kind": "sop.run", "source_id": 1}
    window_close(**who, ends_at=start + timedelta(days=20))
    assert Window.objects.get().ends_at == start + timedelta(days=9)
    window_close(**who, ends_at=frozen.moment)
    assert Window.objects.get().ends_at == start + timedelta(seconds=1)


def test_a_deadline_that_passed_calls_the_tick_until_it_is_noted(
    tenant: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "pay_click", frozen.moment))
    frozen.move(minutes=29)
    assert due_tenants() == []
    frozen.move(minutes=1)
    assert due_tenants() == [tenant.pk]
    sweep(tenant_id=tenant.pk)
    assert due_tenants() == []


def test_of_two_records_of_a_person_the_one_that_joined_first_stands_whichever_was_told_first(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    told_first, joined_first = make_customers(tenant=tenant, count=2)
    start = frozen.moment
    span = {"starts_at": start, "ends_at": start + timedelta(days=33)}
    opened(tenant, **span, members=[(told_first.pk, None, start + timedelta(hours=2))])
    opened(tenant, **span, members=[(joined_first.pk, None, start + timedelta(hours=1))])
    customers_merge(
        tenant=tenant, goes_on_id=told_first.pk, other_id=joined_first.pk, reason="同一个人", actor=owner
    )
    act(tenant, item(told_first, "pay_click", start))
    (lead,) = Lead.objects.filter(state="open")
    assert lead.customer_id == joined_first.pk


def test_who_wants_no_marketing_and_showed_no_intent_is_nobodys_lead(
    tenant: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=tenant, opt_out_at=frozen.moment)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "lesson", frozen.moment))
    assert not Lead.objects.exists()


def test_what_ended_has_no_next_step_and_what_is_open_again_no_reason(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "pay_click", frozen.moment))
    lead = lead_of(person)
    frozen.move(minutes=1)
    lead_close(tenant=tenant, lead_id=lead.pk, state="not_buying", reason="price", note="太贵", actor=owner)
    ended = lead_of(person)
    assert (ended.next_action, ended.next_action_at, ended.close_reason, ended.close_note) == (
        "",
        None,
        "price",
        "太贵",
    )
    frozen.move(minutes=1)
    lead_reopen(tenant=tenant, lead_id=lead.pk, actor=owner)
    again = lead_of(person)
    assert (again.close_reason, again.close_note, bool(again.next_action)) == ("", "", True)


def test_an_order_tells_the_others_that_the_lead_ended_also_where_its_tier_stays(
    tenant: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "pay_click", frozen.moment))
    frozen.move(minutes=1)
    act(tenant, item(person, "order", frozen.moment, fen=9900))
    lead = lead_of(person)
    told = [
        move
        for row in EventRow.objects.filter(name=TiersChanged.name).order_by("pk")
        for move in row.payload["changes"]
    ]
    assert told == [
        [lead.pk, person.pk, "", "A+", "", "open"],
        [lead.pk, person.pk, "A+", "A+", "open", "won"],
    ]


def test_a_question_that_may_be_s_stands_among_what_must_be_done(
    tenant: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "message", frozen.moment, text="多少钱"))
    assert WorkItem.objects.get(source_kind="leads.lead").bucket == "must"


@pytest.mark.parametrize(("before", "after"), [("多少钱", "多少钱 优惠"), ("多少钱 优惠", "多少钱")])
def test_words_that_come_and_words_that_go_are_both_changes(before: str, after: str) -> None:
    old, new = ({"s": {"keywords": words.split()}} for words in (before, after))
    assert words_changed(old, new) == ["优惠"]


def test_the_rule_in_force_says_which_earlier_order_closed_the_lead_and_the_older_one_its_tier() -> None:
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    window = Span(start, start + timedelta(days=33))
    strict = rule_parse(1, {**BUILT_IN, "won_min_fen": 5_000})
    rules = [(start - timedelta(days=1), strict), (start + timedelta(days=5), rule_parse(2, BUILT_IN))]
    acts = [
        Act(1, "click", "pay_click", start + timedelta(days=1)),
        Act(2, "order", "order", start + timedelta(days=2), amount_fen=900),
    ]
    asked = {"rules": rules, "window": window}
    assert tier_through_rules(acts, **asked, as_of=start + timedelta(days=4)).won is None
    found = tier_through_rules(acts, **asked, as_of=start + timedelta(days=6))
    assert found.won == acts[1]
    assert (found.tier, found.rule_number) == ("A+", 1)


def test_a_camp_is_of_a_day_from_its_first_moment_until_before_its_last(
    tenant: Tenant, frozen: MovableClock
) -> None:
    start = frozen.moment
    window = make_camp(tenant=tenant, customers=[], days=2)
    tick = timedelta(microseconds=1)
    for at, expected in (
        (start - tick, []),
        (start, [window]),
        (window.ends_at - tick, [window]),
        (window.ends_at, []),
    ):
        assert list(windows_at(tenant_id=tenant.pk, as_of=at)) == expected


def test_a_tier_that_a_late_behaviour_corrects_at_its_very_moment_counts_as_corrected(
    tenant: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=tenant)
    window, at = make_camp(tenant=tenant, customers=[person]), frozen.moment + timedelta(hours=1)
    frozen.move(hours=2)
    act(tenant, *(item(person, "purchase_click", at, link=link, event_id=link) for link in "abc"))
    told = frozen.moment
    frozen.move(hours=1)
    act(tenant, item(person, "pay_click", at))
    (stood,) = standings_at(tenant_id=tenant.pk, windows=[window], as_of=told)
    assert (stood.tier, stood.tier_known_then) == ("A+", "A")


def test_a_rule_is_tried_on_running_camps_and_past_ones_with_what_people_decided_there(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, now = make_customer(tenant=tenant), make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[before], days=5)
    act(tenant, item(before, "purchase_click", frozen.moment), item(before, "pay_click", frozen.moment))
    frozen.move(hours=1)
    lead_set_s(tenant=tenant, lead_id=lead_of(before).pk, reason="电话里问了", actor=owner)
    frozen.move(days=6)
    running = make_camp(tenant=tenant, customers=[now], source_id=2)
    act(tenant, item(now, "purchase_click", frozen.moment))
    one_click = rule_data(
        purchase_clicks=1, lessons=3, assignments=3, learning_both=True, click_gap_s=5, keywords="多少钱",
        s_needs_confirmation=True, suggestion_hours=24, won_min_fen=0,
    )  # fmt: skip
    rule_draft_save(tenant=tenant, actor=owner, rules=one_click)
    rule_report_make(tenant_id=tenant.pk)
    counted = RuleReport.objects.get()
    assert counted.data["looked_at"] == 1
    assert counted.people["moves"] == {">A": [now.pk]}
    assert [(one[0], one[1], one[2]) for one in counted.people["past"]] == [(before.pk, "S", "S")]
    rebuilt: list[int] = []
    monkeypatch.setattr(
        "leads.services.rule_drafts.enqueue", lambda _name, **told: rebuilt.append(told["window_id"])
    )
    rule_publish(tenant=tenant, actor=owner)
    assert rebuilt == [running.pk]


def test_past_camps_are_judged_newest_first_until_the_most_people_are_looked_at(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leads.services.rule_reports.PEOPLE_MAX", 3)
    for number in (1, 2, 3):
        people = make_customers(tenant=tenant, count=2)
        make_camp(tenant=tenant, customers=people, days=5, source_id=number, name=f"第{number}期")
        frozen.move(days=6)
    rule_report_ask(tenant_id=tenant.pk)
    rule_report_make(tenant_id=tenant.pk)
    past = RuleReport.objects.get().data["past"]
    assert (past["camps"], past["people"]) == (["第3期", "第2期"], 3)


def test_an_urgent_lead_weighs_more_on_its_colleague_than_one_that_learns(
    tenant: Tenant, frozen: MovableClock
) -> None:
    staff, people = make_staff(tenant=tenant), make_customers(tenant=tenant, count=3)
    make_camp(tenant=tenant, customers=people)
    act(tenant, *(item(one, "pay_click", frozen.moment) for one in people))
    Lead.objects.update(owner=staff)
    Lead.objects.filter(customer=people[0]).update(tier="S")
    Lead.objects.filter(customer=people[1]).update(tier="B")
    assert weighed_loads(tenant_id=tenant.pk) == {staff.pk: (3, 4 + 1 + 3)}
