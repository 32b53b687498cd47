"""What of a person's leads came of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.http import urlencode

from leads.enums import LeadState
from leads.models import FollowUp, Lead
from team.selectors import Share
from tenants import clock

MINUTES_SPAN = timedelta(days=7)


def leads_won_of(
    *, tenant: Any, staff_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, Share]:
    """{staff id: won of all that ended as won or not buying in the time}, by the lead's owner; its page lists those
    that were won. One query.
    """
    rows = (
        Lead.objects.filter(
            tenant=tenant, owner_id__in=list(staff_ids), closed_at__gte=since, closed_at__lt=until,
            state__in=[LeadState.WON, LeadState.NOT_BUYING],
        )
        .values("owner_id")
        .annotate(ended=Count("pk"), won=Count("pk", filter=Q(state=LeadState.WON)))
    )  # fmt: skip
    page = reverse("leads:list", kwargs={"tenant_slug": tenant.slug, "tab": "won"})
    span = {"closed_from": since.isoformat(), "closed_until": until.isoformat()}
    return {
        row["owner_id"]: Share(
            row["won"], row["ended"], f"{page}?{urlencode({'owner': row['owner_id'], **span})}"
        )
        for row in rows
    }


def minutes_noted(*, tenant_id: int, staff_ids: Iterable[int] | None = None) -> dict[int, int]:
    """{staff id: minutes that follow-ups of the last 7 days took, as noted}; ids None: of everybody. One query.

    What nobody timed is not in it: it is a floor, never a clock on people.
    """
    rows = FollowUp.objects.filter(
        tenant_id=tenant_id, at__gt=clock.now() - MINUTES_SPAN, minutes__isnull=False, staff__isnull=False
    )
    if staff_ids is not None:
        rows = rows.filter(staff_id__in=list(staff_ids))
    summed = rows.order_by().values("staff_id").annotate(spent_min=Sum("minutes"))
    return {row["staff_id"]: row["spent_min"] for row in summed}
