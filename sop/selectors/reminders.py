"""Reminders of touches: by which rules they are given, which there were, how many are left today."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import OuterRef, Subquery

from contacts.enums import QUIET_FROM, QUIET_UNTIL
from sop.enums import REMIND_AFTER_MIN, REMINDERS_A_DAY, TouchState
from sop.enums.reminders import LEADER_AT, REMIND_AGAIN_MIN, WECOM_MOST, WORK_FROM, WORK_UNTIL
from sop.models import Touch, TouchReminder
from sop.policies.reminders import Hours, Ladder, left
from tenants import clock, preferences

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tenants.models import Tenant


@dataclass(frozen=True)
class Rules:
    """The tenant's own settings of the ladder."""

    hours: Hours
    ladder: Ladder
    leader_at: int


def rules_of(tenant_id: int) -> Rules:
    """One query."""
    own = preferences.values(
        tenant_id, QUIET_FROM, QUIET_UNTIL, WORK_FROM, WORK_UNTIL, REMINDERS_A_DAY, REMIND_AFTER_MIN,
        REMIND_AGAIN_MIN, LEADER_AT,
    )  # fmt: skip
    return Rules(
        Hours(own[WORK_FROM.key], own[WORK_UNTIL.key], own[QUIET_FROM.key], own[QUIET_UNTIL.key]),
        Ladder(
            min(own[REMINDERS_A_DAY.key], WECOM_MOST),
            timedelta(minutes=own[REMIND_AFTER_MIN.key]),
            timedelta(minutes=own[REMIND_AGAIN_MIN.key]),
        ),
        own[LEADER_AT.key],
    )


def given_to(*, tenant_id: int, touch_ids: Iterable[int], now: datetime) -> dict[int, list[datetime]]:
    """{touch: times of its reminders}, oldest first; absent where there is none."""
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = TouchReminder.objects.filter(tenant_id=tenant_id, touch__in=list(touch_ids)).order_by("at", "pk")
    for touch_id, at in rows.values_list("touch_id", "at"):
        found[touch_id].append(at)
    return found


def with_reminders(touches: "QuerySet[Touch]") -> "QuerySet[Touch]":
    """Touches with `reminded`: how many reminders each had; None without any."""
    last = TouchReminder.objects.filter(tenant=OuterRef("tenant"), touch=OuterRef("pk")).order_by("-number")
    return touches.annotate(reminded=Subquery(last.values("number")[:1]))


@dataclass(frozen=True)
class Reminded:
    """What a touch was reminded of so far. `left` of the next 24 hours; `may_ring`: whether now is a time for it."""

    rows: list[TouchReminder]
    left: int
    may_ring: bool
    waits: bool


def reminders_of(*, tenant: "Tenant", touch: Touch) -> Reminded:
    """The reminders of one touch, the newest first, and whether it may be reminded of now."""
    now, rules = clock.now(), rules_of(tenant.pk)
    rows = list(
        TouchReminder.objects.filter(tenant=tenant, touch=touch).select_related("staff").order_by("-number")
    )
    return Reminded(
        rows,
        left(given=[row.at for row in rows], now=now, most=rules.ladder.most),
        rules.hours.may_ring(clock.local(now, tenant.timezone).time()),
        touch.state == TouchState.HANDED and touch.window_ends_at > now,
    )
