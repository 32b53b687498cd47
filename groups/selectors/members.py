"""Who sits in which group. Staff never count as customers; one person in three groups is one in totals (R37, R101)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from contacts.selectors import customers_by_external
from groups.models import Group, Member
from team.selectors import staff_by_userids
from tenants.counting import RowCount


def _present(tenant_id: int) -> QuerySet[Member]:
    return Member.objects.filter(tenant_id=tenant_id, left_at=None)


def members_current(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, list[int]]:
    """{group id: customer ids now in it}, each list in order. Staff are not among them."""
    found: dict[int, list[int]] = {one: [] for one in group_ids}
    rows = _present(tenant_id).filter(group_id__in=list(found), is_staff=False, customer_id__isnull=False)
    for group_id, customer_id in rows.order_by("group_id", "customer_id").values_list(
        "group_id", "customer_id"
    ):
        found[group_id].append(customer_id)
    return found


def members_since(*, tenant_id: int, group_ids: Iterable[int]) -> list[tuple[int, int, datetime]]:
    """(customer id, group id, joined_at) of everyone now in the groups, by group and customer: a cohort's raw form."""
    rows = _present(tenant_id).filter(group_id__in=list(group_ids), is_staff=False, customer_id__isnull=False)
    return list(rows.order_by("group_id", "customer_id").values_list("customer_id", "group_id", "joined_at"))


def first_joined(*, tenant_id: int, group_ids: Iterable[int], customer_ids: Iterable[int]) -> datetime | None:
    """When any of these records first joined any of these groups; None unless one of them sits in one now.

    Who leaves and comes back is no newcomer. One query.
    """
    rows = Member.objects.filter(
        tenant_id=tenant_id, group_id__in=list(group_ids), customer_id__in=list(customer_ids), is_staff=False
    )
    found = rows.aggregate(first=Min("joined_at"), present=Count("pk", filter=Q(left_at=None)))
    return found["first"] if found["present"] else None


def spells_of(
    *, tenant_id: int, customer_ids: Iterable[int]
) -> list[tuple[int, str, datetime, datetime | None]]:
    """(customer id, kind of the group, joined_at, left_at) of every time of these records in any group. One query."""
    rows = Member.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids), is_staff=False)
    return list(
        rows.order_by("joined_at", "pk").values_list("customer_id", "group__kind", "joined_at", "left_at")
    )


def spells_within(
    *, tenant_id: int, group_ids: Iterable[int], since: datetime, until: datetime
) -> list[tuple[int, int, datetime, datetime | None]]:
    """(customer id, group id, joined_at, left_at) of every spell of a customer that touches [since, until)."""
    rows = Member.objects.filter(
        tenant_id=tenant_id, group_id__in=list(group_ids), is_staff=False, customer_id__isnull=False,
        joined_at__lt=until,
    ).filter(Q(left_at=None) | Q(left_at__gte=since))  # fmt: skip
    return list(
        rows.order_by("customer_id", "joined_at", "pk").values_list(
            "customer_id", "group_id", "joined_at", "left_at"
        )
    )


def customer_spells(
    *, tenant_id: int, group_ids: Iterable[int], since: datetime
) -> list[tuple[int, int | None, datetime, datetime | None]]:
    """(group id, customer id or None while unknown, joined, left or None) of everyone who sat there since then."""
    rows = Member.objects.filter(tenant_id=tenant_id, group_id__in=list(group_ids), is_staff=False)
    rows = rows.filter(Q(left_at=None) | Q(left_at__gte=since)).order_by("group_id", "joined_at", "pk")
    return list(rows.values_list("group_id", "customer_id", "joined_at", "left_at"))


def customer_groups(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[Group]]:
    """{customer id: groups the person sits in now}, by name; absent when in none."""
    rows = (
        _present(tenant_id)
        .filter(customer_id__in=list(customer_ids), group__dismissed_at=None)
        .select_related("group")
        .order_by("group__name", "group_id")
    )
    found: dict[int, list[Group]] = {}
    for row in rows:
        if row.customer_id is not None:
            found.setdefault(row.customer_id, []).append(row.group)
    return found


def group_names_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """{customer id: names of the groups the person sits in now}."""
    found = customer_groups(tenant_id=tenant_id, customer_ids=customer_ids)
    return {customer_id: [str(group) for group in groups] for customer_id, groups in found.items()}


def people_who_paid(*, tenant_id: int, bases: Iterable[str]) -> QuerySet:
    """A query of ids: the person of each customer now in a group of one of these payment bases."""
    rows = _present(tenant_id).filter(
        is_staff=False,
        customer_id__isnull=False,
        group__payment_basis__in=list(bases),
        group__dismissed_at=None,
    )
    return rows.order_by().values_list(Coalesce("customer__person_id", "customer_id"), flat=True)


def inviters_named(*, tenant_id: int, userids: Iterable[str]) -> dict[str, str]:
    """{WeCom id: name} of staff and customers who brought somebody in; unknown and nameless ones are absent."""
    wanted = {one for one in userids if one}
    staff = staff_by_userids(tenant_id=tenant_id, userids=wanted)
    people = customers_by_external(tenant_id=tenant_id, external_userids=wanted - set(staff))
    named = {userid: person.name for userid, person in people.items() if person.name}
    return named | {userid: str(one) for userid, one in staff.items()}


