"""Of messages that compete for the last place of a day, the more important one has it, whichever is due first."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from sop.models import Touch
from sop.selectors.ahead import ahead_of
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants.models import Preference
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from tests.sop.test_services_dispatch import AT_10

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]


def states(channel: str = "") -> list[tuple[str, str]]:
    rows = Touch.objects.filter(channel=channel) if channel else Touch.objects.all()
    return list(rows.order_by("step__priority", "pk").values_list("state", "rule_code"))


def planned(camp: Make, frozen: MovableClock, *steps: dict[str, Any], **more: Any) -> Camp:
    made = camp(steps=list(steps), **more)
    Preference.objects.create(tenant=made.tenant, key="touch.cap_per_day", value=1)
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(AT_10)
    return made


def test_the_evening_post_keeps_its_place_from_the_morning_one(camp: Make, frozen: MovableClock) -> None:
    made = planned(
        camp,
        frozen,
        {"at": time(18, 0), "priority": 10},
        {"at": time(10, 0), "priority": 70, "channel": "group_mass"},
    )
    dispatch_due(tenant_id=made.tenant.pk)
    assert states() == [("planned", ""), ("blocked", "KEPT-01")]
    frozen.move(hours=8)
    dispatch_due(tenant_id=made.tenant.pk)
    assert states() == [("handed", ""), ("blocked", "KEPT-01")]


def test_what_waits_has_the_place_after_all_when_the_more_important_one_falls_away(
    camp: Make, frozen: MovableClock
) -> None:
    late = {
        "at": time(10, 0),
        "priority": 70,
        "channel": "group_mass",
        "on_block": "delay",
        "window_minutes": 600,
    }
    made = planned(camp, frozen, {"at": time(18, 0), "priority": 10}, late)
    dispatch_due(tenant_id=made.tenant.pk)
    waiting = Touch.objects.get(channel="group_mass")
    assert (waiting.state, waiting.rule_code) == ("planned", "KEPT-01")
    assert waiting.due_at == AT_10 + timedelta(hours=8, seconds=1)
    Touch.objects.exclude(pk=waiting.pk).update(state="skipped")
    frozen.move(hours=8, seconds=1)
    dispatch_due(tenant_id=made.tenant.pk)
    assert states("group_mass") == [("handed", "")]


def test_tomorrow_and_what_is_as_important_keep_nothing(camp: Make, frozen: MovableClock) -> None:
    made = planned(
        camp, frozen, {"at": time(10, 0), "priority": 50}, {"at": time(18, 0), "priority": 50},
        {"at": time(9, 0), "day": 2, "priority": 1},
    )  # fmt: skip
    dispatch_due(tenant_id=made.tenant.pk)
    assert Touch.objects.get(planned_at=AT_10).state == "handed"


def test_looking_ahead_costs_one_statement_where_nothing_is_more_important(
    camp: Make, frozen: MovableClock, django_assert_num_queries: Any
) -> None:
    made = planned(camp, frozen, {"at": time(10, 0)}, {"at": time(10, 0)}, groups=3)
    touches = list(Touch.objects.select_related("step"))
    with django_assert_num_queries(1):
        found = ahead_of(
            tenant_id=made.tenant.pk, zone=made.tenant.timezone, touches=touches, now=frozen.moment
        )
    assert not found.people
