"""How often customers were followed up, for the pages of their groups."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count

from leads.models import FollowUp


def followed_times(
    *, tenant_id: int, customer_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, int]:
    """{customer id: follow-ups logged in [since, until)}; absent without one. One query."""
    rows = FollowUp.objects.filter(
        tenant=tenant_id, lead__customer__in=list(customer_ids), at__gte=since, at__lt=until
    )
    return dict(rows.order_by().values_list("lead__customer").annotate(Count("pk")))
