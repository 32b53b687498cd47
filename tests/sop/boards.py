"""A camp on the calendar of all groups, for the tests of the calendar."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

from groups.models import Group
from sop.enums import TouchState
from sop.models import Touch
from sop.selectors.board import board_of
from sop.selectors.board_groups import Wanted
from sop.services.planning import plan_apply
from tenants import clock
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.sop.conftest import Camp

MONDAY = date(2026, 3, 2)  # 09:00 in Shanghai is now
ZONE = "Asia/Shanghai"
Make = Callable[..., Camp]


def planned(camp: Make, *steps: dict[str, Any], **more: Any) -> Camp:
    made = camp(steps=list(steps), **more)
    plan_apply(tenant=made.tenant, run=made.run)
    return made


def beside(made: Camp, group: Group, *steps: dict[str, Any]) -> Any:
    """Another run in the same group."""
    version = make_version(tenant=made.tenant, steps=list(steps))
    run = make_run(tenant=made.tenant, version=version, groups=[group])
    plan_apply(tenant=made.tenant, run=run)
    return run


def board(made: Camp, **wanted: Any) -> Any:
    return board_of(tenant=made.tenant, wanted=Wanted(day=wanted.pop("day", MONDAY), **wanted))


def rows(made: Camp, **wanted: Any) -> list[Any]:
    return [row for band in board(made, **wanted).bands for row in band.rows]


def at(day: int, hour: int, minute: int = 0) -> Any:
    return clock.at_local(MONDAY + timedelta(days=day), time(hour, minute), ZONE)


def blocked(made: Camp, rule: str, count: int = 1) -> list[Touch]:
    found = list(Touch.objects.order_by("planned_at", "pk")[:count])
    Touch.objects.filter(pk__in=[one.pk for one in found]).update(
        state=TouchState.BLOCKED, rule_code=rule, reason="why", done_at=clock.now()
    )
    return found


def sharing_group(made: Camp, *people: Any, name: str = "拼读01群") -> Group:
    other = make_group(
        tenant=made.tenant, app=made.groups[0].app, owner=made.staff, state="active", name=name,
        kind="new_user",
    )  # fmt: skip
    fill_group(group=other, customers=list(people), staff=[made.staff])
    return other
