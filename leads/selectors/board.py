"""The lead board: columns by tier, in the one work order; its tabs, its figures."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When

from leads.enums import TIERS, URGENT_TIERS, DoubtState, LeadState, Tier
from leads.models import Doubt, FollowUp, Lead
from leads.policies.wording import headline
from team.policies import Standing, in_work_order

COLUMN_CARDS = 6
SUGGESTED = 5
OVERDUE = 8
ENERGY_DAYS = 7


@dataclass
class Card:
    """One lead as the board shows it. `rank`: its place in the work order, from 1."""

    lead: Lead
    rank: int
    text: str
    doubts: list[Doubt]
    is_late: bool
    is_first: bool  # nobody has followed up since the tier rose

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
    """The leads of one tab: board, today, overdue, won, not_buying."""
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
    recent = Q(state=LeadState.WON, closed_at__gte=now - timedelta(days=ENERGY_DAYS))
    return leads.order_by().aggregate(
        board=Count("pk", filter=is_open),
        today=Count("pk", filter=is_open & Q(next_action_at__lt=day_ends_at)),
        overdue=Count("pk", filter=is_open & Q(next_action_at__lte=now)),
        won=Count("pk", filter=Q(state=LeadState.WON)),
        not_buying=Count("pk", filter=Q(state=LeadState.NOT_BUYING)),
        **{f"won:{tier}": Count("pk", filter=recent & Q(tier=tier)) for tier in TIERS},
    )


def by_work_order(leads: QuerySet[Lead], *, now: datetime) -> QuerySet[Lead]:
    """The same order as team.policies, in SQL, for lists that are paged by the database."""
    column = Case(
        When(s_suggested_at__isnull=False, then=Value(0)),
        *[When(tier=tier, then=Value(rank)) for rank, tier in enumerate(TIERS)],
        default=Value(len(TIERS)),
        output_field=IntegerField(),
    )
    late_rank = Case(
        When(next_action_at__lte=now, then=column), default=Value(len(TIERS) + 1), output_field=IntegerField()
    )
    return leads.annotate(tier_rank=column, late_rank=late_rank).order_by(
        "late_rank", F("next_action_at").asc(nulls_last=True), "tier_rank", "pk"
    )


def board(
    leads: QuerySet[Lead], *, now: datetime, sla_min: dict[str, int], cards: int = COLUMN_CARDS
) -> Board:
    """The board over these open leads. Three queries, whatever their number."""
    rows = leads.order_by().values_list(
        "pk", "tier", "s_suggested_at", "next_action_at", "owner_id", "rule_version", named=True
    )
    ordered = in_work_order(((Standing(row.next_action_at, _column(row), row.pk), row) for row in rows), now)
    columns = {tier: Column(tier, Tier(tier).label, sla_min=sla_min[tier]) for tier in TIERS}
    ranks: dict[int, int] = {}
    shown: dict[str, list[int]] = defaultdict(list)
    for rank, row in enumerate(ordered, start=1):
        column = columns.get(_column(row))
        if column is None:
            continue
        ranks[row.pk] = rank
        column.total += 1
        column.maybe += row.s_suggested_at is not None
        column.late += row.next_action_at is not None and row.next_action_at <= now
        column.unassigned += row.owner_id is None
        if len(shown[column.tier]) < cards:
            shown[column.tier].append(row.pk)
    first = [row.pk for row in ordered[:SUGGESTED]]
    late = [row.pk for row in ordered if row.next_action_at is not None and row.next_action_at <= now][
        :OVERDUE
    ]
    made = _cards({*first, *late, *(pk for pks in shown.values() for pk in pks)}, leads, ranks, now)
    for tier, pks in shown.items():
        columns[tier].cards = [made[pk] for pk in pks if pk in made]
    return Board(
        columns=list(columns.values()),
        suggested=[made[pk] for pk in first if pk in made],
        total=len(ordered),
        late=sum(one.late for one in columns.values()),
        overdue=[made[pk] for pk in late if pk in made],
        rule_number=max((row.rule_version for row in ordered), default=None),
    )


def _column(row: Any) -> str:
    return Tier.S.value if row.s_suggested_at is not None else row.tier


def _cards(pks: set[int], leads: QuerySet[Lead], ranks: dict[int, int], now: datetime) -> dict[int, Card]:
    rows = leads.filter(pk__in=pks).order_by()
    doubts = doubts_of(rows)
    return {
        lead.pk: Card(
            lead=lead,
            rank=ranks.get(lead.pk, 0),
            text=lead_text(lead),
            doubts=doubts.get(lead.pk, []),
            is_late=lead.next_action_at is not None and lead.next_action_at <= now,
            is_first=lead.waiting_since is not None and lead.next_set_at is None,
        )
        for lead in rows
    }


def lead_text(lead: Lead) -> str:
    """What the lead did, in one line."""
    return headline(tier=lead.tier, counts=lead.counts, suggestion=lead.suggestion, evidence=lead.evidence)


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


@dataclass(frozen=True)
class Energy:
    """How work and orders split over one tier (R71). Shares are None when there is nothing to share."""

    tier: str
    touches: int
    minutes: int
    unmeasured: int
    won: int
    touch_share: float | None
    won_share: float | None


def energy_split(leads: QuerySet[Lead], *, now: datetime, won: Mapping[str, int]) -> list[Energy]:
    """Follow-ups and orders of the last 7 days by tier. `won`: {tier: orders}. One query."""
    since = now - timedelta(days=ENERGY_DAYS)
    ids = leads.order_by().values("pk")
    spent = {
        row["tier"]: row
        for row in FollowUp.objects.filter(lead__in=ids, at__gte=since)
        .values("tier")
        .annotate(
            touches=Count("pk"), spent_min=Sum("minutes"), unmeasured=Count("pk", filter=Q(minutes=None))
        )
        .order_by()
    }
    touches = sum(row["touches"] for row in spent.values())
    orders = sum(won[tier] for tier in TIERS)
    return [
        Energy(
            tier=tier,
            touches=spent.get(tier, {}).get("touches", 0),
            minutes=spent.get(tier, {}).get("spent_min") or 0,
            unmeasured=spent.get(tier, {}).get("unmeasured", 0),
            won=won[tier],
            touch_share=spent.get(tier, {}).get("touches", 0) / touches if touches else None,
            won_share=won[tier] / orders if orders else None,
        )
        for tier in TIERS
    ]


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
