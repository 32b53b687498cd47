"""Reads of points: what a person has, and each entry of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet, Sum

from campaigns.enums import AccountKind, EntryReason, Unit
from campaigns.models import Account, Entry
from contacts.selectors.identity import person_records

if TYPE_CHECKING:
    from contacts.models import Customer


@dataclass(frozen=True)
class PointsLine:
    """One line of a statement; `amount` is below zero where points went."""

    entry: Entry
    amount: int


def _mine(tenant_id: int, customer_ids: Iterable[int]) -> QuerySet[Account]:
    return Account.objects.filter(
        tenant_id=tenant_id, customer_id__in=list(customer_ids), kind=AccountKind.PERSON, unit=Unit.POINTS
    )


def points_of(*, customer: "Customer") -> int:
    """What the person has, by whatever record. Two queries."""
    rows = _mine(customer.tenant_id, [one.pk for one in person_records(customer=customer)])
    return int(rows.aggregate(found=Sum("balance"))["found"] or 0)


def statement_of(*, customer: "Customer", most: int) -> list[PointsLine]:
    """The latest entries of the person with their campaign, the newest first. Three queries."""
    tenant_id = customer.tenant_id
    ids = set(
        _mine(tenant_id, [one.pk for one in person_records(customer=customer)]).values_list("pk", flat=True)
    )
    rows = Entry.objects.filter(tenant_id=tenant_id, unit=Unit.POINTS).exclude(reason=EntryReason.GATHERED)
    rows = rows.filter(Q(source_id__in=ids) | Q(target_id__in=ids)).select_related("campaign")
    return [
        PointsLine(one, one.amount if one.target_id in ids else -one.amount)
        for one in rows.order_by("-pk")[:most]
    ]


def accounts_of_points(*, tenant_id: int) -> QuerySet[Account]:
    """Every person who has points, with the person."""
    rows = Account.objects.filter(
        tenant_id=tenant_id, campaign=None, kind=AccountKind.PERSON, unit=Unit.POINTS
    )
    return rows.select_related("customer").order_by("-balance", "pk")
