"""Who came into groups by whose invitation, as far as WeCom tells (R64)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from contacts.selectors import customer_ids_by_external, externals_of
from groups.models import Member
from tenants.arrays import ids_of


def brought_by(
    *, tenant_id: int, external_userids: Iterable[str], since: datetime, until: datetime
) -> set[int]:
    """Customers who joined any group in [since, until) by the invitation of one of these people."""
    rows = joined_by_invitation(tenant_id=tenant_id, external_userids=external_userids)
    rows = rows.filter(joined_at__gte=since, joined_at__lt=until, customer__isnull=False)
    return set(rows.values_list("customer_id", flat=True))


def joined_by_invitation(*, tenant_id: int, external_userids: Iterable[str]) -> QuerySet[Member]:
    """Who joined a group by the invitation of one of these people, in no order; staff and who came with it are none."""
    return Member.objects.filter(
        tenant_id=tenant_id, invited_by__in=[one for one in external_userids if one], is_staff=False,
        is_creation_invitee=False,
    )  # fmt: skip


def people_brought(*, tenant_id: int, customer_ids: Iterable[int]) -> list[tuple[int, datetime]]:
    """[(record, when)]: each person whom one of these records brought, once, when they first came. Two queries."""
    userids = externals_of(tenant_id=tenant_id, customer_ids=customer_ids)
    rows = joined_by_invitation(tenant_id=tenant_id, external_userids=userids)
    first: dict[tuple[int, str], datetime] = {}
    for inviter, who, at in rows.values_list("invited_by", "userid", "joined_at"):
        for record in userids[inviter]:
            first[record, who] = min(at, first.get((record, who), at))
    return [(record, at) for (record, _who), at in first.items()]


def inviters_of(*, tenant_id: int, group_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Customers by whose invitation these sit, or sat, in the group. Two queries, one when nobody was invited."""
    rows = Member.objects.filter(
        tenant_id=tenant_id, group_id=group_id, customer_id__in=list(customer_ids), is_creation_invitee=False
    ).exclude(invited_by="")
    userids = set(rows.values_list("invited_by", flat=True))
    return (
        set(customer_ids_by_external(tenant_id=tenant_id, external_userids=userids).values())
        if userids
        else set()
    )


@dataclass(frozen=True)
class Entry:
    """One time of one record in a group, with what WeCom says of how it came: who brought it in, the state of the code.
    Who came with the group's making was brought by nobody."""

    customer_id: int
    group_id: int
    joined_at: datetime
    left_at: datetime | None
    invited_by: str
    state_code: str


def entries_of(*, tenant_id: int, customer_ids: Iterable[int]) -> list[Entry]:
    """Every time of these records in any group, in the order they joined. One query."""
    rows = Member.objects.filter(tenant_id=tenant_id, customer_id__in=ids_of(customer_ids), is_staff=False)
    fields = (
        "customer_id",
        "group_id",
        "joined_at",
        "left_at",
        "invited_by",
        "state_code",
        "is_creation_invitee",
    )
    told = rows.order_by("joined_at", "pk").values_list(*fields)
    return [
        Entry(
            customer_id, group_id, joined, left, "" if is_founder else invited_by, "" if is_founder else state
        )
        for customer_id, group_id, joined, left, invited_by, state, is_founder in told
        if customer_id is not None
    ]
