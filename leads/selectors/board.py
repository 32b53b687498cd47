"""The lead board: columns by tier, in the one work order; its tabs, its figures."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    IntegerField,
    Max,
    Q,
    QuerySet,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber

from leads.enums import TIERS, URGENT_TIERS, DoubtState, LeadState, Tier
from leads.models import Doubt, Lead
from leads.policies.rules import Rule, near_step
from leads.policies.wording import headline, step_words
from leads.selectors.energy import energy_since
from leads.selectors.rules import rules_stored
from team.selectors import in_work_order, work_order

COLUMN_CARDS = 6
SUGGESTED = 5
OVERDUE = 8
FOREMOST = max(SUGGESTED, OVERDUE)  # what is overdue comes first in the work order

RANK, WAIT = "rank", "wait"  # how cards stand in a column: by the work order, or who has waited longest first


@dataclass(frozen=True)
class NearStep:
    """One more behaviour, in words, and the tier it would make."""

    tier: str
    words: str


@dataclass
class Card:
    """One lead as the board shows it. `rank`: its place in the work order, from 1; None where it was not asked for."""

    lead: Lead
    rank: int | None
    text: str
    doubts: list[Doubt]
    is_late: bool
    is_first: bool  # nobody has followed up since the tier rose
    waited_min: int | None  # how long the customer has waited for us; None while nobody waits
    one_step: NearStep | None  # the single behaviour that would make a higher tier, where one is on its way

    @property
    def is_urgent(self) -> bool:
        """Whether its clock runs in minutes: then it carries a bar."""
        return self.is_first and self.lead.column in URGENT_TIERS

    @property
    def tier(self) -> str:
        return "S?" if self.lead.is_maybe_s else self.lead.tier


@dataclass
class Column:
    """One tier. `total` counts all its leads, `maybe` those that wait for confirmation, `cards` are the first."""

    tier: str
    label: Any
    total: int = 0
    maybe: int = 0
    late: int = 0
    unassigned: int = 0
    sla_min: int = 0
    cards: list[Card] = field(default_factory=list)

    @property
    def hidden(self) -> int:
        return self.total - len(self.cards)

    @property
    def sure(self) -> int:
        return self.total - self.maybe


@dataclass
class Board:
    """What stands on the board."""

    columns: list[Column]
    suggested: list[Card]
    total: int
    late: int
    overdue: list[Card]
    rule_number: int | None


def lead_list(*, tenant_id: int) -> QuerySet[Lead]:
    """All leads with what their rows show."""
    return Lead.objects.filter(tenant_id=tenant_id).select_related("customer", "group", "owner", "window")


def lead_get(*, tenant_id: int, lead_id: int) -> Lead:
    """Raises Lead.DoesNotExist, also for another tenant's id."""
    return lead_list(tenant_id=tenant_id).get(pk=lead_id)


def lead_tab(leads: QuerySet[Lead], tab: str, *, now: datetime, day_ends_at: datetime) -> QuerySet[Lead]:
    """The leads of one tab: board, today, overdue, won, not_buying, and all of them. Any other: the open ones."""
    if tab == "all":
        return leads
    if tab == "won":
        return leads.filter(state=LeadState.WON)
    if tab == "not_buying":
        return leads.filter(state=LeadState.NOT_BUYING)
    open_now = leads.filter(state=LeadState.OPEN)
    if tab == "today":
        return open_now.filter(next_action_at__lt=day_ends_at)
    if tab == "overdue":
        return open_now.filter(next_action_at__lte=now)
    return open_now


