"""Leads for other apps: tiers, and who has not decided yet."""

from collections.abc import Iterable, Mapping

from django.db.models import QuerySet

from contacts.selectors.identity import opted_out_persons, same_people
from contacts.selectors.latest import last_bought
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
    """`undecided_by_source` of one source."""
    people = {source_id: customer_ids}
    found = undecided_by_source(
        tenant_id=tenant_id, source_kind=source_kind, people=people, ranked_only=ranked_only
    )
    return found[source_id]


def undecided_by_source(
    *,
    tenant_id: int,
    source_kind: str,
    people: Mapping[int, Iterable[int] | None],
    ranked_only: bool = False,
) -> dict[int, set[int]]:
    """{source: those of its window who have neither bought, nor said no, nor opted out}: whom a countdown may still
    remind.

    `people`: {source: who is asked about; None: everybody in its window}. Asked at send time: an order that no lead
    has been derived from yet counts as well. `ranked_only` leaves out people without any tier. A window nobody opened
    has nobody undecided. Eight queries, whatever the number of sources.
    """
    windows = {
        one.pk: one
        for one in Window.objects.filter(
            tenant_id=tenant_id, source_kind=source_kind, source_id__in=list(people)
        )
    }
    found: dict[int, set[int]] = {source_id: set() for source_id in people}
    members = _members(tenant_id, windows, people)
    everyone = set().union(*members.values())
    if not everyone:
        return found
    same = same_people(tenant_id=tenant_id, customer_ids=everyone)
    refused = opted_out_persons(tenant_id=tenant_id, customer_ids=everyone)
    gone = {record for one in same for record in same[one] if refused.keys() & same[one]} | refused.keys()
    leads: dict[int, dict[int, str]] = {pk: {} for pk in windows}
    rows = Lead.objects.filter(
        tenant_id=tenant_id, window__in=list(windows), customer_id__in=everyone.union(*same.values())
    )
    for window_id, customer_id, state in rows.values_list("window_id", "customer_id", "state"):
        leads[window_id][customer_id] = state
    bought = last_bought(tenant_id=tenant_id, customer_ids=everyone - gone)

    def is_left(one: int, window: Window) -> bool:
        """One person is one lead, whichever record carries it."""
        own = leads[window.pk]
        states = {own[record] for record in same.get(one, {one}) if record in own}
        if one in gone or states & CLOSED_STATES or (ranked_only and LeadState.OPEN not in states):
            return False
        return one not in bought or bought[one] < window.starts_at

    for pk, window in windows.items():
        found[window.source_id] = {one for one in members[pk] if is_left(one, window)}
    return found


def _members(
    tenant_id: int, windows: Mapping[int, Window], people: Mapping[int, Iterable[int] | None]
) -> dict[int, set[int]]:
    """{window: its people who are asked about}. One query."""
    found: dict[int, set[int]] = {pk: set() for pk in windows}
    asked = {source_id: None if some is None else set(some) for source_id, some in people.items()}
    rows = WindowMember.objects.filter(tenant_id=tenant_id, window__in=list(windows))
    if None not in asked.values():
        rows = rows.filter(customer_id__in=set().union(*(some or () for some in asked.values())))
    for window_id, customer_id in rows.values_list("window_id", "customer_id"):
        wanted = asked[windows[window_id].source_id]
        if wanted is None or customer_id in wanted:
            found[window_id].add(customer_id)
    return found


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
