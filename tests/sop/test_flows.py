"""Golden cases and what happens after the hand-over: countdown, freeze, results, staff's word, joins, execution."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest

from contacts.models import Customer, Exposure
from contacts.services.customers import customer_set_opt_out
from groups.events import GroupsFrozen, MemberJoined
from leads.models import Window
from leads.services.windows import window_open
from outbox.models import EventRow
from outbox.relay import relay_tenant
from sop.errors import TouchFixed
from sop.handlers import on_group_frozen, on_member_joined, on_send_finished
from sop.models import SendTask, Step, Touch, TouchRecipient
from sop.selectors.execution import execution_rate, execution_touches
from sop.services import results
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.results import handed_expire, results_poll
from sop.services.runs import run_ask_offer_end, run_cancel, run_set_offer_end
from sop.services.staff import touch_review, touch_submit
from team.models import WorkItem
from team.selectors import approvals_waiting
from team.services import approval_decide
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.errors import DomainError, NotPermitted
from tenants.models import Preference
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_order
from tests.factories.tenants import actor_of, make_member, make_user
from tests.sop.conftest import Camp
from wecom.events import SendFinished
from wecom.models import OutboundSend
from wecom.selectors import MassSendResults

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
DAY1 = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # 00:00 of 2 March in Shanghai


def at(clock_time: str) -> datetime:
    hours, minutes = clock_time.split(":")
    return DAY1 + timedelta(hours=int(hours), minutes=int(minutes))


COUNTDOWN = [
    {"key": f"c{minutes}", "anchor": "offer_end", "offset_minutes": -minutes, "channel": "private_mass",
     "text": "还有时间", "audience": "undecided", "is_marketing": True, "window_minutes": 30}
    for minutes in (180, 120, 60)
]  # fmt: skip


def countdown(camp: Make, end: str) -> Camp:
    made = camp(steps=COUNTDOWN, offer_ends_at=at(end))
    # Newcomers are given something first (R76).
    Customer.objects.update(first_seen_at=DAY1 - timedelta(days=30))
    window_open(
        tenant_id=made.tenant.pk, source_kind="sop.run", source_id=made.run.pk, name="营", starts_at=DAY1,
        ends_at=DAY1 + timedelta(days=7), members=[(one.pk, made.groups[0].pk, DAY1) for one in made.people[0]],
    )  # fmt: skip
    plan_apply(tenant=made.tenant, run=made.run)
    return made


def recipients(touch: Touch) -> set[int]:
    rows = TouchRecipient.objects.filter(touch=touch).exclude(state="blocked")
    return set(rows.values_list("customer_id", flat=True))


def test_countdown_leaves_out_who_bought_meanwhile(camp: Make, frozen: MovableClock) -> None:
    made = countdown(camp, "20:00")
    touches = list(Touch.objects.order_by("due_at"))
    assert [one.due_at for one in touches] == [at("17:00"), at("18:00"), at("19:00")]
    everyone = {one.pk for one in made.people[0]}
    for moment in ("17:00", "18:00"):
        frozen.set(at(moment))
        dispatch_due(tenant_id=made.tenant.pk)
    assert [recipients(one) for one in touches[:2]] == [everyone, everyone]
    buyer = made.people[0][0]
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("18:30"))
    frozen.set(at("19:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert recipients(touches[2]) == everyone - {buyer.pk}


def test_the_final_card_reaches_who_is_undecided_then_within_the_cap(
    camp: Make, frozen: MovableClock
) -> None:
    """R92: who bought or wants no more messages after the reminders is left out of the card, at its moment."""
    card = {**COUNTDOWN[0], "key": "card", "offset_minutes": -20, "window_minutes": 15}
    made = camp(steps=[COUNTDOWN[2], card], offer_ends_at=at("20:00"))
    Customer.objects.update(first_seen_at=DAY1 - timedelta(days=30))
    window_open(
        tenant_id=made.tenant.pk, source_kind="sop.run", source_id=made.run.pk, name="营", starts_at=DAY1,
        ends_at=DAY1 + timedelta(days=7), members=[(one.pk, made.groups[0].pk, DAY1) for one in made.people[0]],
    )  # fmt: skip
    plan_apply(tenant=made.tenant, run=made.run)
    reminder, last = Touch.objects.order_by("due_at")
    assert (reminder.due_at, last.due_at) == (at("19:00"), at("19:40"))
    frozen.set(at("19:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    buyer, quiet, undecided = made.people[0]
    assert recipients(reminder) == {buyer.pk, quiet.pk, undecided.pk}
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("19:10"))
    customer_set_opt_out(
        tenant=made.tenant, customer_id=quiet.pk, opted_out=True, reason="别再发", actor=SYSTEM
    )
    frozen.set(at("19:40"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert recipients(last) == {undecided.pk}


def test_the_countdown_keeps_to_the_cap_of_a_day(camp: Make, frozen: MovableClock) -> None:
    made = countdown(camp, "20:00")
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=2)
    for moment in ("17:00", "18:00", "19:00"):
        frozen.set(at(moment))
        dispatch_due(tenant_id=made.tenant.pk)
    reached = [len(recipients(one)) for one in Touch.objects.order_by("due_at")]
    assert reached == [3, 3, 0]


@pytest.mark.parametrize(("declared", "expected"), [(False, ("blocked", "VALUE-01")), (True, ("handed", ""))])
def test_newcomers_are_sold_nothing_in_private_but_a_declared_first_offer(
    camp: Make, frozen: MovableClock, declared: bool, expected: tuple[str, str]
) -> None:
    made = countdown(camp, "20:00")
    Customer.objects.update(first_seen_at=DAY1)
    Step.objects.filter(key="c180").update(is_first_offer=declared)
    frozen.set(at("17:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get(step__key="c180")
    assert (touch.state, touch.rule_code) == expected


def test_countdown_in_quiet_hours_is_dropped_and_listed(camp: Make, frozen: MovableClock) -> None:
    made = countdown(camp, "23:30")  # 20:30, 21:30, 22:30
    frozen.set(at("22:30"))
    dispatch_due(tenant_id=made.tenant.pk)
    found = {one.step.key: (one.state, one.rule_code) for one in Touch.objects.select_related("step")}
    assert found == {
        "c180": ("expired", "SOP-01"),
        "c120": ("expired", "SOP-01"),
        "c60": ("blocked", "QUIET-01"),
    }
    frozen.set(at("24:30"))
    assert dispatch_due(tenant_id=made.tenant.pk) == 0
    assert not OutboundSend.objects.exists()


def test_countdown_is_never_sent_after_the_end(camp: Make, frozen: MovableClock) -> None:
    made = countdown(camp, "20:00")
    frozen.set(at("20:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert set(Touch.objects.values_list("state", "rule_code")) == {("expired", "SOP-05")}


def test_offer_end_moved_replans_only_what_is_to_come(camp: Make, frozen: MovableClock) -> None:
    made = countdown(camp, "20:00")
    frozen.set(at("17:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    run_set_offer_end(
        tenant=made.tenant, run_id=made.run.pk, offer_ends_at=at("21:00"), reason="支付通道故障", actor=SYSTEM
    )
    found = {one.step.key: (one.state, one.due_at) for one in Touch.objects.select_related("step")}
    assert found["c180"] == ("handed", at("17:00"))
    assert found["c120"] == ("planned", at("19:00"))
    assert found["c60"] == ("planned", at("20:00"))


def test_an_operator_asks_for_another_end_of_the_offer_and_it_moves_when_a_leader_grants_it(
    camp: Make, frozen: MovableClock
) -> None:
    made = countdown(camp, "20:00")
    operator, leader = (
        actor_of(make_member(tenant=made.tenant, role=role, user=make_user()))
        for role in (Role.OPERATOR, Role.LEADER)
    )
    frozen.set(at("12:00"))
    asked = {"tenant": made.tenant, "run_id": made.run.pk, "offer_ends_at": at("21:00"), "actor": operator}
    with pytest.raises(NotPermitted):
        run_set_offer_end(**asked, reason="支付通道故障")
    for wrong in ({"reason": " "}, {"reason": "x", "offer_ends_at": at("11:00")}):
        with pytest.raises(DomainError):
            run_ask_offer_end(**(asked | wrong))
    run_ask_offer_end(**asked, reason="支付通道故障")
    made.run.refresh_from_db()
    assert made.run.offer_ends_at == at("20:00")
    row = approvals_waiting(tenant_id=made.tenant.pk).get()
    assert "03-02 21:00" in row.said
    approval_decide(tenant=made.tenant, approval_id=row.pk, is_granted=True, actor=leader)
    made.run.refresh_from_db()
    assert made.run.offer_ends_at == at("21:00")
    assert Touch.objects.get(step__key="c60").due_at == at("20:00")


def mass(camp: Make, frozen: MovableClock, **step: object) -> tuple[Camp, Touch]:
    """A private mass send that WeCom has accepted as a task."""
    made = camp(steps=[{"channel": "private_mass", "text": "早", "window_minutes": 120, **step}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get()
    finish(touch, "done", vendor_id="msg-1")
    touch.refresh_from_db()
    return made, touch


def finish(touch: Touch, state: str, **fields: object) -> None:
    event = SendFinished(
        tenant_id=touch.tenant_id, occurred_at=at("10:01"), send_id=touch.send_id or 0, kind="mass_send",
        ref_kind="sop.touch", ref_id=touch.pk, state=state, **fields,  # type: ignore[arg-type]
    )  # fmt: skip
    for _again in range(2):
        on_send_finished(tenant_id=touch.tenant_id, events=[event])


def answer(monkeypatch: pytest.MonkeyPatch, status: int, rows: list[dict[str, object]]) -> None:
    told = MassSendResults(status, at("10:20") if status else None, rows)
    monkeypatch.setattr(results, "mass_send_results", lambda **kwargs: told)


def test_mass_send_is_confirmed_by_wecoms_result(
    camp: Make, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, touch = mass(camp, frozen)
    people = made.people[0]
    answer(
        monkeypatch,
        2,
        [
            {"receiver_id": one.external_userid, "status": n, "sent_at": None}
            for n, one in enumerate(people, 1)
        ],
    )
    frozen.move(minutes=5)
    results_poll(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert (touch.state, touch.done_at) == ("confirmed", at("10:20"))
    states = dict(TouchRecipient.objects.values_list("customer_id", "state"))
    assert [states[one.pk] for one in people] == ["sent", "not_friend", "over_limit"]
    assert WorkItem.objects.get().state == "done"
    assert EventRow.objects.filter(name="sop.touch.confirmed").count() == 1
    assert results_poll(tenant_id=made.tenant.pk) == 0


def test_unconfirmed_mass_send_is_reminded_thrice_then_cancelled(
    camp: Make, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, touch = mass(camp, frozen)
    answer(monkeypatch, 0, [])
    for _ in range(30):
        frozen.move(minutes=5)
        results_poll(tenant_id=made.tenant.pk)
    kinds = list(OutboundSend.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["mass_send", *["remind_mass_send"] * 3, "cancel_mass_send"]
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("expired", "SOP-04")
    assert SendTask.objects.get().state == "expired"
    assert set(TouchRecipient.objects.values_list("state", flat=True)) == {"missed"}
    assert sum(Exposure.objects.values_list("weight", flat=True)) == 0


@pytest.mark.parametrize(
    ("state", "ends", "rule"), [("failed", "failed", "SOP-08"), ("unknown", "parked", "SOP-09")]
)
def test_refused_or_unknown_send_ends_with_its_reason(
    camp: Make, frozen: MovableClock, state: str, ends: str, rule: str
) -> None:
    made = camp(steps=[{"channel": "group_mass"}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get()
    finish(touch, state)
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == (ends, rule)


def freeze(made: Camp) -> None:
    group = made.groups[0]
    group.frozen_at, group.freeze_reason = at("10:05"), "群诉"
    group.save()
    event = GroupsFrozen(
        tenant_id=made.tenant.pk, occurred_at=at("10:05"), group_ids=[group.pk], reason="群诉"
    )
    on_group_frozen(tenant_id=made.tenant.pk, events=[event])


def test_freeze_takes_back_a_send_still_queued(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_mass"}, {"at": time(11, 0), "channel": "group_forward"}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    freeze(made)
    assert OutboundSend.objects.get(kind="mass_send").state == "cancelled"
    relay_tenant(tenant_id=made.tenant.pk)
    assert Exposure.objects.exists()
    assert sum(Exposure.objects.values_list("weight", flat=True)) == 0
    frozen.set(at("11:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert set(Touch.objects.values_list("state", "rule_code")) == {("blocked", "FREEZE-01")}
    assert WorkItem.objects.get(source_kind="sop.touch").state == "cancelled"


def test_freeze_cancels_a_task_already_in_wecom(camp: Make, frozen: MovableClock) -> None:
    made, touch = mass(camp, frozen)
    OutboundSend.objects.filter(pk=touch.send_id).update(state="done")
    freeze(made)
    cancel = OutboundSend.objects.get(kind="cancel_mass_send")
    assert cancel.payload == {"msgid": "msg-1"}
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("blocked", "FREEZE-01")


def test_send_on_its_way_while_frozen_is_cancelled_in_wecom(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_mass"}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get()
    OutboundSend.objects.filter(pk=touch.send_id).update(state="claimed")
    freeze(made)
    finish(touch, "done", vendor_id="msg-9")
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("blocked", "FREEZE-01")
    assert OutboundSend.objects.get(kind="cancel_mass_send").payload == {"msgid": "msg-9"}
    assert not SendTask.objects.exists()


def test_mass_send_that_wecom_could_not_take_in_time_never_goes_late(
    camp: Make, frozen: MovableClock
) -> None:
    made = countdown(camp, "20:00")
    frozen.set(at("17:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    frozen.set(at("17:31"))
    assert handed_expire(tenant_id=made.tenant.pk) == 1
    assert OutboundSend.objects.get().state == "cancelled"
    touch = Touch.objects.get(step__key="c180")
    assert (touch.state, touch.rule_code) == ("expired", "SOP-04")


def handed(camp: Make, frozen: MovableClock, **step: object) -> tuple[Camp, Touch]:
    made = camp(steps=[{**step}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    return made, Touch.objects.get()


def test_staffs_word_is_submitted_and_a_reviewer_confirms(camp: Make, frozen: MovableClock) -> None:
    made, touch = handed(camp, frozen)
    for _again in range(2):
        touch = touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM)
    assert touch.state == "submitted"
    assert WorkItem.objects.get().state == "done"
    assert touch_review(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM).state == "confirmed"


def test_own_record_confirms_where_the_step_asks_for_no_more(camp: Make, frozen: MovableClock) -> None:
    made, touch = handed(camp, frozen, evidence="record")
    touch = touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM, note="9 人回复")
    assert (touch.state, touch.evidence["kind"]) == ("confirmed", "note")


def test_task_not_done_in_its_window_is_missed_and_costs_nobody_a_message(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = handed(camp, frozen, window_minutes=60)
    frozen.set(at("11:00"))
    assert handed_expire(tenant_id=made.tenant.pk) == 0
    frozen.move(seconds=1)
    assert handed_expire(tenant_id=made.tenant.pk) == 1
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("expired", "SOP-04")
    assert sum(Exposure.objects.values_list("weight", flat=True)) == 0
    with pytest.raises(TouchFixed):
        touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM)


def test_cancelled_run_takes_back_tasks_given(camp: Make, frozen: MovableClock) -> None:
    made, touch = handed(camp, frozen)
    run_cancel(tenant=made.tenant, run_id=made.run.pk, reason="换期", actor=SYSTEM)
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("cancelled", "SOP-03")
    assert WorkItem.objects.get().state == "cancelled"
    assert not Window.objects.exists()


JOIN_STEP = {
    "anchor": "member_join", "offset_minutes": 5, "channel": "staff_task", "audience": "joined", "text": "欢迎",
}  # fmt: skip


def join(made: Camp, customer: Customer) -> None:
    event = MemberJoined(
        tenant_id=made.tenant.pk, occurred_at=at("12:00"), group_id=made.groups[0].pk, customer_ids=[customer.pk],
        staff_ids=[], joined_at=at("12:00"),
    )  # fmt: skip
    on_member_joined(tenant_id=made.tenant.pk, events=[event, event])


def test_late_joiner_gets_the_join_steps_once(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[JOIN_STEP])
    frozen.set(at("12:00"))
    member = made.people[0][0]
    join(made, member)
    join(made, member)
    touch = Touch.objects.get()
    assert touch.due_at == at("12:05")
    frozen.set(at("12:05"))
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert touch.state == "handed"
    assert recipients(touch) == {member.pk}


def test_joiner_who_left_again_gets_nothing(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[JOIN_STEP])
    frozen.set(at("12:00"))
    join(made, make_customer(tenant=made.tenant))
    frozen.set(at("12:05"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert Touch.objects.values_list("state", "rule_code").get() == ("blocked", "SOP-02")


def test_execution_counts_each_outcome_apart(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"key": f"s{n}", "window_minutes": 60, "is_service": True} for n in range(4)])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    rows = list(Touch.objects.order_by("pk"))
    for touch in rows[:2]:
        touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM)
    touch_review(tenant=made.tenant, touch_id=rows[0].pk, actor=SYSTEM)
    Touch.objects.filter(pk=rows[2].pk).update(state="confirmed", done_at=at("11:30"))
    frozen.set(at("12:00"))
    handed_expire(tenant_id=made.tenant.pk)
    found = execution_rate(tenant_id=made.tenant.pk)[0]
    assert (found.due, found.in_window, found.late, found.missed, found.no_evidence) == (4, 1, 1, 1, 1)
    assert found.percent == 25.0
    by_staff = execution_rate(tenant_id=made.tenant.pk, by="staff")
    assert [(one.key, one.due) for one in by_staff] == [(made.staff.pk, 4)]
    for figure in ("due", "in_window", "late", "missed", "no_evidence"):
        assert execution_touches(tenant_id=made.tenant.pk, figure=figure).count() == getattr(found, figure)
