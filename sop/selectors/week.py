"""What runs plan for a group's next seven days, and what its last seven held: for the checks of groups."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count, Q

from groups.selectors import Week
from sop.enums import GROUP_CHANNELS, TouchState
from sop.models import Touch

WEEK = timedelta(days=7)
_AHEAD = [TouchState.PLANNED, TouchState.CLAIMED]
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
