"""Who should take which lead: the picked leads and the colleagues, read for the policy (R71)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from contacts.selectors import follow_staff_ids
from leads.enums import LeadState, ShareReason
from leads.models import Lead
from leads.policies.share import WEIGHTS, Hand, Proposal, ToShare, share_out
from leads.selectors.board import lead_list
from team.enums import StaffKind
from team.selectors import on_shift, staff_contactable, staff_kinds
from tenants import clock


@dataclass(frozen=True)
class Suggested:
    """A picked lead with whom it should go to; `staff` None: nobody is at work."""

    lead: Lead
    staff: Any
    load: int
    reasons: tuple[Any, ...]


@dataclass(frozen=True)
class Colleague:
    """Who can take leads: how many are open with them, what that weighs, how many of the picked ones they would get."""

    staff: Any
    open: int
    load: int
    kind: str
    is_away: bool
    gets: int

    @property
    def kind_label(self) -> Any:
        return StaffKind(self.kind).label if self.kind else ""


@dataclass(frozen=True)
class Share:
    """The preview of one act of sharing out."""

    rows: list[Suggested]
    colleagues: list[Colleague]


def share_suggested(*, tenant_id: int, lead_ids: Iterable[int], most: int) -> Share:
    """For each open one of these leads a colleague, with reasons. A constant number of queries."""
    leads = list(lead_list(tenant_id=tenant_id).filter(pk__in=list(lead_ids)[:most], state=LeadState.OPEN))
    staff = {one.pk: one for one in staff_contactable(tenant_id=tenant_id)}
    loads = weighed_loads(tenant_id=tenant_id)
    friends = follow_staff_ids(tenant_id=tenant_id, customer_ids=[one.customer_id for one in leads])
    kinds = staff_kinds(tenant_id=tenant_id)
    at_work = on_shift(tenant_id=tenant_id, at=clock.now())
    hands = [
        Hand(pk, loads.get(pk, (0, 0))[1], kinds.get(pk, ""), at_work is not None and pk not in at_work)
        for pk in staff
    ]
    told = share_out(
        [
            ToShare(one.pk, one.column, one.owner_id, frozenset(friends.get(one.customer_id, [])))
            for one in leads
        ],
        hands,
    )
    by_lead = {one.lead_id: one for one in told}
    rows = [_suggested(one, by_lead[one.pk], staff) for one in leads]
    gets = [one.staff.pk for one in rows if one.staff is not None]
    colleagues = [
        Colleague(
            staff[one.staff_id],
            *loads.get(one.staff_id, (0, 0)),
            one.kind,
            one.is_away,
            gets.count(one.staff_id),
        )
        for one in hands
    ]
    return Share(rows, colleagues)


def _suggested(lead: Lead, told: Proposal, staff: dict[int, Any]) -> Suggested:
    reasons = tuple(ShareReason(one).label for one in told.reasons)
    return Suggested(lead, staff[told.staff_id] if told.staff_id else None, told.load, reasons)


def weighed_loads(*, tenant_id: int) -> dict[int, tuple[int, int]]:
    """{staff: (open leads, their weight)}: an S weighs four times a B. One query."""
    rows = (
        Lead.objects.filter(tenant_id=tenant_id, state=LeadState.OPEN, owner__isnull=False)
        .order_by()
        .values_list("owner_id", "tier")
        .annotate(n=Count("pk"))
    )
    found: dict[int, tuple[int, int]] = {}
    for owner_id, tier, number in rows:
        count, weight = found.get(owner_id, (0, 0))
        found[owner_id] = (count + number, weight + number * WEIGHTS.get(tier, 1))
    return found
