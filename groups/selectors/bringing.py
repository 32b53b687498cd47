"""Who came into groups by whose invitation, as far as WeCom tells (R64)."""

from collections.abc import Iterable
from datetime import datetime

from groups.models import Member


def brought_by(
    *, tenant_id: int, external_userids: Iterable[str], since: datetime, until: datetime
) -> set[int]:
    """Customers who joined any group in [since, until) by the invitation of one of these people."""
    rows = Member.objects.filter(
        tenant_id=tenant_id, invited_by__in=[one for one in external_userids if one], is_staff=False,
        is_creation_invitee=False, joined_at__gte=since, joined_at__lt=until, customer__isnull=False,
    )  # fmt: skip
    return set(rows.values_list("customer_id", flat=True))
