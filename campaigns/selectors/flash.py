"""Reads of flash-group runs: the plan, what happened at each node, how it compares with long-term groups."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet, Value

from campaigns.enums import AwardSource, CampaignState, Missing, PlayKind
from campaigns.enums.flash import GROUPS_COMPARED, TASK_LEAD, FlashFigure
from campaigns.models import Award, Campaign, FlashNode, FlashRun, Reservation
from campaigns.policies.flash import NodePlan, Share, Span, half_filled, run_lacks, spans_of
from campaigns.selectors.frame import groups_of_campaign
from campaigns.selectors.pages import page_token
from contacts.enums import BehaviourKind, OrderState
from contacts.selectors import behaviours_for, orders_for
from contacts.selectors.identity import as_persons, records_under
from groups.enums import FLASH_DAYS, LIVE_STATES, Kind, State
from groups.selectors import ACTIVE_KINDS, groups_open, members_current, spells_within
from sop.enums import FLASH_NODES
from tenants import clock, preferences

if TYPE_CHECKING:
    from groups.models import Group

# What says that somebody opened what was sent.
OPENED = frozenset(
    {
        BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK, BehaviourKind.MINI_PROGRAM,
        BehaviourKind.RADAR, BehaviourKind.LIVE, BehaviourKind.COUPON_VIEW, BehaviourKind.COUPON, BehaviourKind.FORM,
        BehaviourKind.DRAW, BehaviourKind.RED_PACKET,
    }
)  # fmt: skip


def run_of(*, campaign: Campaign) -> FlashRun | None:
    """The flash run of a campaign, with the group members go to and the gift. One query."""
    rows = FlashRun.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("target", "wake_prize").first()


def runs_in(campaign: Any) -> QuerySet[FlashRun]:
    """That of a campaign, to ask within a query of campaigns."""
    return FlashRun.objects.filter(campaign=campaign)


def run_get(*, tenant_id: int, run_id: int) -> FlashRun | None:
    """With its campaign; None where it is gone."""
    rows = FlashRun.objects.filter(tenant_id=tenant_id, pk=run_id)
    return rows.select_related("campaign", "wake_prize").first()


def nodes_of(*, run: FlashRun) -> list[FlashNode]:
    """Its nodes in their order, each with its owner. One query."""
    rows = FlashNode.objects.filter(tenant_id=run.tenant_id, run=run).select_related("owner")
    order = [one.value for one in FLASH_NODES]
    return sorted(rows, key=lambda one: order.index(one.part))


def run_token(*, campaign: Campaign, run: FlashRun) -> str:
    """The token of its page, or "" before the campaign has an end."""
    return page_token(campaign=campaign, kind=PlayKind.FLASH, row_id=run.pk)


def token_of(campaign: Campaign) -> str:
    """The token of the page of a campaign's flash run, or ""."""
    run = run_of(campaign=campaign)
    return run_token(campaign=campaign, run=run) if run else ""


