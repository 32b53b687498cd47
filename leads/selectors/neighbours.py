"""Where one open lead stands in the work order, and which come before and after it."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, Window
from django.db.models.functions import Lag, RowNumber
from django.db.models.functions import Lead as LeadOf

from contacts.selectors import customer_names
from leads.enums import LeadState
from leads.models import Lead
from leads.selectors.board import by_work_order
from team.selectors import work_order


@dataclass(frozen=True)
class Neighbours:
    """A lead among the open ones in the work order. `place` from 1; None: it is not open. (id, customer's name)."""

    total: int
    place: int | None = None
    before: tuple[int, str] | None = None
    after: tuple[int, str] | None = None


def neighbours_of(lead: Lead, *, now: datetime) -> Neighbours:
    """Its place, and the leads before and after it. Two queries at most, whatever the number of leads."""
    rows = Lead.objects.filter(tenant_id=lead.tenant_id, state=LeadState.OPEN)
    if lead.state != LeadState.OPEN:
        return Neighbours(rows.count())
    order = work_order("next_action_at")
    beside = (
        by_work_order(rows, now=now)
        .annotate(
            place=Window(RowNumber(), order_by=order), total=Window(Count("pk")),
            earlier=Window(Lag("pk"), order_by=order),
            later=Window(LeadOf("pk"), order_by=order),
        )
        .filter(Q(earlier=lead.pk) | Q(later=lead.pk))
        .order_by("place")
        .values_list("pk", "customer_id", "place", "total", "later", named=True)
    )  # fmt: skip
    found = {row.later == lead.pk: row for row in beside}
    before, after = found.get(True), found.get(False)
    names = customer_names(tenant_id=lead.tenant_id, customer_ids=[row.customer_id for row in found.values()])
    named = {key: (row.pk, names.get(row.customer_id, "")) for key, row in found.items()}
    return Neighbours(
        total=next((row.total for row in found.values()), 1),
        place=before.place + 1 if before else after.place - 1 if after else 1,
        before=named.get(True),
        after=named.get(False),
    )
