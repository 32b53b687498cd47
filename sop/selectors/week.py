"""What runs plan for a group's next seven days, and what its last seven held: for the checks of groups."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Q

from groups.selectors import PlannedItem, Week
from sop.enums import GROUP_CHANNELS, SILENT_CHANNELS, ContentType, TouchState
from sop.models import Touch
from sop.selectors.constitution import content_kind

WEEK = timedelta(days=7)
_AHEAD = [TouchState.PLANNED, TouchState.CLAIMED]
_STANDS = [
    TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED, TouchState.PARKED, TouchState.SUBMITTED,
    TouchState.CONFIRMED,
]  # fmt: skip
# What is told of a touch that is planned.
_TOLD = (
    "tenant", "group", "planned_at", "channel", "step", "step__title", "step__content_type", "step__is_marketing",
    "staff", "staff__name", "staff__userid",
)  # fmt: skip
# Django's own get_..._display translates every choice for each row.
_LABELS = {one.value: one.label for one in ContentType}
_SENT = [TouchState.SUBMITTED, TouchState.CONFIRMED]


def weeks_of_groups(*, tenant_id: int, group_ids: Iterable[int], now: datetime) -> dict[int, Week]:
    """{group id: Week} of the groups that any touch concerns, in one query."""
    sent = Q(planned_at__lte=now, channel__in=GROUP_CHANNELS, state__in=_SENT)
    rows = (
        Touch.objects.filter(
            tenant_id=tenant_id,
            group_id__in=list(group_ids),
            planned_at__gt=now - WEEK,
            planned_at__lte=now + WEEK,
        )
        .values("group_id")
        .annotate(
            ahead=Count("pk", filter=Q(planned_at__gt=now, state__in=_AHEAD)),
            sent=Count("pk", filter=sent),
            ads=Count("pk", filter=sent & Q(step__is_marketing=True)),
        )
    )
    return {row["group_id"]: Week(row["ahead"], row["sent"], row["ads"]) for row in rows}


def plans_of_groups(
    *, tenant_id: int, group_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, list[PlannedItem]]:
    """{group id: what runs plan for it in [since, until) and nothing has stopped}, by time; one query.

    Newcomers' steps and Moments are left out: they are no part of a group's week.
    """
    rows = (
        Touch.objects.filter(
            tenant_id=tenant_id, group_id__in=list(group_ids), planned_at__gte=since, planned_at__lt=until,
            state__in=_STANDS, occurrence="",
        )
        .exclude(channel__in=SILENT_CHANNELS)
        .select_related("step", "staff")
        .only(*_TOLD)
        .order_by("planned_at", "pk")
    )  # fmt: skip
    found: dict[int, list[PlannedItem]] = {}
    for row in rows:
        found.setdefault(row.group_id or 0, []).append(
            PlannedItem(
                at=row.planned_at,
                title=row.step.title,
                kind=content_kind(row.step.content_type, is_marketing=row.step.is_marketing),
                label=str(_LABELS.get(row.step.content_type, "")),
                who=str(row.staff or ""),
                is_post=row.channel in GROUP_CHANNELS,
            )
        )
    return found
