"""Leads for other apps: tiers, and who has not decided yet."""

from collections.abc import Iterable

from django.db.models import QuerySet

from contacts.selectors import buyers_in
from contacts.selectors.identity import opted_out_persons, same_people
from leads.enums import CLOSED_STATES, TIERS, LeadState
from leads.models import Lead, Window, WindowMember


def undecided_customer_ids(
    *,
    tenant_id: int,
    source_kind: str,
    source_id: int,
    customer_ids: Iterable[int] | None = None,
    ranked_only: bool = False,
) -> set[int]:
    """Those of a window who have neither bought, nor said no, nor opted out: whom a countdown may still remind.

    Asked at send time: an order that no lead has been derived from yet counts as well. `ranked_only` leaves out
    people without any tier. A window nobody opened has nobody undecided. Six queries.
    """
    window = window_of(tenant_id=tenant_id, source_kind=source_kind, source_id=source_id)
    if window is None:
        return set()
    members = WindowMember.objects.filter(tenant_id=tenant_id, window=window)
    if customer_ids is not None:
        members = members.filter(customer_id__in=set(customer_ids))
    people = set(members.values_list("customer_id", flat=True))
    same = same_people(tenant_id=tenant_id, customer_ids=people)
    refused = opted_out_persons(tenant_id=tenant_id, customer_ids=people)
    leads = dict(
        Lead.objects.filter(
            tenant_id=tenant_id, window=window, customer_id__in=people.union(*same.values())
        ).values_list("customer_id", "state")
    )

    def states(one: int) -> set[str]:
        """Of the person's leads: one person is one lead, whichever record carries it."""
        return {leads[record] for record in same.get(one, {one}) if record in leads}

    gone = {record for one in same for record in same[one] if refused.keys() & same[one]} | refused.keys()
    decided = {one for one in people if states(one) & CLOSED_STATES} | gone
    if ranked_only:
        decided |= {one for one in people if LeadState.OPEN not in states(one)}
    left = people - decided
    return left - buyers_in(tenant_id=tenant_id, customer_ids=left, since=window.starts_at)


def window_of(*, tenant_id: int, source_kind: str, source_id: int) -> Window | None:
    """The window of a source, or None."""
    return Window.objects.filter(tenant_id=tenant_id, source_kind=source_kind, source_id=source_id).first()


def window_list(*, tenant_id: int) -> QuerySet[Window]:
    """All windows, the newest first."""
    return Window.objects.filter(tenant_id=tenant_id).order_by("-starts_at", "-pk")


def tiers_of(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, str]:
    """{customer id: highest tier among the open leads}; absent when there is none."""
    rows = Lead.objects.filter(
        tenant_id=tenant_id, customer_id__in=set(customer_ids), state=LeadState.OPEN
    ).exclude(tier="")
    found: dict[int, str] = {}
    for customer_id, tier in rows.values_list("customer_id", "tier"):
        known = found.get(customer_id)
        if known is None or TIERS.index(tier) < TIERS.index(known):
            found[customer_id] = tier
    return found


def leads_of_customer(*, tenant_id: int, customer_id: int) -> list[Lead]:
    """All leads of one person, the newest window first."""
    rows = Lead.objects.filter(tenant_id=tenant_id, customer_id=customer_id)
    return list(rows.select_related("window", "customer", "group", "owner").order_by("-window__starts_at"))
