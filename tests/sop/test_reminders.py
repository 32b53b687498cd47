"""The ladder: three reminders in 24 hours at most, none at night, one message a person, the lead at the end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from sop.errors import NobodyToRemind, OffHours, RemindersUsed
from sop.handlers import on_send_finished
from sop.models import SendTask, Touch, TouchReminder
from sop.policies.reminders import Hours, Ladder, is_due, left
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.reminders import ladder_climb, mass_remind, touches_remind
from sop.services.staff import bundle_submit
from team.models import Notice, NoticeChoice, WorkItem
from team.services.notices import messages_hand, work_tell
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Membership, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from wecom.events import SendFinished
from wecom.models import OutboundSend

Make = Callable[..., Camp]
LADDER = Ladder(3, timedelta(minutes=20), timedelta(minutes=20))
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@given(st.lists(st.integers(0, 3000), max_size=200), st.integers(1, 3))
def test_whatever_presses_no_touch_gets_more_than_its_share_in_any_24_hours(moments, most):
    given_at: list[datetime] = []
    for at in sorted(NOON + timedelta(minutes=one) for one in moments):
        if left(given=given_at, now=at, most=most):
            given_at.append(at)
    for at in given_at:
        assert sum(1 for one in given_at if at <= one < at + timedelta(hours=24)) <= most


def test_a_reminder_of_24_hours_ago_counts_no_more_and_the_pause_runs_from_the_last():
    day, minute = timedelta(hours=24), timedelta(minutes=1)
    assert [left(given=[NOON], now=NOON + day - after, most=1) for after in (minute, 0 * minute)] == [0, 1]
    given_at = [NOON, NOON + 30 * minute]
    for after, rings in ((49, False), (50, True)):
        now, end = NOON + after * minute, NOON + day
        assert is_due(waits_since=NOON, window_ends_at=end, given=given_at, now=now, ladder=LADDER) is rings


@given(st.integers(0, 300), st.integers(1, 300))
def test_the_ladder_keeps_its_pauses_and_ends_with_the_window(after, window):
    end, now = NOON + timedelta(minutes=window), NOON + timedelta(minutes=after)
    rings = is_due(waits_since=NOON, window_ends_at=end, given=[], now=now, ladder=LADDER)
    assert rings is (20 <= after < window)


@pytest.mark.parametrize(("after", "rings"), [(19, False), (20, True), (119, True), (120, False)])
def test_the_first_reminder_comes_as_its_pause_is_over_and_none_as_the_window_ends(after, rings):
    end, now = NOON + timedelta(hours=2), NOON + timedelta(minutes=after)
    assert is_due(waits_since=NOON, window_ends_at=end, given=[], now=now, ladder=LADDER) is rings


@given(st.times(), st.times(), st.times(), st.times(), st.times())
def test_nobody_is_reminded_in_quiet_hours(wall, work_from, work_until, quiet_from, quiet_until):
    hours = Hours(work_from, work_until, quiet_from, quiet_until)
    if quiet_from < quiet_until and quiet_from <= wall < quiet_until:
        assert not hours.may_ring(wall)
    if work_from < work_until and not work_from <= wall < work_until:
        assert not hours.may_ring(wall)


def test_the_day_by_default():
    hours = Hours(time(8), time(22), time(22), time(8))
    assert [hours.may_ring(time(one)) for one in (7, 8, 21, 22, 2)] == [False, True, True, False, False]


@pytest.fixture
def waiting(camp: Make, frozen: MovableClock) -> Callable[..., Camp]:
    def make(**step: object) -> Camp:
        made = camp(
            steps=[{"key": f"s{n}", "window_minutes": 120, "is_service": True, **step} for n in range(4)],
            groups=2,
        )
        with transaction.atomic():
            plan_apply(tenant=made.tenant, run=made.run)
        frozen.move(seconds=3600)
        dispatch_due(tenant_id=made.tenant.pk)
        return made

    return make


def nudges() -> list[Notice]:
    return list(Notice.objects.filter(key__startswith="sop.nudge:").order_by("pk"))


@pytest.mark.integration
@pytest.mark.django_db
def test_eight_late_touches_are_one_message_thrice_and_then_the_leads(waiting, frozen: MovableClock) -> None:
    made = waiting()
    lead = Membership.objects.get(user=User.objects.get(email="lin@example.com"))
    made.staff.membership = lead
    made.staff.save()
    frozen.move(minutes=19)
    assert ladder_climb(tenant=made.tenant) == 0
    for number in (1, 2, 3):
        frozen.move(minutes=20)
        assert ladder_climb(tenant=made.tenant) == 8
        assert ladder_climb(tenant=made.tenant) == 0
        assert len(nudges()) == number
    assert "8" in nudges()[0].title
    frozen.move(minutes=20)
    assert ladder_climb(tenant=made.tenant) == 0
    assert TouchReminder.objects.count() == 24
    item = WorkItem.objects.get(source_kind="sop.late")
    assert (item.state, item.staff_id, item.source_id) == ("open", None, made.staff.pk)
    work_tell(tenant_id=made.tenant.pk)
    assert Notice.objects.filter(item=item, kind="reminder").count() == 1
    for bundle in set(Touch.objects.values_list("bundle", flat=True)):
        bundle_submit(tenant=made.tenant, bundle=bundle, actor=SYSTEM)
    ladder_climb(tenant=made.tenant)
    item.refresh_from_db()
    assert item.state == "done"


@pytest.mark.integration
@pytest.mark.django_db
def test_the_button_counts_too_is_logged_and_says_when_none_is_left(
    waiting, frozen: MovableClock, client: Client
) -> None:
    made = waiting()
    touch = Touch.objects.order_by("pk").first()
    assert touch is not None
    for _press in range(3):
        assert touches_remind(tenant=made.tenant, touch_ids=[touch.pk], actor=SYSTEM) == 1
    with pytest.raises(RemindersUsed):
        touches_remind(tenant=made.tenant, touch_ids=[touch.pk], actor=SYSTEM)
    frozen.move(minutes=41)
    assert ladder_climb(tenant=made.tenant) == 7
    assert TouchReminder.objects.filter(touch=touch).count() == 3
    frozen.move(minutes=13 * 60)  # 23:41 in Shanghai
    Touch.objects.update(window_ends_at=clock.now() + timedelta(days=1))
    with pytest.raises(OffHours):
        touches_remind(tenant=made.tenant, touch_ids=[touch.pk], actor=SYSTEM)
    assert ladder_climb(tenant=made.tenant) == 0
    frozen.move(hours=11)
    Touch.objects.update(window_ends_at=clock.now() + timedelta(days=1))
    assert touches_remind(tenant=made.tenant, touch_ids=[touch.pk], actor=SYSTEM) == 1
    Touch.objects.update(state="confirmed")
    with pytest.raises(NobodyToRemind):
        touches_remind(tenant=made.tenant, touch_ids=[touch.pk], actor=SYSTEM)


@pytest.mark.integration
@pytest.mark.django_db
def test_the_pause_runs_from_when_it_is_due_and_in_hand_and_what_is_over_is_pressed_for_no_more(
    waiting, frozen: MovableClock
) -> None:
    made = waiting()
    now = clock.now()
    late, early, over, open_one = list(Touch.objects.order_by("pk"))[:4]
    Touch.objects.exclude(pk__in=[late.pk, early.pk]).update(state="confirmed")
    Touch.objects.filter(pk=late.pk).update(
        handed_at=now + timedelta(minutes=10)
    )  # taken up by another since
    Touch.objects.filter(pk=early.pk).update(due_at=now + timedelta(minutes=15))  # moved since
    frozen.move(minutes=29)
    assert ladder_climb(tenant=made.tenant) == 0
    frozen.move(minutes=1)
    assert ladder_climb(tenant=made.tenant) == 1
    assert TouchReminder.objects.get().touch_id == late.pk
    Touch.objects.filter(pk__in=[over.pk, open_one.pk]).update(state="handed")
    Touch.objects.filter(pk=over.pk).update(window_ends_at=clock.now())
    pressed = [over.pk, open_one.pk]
    assert touches_remind(tenant=made.tenant, touch_ids=pressed, actor=SYSTEM) == 1
    with pytest.raises(NobodyToRemind):
        touches_remind(tenant=made.tenant, touch_ids=[over.pk], actor=SYSTEM)


@pytest.mark.integration
@pytest.mark.django_db
def test_what_wecom_refuses_stands_beside_the_reminder(waiting, frozen: MovableClock, client: Client) -> None:
    made = waiting(channel="group_mass")
    touch = Touch.objects.filter(state="handed").first()
    assert touch is not None
    SendTask.objects.create(
        tenant=made.tenant, send_id=touch.send_id, vendor_id="msg1", sender_userid="linxiao", is_group=True,
        ends_at=clock.now() + timedelta(hours=2), next_poll_at=clock.now() + timedelta(hours=2),
    )  # fmt: skip
    frozen.move(minutes=20)
    assert ladder_climb(tenant=made.tenant) == 1
    send = OutboundSend.objects.get(kind="remind_mass_send")
    assert send.payload == {"msgid": "msg1"}
    event = SendFinished(
        tenant_id=made.tenant.pk, occurred_at=clock.now(), send_id=send.pk, kind=send.kind, ref_kind="sop.remind",
        ref_id=send.ref_id, state="failed", error="41094: remind count exceeds limit", error_code=41094,
    )  # fmt: skip
    on_send_finished(tenant_id=made.tenant.pk, events=[event])
    client.force_login(User.objects.get(email="lin@example.com"))
    drawer = client.get(f"/t/{made.tenant.slug}/sop/touches/{touch.pk}/", headers={"HX-Request": "true"})
    assert "41094" in drawer.content.decode()


@pytest.fixture
def at_wecom(waiting) -> tuple[Camp, Touch, Touch]:
    """A mass send that WeCom has, and a task of the same colleague that is ten minutes younger; nothing else waits."""
    made = waiting(channel="group_mass")
    mass, task = Touch.objects.filter(state="handed").order_by("pk")[:2]
    Touch.objects.exclude(pk__in=[mass.pk, task.pk]).update(state="confirmed")
    Touch.objects.filter(pk=task.pk).update(
        channel="staff_task", handed_at=clock.now() + timedelta(minutes=10)
    )
    ends_at = clock.now() + timedelta(hours=2)
    SendTask.objects.create(
        tenant=made.tenant, send_id=mass.send_id, vendor_id="msg1", sender_userid="linxiao", is_group=True,
        ends_at=ends_at, next_poll_at=ends_at,
    )  # fmt: skip
    return made, mass, task


@pytest.mark.integration
@pytest.mark.django_db
def test_what_wecom_reminds_of_and_what_we_write_of_keep_pauses_of_their_own(
    at_wecom: tuple[Camp, Touch, Touch], frozen: MovableClock
) -> None:
    made, mass, task = at_wecom
    reminded = []
    for _step in range(4):  # at 20, 30, 40 and 50 minutes
        frozen.move(minutes=10 if reminded else 20)
        ladder_climb(tenant=made.tenant)
        now = clock.now()
        reminded.append(set(TouchReminder.objects.filter(at=now).values_list("touch", "way")))
    assert reminded == [{(mass.pk, "wecom")}, {(task.pk, "message")}] * 2


@pytest.mark.integration
@pytest.mark.django_db
def test_a_send_that_came_into_hand_late_is_not_pressed_for_before_its_pause(
    at_wecom: tuple[Camp, Touch, Touch], frozen: MovableClock
) -> None:
    _made, mass, _task = at_wecom
    frozen.move(minutes=20)
    Touch.objects.filter(pk=mass.pk).update(handed_at=clock.now() - timedelta(minutes=19))
    rows = Touch.objects.filter(pk=mass.pk)
    assert mass_remind(touches=rows, now=clock.now()) == 0
    frozen.move(minutes=1)
    assert mass_remind(touches=rows.all(), now=clock.now()) == 1


@pytest.mark.integration
@pytest.mark.django_db
def test_who_left_the_company_is_not_reminded(waiting, frozen: MovableClock) -> None:
    made = waiting()
    frozen.move(minutes=20)
    made.staff.is_active = False
    made.staff.save()
    assert ladder_climb(tenant=made.tenant) == 0
    with pytest.raises(NobodyToRemind):
        touches_remind(tenant=made.tenant, touch_ids=Touch.objects.values_list("pk", flat=True), actor=SYSTEM)


@pytest.mark.integration
@pytest.mark.django_db
def test_a_reminder_of_one_task_opens_it_and_one_of_several_opens_the_list(
    waiting, frozen: MovableClock
) -> None:
    made = waiting()
    frozen.move(minutes=20)
    ladder_climb(tenant=made.tenant)
    one = Touch.objects.order_by("pk")[0]
    Touch.objects.exclude(pk=one.pk).update(state="confirmed")
    frozen.move(minutes=20)
    ladder_climb(tenant=made.tenant)
    several, single = nudges()
    assert several.phone_url == f"/m/{made.tenant.slug}/"
    assert f"/send/{one.pk}/" in single.phone_url


@pytest.mark.integration
@pytest.mark.django_db
def test_the_leads_have_until_the_first_of_the_windows_ends(waiting, frozen: MovableClock) -> None:
    made = waiting()
    soon = clock.now() + timedelta(minutes=90)
    Touch.objects.filter(pk=Touch.objects.order_by("pk")[1].pk).update(window_ends_at=soon)
    last = max(Touch.objects.values_list("window_ends_at", flat=True))
    for _number in range(3):
        frozen.move(minutes=20)
        ladder_climb(tenant=made.tenant)
    item = WorkItem.objects.get(source_kind="sop.late")
    assert (item.due_at, item.window_ends_at) == (soon, last)


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_eight_hands_and_the_ladder_at_once_never_give_a_fourth(waiting, frozen: MovableClock) -> None:
    made = waiting()
    ids = list(Touch.objects.values_list("pk", flat=True))
    frozen.move(minutes=30)

    def press(number: int) -> None:
        try:
            with tenant_scope(made.tenant):
                if number % 2:
                    ladder_climb(tenant=made.tenant)
                else:
                    touches_remind(tenant=made.tenant, touch_ids=ids, actor=SYSTEM)
        except RemindersUsed:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(8)))
    counts = [TouchReminder.objects.filter(touch=one).count() for one in ids]
    assert counts == [3] * len(ids)


def cards() -> list[OutboundSend]:
    return list(OutboundSend.objects.filter(kind="app_message").order_by("pk"))


def of_staff(made: Camp, language: str = "en", **choices: object) -> Membership:
    """The staff member signs in, reads this language and chose this of notices."""
    member = Membership.objects.get(user=User.objects.get(email="lin@example.com"))
    User.objects.filter(pk=member.user_id).update(language=language)
    made.staff.membership = member
    made.staff.save()
    NoticeChoice.objects.create(tenant=made.tenant, member=member, choices=choices)
    return member


@pytest.mark.integration
@pytest.mark.django_db
def test_what_falls_due_is_one_message_in_the_receivers_language_and_what_wecom_said_stands_beside_a_reminder(
    waiting, frozen: MovableClock, client: Client
) -> None:
    made = waiting()
    member = of_staff(made)
    work_tell(tenant_id=made.tenant.pk)
    assert messages_hand(tenant_id=made.tenant.pk) == 1
    assert cards()[0].payload["content"]["title"] == "4 matters for you"
    assert "Forward “" in cards()[0].payload["content"]["description"]
    assert Notice.objects.filter(kind="task", member=member).count() == 4
    frozen.move(minutes=20)
    ladder_climb(tenant=made.tenant)
    messages_hand(tenant_id=made.tenant.pk)
    reminded = cards()[1]
    assert reminded.payload["content"]["title"] == "8 tasks wait for you"
    event = SendFinished(
        tenant_id=made.tenant.pk, occurred_at=clock.now(), send_id=reminded.pk, kind=reminded.kind,
        ref_kind=reminded.ref_kind, ref_id=reminded.ref_id, state="failed", error="60011 no privilege",
        error_code=60011,
    )  # fmt: skip
    on_send_finished(tenant_id=made.tenant.pk, events=[event])
    assert set(TouchReminder.objects.values_list("send_id", "error")) == {(reminded.pk, "60011 no privilege")}
    touch = Touch.objects.order_by("pk")[0]
    client.force_login(member.user)
    drawer = client.get(f"/t/{made.tenant.slug}/sop/touches/{touch.pk}/", headers={"HX-Request": "true"})
    assert "60011 no privilege" in drawer.content.decode()


@pytest.mark.integration
@pytest.mark.django_db
def test_who_turned_tasks_and_reminders_off_gets_no_message_and_the_bell_has_them(
    waiting, frozen: MovableClock, client: Client
) -> None:
    made = waiting()
    member = of_staff(made, task={"app": "off"}, reminder={"app": "off"})
    work_tell(tenant_id=made.tenant.pk)
    frozen.move(minutes=20)
    assert ladder_climb(tenant=made.tenant) == 8
    messages_hand(tenant_id=made.tenant.pk)
    assert not cards()
    kinds = Notice.objects.filter(member=member, is_shown=True).values_list("kind", flat=True)
    assert sorted(kinds) == ["reminder", *["task"] * 4]
    touch = Touch.objects.order_by("pk")[0]
    client.force_login(member.user)
    drawer = client.get(f"/t/{made.tenant.slug}/sop/touches/{touch.pk}/", headers={"HX-Request": "true"})
    assert "Wants no message of reminders" in drawer.content.decode()


@pytest.mark.integration
@pytest.mark.django_db
def test_a_mass_send_is_asked_for_by_wecom_alone(waiting) -> None:
    made = waiting(channel="group_mass")
    assert WorkItem.objects.filter(source_kind="sop.touch", state="open").exists()
    work_tell(tenant_id=made.tenant.pk)
    assert not Notice.objects.exists()