def tab_counts(leads: QuerySet[Lead], *, now: datetime, day_ends_at: datetime) -> dict[str, int]:
    """{tab: leads}, and {"won:A+": orders of the last 7 days} for each tier. One query."""
    is_open = Q(state=LeadState.OPEN)
    recent = Q(state=LeadState.WON, closed_at__gte=energy_since(now))
    return leads.order_by().aggregate(
        board=Count("pk", filter=is_open),
        today=Count("pk", filter=is_open & Q(next_action_at__lt=day_ends_at)),
        overdue=Count("pk", filter=is_open & Q(next_action_at__lte=now)),
        won=Count("pk", filter=Q(state=LeadState.WON)),
        not_buying=Count("pk", filter=Q(state=LeadState.NOT_BUYING)),
        **{f"won:{tier}": Count("pk", filter=recent & Q(tier=tier)) for tier in TIERS},
    )


def by_work_order(leads: QuerySet[Lead], *, now: datetime) -> QuerySet[Lead]:
    """Leads in the one work order; a suggested S stands among the S."""
    ranks = (When(tier=tier, then=Value(rank)) for rank, tier in enumerate(TIERS))
    rank = Case(
        When(s_suggested_at__isnull=False, then=Value(0)),
        *ranks,
        default=Value(len(TIERS)),
        output_field=IntegerField(),
    )
    return in_work_order(leads, due="next_action_at", tier=rank, now=now)


_COLUMN = Case(
    When(s_suggested_at__isnull=False, then=Value(Tier.S.value)), default=F("tier"), output_field=CharField()
)