def staff_in(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, list[int]]:
    """{group id: staff ids now in it}."""
    found: dict[int, list[int]] = {one: [] for one in group_ids}
    rows = _present(tenant_id).filter(group_id__in=list(found), is_staff=True, staff_id__isnull=False)
    for group_id, staff_id in rows.order_by("group_id", "staff_id").values_list("group_id", "staff_id"):
        found[group_id].append(staff_id)
    return found


def member_list(
    *, tenant_id: int, group_id: int, which: str = "customers", member_ids: Iterable[int] | None = None
) -> QuerySet[Member]:
    """Spells of one group: `customers`, `staff` or `everyone` now in it, newest first, or who `left`, latest first.

    `member_ids`: these rows instead, whether still here or gone.
    """
    rows = Member.objects.filter(tenant_id=tenant_id, group_id=group_id)
    rows = rows.select_related("customer", "staff", "channel")
    if member_ids is not None:
        return rows.filter(pk__in=list(member_ids)).order_by("-joined_at", "pk")
    if which == "left":
        return rows.filter(left_at__isnull=False).order_by("-left_at", "pk")
    rows = rows.filter(left_at=None).order_by("-joined_at", "pk")
    return rows if which == "everyone" else rows.filter(is_staff=which == "staff")


@dataclass(frozen=True)
class Counts:
    """Present members of one group, staff apart."""

    customers: int = 0
    staff: int = 0
    owners: int = 0  # the owner, while sitting in it

    @property
    def seats(self) -> int:
        """Everyone in the chat: what WeCom's limit counts."""
        return self.customers + self.staff


def counts(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, Counts]:
    """{group id: Counts}, in one query. A person has one open spell a group, so rows are people."""
    wanted = list(group_ids)
    rows = (
        _present(tenant_id)
        .filter(group_id__in=wanted)
        .values("group_id")
        .annotate(
            customers=Count("pk", filter=Q(is_staff=False)),
            staff=Count("pk", filter=Q(is_staff=True)),
            owners=Count("pk", filter=Q(userid=F("group__owner_userid"))),
        )
    )
    found = {row["group_id"]: Counts(row["customers"], row["staff"], row["owners"]) for row in rows}
    return {one: found.get(one, Counts()) for one in wanted}


def entries_by_channel(*, tenant_id: int) -> QuerySet[Member]:
    """The times customers came into a group by a channel's code, in no order: also of those who have left since."""
    return Member.objects.filter(tenant_id=tenant_id, is_staff=False, channel__isnull=False)


def with_seats(rows: QuerySet[Group]) -> QuerySet[Group]:
    """The groups, each with what `seats_of` reads. No further query."""
    here = Member.objects.filter(tenant_id=OuterRef("tenant_id"), group=OuterRef("pk"), left_at=None).values(
        "pk"
    )
    return rows.annotate(
        customers_now=RowCount(here.filter(is_staff=False)),
        staff_now=RowCount(here.filter(is_staff=True)),
        owners_now=RowCount(here.filter(userid=OuterRef("owner_userid"))),
    )


def seats_of(group: Group) -> Counts:
    """Counts of a group that `with_seats` read."""
    return Counts(group.customers_now, group.staff_now, group.owners_now)  # type: ignore[attr-defined]


def customers_among(*, tenant_id: int, group_ids: Iterable[int], people: QuerySet) -> dict[int, int]:
    """{group id: its customers who are among `people`, a query of customer ids}; absent means none. One query."""
    rows = _present(tenant_id).filter(group_id__in=list(group_ids), is_staff=False, customer__in=people)
    return dict(rows.values("group_id").annotate(n=Count("pk")).values_list("group_id", "n"))


def people_total(*, tenant_id: int, group_ids: Iterable[int] | QuerySet) -> tuple[int, int]:
    """(member seats of customers, distinct customers) over the groups: a person in three groups is one.

    `group_ids` may be a query of ids: then all is one statement.
    """
    wanted = group_ids if isinstance(group_ids, QuerySet) else list(group_ids)
    rows = _present(tenant_id).filter(group_id__in=wanted, is_staff=False)
    # Grouped first, then counted: hashing the people takes a fraction of the sort that a distinct count does.
    each = rows.order_by().values("userid").annotate(seats=Count("pk"))
    found = each.aggregate(all_seats=Sum("seats"), people=Count("userid"))
    return found["all_seats"] or 0, found["people"]


def spells_in(
    *, tenant_id: int, group_ids: Iterable[int], customer_ids: Iterable[int]
) -> list[tuple[int, int, datetime, datetime | None]]:
    """(customer id, group id, joined_at, left_at or None) of every time of these records in these groups, by joining.

    One query.
    """
    rows = Member.objects.filter(
        tenant_id=tenant_id, group_id__in=list(group_ids), customer_id__in=list(customer_ids), is_staff=False
    )
    return list(
        rows.order_by("joined_at", "pk").values_list("customer_id", "group_id", "joined_at", "left_at")
    )
