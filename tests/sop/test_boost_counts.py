"""Whom a run's boosts count as boosted, stopped and interacted after, and what stops one (R53)."""

from datetime import timedelta

import pytest

from sop.enums import RunState
from sop.models import Run, Touch, TouchRecipient
from sop.selectors.boosts import boosts_of
from sop.services.boosts import boosts_stop
from sop.services.dispatch import dispatch_due
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour
from tests.sop.test_exits_and_boosts import Make, at, boosted, interacts, rows

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_only_what_followed_the_first_boost_counts_as_after_it(camp: Make, frozen: MovableClock) -> None:
    made, touch = boosted(camp, frozen)
    handed = Touch.objects.get(pk=touch.pk).handed_at
    assert handed is not None
    TouchRecipient.objects.filter(touch=touch).update(state="sent")
    Touch.objects.filter(pk=touch.pk).update(state="confirmed")
    before, sharp, later = made.people[0]
    interacts(made, before, handed - timedelta(seconds=1))
    interacts(made, sharp, handed)
    interacts(made, later, handed + timedelta(hours=1))
    found = boosts_of(tenant=made.tenant, run=made.run)
    assert found.people["interacted"] == sorted([sharp.pk, later.pk])
    assert (found.boosted, found.interacted, found.share) == (3, 2, 67)


def test_an_act_told_late_that_lay_before_ones_own_first_boost_did_not_follow_it(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = boosted(camp, frozen)
    one = made.people[0][0]
    TouchRecipient.objects.filter(touch=touch, customer=one).delete()
    frozen.set(at("20:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    make_behaviour(tenant=made.tenant, customer=one, kind="live", occurred_at=at("15:00"))
    found = boosts_of(tenant=made.tenant, run=made.run)
    assert one.pk in found.people["boosted"]
    assert found.people["interacted"] == []


def test_another_object_is_not_the_runs_key_interaction(camp: Make, frozen: MovableClock) -> None:
    made, _touch = boosted(camp, frozen)
    Run.objects.update(key_interaction_object="room-7")
    made.run.refresh_from_db()
    for customer, room in zip(made.people[0], ("room-7", "room-8", ""), strict=True):
        make_behaviour(
            tenant=made.tenant, customer=customer, kind="live", object_id=room, occurred_at=at("11:00")
        )
    found = boosts_of(tenant=made.tenant, run=made.run)
    assert found.people["interacted"] == [made.people[0][0].pk]


def test_who_was_left_out_for_another_reason_is_neither_boosted_nor_stopped(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = boosted(camp, frozen)
    one = made.people[0][0]
    TouchRecipient.objects.filter(touch=touch, customer=one).update(state="blocked", rule_code="CAP-01")
    found = boosts_of(tenant=made.tenant, run=made.run)
    assert (found.boosted, found.stopped) == (2, 0)
    assert one.pk not in found.people["boosted"]


def test_what_was_not_handed_over_or_went_to_a_whole_group_boosted_nobody(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = boosted(camp, frozen)
    Touch.objects.filter(pk=touch.pk).update(handed_at=None)
    nobody = boosts_of(tenant=made.tenant, run=made.run)
    assert (nobody.boosted, nobody.share, nobody.people["boosted"]) == (None, None, [])
    Touch.objects.filter(pk=touch.pk).update(handed_at=at("10:00"), channel="group_mass")
    assert boosts_of(tenant=made.tenant, run=made.run).boosted is None


def test_a_boost_that_waits_for_a_persons_look_stops_and_one_of_a_run_called_off_is_left(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = boosted(camp, frozen)
    one, other, _third = made.people[0]
    for customer in (one, other):
        make_behaviour(tenant=made.tenant, customer=customer, kind="live", occurred_at=at("11:00"))
    Touch.objects.filter(pk=touch.pk).update(state="parked")
    made.run.state = RunState.CANCELLED
    assert boosts_stop(tenant=made.tenant, run=made.run) == 0
    made.run.state = RunState.RUNNING
    assert boosts_stop(tenant=made.tenant, run=made.run, customer_ids=[one.pk]) == 1
    assert rows(touch)[one.pk] == ("blocked", "SOP-15")
    assert rows(touch)[other.pk][0] == "planned"
    assert boosts_stop(tenant=made.tenant, run=made.run) == 1
