"""Twenty-six hours in which nothing ran and WeCom could not be reached: no touch is lost, each ends as it says."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from leads.services.windows import window_open
from sop.errors import ReasonMissing
from sop.models import Touch
from sop.services.catchup import Decided, parked_decide
from sop.services.dispatch import dispatch_due
from sop.services.following import runs_follow
from sop.services.planning import plan_apply
from sop.services.results import handed_expire
from team.models import WorkItem
from tenants.audit import SYSTEM
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour
from tests.sop.conftest import Camp
from wecom.models import OutboundSend

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
DAY1 = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # 00:00 of 2 March in Shanghai
OUTAGE = timedelta(hours=26)


def at(clock_time: str) -> datetime:
    hours, minutes = clock_time.split(":")
    return DAY1 + timedelta(hours=int(hours), minutes=int(minutes))


def ends(**where: Any) -> dict[str, tuple[str, str]]:
    found = Touch.objects.filter(**where).order_by("pk")
    return {key: (state, rule) for key, state, rule in found.values_list("step__key", "state", "rule_code")}


def plain(policy: str, **fields: Any) -> dict[str, Any]:
    return {"key": policy, "catch_up": policy, "at": time(11, 0), "is_service": True, **fields}


def test_every_touch_of_an_outage_ends_as_its_step_says(camp: Make, frozen: MovableClock) -> None:
    boost = {"channel": "staff_task", "audience": "uninteracted", "text": "在吗", "at": time(12, 0)}
    reminder = {"anchor": "offer_end", "channel": "staff_task", "audience": "undecided", "text": "快截止"}
    steps = [
        plain("late"), plain("skip"), plain("ask"),
        plain("late", key="boost_late", **boost), plain("skip", key="boost_skip", **boost),
        plain("ask", key="boost_ask", **boost),
        *({**reminder, "key": f"c{hours}_{policy}", "offset_minutes": -60 * hours, "catch_up": policy}
          for hours in (3, 2, 1) for policy in ("late", "skip", "ask")),
        {"key": "act", "anchor": "behaviour", "trigger_kind": "form", "channel": "staff_task", "text": "谢谢",
         "catch_up": "skip"},
        plain("late", key="date", anchor="absolute", on=date(2026, 3, 3), at=time(8, 30)),
        plain("late", key="ahead", day=2, at=time(20, 0)),
    ]  # fmt: skip
    made = camp(steps=steps, groups=3, key_interaction="live", offer_ends_at=at("20:00"))
    window_open(
        tenant_id=made.tenant.pk, source_kind="sop.run", source_id=made.run.pk, name="营", starts_at=DAY1,
        ends_at=DAY1 + timedelta(days=7),
        members=[
            (one.pk, group.pk, DAY1)
            for group, some in zip(made.groups, made.people, strict=True)
            for one in some
        ],
    )  # fmt: skip
    plan_apply(tenant=made.tenant, run=made.run)
    planned = Touch.objects.count()
    frozen.set(at("10:30"))
    came = made.people[0][0]
    make_behaviour(tenant=made.tenant, customer=came, kind="live", occurred_at=at("13:00"))
    make_behaviour(tenant=made.tenant, customer=made.people[1][0], kind="form", occurred_at=at("13:00"))
    frozen.set(at("10:30") + OUTAGE)  # 12:30 of the next day
    for _again in range(3):
        runs_follow(tenant=made.tenant)
        dispatch_due(tenant_id=made.tenant.pk)
        handed_expire(tenant_id=made.tenant.pk)
    assert Touch.objects.count() == planned + 1
    found = ends()
    assert {key: one for key, one in found.items() if not key.startswith("c")} == {
        "late": ("handed", ""), "skip": ("expired", "SOP-01"), "ask": ("parked", "SOP-06"),
        "boost_late": ("handed", ""), "boost_skip": ("expired", "SOP-01"), "boost_ask": ("parked", "SOP-06"),
        "act": ("expired", "SOP-01"), "date": ("handed", ""), "ahead": ("planned", ""),
    }  # fmt: skip
    assert {one for key, one in found.items() if key.startswith("c")} == {("expired", "SOP-05")}
    assert (
        Touch.objects.filter(step__key="boost_late")
        .values_list("recipients_count", flat=True)
        .order_by("recipients_count")
        .first()
        == 2
    )
    states = Counter(Touch.objects.values_list("state", flat=True))
    assert sum(states.values()) == planned + 1
    assert set(states) == {"handed", "expired", "parked", "planned"}


def test_one_decision_settles_all_that_wait_and_reminders_without_an_offer_are_dropped(
    camp: Make, frozen: MovableClock
) -> None:
    reminder = {
        "key": "c60", "anchor": "offer_end", "offset_minutes": -60, "channel": "private_mass", "text": "快",
        "catch_up": "ask", "window_minutes": 30,
    }  # fmt: skip
    made = camp(
        steps=[plain("ask"), plain("ask", key="other"), reminder], groups=4, offer_ends_at=at("13:00")
    )
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("12:45"))
    dispatch_due(tenant_id=made.tenant.pk)
    item = WorkItem.objects.get(source_kind="sop.parked")
    assert (item.source_id, item.state) == (made.run.pk, "open")
    assert "12" in item.title
    frozen.set(at("14:00"))
    asked = {"tenant": made.tenant, "run_id": made.run.pk, "actor": SYSTEM}
    with pytest.raises(ReasonMissing):
        parked_decide(**asked, send=False)
    step = made.version.steps.get(key="other")
    assert parked_decide(**asked, send=False, step_id=step.pk, reason="直播已过") == Decided(left_out=4)
    assert parked_decide(**asked, send=True) == Decided(sent=4, too_late=4)
    assert parked_decide(**asked, send=True) == Decided()
    item.refresh_from_db()
    assert item.state == "done"
    dispatch_due(tenant_id=made.tenant.pk)
    assert ends() == {"ask": ("handed", ""), "other": ("skipped", "SOP-10"), "c60": ("cancelled", "SOP-05")}


def test_parked_reminders_end_with_their_offer_without_anybodys_word(
    camp: Make, frozen: MovableClock
) -> None:
    step = {
        "key": "c60", "anchor": "offer_end", "offset_minutes": -60, "channel": "staff_task", "text": "快",
        "catch_up": "ask", "window_minutes": 30,
    }  # fmt: skip
    made = camp(steps=[step], offer_ends_at=at("13:00"))
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("12:45"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert ends() == {"c60": ("parked", "SOP-06")}
    frozen.set(at("13:00"))
    runs_follow(tenant=made.tenant)
    assert ends() == {"c60": ("cancelled", "SOP-05")}
    assert WorkItem.objects.get(source_kind="sop.parked").state == "done"


def test_mass_sends_that_wecom_could_not_take_follow_the_policy(camp: Make, frozen: MovableClock) -> None:
    steps = [plain(policy, channel="private_mass", text="早") for policy in ("late", "skip", "ask")]
    reminder = plain(
        "late", key="c", anchor="offer_end", offset_minutes=-180, channel="private_mass", text="快", at=None
    )
    made = camp(steps=[*steps, reminder], offer_ends_at=at("14:00"))
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("11:00"))
    dispatch_due(tenant_id=made.tenant.pk)  # WeCom is down: all wait in the queue
    assert set(ends().values()) == {("handed", "")}
    frozen.set(at("11:00") + OUTAGE)
    handed_expire(tenant_id=made.tenant.pk)
    runs_follow(tenant=made.tenant)
    assert ends() == {
        "late": ("handed", ""), "skip": ("expired", "SOP-04"), "ask": ("parked", "SOP-06"), "c": ("expired", "SOP-05"),
    }  # fmt: skip
    late = Touch.objects.get(step__key="late")
    assert OutboundSend.objects.get(pk=late.send_id).state == "queued"
    assert parked_decide(tenant=made.tenant, run_id=made.run.pk, send=True, actor=SYSTEM).sent == 1
    dispatch_due(tenant_id=made.tenant.pk)
    asked = Touch.objects.get(step__key="ask")
    assert asked.state == "handed"
    assert OutboundSend.objects.get(pk=asked.send_id).state == "queued"


def test_what_goes_out_late_has_its_time_from_then_on(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[plain("late")])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("11:00") + OUTAGE)
    dispatch_due(tenant_id=made.tenant.pk)
    handed_expire(tenant_id=made.tenant.pk)
    assert ends() == {"late": ("handed", "")}
    frozen.move(hours=25)
    handed_expire(tenant_id=made.tenant.pk)
    assert ends() == {"late": ("expired", "SOP-04")}