def flash_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a flash run from its start."""
    run = run_of(campaign=campaign)
    if run is None:
        return []
    groups = groups_of_campaign(tenant_id=campaign.tenant_id, campaign_id=campaign.pk)
    has_dates = campaign.starts_at is not None and campaign.ends_at is not None
    return run_lacks(
        length=campaign.ends_at - campaign.starts_at if has_dates else None,  # type: ignore[operator]
        days_most=preferences.value(campaign.tenant_id, FLASH_DAYS),
        is_all_flash=all(_still_runs(one) for one in groups),
        nodes=[NodePlan(one.part, one.after, one.owner_id is not None) for one in nodes_of(run=run)],
    )


def _still_runs(group: "Group") -> bool:
    is_on = group.state in LIVE_STATES and group.state != State.CLOSING
    return group.kind == Kind.FLASH and is_on and group.dismissed_at is None


def spans_of_run(*, campaign: Campaign, nodes: Iterable[FlashNode]) -> list[Span]:
    """What belongs to which node; [] before the campaign has dates."""
    if campaign.starts_at is None or campaign.ends_at is None:
        return []
    afters = {one.part: one.after for one in nodes}
    return spans_of(campaign.starts_at, campaign.ended_at or campaign.ends_at, afters)


def nodes_due() -> QuerySet[FlashNode]:
    """Nodes of running campaigns whose task is to stand on Today by now; of every company the scope shows."""
    at = ExpressionWrapper(F("run__campaign__starts_at") + F("after"), output_field=DateTimeField())
    rows = FlashNode.objects.filter(
        run__campaign__state=CampaignState.RUNNING, told_at=None, posted_at=None
    ).annotate(at=at)
    return rows.filter(at__lte=clock.now() + TASK_LEAD).order_by("at", "pk")


def runs_over() -> QuerySet[FlashRun]:
    """Runs whose campaign has ended and whose groups were not told to close yet; of every company the scope shows."""
    over = (CampaignState.ENDED, CampaignState.REVIEWED)
    return FlashRun.objects.filter(campaign__state__in=over, closed_at=None).order_by("pk")


@dataclass(frozen=True)
class NodeFigures:
    """What happened from one node to the next. `people` sat in the groups, `answered` of them did something, and
    ordered: `orders`, not refunded, for `net_fen`. It does not say that the node caused it."""

    people: int
    answered: int
    orders: int
    net_fen: int


@dataclass(frozen=True)
class Happened:
    """What is on record of a run, by person: stays, acts and orders."""

    stays: list[tuple[int, int, datetime, datetime | None]]
    acts: list[tuple[int, str, datetime]]
    orders: list[tuple[int, datetime, int]]

    def among(self, group_ids: Collection[int]) -> "Happened":
        """The same of those who sat in these groups."""
        stays = [one for one in self.stays if one[1] in group_ids]
        return Happened(stays, self.acts, self.orders)

    def within(self, since: datetime, until: datetime) -> NodeFigures:
        """Figures of [since, until)."""
        people = {
            who for who, _group, came, left in self.stays if came < until and (left is None or left > since)
        }
        answered = {who for who, _kind, at in self.acts if since <= at < until} & people
        bought = [(who, fen) for who, at, fen in self.orders if since <= at < until and who in people]
        return NodeFigures(len(people), len(answered), len(bought), sum(fen for _who, fen in bought))


def happened(*, campaign: Campaign, group_ids: Collection[int], since: datetime, until: datetime) -> Happened:
    """What the people of these groups did in [since, until), each person once whatever their records. Five queries."""
    tenant_id = campaign.tenant_id
    spells = spells_within(tenant_id=tenant_id, group_ids=group_ids, since=since, until=until)
    people = as_persons(tenant_id=tenant_id, customer_ids={one for one, *_rest in spells})
    person_of = {**{one: one for one in people}, **records_under(tenant_id=tenant_id, person_ids=people)}
    acts = behaviours_for(
        tenant_id=tenant_id, customer_ids=person_of, since=since, until=until, kinds=[*ACTIVE_KINDS]
    ).values_list("customer_id", "kind", "occurred_at")
    taken = Award.objects.filter(
        tenant_id=tenant_id, campaign=campaign, source=AwardSource.FLASH, customer_id__in=list(person_of)
    ).values_list("customer_id", "source", "made_at")
    reserved = Reservation.objects.filter(
        tenant_id=tenant_id, deal__campaign=campaign, customer_id__in=list(person_of)
    ).values_list("customer_id", Value(AwardSource.FLASH.value), "made_at")
    orders = [
        (person_of[one.customer_id], one.ordered_at, (one.amount_fen or 0) - (one.refund_fen or 0))
        for one in orders_for(tenant_id=tenant_id, customer_ids=person_of, since=since)
        if one.state == OrderState.PAID and one.customer_id is not None and one.ordered_at is not None
    ]
    return Happened(
        [(person_of[who], group, came, left) for who, group, came, left in spells],
        [(person_of[who], kind, at) for who, kind, at in [*acts, *taken, *reserved]],
        [(who, at, fen) for who, at, fen in orders if at < until],
    )


@dataclass(frozen=True)
class Side:
    """The people of some groups in a time: what of them, of how many. `joined` came in the time; `days` long."""

    groups: int
    people: int
    active: Share
    reached: Share
    bought: Share
    joined: int
    days: float

    @property
    def joined_a_day(self) -> float | None:
        """People who joined, for each group and day."""
        return self.joined / self.groups / self.days if self.groups and self.days else None

    def share(self, figure: str) -> Share:
        """The share of one figure; FILL is none."""
        return {
            FlashFigure.ACTIVE: self.active, FlashFigure.REACH: self.reached, FlashFigure.BUYERS: self.bought,
        }[FlashFigure(figure)]  # fmt: skip


def side_of(found: Happened, *, groups: int, since: datetime, until: datetime) -> Side:
    """One side of the comparison."""
    people = {who for who, *_rest in found.stays}
    active = {who for who, _kind, _at in found.acts} & people
    reached = {who for who, kind, _at in found.acts if kind in OPENED or kind == AwardSource.FLASH} & people
    bought = {who for who, _at, _fen in found.orders} & people
    joined = {(who, group) for who, group, came, _left in found.stays if since <= came < until}
    whole = len(people)
    return Side(
        groups, whole, Share(len(active), whole), Share(len(reached), whole), Share(len(bought), whole), len(joined),
        (until - since) / timedelta(days=1),
    )  # fmt: skip


@dataclass(frozen=True)
class RunReport:
    """A run in figures: each node, both sides over the same time, and how fast it filled."""

    nodes: dict[str, NodeFigures]
    ours: Side
    theirs: Side
    half_after: timedelta | None
    since: datetime
    until: datetime


def report_of(
    *, campaign: Campaign, nodes: Iterable[FlashNode], group_ids: Collection[int]
) -> RunReport | None:
    """The report of a run up to now; None before its start. A constant number of queries."""
    if campaign.starts_at is None or campaign.ends_at is None:
        return None
    since, until = campaign.starts_at, min(campaign.ended_at or campaign.ends_at, clock.now())
    if until <= since:
        return None
    long_term = long_term_groups(tenant_id=campaign.tenant_id)
    both = happened(campaign=campaign, group_ids=[*group_ids, *long_term], since=since, until=until)
    ours, theirs = both.among(group_ids), both.among(long_term)
    spans = spans_of_run(campaign=campaign, nodes=nodes)
    return RunReport(
        {one.part: ours.within(one.since, one.until) for one in spans},
        side_of(ours, groups=len(group_ids), since=since, until=until),
        side_of(theirs, groups=len(long_term), since=since, until=until),
        half_filled([came for _who, _group, came, _left in ours.stays], since),
        since,
        until,
    )


def long_term_groups(*, tenant_id: int) -> list[int]:
    """The largest groups that run now and are no flash groups; at most GROUPS_COMPARED. One query."""
    rows = groups_open(tenant_id=tenant_id).filter(state__in=LIVE_STATES).exclude(kind__in=["", Kind.FLASH])
    return list(rows.order_by("-customer_count", "pk").values_list("pk", flat=True)[:GROUPS_COMPARED])


@dataclass(frozen=True)
class Passage:
    """How many of a closing group's customers sit in the long-term group too."""

    group: "Group"
    total: int
    over: int

    @property
    def left(self) -> int:
        return self.total - self.over


def passages_of(*, run: FlashRun, groups: "Iterable[Group]") -> list[Passage]:
    """How far the hand-over of each group is; without a group to go to nobody is over. One query."""
    rows = list(groups)
    target = [run.target_id] if run.target_id else []
    inside = members_current(tenant_id=run.tenant_id, group_ids=[*(one.pk for one in rows), *target])
    there = set(inside[run.target_id]) if run.target_id else set()
    return [Passage(one, len(inside[one.pk]), len(there & set(inside[one.pk]))) for one in rows]


def woke(*, run: FlashRun, person_id: int) -> Award | None:
    """What somebody got for answering the wake-up. One query."""
    key = wake_key(run.pk, person_id)
    return Award.objects.filter(tenant_id=run.tenant_id, campaign_id=run.campaign_id, key=key).first()


def wake_key(run_id: int, person_id: int) -> str:
    """The wake-up's gift is one a person."""
    return f"wake:{run_id}:{person_id}"
