"""Who stayed in the groups that staff own, for the ranking (R127)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.utils.translation import gettext as _

from console.shell import tenant_url
from groups.enums import Kind, PaymentBasis, QuitScene
from groups.models import Member
from team.policies.ranking import Cell
from team.selectors.ranking import CaseLine, true_when

STAY = timedelta(days=7)


def group_sort_label(stratum: str) -> str:
    """A type of group and how it is paid, as the page names a difficulty."""
    kind, _colon, basis = stratum.partition(":")
    words = [
        str(Kind(kind).label) if kind in Kind.values else _("No type yet"),
        str(PaymentBasis(basis).label) if basis in PaymentBasis.values else _("Payment not said"),
    ]
    return " · ".join(words)


def _joined(tenant: Any, since: datetime, until: datetime) -> QuerySet:
    """Spells of customers whose seventh day fell into [since, until), in groups of somebody.

    Nobody left who was there from the start of the chat, was taken out by staff, or lost the group itself (R101).
    """
    stayed = Q(left_at=None) | Q(left_at__gte=F("joined_at") + Value(STAY))
    return (
        Member.objects.filter(
            tenant=tenant, is_staff=False, customer__isnull=False, group__owner__isnull=False,
            is_creation_invitee=False, joined_is_estimate=False,
            joined_at__gte=since - STAY, joined_at__lt=until - STAY,
        )
        .annotate(hit=true_when(stayed))
        .exclude(hit=False, quit_scene__in=[QuitScene.DISSOLVED, QuitScene.REMOVED])
    )  # fmt: skip


def stay_cells(*, tenant: Any, since: datetime, until: datetime) -> list[Cell]:
    """Joinings by the group's owner and sort of group, and those still there a week later. One query."""
    rows = (
        _joined(tenant, since, until)
        .order_by()
        .values("group__owner_id", "group__kind", "group__payment_basis")
        .annotate(cases=Count("pk"), hits=Count("pk", filter=Q(hit=True)))
    )
    return [
        Cell(
            row["group__owner_id"], f"{row['group__kind']}:{row['group__payment_basis']}",
            row["cases"], row["hits"],
        )
        for row in rows
    ]  # fmt: skip


def stay_cases(
    *,
    tenant: Any,
    staff_id: int,
    since: datetime,
    until: datetime,
    stratum: str | None = None,
    hit: bool | None = None,
) -> QuerySet:
    """The joinings behind `stay_cells` of one person."""
    rows = _joined(tenant, since, until).filter(group__owner_id=staff_id)
    if stratum is not None:
        kind, _colon, basis = stratum.partition(":")
        rows = rows.filter(group__kind=kind, group__payment_basis=basis)
    if hit is not None:
        rows = rows.filter(hit=hit)
    return (
        rows.annotate(member_id=F("pk"), moment=F("joined_at"))
        .values("member_id", "moment", "hit")
        .order_by("-moment", "member_id")
    )


def stay_lines(*, tenant: Any, rows: Iterable[dict[str, Any]]) -> list[CaseLine]:
    """The people of these cases, with their group. One query."""
    some = list(rows)
    found = (
        Member.objects.filter(tenant=tenant, pk__in={row["member_id"] for row in some})
        .select_related("customer", "group")
        .in_bulk()
    )
    made = []
    for row in some:
        member = found[row["member_id"]]
        made.append(CaseLine(
            name=str(member.customer), url=tenant_url(tenant, "contacts:detail", pk=member.customer_id),
            at=row["moment"], hit=row["hit"], detail=str(member.group),
        ))  # fmt: skip
    return made
