"""Who leaves a run, and boosts that stop: judged when planned, at sending, and for what was handed over already."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.events import BehavioursRecorded
from contacts.models import Customer, Exposure
from groups.events import MemberLeft
from groups.models import Member
from sop.enums import ExitRule
from sop.errors import VersionFrozen
from sop.handlers import on_behaviours_recorded, on_member_left
from sop.models import RunExit, SendTask, Touch, TouchRecipient
from sop.policies.exits import Exit
from sop.selectors.boosts import boosts_of
from sop.services.dispatch import dispatch_due
from sop.services.exits import run_exits_sweep, version_set_exits
from sop.services.following import runs_follow
from sop.services.planning import plan_apply
from sop.services.templates import version_draft
from tenants.audit import SYSTEM
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_order
from tests.sop.conftest import Camp
from wecom.models import OutboundSend, QuotaEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
DAY1 = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # 00:00 of 2 March in Shanghai


def at(clock_time: str) -> datetime:
    hours, minutes = clock_time.split(":")
    return DAY1 + timedelta(hours=int(hours), minutes=int(minutes))


def rows(touch: Touch) -> dict[int, tuple[str, str]]:
    found = TouchRecipient.objects.filter(touch=touch)
    return {one: (state, rule) for one, state, rule in found.values_list("customer_id", "state", "rule_code")}


def out_by(made: Camp, *rules: dict[str, object]) -> Camp:
    made.version.exits = list(rules)
    made.version.save()
    plan_apply(tenant=made.tenant, run=made.run)
    return made


def test_who_bought_gets_no_more_private_steps_and_the_rule_is_on_record(
    camp: Make, frozen: MovableClock
) -> None:
    made = out_by(camp(steps=[{"channel": "private_mass", "text": "早"}]), {"rule": "EXIT-01"})
    buyer, other, third = made.people[0]
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("09:30"))
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get()
    assert rows(touch) == {
        buyer.pk: ("blocked", "EXIT-01"), other.pk: ("planned", ""), third.pk: ("planned", ""),
    }  # fmt: skip
    assert RunExit.objects.values_list("customer", "rule_code").get() == (buyer.pk, "EXIT-01")


def test_rules_for_people_and_for_groups_hold_side_by_side_and_only_while_the_run_goes_on(
    camp: Make, frozen: MovableClock
) -> None:
    made = out_by(
        camp(steps=[{"channel": "private_mass", "text": "早"}], groups=2),
        {"rule": "EXIT-01"}, {"rule": ExitRule.GROUP_SIZE.value, "value": 9},
    )  # fmt: skip
    buyer = made.people[0][0]
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("09:30"))
    frozen.set(at("10:00"))
    made.run.state = "finished"
    assert run_exits_sweep(tenant=made.tenant, run=made.run) == 0
    assert not RunExit.objects.exists()
    made.run.state = "running"
    assert run_exits_sweep(tenant=made.tenant, run=made.run) == 1
    assert RunExit.objects.values_list("customer", "group").get() == (buyer.pk, None)


def test_who_once_left_stays_out(camp: Make, frozen: MovableClock) -> None:
    made = out_by(camp(steps=[{"channel": "private_mass", "text": "早"}]), {"rule": "EXIT-03"})
    gone = made.people[0][0]
    seat = Member.objects.get(customer=gone)
    frozen.set(at("09:30"))
    Member.objects.filter(pk=seat.pk).update(left_at=at("09:30"))
    event = MemberLeft(
        tenant_id=made.tenant.pk, occurred_at=at("09:30"), group_id=made.groups[0].pk, customer_ids=[gone.pk],
        staff_ids=[], left_at=at("09:30"),
    )  # fmt: skip
    on_member_left(tenant_id=made.tenant.pk, events=[event, event])
    Member.objects.filter(pk=seat.pk).update(left_at=None)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert rows(Touch.objects.get())[gone.pk] == ("blocked", "EXIT-03")


def test_a_group_that_left_gets_nothing_that_was_planned_or_handed_over(
    camp: Make, frozen: MovableClock
) -> None:
    steps = [{"at": time(10, 0)}, {"at": time(15, 0)}]
    made = out_by(camp(steps=steps, groups=2), {"rule": "EXIT-07", "value": 4})
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    first, second = made.groups
    Member.objects.filter(group=second, is_staff=False).update(group=first)  # six in one, none in the other
    runs_follow(tenant=made.tenant)
    states = set(Touch.objects.values_list("group", "state", "rule_code"))
    assert states == {
        (first.pk, "cancelled", "EXIT-07"), (second.pk, "handed", ""), (second.pk, "planned", ""),
    }  # fmt: skip
    plan_apply(tenant=made.tenant, run=made.run)
    assert not Touch.objects.filter(group=first, state="planned").exists()


def test_exit_rules_are_set_in_a_draft_only_and_go_along_to_the_next(camp: Make) -> None:
    made = camp(steps=[{}])
    asked = {
        "tenant": made.tenant,
        "exits": [Exit(ExitRule.BOUGHT), Exit(ExitRule.TIER, "S")],
        "actor": SYSTEM,
    }
    with pytest.raises(VersionFrozen):
        version_set_exits(version_id=made.version.pk, **asked)
    draft = version_draft(tenant=made.tenant, version_id=made.version.pk, reason="买了就停", actor=SYSTEM)
    version_set_exits(version_id=draft.pk, **asked)
    draft.refresh_from_db()
    assert draft.exits == [{"rule": "EXIT-01"}, {"rule": "EXIT-05", "value": "S"}]


BOOST = {"channel": "private_mass", "text": "还没来", "audience": "uninteracted", "window_minutes": 240}


def boosted(camp: Make, frozen: MovableClock, **fields: object) -> tuple[Camp, Touch]:
    """A camp whose first boost was handed over at 10:00 for three people; the second is at 20:00."""
    steps = [{**BOOST, "at": time(10, 0), **fields}, {**BOOST, "at": time(20, 0), **fields}]
    made = camp(steps=steps, key_interaction="live")
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    return made, Touch.objects.get(due_at=at("10:00"))


def interacts(made: Camp, customer: Customer, when: datetime) -> None:
    make_behaviour(tenant=made.tenant, customer=customer, kind="live", occurred_at=when)
    event = BehavioursRecorded(
        tenant_id=made.tenant.pk, occurred_at=when, customer_ids=[customer.pk], behaviour_ids=[], kinds=["live"],
        first_at=when, last_at=when,
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=made.tenant.pk, events=[event, event])


def test_a_boost_that_waits_in_the_queue_goes_to_the_others_only(camp: Make, frozen: MovableClock) -> None:
    made, touch = boosted(camp, frozen)
    doer = made.people[0][0]
    interacts(made, doer, at("10:05"))
    touch.refresh_from_db()
    assert rows(touch)[doer.pk] == ("blocked", "SOP-15")
    assert (touch.state, touch.recipients_count) == ("handed", 2)
    assert doer.external_userid not in OutboundSend.objects.get(kind="mass_send").payload["external_userids"]
    assert not sum(Exposure.objects.filter(customer=doer).values_list("weight", flat=True))
    kept = {one.external_userid for one in made.people[0]} - {doer.external_userid}
    assert set(QuotaEntry.objects.values_list("receiver_id", flat=True)) == kept


def test_a_boost_that_wecom_has_is_taken_back_there_and_made_anew(camp: Make, frozen: MovableClock) -> None:
    made, touch = boosted(camp, frozen)
    doer = made.people[0][0]
    first = OutboundSend.objects.get(kind="mass_send")
    OutboundSend.objects.filter(pk=first.pk).update(state="done")
    Touch.objects.filter(pk=touch.pk).update(evidence={"msgid": "m1"})
    SendTask.objects.create(
        tenant=made.tenant, send_id=first.pk, vendor_id="m1", sender_userid="linxiao", is_group=False,
        ends_at=at("14:00"), next_poll_at=at("11:00"),
    )  # fmt: skip
    interacts(made, doer, at("10:05"))
    touch.refresh_from_db()
    again = OutboundSend.objects.get(pk=touch.send_id)
    assert again.pk != first.pk
    assert len(again.payload["external_userids"]) == 2
    assert doer.external_userid not in again.payload["external_userids"]
    assert OutboundSend.objects.get(kind="cancel_mass_send").payload == {"msgid": "m1"}
    assert SendTask.objects.get().state == "cancelled"


def test_a_task_by_hand_ends_when_its_last_person_interacted(camp: Make, frozen: MovableClock) -> None:
    made, touch = boosted(camp, frozen, channel="staff_task")
    for one in made.people[0]:
        interacts(made, one, at("10:05"))
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code, touch.recipients_count) == ("blocked", "SOP-15", 0)


def test_boosts_are_counted_boosted_stopped_and_interacted_after(camp: Make, frozen: MovableClock) -> None:
    made, touch = boosted(camp, frozen)
    assert boosts_of(tenant=made.tenant, run=made.run).boosted == 3
    TouchRecipient.objects.filter(touch=touch).update(state="sent")
    Touch.objects.filter(pk=touch.pk).update(state="confirmed")
    frozen.set(at("20:00"))
    interacts(made, made.people[0][0], at("11:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    found = boosts_of(tenant=made.tenant, run=made.run)
    assert (found.boosted, found.stopped, found.interacted) == (3, 1, 1)
    second = Touch.objects.get(due_at=at("20:00"))
    assert rows(second)[made.people[0][0].pk] == ("blocked", "SOP-15")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 700)), max_size=4))
def test_no_boost_is_handed_over_for_anybody_who_interacted_before(
    camp: Make, frozen: MovableClock, acts: list[tuple[int, int]]
) -> None:
    frozen.set(at("09:00"))
    steps = [{**BOOST, "at": time(hour, 0), "channel": "staff_task"} for hour in (10, 13, 16, 19)]
    made = camp(steps=steps, key_interaction="live")
    plan_apply(tenant=made.tenant, run=made.run)
    events = sorted((at("09:00") + timedelta(minutes=after), one) for one, after in acts)
    moments = sorted({*(moment for moment, _one in events), *(at(f"{hour}:00") for hour in (10, 13, 16, 19))})
    for moment in moments:
        frozen.set(moment)
        for when, one in events:
            if when == moment:
                interacts(made, made.people[0][one], when)
        dispatch_due(tenant_id=made.tenant.pk)
    first = {}
    for when, one in events:
        first.setdefault(made.people[0][one].pk, when)
    got = TouchRecipient.objects.filter(touch__run=made.run).exclude(state="blocked")
    for customer_id, handed_at in got.values_list("customer_id", "touch__handed_at"):
        assert handed_at < first.get(customer_id, at("48:00"))
