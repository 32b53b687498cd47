"""Where everybody stood at a moment: from the history of tiers, what people decided, and orders. For many at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import QuerySet

from contacts.selectors.identity import opted_out_persons, persons_of
from leads.enums import MARK_KINDS, MAYBE_S, LeadEventKind, LeadState
from leads.models import Lead, LeadEvent, Window, WindowMember
from leads.policies.follow import outcome_of
from leads.policies.history import rule_at
from leads.policies.rules import Rule
from leads.policies.tiers import Act, Mark, Result, tier_of
from leads.policies.tiers import Window as Span
from leads.selectors.acts import acts_for
from leads.selectors.rules import rules_stored


@dataclass(frozen=True)
class Standing:
    """One lead at a moment: its place (a tier, "S?", "", or the state that ended it) by what is known now, and the
    tier as it was known then, which differs where behaviours arrived late.
    """

    lead_id: int
    customer_id: int
    place: str
    tier: str
    tier_known_then: str

    @property
    def came_late(self) -> bool:
        return self.tier != self.tier_known_then


def windows_at(*, tenant_id: int, as_of: datetime) -> QuerySet[Window]:
    """The windows that ran at a moment, the newest first."""
    return Window.objects.filter(tenant_id=tenant_id, starts_at__lte=as_of, ends_at__gt=as_of).order_by(
        "-starts_at", "-pk"
    )


def standings_at(*, tenant_id: int, windows: Sequence[Window], as_of: datetime) -> list[Standing]:
    """Every lead of these windows that stood somewhere at `as_of`, by lead. Eleven queries, whatever their number."""
    by_id = {one.pk: one for one in windows}
    rows = Lead.objects.filter(tenant_id=tenant_id, window_id__in=by_id).order_by("pk")
    leads = list(rows.values_list("pk", "customer_id", "window_id"))
    if not leads:
        return []
    leads = _one_a_person(tenant_id, leads)
    held = _tiers(tenant_id, by_id, as_of)
    known = _tiers(tenant_id, by_id, as_of, recorded_by=as_of)
    people = {customer_id for _, customer_id, _ in leads}
    acts, rules = _rare_acts(tenant_id, people, windows, as_of)
    marks = _marks(tenant_id, by_id, as_of)
    persons = persons_of(tenant_id=tenant_id, customer_ids=people)
    out = opted_out_persons(tenant_id=tenant_id, customer_ids=people)
    found = []
    for lead_id, customer_id, window_id in leads:
        tier = held.get(lead_id, "")
        window = by_id[window_id]
        rule = rule_at(rules, min(as_of, window.ends_at))
        result = tier_of(
            acts.get(customer_id, ()), rule=rule, window=Span(window.starts_at, window.ends_at), as_of=as_of,
            marks=marks.get(lead_id, ()),
        )  # fmt: skip
        place = _place(
            replace(result, tier=tier),
            marks.get(lead_id, ()),
            out.get(persons.get(customer_id, customer_id)),
            as_of,
        )
        if place or tier:
            found.append(Standing(lead_id, customer_id, place, tier, known.get(lead_id, "")))
    return found


def _one_a_person(tenant_id: int, leads: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """One person is one lead of a window: of merged records that of the one which joined first."""
    persons = persons_of(tenant_id=tenant_id, customer_ids={row[1] for row in leads})
    if not persons:
        return leads
    records = {*persons, *persons.values()}
    seats = WindowMember.objects.filter(
        tenant_id=tenant_id, window_id__in={row[2] for row in leads}, customer_id__in=records
    )
    first: dict[tuple[int, int], int] = {}
    for window_id, customer_id in seats.order_by("joined_at", "pk").values_list("window_id", "customer_id"):
        first.setdefault((window_id, persons.get(customer_id, customer_id)), customer_id)
    return [row for row in leads if first.get((row[2], persons.get(row[1], row[1])), row[1]) == row[1]]


def _tiers(
    tenant_id: int, window_ids: Iterable[int], as_of: datetime, recorded_by: datetime | None = None
) -> dict[int, str]:
    """{lead id: the last tier that its history tells for this moment}. One query."""
    rows = LeadEvent.objects.filter(
        tenant_id=tenant_id, kind=LeadEventKind.TIER, at__lte=as_of, lead__window_id__in=list(window_ids)
    )
    if recorded_by is not None:
        rows = rows.filter(recorded_at__lte=recorded_by)
    last = rows.order_by("lead_id", "-at", "-id").distinct("lead_id")
    return dict(last.values_list("lead_id", "data__to"))


def _marks(tenant_id: int, window_ids: Iterable[int], as_of: datetime) -> dict[int, list[Mark]]:
    found: dict[int, list[Mark]] = defaultdict(list)
    rows = LeadEvent.objects.filter(
        tenant_id=tenant_id, kind__in=MARK_KINDS, at__lte=as_of, lead__window_id__in=list(window_ids)
    ).order_by("at", "id")
    for lead_id, kind, at in rows.values_list("lead_id", "kind", "at"):
        found[lead_id].append(Mark(kind, at))
    return found


def _rare_acts(
    tenant_id: int, people: set[int], windows: Sequence[Window], as_of: datetime
) -> tuple[dict[int, list[Act]], list[tuple[datetime, Rule]]]:
    """Orders and messages with a keyword: what ends a lead or suggests S. Tiers stand in the history already, so
    the rules come without their conditions, and nothing they count is read."""
    rules = [(at, replace(rule, tiers=())) for at, rule in rules_stored(tenant_id=tenant_id, now=as_of)]
    acts = acts_for(
        tenant_id=tenant_id, customer_ids=people, since=min(one.starts_at for one in windows),
        until=as_of + timedelta(microseconds=1), rules=[rule for _, rule in rules],
    )  # fmt: skip
    return acts, rules


def _place(result: Result, marks: Sequence[Mark], opted_out_at: datetime | None, as_of: datetime) -> str:
    outcome = outcome_of(result, marks, opted_out_at, as_of)
    if outcome.state == LeadState.OPEN:
        return MAYBE_S if result.suggestion is not None else result.tier
    return "" if outcome.state == LeadState.UNRANKED else outcome.state
