"""What of a person's leads came of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse

from leads.enums import LeadState
from leads.models import Lead
from team.selectors import Share


def leads_won_of(
    *, tenant: Any, staff_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, Share]:
    """{staff id: won of all that ended as won or not buying in the time}, by the lead's owner. One query."""
    rows = (
        Lead.objects.filter(
            tenant=tenant, owner_id__in=list(staff_ids), closed_at__gte=since, closed_at__lt=until,
            state__in=[LeadState.WON, LeadState.NOT_BUYING],
        )
        .values("owner_id")
        .annotate(ended=Count("pk"), won=Count("pk", filter=Q(state=LeadState.WON)))
    )  # fmt: skip
    page = reverse("leads:list", kwargs={"tenant_slug": tenant.slug, "tab": "won"})
    return {
        row["owner_id"]: Share(row["won"], row["ended"], f"{page}?owner={row['owner_id']}") for row in rows
    }
