"""What is still to come on the local day and may be more important than what is due now.

Decided so far ahead: until the local day ends. Of two messages that compete for the last place of a person, of a group
or of WeCom's limit on one day, the more important one has it, whichever is due first; about other days the gate
decides when they come, and the planner (sop.policies.schedule) beforehand.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from contacts.policies.touch import NOTHING_AHEAD, Ahead, Coming
from sop.enums import GROUP_CHANNELS, REF, SILENT_CHANNELS, Channel, RunState, TouchState
from sop.models import Step, Touch
from sop.selectors.audience import audience_resolve
from tenants import clock

MOST = 1_000  # messages of a day that places are kept for, the most important ones


def ahead_of(*, tenant_id: int, zone: str, touches: Sequence[Touch], now: datetime) -> Ahead:
    """What is more important than the least important of these touches and due before the local day ends.

    One query where no running plan has a more important step; else two and those of the audiences.
    """
    least = max((touch.step.priority for touch in touches), default=0)
    steps = Step.objects.filter(
        tenant=tenant_id, priority__lt=least, is_service=False, version__runs__state=RunState.RUNNING
    ).exclude(channel__in=SILENT_CHANNELS)
    ids = sorted(set(steps.values_list("pk", flat=True)))
    if not ids:
        return NOTHING_AHEAD
    asked = {touch.pk for touch in touches}
    later = [one for one in _later(tenant_id, ids, now, zone) if one.pk not in asked]
    return (
        _ahead(later, audience_resolve(tenant_id=tenant_id, zone=zone, touches=later))
        if later
        else NOTHING_AHEAD
    )


def _later(tenant_id: int, step_ids: list[int], now: datetime, zone: str) -> list[Touch]:
    """Touches of these steps that may still go out today, the most important first."""
    rows = (
        Touch.objects.filter(
            tenant=tenant_id, step__in=step_ids, run__state=RunState.RUNNING,
            state__in=[TouchState.PLANNED, TouchState.CLAIMED],
            due_at__lt=clock.day_bounds(clock.local_date(now, zone), zone)[1], window_ends_at__gt=now,
            group__frozen_at=None, group__dismissed_at=None,
        )
        .exclude(channel__in=SILENT_CHANNELS)
        .prefetch_related("step", "run", "group")
    )  # fmt: skip
    return list(rows.order_by("step__priority", "due_at", "pk")[:MOST])


def _ahead(later: list[Touch], people: dict[int, list[int]]) -> Ahead:
    by_person: dict[int, list[Coming]] = defaultdict(list)
    by_group: dict[int, list[Coming]] = defaultdict(list)
    by_chat: dict[str, list[Coming]] = defaultdict(list)
    for touch in later:
        coming = Coming(f"{REF}:{touch.pk}", touch.step.priority, touch.due_at)
        for customer_id in people.get(touch.pk, ()):
            by_person[customer_id].append(coming)
        if touch.channel in GROUP_CHANNELS and touch.group is not None:
            by_group[touch.group.pk].append(coming)
            if touch.channel == Channel.GROUP_MASS:
                by_chat[touch.group.chat_id].append(coming)
    return Ahead(dict(by_person), dict(by_group), dict(by_chat))