def board(
    leads: QuerySet[Lead],
    *,
    tenant_id: int,
    now: datetime,
    sla_min: dict[str, int],
    cards: int = COLUMN_CARDS,
    only: str = "",
    page: int = 1,
    sort: str = RANK,
) -> Board:
    """The board over these open leads. Five queries, whatever their number: the database counts, and finds what comes
    first in a column by its index. By waiting time one more, and cards that are not among the foremost have no rank.

    Each column has its first `cards`; with `only` that column has those of a page of as many, counted from 1, the last
    where there are not so many, and the others none.
    """
    columns, rule_number = _columns(leads, now=now, sla_min=sla_min)
    pages = -(-columns[only].total // cards) if only else 1
    after = cards * (min(page, max(pages, 1)) - 1)
    wanted = {only: (after, cards)} if only else dict.fromkeys(TIERS, (0, cards))
    found = _places(leads, columns, wanted if sort != WAIT else {})
    shown = _longest_waiting(leads, columns, wanted) if sort == WAIT else _in_order(found, wanted)
    ranks = _ranks(leads, found, columns, now)
    rule = rules_stored(tenant_id=tenant_id, now=now)[-1][1]
    made = _cards({pk for some in shown.values() for pk in some} | ranks.keys(), ranks, leads, now, rule)
    for tier, ids in shown.items():
        columns[tier].cards = [
            made[pk] for pk in ids if pk in made
        ]  # without what is gone since it was counted
    first = sorted((rank, pk) for pk, rank in ranks.items() if rank <= FOREMOST and pk in made)
    foremost = [made[pk] for _rank, pk in first]
    return Board(
        columns=[columns[tier] for tier in TIERS],
        suggested=foremost[:SUGGESTED],
        total=sum(one.total for one in columns.values()),
        late=sum(columns[tier].late for tier in TIERS),
        overdue=[one for one in foremost if one.is_late][:OVERDUE],
        rule_number=rule_number,
    )


def _columns(
    leads: QuerySet[Lead], *, now: datetime, sla_min: dict[str, int]
) -> tuple[dict[str, Column], int | None]:
    """{tier: its column, without cards}, and the latest rule that ranked any of them. One query."""
    columns = {tier: Column(tier, Tier(tier).label, sla_min=sla_min[tier]) for tier in TIERS}
    rows = (
        leads.order_by()
        .values(in_column=_COLUMN)
        .annotate(
            total=Count("pk"),
            maybe=Count("pk", filter=Q(s_suggested_at__isnull=False)),
            late=Count("pk", filter=Q(next_action_at__lte=now)),
            unassigned=Count("pk", filter=Q(owner=None)),
            rule=Max("rule_version"),
        )
    )
    rules = []
    for found in rows:
        row: dict[str, Any] = dict(found)
        rules.append(row.pop("rule"))
        tier = row.pop("in_column")
        columns[tier] = replace(columns.get(tier, Column(tier, "")), **row)
    return columns, max(rules, default=None)


class Place(NamedTuple):
    """Where a lead stands in its column: by the deadline, from 1."""

    pk: int
    due: datetime
    column: str
    place: int


def _places(
    leads: QuerySet[Lead], columns: dict[str, Column], pages: dict[str, tuple[int, int]]
) -> set[Place]:
    """Of each column of `pages` ({column: (after, how many)}) that part, and of every column what may be among the
    foremost. One query.
    """
    parts = []
    for column, counted in columns.items():
        after, many = pages.get(column, (0, FOREMOST))
        wanted = [(0, max(many, FOREMOST))] if not after else [(0, FOREMOST), (after, many)]
        if counted.total:
            parts += [_part(leads, column, start, length) for start, length in wanted]
    if not parts:
        return set()
    found: dict[tuple[str, int], list[tuple[datetime, int]]] = defaultdict(list)
    told: Iterable[Any] = parts[0].union(*parts[1:], all=True)
    for pk, due, column, after in told:
        found[column, after].append((due, pk))
    return {
        Place(pk, due, column, number)
        for (column, after), ones in found.items()
        for number, (due, pk) in enumerate(sorted(ones), after + 1)
    }


def _in_order(found: Iterable[Place], pages: dict[str, tuple[int, int]]) -> dict[str, list[int]]:
    """{column: its leads on that part of it}, by the deadline."""
    held: dict[str, list[Place]] = defaultdict(list)
    for one in found:
        after, many = pages.get(one.column, (0, 0))
        if after < one.place <= after + many:
            held[one.column].append(one)
    return {
        column: [one.pk for one in sorted(some, key=lambda one: one.place)] for column, some in held.items()
    }


def _longest_waiting(
    leads: QuerySet[Lead], columns: dict[str, Column], pages: dict[str, tuple[int, int]]
) -> dict[str, list[int]]:
    """{column: its leads on that part of it}, who has waited longest first, then those who wait for nothing by their
    deadline. One query at most.
    """
    parts = []
    for column, (after, many) in pages.items():
        if columns[column].total:
            rows = _of_column(leads.select_related(None), column).annotate(in_column=Value(column))
            rows = rows.order_by(F("waiting_since").asc(nulls_last=True), "next_action_at", "pk")
            told = rows.values_list("in_column", "waiting_since", "next_action_at", "pk")
            parts.append(told[after : after + many])
    if not parts:
        return {}
    held: dict[str, list[int]] = defaultdict(list)
    found: Iterable[Any] = parts[0].union(*parts[1:], all=True)
    for column, _since, _due, pk in sorted(
        found, key=lambda row: (row[1] is None, row[1] or row[2], *row[2:])
    ):
        held[column].append(pk)
    return dict(held)


def _part(leads: QuerySet[Lead], column: str, after: int, many: int) -> QuerySet:
    """(pk, due, column, after) of this many leads of one column, after so many others."""
    rows = _of_column(leads.select_related(None), column).order_by("next_action_at", "pk")
    told = rows.annotate(in_column=Value(column), after=Value(after))
    return told.values_list("pk", "next_action_at", "in_column", "after")[after : after + many]


def _of_column(leads: QuerySet[Lead], column: str) -> QuerySet[Lead]:
    if column == Tier.S:
        return leads.filter(Q(tier=column) | Q(s_suggested_at__isnull=False))
    return leads.filter(tier=column, s_suggested_at=None)


def _ranks(
    leads: QuerySet[Lead], found: Iterable[Place], columns: dict[str, Column], now: datetime
) -> dict[int, int]:
    """{lead: its place in the work order, from 1}. What is past due stands in the order of its columns; only what is
    due before the last of the others is put in order. One query at most.
    """
    ranks: dict[int, int] = {}
    before = 0
    for column in [*TIERS, *(columns.keys() - set(TIERS))]:
        ranks |= {one.pk: before + one.place for one in found if one.column == column and one.due <= now}
        before += columns[column].late
    waiting = {one.pk: one.due for one in found if one.due > now}
    if waiting:
        ahead = leads.filter(next_action_at__gt=now, next_action_at__lte=max(waiting.values()))
        ranked = by_work_order(ahead.select_related(None), now=now).annotate(
            rank=Window(RowNumber(), order_by=work_order("next_action_at"))
        )
        # Unordered: the database would put them in order once more.
        rows = ranked.filter(pk__in=waiting).order_by().values_list("pk", "rank")
        ranks |= {pk: before + rank for pk, rank in rows}
    return ranks


def _cards(
    ids: Collection[int], ranks: dict[int, int], leads: QuerySet[Lead], now: datetime, rule: Rule
) -> dict[int, Card]:
    rows = leads.filter(pk__in=ids).order_by()
    doubts = doubts_of(rows)
    return {
        lead.pk: Card(
            lead=lead,
            rank=ranks.get(lead.pk),
            text=lead_text(lead),
            doubts=doubts.get(lead.pk, []),
            is_late=lead.next_action_at is not None and lead.next_action_at <= now,
            is_first=lead.waiting_since is not None and lead.next_set_at is None,
            waited_min=int((now - lead.waiting_since).total_seconds() // 60) if lead.waiting_since else None,
            one_step=_near(lead, rule),
        )
        for lead in rows
    }


def _near(lead: Lead, rule: Rule) -> NearStep | None:
    found = near_step(rule, lead.tier, lead.counts)
    return NearStep(found[0], step_words(found[1], 1)) if found else None


def lead_text(lead: Lead) -> str:
    """What the lead did, in one line."""
    said = headline(tier=lead.tier, counts=lead.counts, suggestion=lead.suggestion, evidence=lead.evidence)
    return str(said)


def doubts_of(leads: Iterable[Lead]) -> dict[int, list[Doubt]]:
    """{lead id: its doubts, open ones first}. One query."""
    found: dict[int, list[Doubt]] = defaultdict(list)
    ids = [one.pk for one in leads]
    for doubt in Doubt.objects.filter(lead_id__in=ids).order_by("-state", "-raised_at"):
        found[doubt.lead_id].append(doubt)
    return found


@dataclass(frozen=True)
class DoubtCount:
    """How often one doubt came up, was answered, and how many of those bought."""

    text: str
    total: int
    answered: int
    won: int


def doubt_counts(leads: QuerySet[Lead], *, limit: int = 8) -> list[DoubtCount]:
    """The commonest doubts over these leads. One query."""
    rows = (
        Doubt.objects.filter(lead__in=leads.order_by().values("pk"))
        .values("text")
        .annotate(
            total=Count("pk"),
            answered=Count("pk", filter=Q(state=DoubtState.ANSWERED)),
            won=Count("pk", filter=Q(state=DoubtState.ANSWERED, lead__state=LeadState.WON)),
        )
        .order_by("-total", "text")[:limit]
    )
    return [DoubtCount(**row) for row in rows]


def owner_loads(*, tenant_id: int) -> dict[int, int]:
    """{staff id: open leads}. One query."""
    rows = Lead.objects.filter(tenant_id=tenant_id, state=LeadState.OPEN, owner__isnull=False).values(
        "owner_id"
    )
    return {row["owner_id"]: row["n"] for row in rows.annotate(n=Count("pk")).order_by()}


def waiting_urgent(*, tenant_id: int) -> QuerySet:
    """Open S and A+ leads that nobody has answered: what the menu counts."""
    return (
        Lead.objects.filter(tenant_id=tenant_id, state=LeadState.OPEN, waiting_since__isnull=False)
        .filter(Q(tier__in=[Tier.S, Tier.A_PLUS]) | Q(s_suggested_at__isnull=False))
        .values("pk")
    )
