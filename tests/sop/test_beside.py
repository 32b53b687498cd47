"""What SOP does and shows on other apps' pages: Today's items and rail, the group page, WeCom's quota."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client

from sop.errors import TouchFixed, WecomTells
from sop.handlers import on_send_finished
from sop.models import Touch, TouchRecipient
from sop.selectors.beside import group_touches
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.results import handed_expire
from sop.services.runs import run_cancel
from sop.services.staff import touch_retime
from team.models import WorkItem
from team.services import work_item_act, work_items_sweep
from tenants.audit import SYSTEM
from tenants.models import User
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from wecom.events import SendFinished
from wecom.models import OutboundSend
from wecom.selectors import quota_left

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
DAY1 = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # 00:00 of 2 March in Shanghai


def at(hour: int, minute: int = 0) -> datetime:
    return DAY1 + timedelta(hours=hour, minutes=minute)


def handed(camp: Make, frozen: MovableClock, groups: int = 1, **step: Any) -> Camp:
    made = camp(steps=[{"text": "早", "window_minutes": 120, **step}], groups=groups)
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at(10))
    dispatch_due(tenant_id=made.tenant.pk)
    return made


def say(made: Camp, verb: str) -> WorkItem:
    item = WorkItem.objects.get(source_kind="sop.touch")
    return work_item_act(tenant=made.tenant, item_id=item.pk, verb=verb, actor=SYSTEM)


def finish(touch: Touch, state: str, vendor_id: str = "") -> None:
    event = SendFinished(
        tenant_id=touch.tenant_id, occurred_at=at(10, 1), send_id=touch.send_id or 0, kind="mass_send",
        ref_kind="sop.touch", ref_id=touch.pk, state=state, vendor_id=vendor_id,
    )  # fmt: skip
    on_send_finished(tenant_id=touch.tenant_id, events=[event])


def mass_left(made: Camp) -> int:
    chat = made.groups[0].chat_id
    day = at(10).date()
    return quota_left(tenant_id=made.tenant.pk, receiver_kind="group", receiver_ids=[chat], day=day)[chat]


def test_done_on_today_submits_every_group_of_the_task(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen, groups=3)
    for _again in range(2):
        assert say(made, "done").state == "done"
    assert set(Touch.objects.values_list("state", "done_at")) == {("submitted", at(10))}
    assert WorkItem.objects.get().done_by == SYSTEM.name


def test_undo_on_today_takes_the_word_back_while_the_window_is_open(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen, channel="staff_task")
    say(made, "done")
    assert set(TouchRecipient.objects.values_list("state", flat=True)) == {"sent"}
    assert say(made, "undo").state == "open"
    assert Touch.objects.get().state == "handed"
    assert set(TouchRecipient.objects.values_list("state", "at")) == {("planned", None)}
    say(made, "done")
    frozen.set(at(12))
    with pytest.raises(TouchFixed):
        say(made, "undo")
    assert (Touch.objects.get().state, WorkItem.objects.get().state) == ("submitted", "done")


def test_done_cannot_be_said_of_a_mass_send(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen, channel="private_mass")
    with pytest.raises(WecomTells):
        say(made, "done")
    assert (Touch.objects.get().state, WorkItem.objects.get().state) == ("handed", "open")
    assert say(made, "snooze").state == "snoozed"


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_send_that_wecom_never_got_gives_its_quota_back(camp: Make, frozen: MovableClock, state: str) -> None:
    made = handed(camp, frozen, channel="group_mass")
    before = mass_left(made)
    finish(Touch.objects.get(), state)
    assert mass_left(made) == before + 1


@pytest.mark.parametrize("state", ["done", "unknown"])
def test_send_that_wecom_may_have_keeps_its_quota(camp: Make, frozen: MovableClock, state: str) -> None:
    made = handed(camp, frozen, channel="group_mass")
    before = mass_left(made)
    finish(Touch.objects.get(), state)
    assert mass_left(made) == before


def test_send_still_queued_gives_its_quota_back_when_the_run_ends_or_its_time_is_up(
    camp: Make, frozen: MovableClock
) -> None:
    made = handed(camp, frozen, channel="group_mass")
    before = mass_left(made)
    run_cancel(tenant=made.tenant, run_id=made.run.pk, reason="换期", actor=SYSTEM)
    assert mass_left(made) == before + 1
    late = handed(camp, frozen, channel="group_mass")
    before = mass_left(late)
    frozen.set(at(12, 1))
    assert handed_expire(tenant_id=late.tenant.pk) == 1
    assert mass_left(late) == before + 1


def test_taken_back_send_that_then_fails_gives_its_quota_back(camp: Make, frozen: MovableClock) -> None:
    made = handed(camp, frozen, channel="group_mass")
    before = mass_left(made)
    OutboundSend.objects.filter(kind="mass_send").update(state="claimed")
    run_cancel(tenant=made.tenant, run_id=made.run.pk, reason="换期", actor=SYSTEM)
    assert mass_left(made) == before
    finish(Touch.objects.get(), "failed")
    assert mass_left(made) == before + 1


def blocked(camp: Make, frozen: MovableClock) -> Camp:
    made = camp(steps=[{"title": "限时优惠预告"}])
    group = made.groups[0]
    group.frozen_at, group.freeze_reason = at(9), "群诉"
    group.save()
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at(10))
    dispatch_due(tenant_id=made.tenant.pk)
    return made


def test_blocked_message_stands_on_today_with_its_rule_until_midnight(
    camp: Make, frozen: MovableClock
) -> None:
    made = blocked(camp, frozen)
    item = WorkItem.objects.get()
    assert (item.state, item.rule_code, item.staff) == ("blocked", "FREEZE-01", made.staff)
    assert "限时优惠预告" in item.title
    work_items_sweep(tenant_id=made.tenant.pk)
    item.refresh_from_db()
    assert item.state == "blocked"
    frozen.set(at(24))
    work_items_sweep(tenant_id=made.tenant.pk)
    item.refresh_from_db()
    assert item.state == "cancelled"


def test_blocked_message_moved_to_another_time_leaves_today(camp: Make, frozen: MovableClock) -> None:
    made = blocked(camp, frozen)
    touch_retime(tenant=made.tenant, touch_id=Touch.objects.get().pk, due_at=at(15), actor=SYSTEM)
    assert WorkItem.objects.get().state == "cancelled"


def test_group_figures_count_people_once_and_only_whom_it_reached(camp: Make, frozen: MovableClock) -> None:
    made = camp(
        steps=[{"at": time(10)}, {"at": time(11)}, {"at": time(12), "channel": "private_mass"}], people=4
    )
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at(12))
    dispatch_due(tenant_id=made.tenant.pk)
    where: dict[str, Any] = {
        "tenant_id": made.tenant.pk,
        "group_id": made.groups[0].pk,
        "spans": [(DAY1, at(24))],
    }
    (before,) = group_touches(**where)
    assert (before.intended, before.reached, before.group_sends, before.private_sends) == (4, 0, 0, 0)
    item = WorkItem.objects.get(title__contains=Touch.objects.order_by("planned_at")[1].step.title)
    work_item_act(tenant=made.tenant, item_id=item.pk, verb="done", actor=SYSTEM)
    (after,) = group_touches(**where)
    assert (after.intended, after.reached, after.group_sends, after.private_sends) == (4, 4, 1, 0)
    private = TouchRecipient.objects.all()
    private.filter(pk=private[0].pk).update(state="sent")
    assert group_touches(**where)[0].private_sends == 1


def test_today_and_the_group_page_show_the_camp(camp: Make, frozen: MovableClock, client: Client) -> None:
    made = camp(steps=[{"at": time(20), "title": "分享班会", "mark": "peak"}])
    plan_apply(tenant=made.tenant, run=made.run)
    client.force_login(User.objects.get(email="lin@example.com"))
    today = client.get(f"/t/{made.tenant.slug}/").content.decode()
    assert made.run.name in today
    assert "20:00 分享班会" in today
    assert made.groups[0].name in today
    page = client.get(f"/t/{made.tenant.slug}/groups/{made.groups[0].pk}/?tab=sop").content.decode()
    assert (made.run.name in page, "分享班会" in page) == (True, True)
    empty = client.get(f"/t/{made.tenant.slug}/groups/{made.groups[0].pk}/").content.decode()
    assert "tab=sop" in empty
