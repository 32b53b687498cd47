"""From a due row to WeCom's door or a person's list; each row ends in one state, with its reason."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from contacts.models import Customer, Exposure, Follow
from groups.models import Group
from sop.enums import TouchState
from sop.models import Touch, TouchRecipient
from sop.services.dispatch import dispatch_due, tenants_with_due
from sop.services.planning import plan_apply
from team.models import WorkItem
from team.services.notices import messages_hand, work_tell
from tenants.models import Preference
from tests.conftest import MovableClock
from tests.factories.contacts import make_order
from tests.sop.conftest import Camp
from wecom.models import OutboundSend, QuotaRuleChange
from wecom.services import quota_use

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)

Make = Callable[..., Camp]


def run_due(camp: Camp) -> None:
    plan_apply(tenant=camp.tenant, run=camp.run)
    dispatch_due(tenant_id=camp.tenant.pk)


def test_forward_due_becomes_a_task_and_one_message(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0)}], groups=2)
    frozen.set(AT_10)
    run_due(made)
    touches = list(Touch.objects.order_by("pk"))
    assert [one.state for one in touches] == ["handed", "handed"]
    assert touches[0].text == "启蒙01群的同学，今晚见。"
    assert touches[0].lateness_s == 0
    item = WorkItem.objects.get()
    assert (item.staff_id, item.source_kind, item.source_id) == (made.staff.pk, "sop.touch", touches[0].pk)
    assert (item.starts_at, item.due_at) == (
        AT_10,
        touches[0].window_ends_at,
    )  # in time until its window ends
    work_tell(tenant_id=made.tenant.pk)
    messages_hand(tenant_id=made.tenant.pk)
    send = OutboundSend.objects.get()
    assert send.kind == "app_message"
    assert send.payload["touser"] == ["linxiao"]
    assert f"/m/{made.tenant.slug}/send/{touches[0].pk}/" in send.payload["content"]["url"]


@pytest.mark.parametrize(
    ("kind", "is_marketing", "ends_at", "state"),
    [
        ("flash", True, time(10, 0), TouchState.BLOCKED),
        ("flash", True, time(10, 1), TouchState.HANDED),
        ("flash", False, time(10, 0), TouchState.HANDED),
        ("new_user", True, time(10, 0), TouchState.HANDED),
    ],
)
def test_a_flash_group_past_its_end_takes_no_more_marketing(
    camp: Make, frozen: MovableClock, kind: str, is_marketing: bool, ends_at: time, state: str
) -> None:
    made = camp(steps=[{"at": time(10, 0), "is_marketing": is_marketing}])
    Group.objects.filter(pk=made.groups[0].pk).update(kind=kind, ends_on=date(2026, 3, 2), ends_time=ends_at)
    frozen.set(AT_10)
    run_due(made)
    touch = Touch.objects.get()
    assert touch.state == state
    assert (touch.rule_code == "ENDED-01") is (state == TouchState.BLOCKED)


def test_touch_not_due_stays_planned(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(10, 0)}])
    run_due(made)
    assert Touch.objects.get().state == TouchState.PLANNED
    assert tenants_with_due(now=AT_10) == [made.tenant.pk]


def test_private_mass_goes_to_members_without_buyers(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "private_mass", "is_marketing": True, "text": "营内优惠今晚截止"}])
    # Newcomers are given something first (R76).
    Customer.objects.update(first_seen_at=AT_10 - timedelta(days=30))
    make_order(tenant=made.tenant, customer=made.people[0][0])
    frozen.set(AT_10)
    run_due(made)
    send = OutboundSend.objects.get()
    assert send.payload["chat_type"] == "single"
    assert send.payload["external_userids"] == [one.external_userid for one in made.people[0][1:]]
    touch = Touch.objects.get()
    assert (touch.state, touch.send_id, touch.recipients_count, touch.blocked_count) == (
        "handed",
        send.pk,
        2,
        1,
    )
    blocked = TouchRecipient.objects.get(state="blocked")
    assert (blocked.customer_id, blocked.rule_code) == (made.people[0][0].pk, "BUYER-01")


def test_group_mass_is_sent_by_the_present_owner(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_mass"}])
    frozen.set(AT_10)
    run_due(made)
    send = OutboundSend.objects.get()
    assert send.payload["chat_ids"] == [made.groups[0].chat_id]
    assert send.payload["sender"] == "linxiao"


def test_group_frozen_blocks_with_the_rule(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{}])
    made.groups[0].frozen_at = AT_10
    made.groups[0].save()
    frozen.set(AT_10)
    run_due(made)
    touch = Touch.objects.get()
    assert (touch.state, touch.rule_code) == ("blocked", "FREEZE-01")
    assert not OutboundSend.objects.exists()
    assert list(WorkItem.objects.values_list("source_kind", "state")) == [("sop.blocked", "blocked")]


def test_late_tick_after_the_window_follows_the_policy(camp: Make, frozen: MovableClock) -> None:
    made = camp(
        steps=[
            {"catch_up": "skip", "window_minutes": 30},
            {"catch_up": "late", "window_minutes": 30},
            {"catch_up": "ask", "window_minutes": 30},
        ]
    )
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(AT_10)
    frozen.move(hours=2)
    dispatch_due(tenant_id=made.tenant.pk)
    found = {one.step.catch_up: one for one in Touch.objects.select_related("step")}
    assert (found["skip"].state, found["skip"].rule_code) == ("expired", "SOP-01")
    assert (found["late"].state, found["late"].lateness_s) == ("handed", 7200)
    assert (found["ask"].state, found["ask"].rule_code) == ("parked", "SOP-06")
    assert WorkItem.objects.filter(source_kind="sop.parked").count() == 1


def test_cap_one_a_day_blocks_the_second_group(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "staff_task", "text": "{客户称呼}，在吗？"}], groups=2, people=1)
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=1)
    second = made.groups[1]
    for member in second.members.filter(is_staff=False):
        member.customer, member.userid = made.people[0][0], made.people[0][0].external_userid
        member.save()
    step = made.step
    step.channel, step.text = "group_forward", "大家好"
    step.save()
    frozen.set(AT_10)
    run_due(made)
    states = sorted((one.state, one.rule_code) for one in Touch.objects.all())
    assert states == [("blocked", "CAP-01"), ("handed", "")]
    assert Exposure.objects.filter(customer=made.people[0][0]).count() == 1


def test_private_step_reaches_a_person_of_two_groups_once(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "private_mass", "text": "早安"}], groups=2, people=1)
    member = made.groups[1].members.get(is_staff=False)
    member.customer, member.userid = made.people[0][0], made.people[0][0].external_userid
    member.save()
    frozen.set(AT_10)
    run_due(made)
    states = [(one.state, one.rule_code) for one in Touch.objects.order_by("pk")]
    assert states == [("handed", ""), ("blocked", "SOP-02")]


def test_blocked_by_quota_switches_the_channel(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "group_mass", "on_block": "replace", "replace_channel": "group_forward"}])
    QuotaRuleChange.objects.create(tenant=made.tenant, rule="1_day", effective_from=AT_10.date())
    quota_use(
        tenant_id=made.tenant.pk, receiver_kind="group", receiver_ids=[made.groups[0].chat_id],
        day=AT_10.date(), vendor_msgid="own", source="personal",
    )  # fmt: skip
    frozen.set(AT_10)
    run_due(made)
    touch = Touch.objects.get()
    assert (touch.state, touch.channel, touch.rule_code) == ("handed", "group_forward", "")
    work_tell(tenant_id=made.tenant.pk)
    messages_hand(tenant_id=made.tenant.pk)
    assert OutboundSend.objects.get().kind == "app_message"


def test_quiet_hours_delay_inside_the_window(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(7, 30), "day": 2, "window_minutes": 90, "on_block": "delay"}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(datetime(2026, 3, 2, 23, 30, tzinfo=UTC))  # 07:30 on day 2
    dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get()
    assert (touch.state, touch.due_at) == ("planned", datetime(2026, 3, 3, 0, 0, tzinfo=UTC))
    frozen.set(datetime(2026, 3, 3, 0, 0, tzinfo=UTC))
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert (touch.state, touch.lateness_s) == ("handed", 1800)


def test_claim_that_ran_out_is_taken_up_again(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"window_minutes": 60}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(AT_10)
    Touch.objects.update(state="claimed", claim_token="dead", claimed_until=AT_10)
    assert dispatch_due(tenant_id=made.tenant.pk) == 0
    frozen.move(seconds=1)
    assert dispatch_due(tenant_id=made.tenant.pk) == 1
    assert Touch.objects.get().state == TouchState.HANDED


def test_radar_link_stands_in_the_text(camp: Make, frozen: MovableClock) -> None:
    links = [{"key": "查看课程", "kind": "purchase", "title": "查看课程", "url": ""}]
    made = camp(
        steps=[{"text": "看这里：{链接:查看课程}", "links": links}],
        product_url="https://shop.example.com/p/1",
    )
    frozen.set(AT_10)
    run_due(made)
    text = Touch.objects.get().text
    assert "/r/" in text
    assert "{" not in text


def test_private_mass_names_those_who_are_not_the_senders_friends(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"channel": "private_mass", "text": "早安"}], groups=1, people=3)
    stranger = made.people[0][1]
    Follow.objects.filter(customer=stranger).update(state="customer_deleted")
    frozen.set(AT_10)
    run_due(made)
    touch = Touch.objects.get()
    states = dict(touch.recipients.values_list("customer_id", "rule_code"))
    assert (touch.state, touch.recipients_count, touch.blocked_count) == ("handed", 2, 1)
    assert states[stranger.pk] == "SOP-14"
