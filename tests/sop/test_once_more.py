"""What is planned once more, or loses somebody on its way: a send of its own, each place of WeCom's limit once."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from groups.services.freezing import group_freeze, group_unfreeze
from outbox.relay import relay_tenant
from sop.models import Touch
from sop.services.catchup import parked_decide
from sop.services.certificate import certificate_make
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.results import handed_expire
from sop.services.staff import touch_restore, touch_retime, touch_skip
from tenants.audit import SYSTEM
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from tests.sop.test_beside import at, finish, handed, mass_left
from tests.sop.test_exits_and_boosts import boosted, interacts
from wecom.enums import ReceiverKind
from wecom.models import OutboundSend
from wecom.selectors import quota_left

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
MONDAY = date(2026, 3, 2)


def agrees(made: Camp) -> bool:
    return certificate_make(tenant=made.tenant, day=MONDAY).faults == []


def sends() -> list[tuple[str, str]]:
    return list(OutboundSend.objects.filter(kind="mass_send").order_by("pk").values_list("key", "state"))


def test_what_a_freeze_stopped_and_a_person_moved_goes_out_by_a_send_of_its_own(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen, channel="group_mass")
    touch = Touch.objects.get()
    before = mass_left(made)
    group_ids = [made.groups[0].pk]
    group_freeze(tenant=made.tenant, group_ids=group_ids, reason="群诉", actor=SYSTEM)
    for _again in range(2):  # the freeze, and what it stopped
        relay_tenant(tenant_id=made.tenant.pk)
    assert mass_left(made) == before + 1
    group_unfreeze(tenant=made.tenant, group_ids=group_ids, reason="已安抚", actor=SYSTEM)
    touch_retime(tenant=made.tenant, touch_id=touch.pk, due_at=at(15), actor=SYSTEM)
    frozen.set(at(15))
    dispatch_due(tenant_id=made.tenant.pk)
    name = f"sop.touch:{touch.pk}"
    assert sends() == [(name, "cancelled"), (f"{name}:2", "queued")]
    touch.refresh_from_db()
    assert (touch.state, touch.send_id) == ("handed", OutboundSend.objects.get(key=f"{name}:2").pk)
    assert mass_left(made) == before
    assert agrees(made)


@pytest.mark.parametrize("way", ["moved", "left out", "left out and taken up"])
def test_a_send_whose_outcome_nobody_knew_counts_where_a_person_lets_it_go_out(
    camp: Make, frozen: MovableClock, way: str
) -> None:
    made = handed(camp, frozen, channel="group_mass", window_minutes=600)
    touch = Touch.objects.get()
    before = mass_left(made)
    finish(touch, "unknown")
    assert mass_left(made) == before
    asked: dict[str, Any] = {"tenant": made.tenant, "touch_id": touch.pk, "actor": SYSTEM}
    if way == "moved":
        touch_retime(**asked, due_at=at(15))
    else:
        touch_skip(**asked, reason="群里没有看到")
    assert mass_left(made) == before + 1
    assert agrees(made)
    if way == "left out":
        return
    if way == "left out and taken up":
        touch_restore(**asked)
    frozen.set(at(15))
    dispatch_due(tenant_id=made.tenant.pk)
    assert [state for _key, state in sends()] == ["queued", "queued"]
    assert mass_left(made) == before
    assert agrees(made)


def test_a_task_that_wecom_tells_of_after_it_was_planned_once_more_is_cancelled_there(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen, channel="group_mass")
    touch = Touch.objects.get()
    finish(touch, "unknown")
    touch_retime(tenant=made.tenant, touch_id=touch.pk, due_at=at(15), actor=SYSTEM)
    finish(touch, "done", "msg-1")
    assert OutboundSend.objects.filter(kind="cancel_mass_send").count() == 1


def test_a_mass_send_that_waits_for_a_decision_has_given_its_place_back(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen, channel="group_mass", catch_up="ask")
    before = mass_left(made)
    frozen.set(at(12, 1))
    assert handed_expire(tenant_id=made.tenant.pk) == 1
    assert (Touch.objects.get().state, mass_left(made)) == ("parked", before + 1)
    assert agrees(made)
    parked_decide(tenant=made.tenant, run_id=made.run.pk, send=True, actor=SYSTEM)
    dispatch_due(tenant_id=made.tenant.pk)
    assert (Touch.objects.get().state, mass_left(made)) == ("handed", before)
    assert agrees(made)


def test_who_is_left_out_of_a_mass_send_keeps_the_place_of_wecoms_limit(
    camp: Make, frozen: MovableClock
) -> None:
    made, _touch = boosted(camp, frozen)
    doer, other, _third = made.people[0]
    ids = [doer.external_userid, other.external_userid]

    def left() -> list[int]:
        found = quota_left(
            tenant_id=made.tenant.pk, receiver_kind=ReceiverKind.CUSTOMER, receiver_ids=ids, day=MONDAY
        )
        return [found[one] for one in ids]

    before = left()
    interacts(made, doer, at(10, 5))
    assert left() == [before[0] + 1, before[1]]
    assert agrees(made)


def test_who_is_left_out_while_wecom_is_asked_is_left_out_of_the_task_there(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = boosted(camp, frozen)
    doer = made.people[0][0]
    OutboundSend.objects.filter(kind="mass_send").update(state="claimed")
    interacts(made, doer, at(10, 5))
    finish(touch, "done", "msg-1")
    finish(touch, "done", "msg-1")
    assert OutboundSend.objects.filter(kind="cancel_mass_send").count() == 1
    again = OutboundSend.objects.filter(kind="mass_send").latest("pk")
    assert again.state == "queued"
    assert again.payload["external_userids"] == [one.external_userid for one in made.people[0][1:]]
    touch.refresh_from_db()
    assert (touch.state, touch.send_id) == ("handed", again.pk)
    OutboundSend.objects.filter(pk=again.pk).update(state="done")
    finish(touch, "done", "msg-2")
    touch.refresh_from_db()
    assert (touch.send_id, touch.evidence["msgid"], len(sends())) == (again.pk, "msg-2", 2)


def test_tasks_with_time_left_do_not_keep_others_from_ending(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"catch_up": "late", "window_minutes": 60}, {"catch_up": "skip"}], groups=2)
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at(10))
    dispatch_due(tenant_id=made.tenant.pk)
    frozen.set(at(23))
    handed_expire(tenant_id=made.tenant.pk, limit=2)
    states = set(Touch.objects.values_list("step__catch_up", "state"))
    assert states == {("late", "handed"), ("skip", "expired")}
