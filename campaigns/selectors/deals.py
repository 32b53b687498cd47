"""Reads of flash sales and group-buys: what is on offer, what is left, who reserved, what may be told."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet

from campaigns.enums import CampaignState, Missing, PlayKind
from campaigns.enums.deals import (
    LAPSE_GRACE,
    LATE_WORK,
    POST_LINES,
    POST_MINUTES,
    RELAY_SHOWN,
    TAKING,
    DealKind,
    ReservationState,
)
from campaigns.models import Campaign, DeadlineMove, Deal, GroupPost, PriceStep, Reservation, Team
from campaigns.policies.deals import Line, Step, masked, price_at, steps_hold
from campaigns.selectors.frame import group_ids_of, people_in
from campaigns.selectors.pages import page_token
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import records_under
from contacts.selectors.prices import AnchorNow, anchors_now
from team.selectors.work import work_sources_waiting
from tenants import clock, preferences


def deals_of(*, campaign: Campaign) -> list[Deal]:
    """What a campaign sells, in the order it was added. One query."""
    rows = Deal.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return list(rows.select_related("sku", "campaign").order_by("pk"))


def deal_get(*, tenant_id: int, campaign_id: int, deal_id: int) -> Deal:
    """Raises Deal.DoesNotExist, also for another campaign's or tenant's id."""
    rows = Deal.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id)
    return rows.select_related("sku", "campaign").get(pk=deal_id)


def deals_token(campaign: Campaign) -> str:
    """The token of the page of a campaign's deals, or "" before it has an end."""
    return page_token(campaign=campaign, kind=PlayKind.DEALS, row_id=campaign.pk)


def deals_in(campaign: Any) -> QuerySet[Deal]:
    """Those of a campaign, to ask within a query of campaigns."""
    return Deal.objects.filter(campaign=campaign)


def deadline_of(deal: Deal) -> datetime | None:
    """When it can be reserved until: its own deadline, or the campaign's end. Its campaign is loaded."""
    return deal.ends_at or deal.campaign.ends_at


def deals_lack(campaign: Campaign) -> list[Missing]:
    """What keeps deals from their start: a deadline or a price step outside the campaign."""
    deals = deals_of(campaign=campaign)
    if not deals or campaign.starts_at is None or campaign.ends_at is None:
        return []
    length = campaign.ends_at - campaign.starts_at
    steps = steps_of(deals=deals)
    for deal in deals:
        ends_at = deadline_of(deal)
        is_within = ends_at is not None and campaign.starts_at < ends_at <= campaign.ends_at
        if not is_within or not steps_hold([one.after for one in steps[deal.pk]], length):
            return [Missing.DEALS]
    return []


def steps_of(*, deals: Iterable[Deal]) -> dict[int, list[PriceStep]]:
    """{deal id: its price steps in their order}. One query."""
    found: dict[int, list[PriceStep]] = {one.pk: [] for one in deals}
    for step in PriceStep.objects.filter(deal_id__in=list(found)).order_by("after"):
        found[step.deal_id].append(step)
    return found


def _moments(deal: Deal, steps: Iterable[PriceStep]) -> list[Step]:
    start = deal.campaign.starts_at
    return [Step(start + one.after, one.price_fen) for one in steps] if start else []


def price_now(deal: Deal) -> int:
    """What one piece costs now. One query."""
    return price_at(deal.price_fen, _moments(deal, steps_of(deals=[deal])[deal.pk]), clock.now())


@dataclass(frozen=True)
class Shown:
    """A deal as people see it now. `anchor`: the price it may be compared with, None where no proof holds."""

    deal: Deal
    price_fen: int
    steps: list[Step]
    ends_at: datetime | None
    is_open: bool
    moves: list[DeadlineMove]
    anchor: AnchorNow | None

    @property
    def left(self) -> int:
        return self.deal.stock - self.deal.taken

    @property
    def is_group(self) -> bool:
        return self.deal.kind == DealKind.GROUP


def deals_shown(*, campaign: Campaign) -> list[Shown]:
    """Every deal with price, deadline, its moves, and the price it may be compared with.

    Six queries for any number of deals.
    """
    deals, now = deals_of(campaign=campaign), clock.now()
    steps = steps_of(deals=deals)
    moves: dict[int, list[DeadlineMove]] = {one.pk: [] for one in deals}
    for move in DeadlineMove.objects.filter(deal_id__in=list(moves)).order_by("at", "pk"):
        moves[move.deal_id].append(move)
    anchors = anchors_now(tenant_id=campaign.tenant_id, codes=[one.sku.code for one in deals])
    shown = []
    for deal in deals:
        moments = _moments(deal, steps[deal.pk])
        price, ends_at = price_at(deal.price_fen, moments, now), deadline_of(deal)
        anchor = anchors.get(deal.sku.code)
        may_compare = anchor is not None and anchor.holds and anchor.anchor.price_fen > price
        shown.append(
            Shown(
                deal, price, moments, ends_at, ends_at is not None and now < ends_at, moves[deal.pk],
                anchor if may_compare else None,
            )
        )  # fmt: skip
    return shown


def reservations_of(*, campaign: Campaign) -> QuerySet[Reservation]:
    """Every reservation of a campaign with deal, person and team, the newest first."""
    rows = Reservation.objects.filter(tenant_id=campaign.tenant_id, deal__campaign=campaign)
    return rows.select_related("deal__sku", "customer", "team").order_by("-pk")


def settling(*, tenant_id: int) -> list[int]:
    """Reservations whose order came after others had the pieces, and that nobody has settled yet. One query."""
    return work_sources_waiting(tenant_id=tenant_id, source_kind=LATE_WORK)


def reservation_counts(*, campaign: Campaign, waiting: Iterable[int]) -> dict[int, dict[str, int]]:
    """{deal id: {state: its reservations, "settle": those of them that `waiting` names}}. One query."""
    rows = Reservation.objects.filter(tenant_id=campaign.tenant_id, deal__campaign=campaign).order_by()
    late = Count("pk", filter=Q(pk__in=list(waiting)))
    found: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for deal_id, state, count, to_settle in rows.values_list("deal_id", "state").annotate(
        Count("pk"), late=late
    ):
        found[deal_id][state] += count
        found[deal_id]["settle"] += to_settle
    return found


def reservations_mine(*, campaign: Campaign, person_id: int) -> list[Reservation]:
    """One person's, the newest first. One query."""
    return list(reservations_of(campaign=campaign).filter(customer_id=person_id)[:RELAY_SHOWN])


def pieces_of(*, deal: Deal, person_id: int) -> int:
    """How many pieces somebody holds or ordered. One query."""
    rows = Reservation.objects.filter(
        tenant_id=deal.tenant_id, deal=deal, customer_id=person_id, state__in=TAKING
    )
    return sum(rows.values_list("pieces", flat=True))


def teams_open(*, campaign: Campaign) -> list[Team]:
    """Teams that still take people, the fullest first. One query."""
    rows = Team.objects.filter(
        tenant_id=campaign.tenant_id, deal__campaign=campaign, full_at=None, people__gte=1
    )
    return list(rows.order_by("-people", "pk")[:RELAY_SHOWN])


def relay_lines(*, campaign: Campaign, since: datetime | None = None, most: int = RELAY_SHOWN) -> list[Line]:
    """The latest entries of the relay that stand, in the order they were made: only reservations. One query."""
    rows = reservations_of(campaign=campaign).filter(state__in=TAKING)
    if since is not None:
        rows = rows.filter(made_at__gt=since)
    return [
        Line(one.number, masked(one.customer.name), str(one.deal.sku), one.pieces, one.wish, one.made_at)
        for one in reversed(list(rows[:most]))
    ]


def stream_lines(
    *,
    campaign: Campaign,
    since: datetime | None = None,
    most: int = RELAY_SHOWN,
    deals: Iterable[Deal] | None = None,
) -> list[Line]:
    """The latest orders of what the campaign sells, by people of its groups, while it ran: only what the shop told.

    Refunded ones are left out. `deals`: what it sells, where the caller has read it. Five queries without.
    """
    if campaign.starts_at is None or campaign.ends_at is None:
        return []
    tenant_id = campaign.tenant_id
    sold = deals_of(campaign=campaign) if deals is None else deals
    names = {one.sku.code: str(one.sku) for one in sold}
    groups = group_ids_of(tenant_id=tenant_id, campaign_id=campaign.pk)
    people = people_in(tenant_id=tenant_id, group_ids=groups)
    records = {*people, *records_under(tenant_id=tenant_id, person_ids=people)}
    rows = orders_for(tenant_id=tenant_id, customer_ids=records, since=campaign.starts_at)
    rows = rows.filter(sku_id__in=list(names), state=OrderState.PAID, ordered_at__lt=campaign.ends_at)
    if since is not None:
        rows = rows.filter(ordered_at__gt=since)
    return [
        Line(0, masked(one.customer.name if one.customer else ""), names[one.sku_id], 1, "", one.ordered_at)
        for one in reversed(list(rows.select_related("customer")[:most]))
        if one.ordered_at is not None
    ]


def post_last(*, campaign: Campaign, kind: str) -> GroupPost | None:
    """The latest text of a kind. One query."""
    rows = GroupPost.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign, kind=kind)
    return rows.order_by("-at", "-pk").first()


def post_next(*, campaign: Campaign, kind: str) -> datetime | None:
    """From when on another text of a kind may be made; None: at once."""
    last = post_last(campaign=campaign, kind=kind)
    if last is None:
        return None
    at = last.at + timedelta(minutes=preferences.value(campaign.tenant_id, POST_MINUTES))
    return at if at > clock.now() else None


def lines_for_post(*, campaign: Campaign, kind: str) -> list[Line]:
    """What a text of this kind would tell: what is new since the last one."""
    last = post_last(campaign=campaign, kind=kind)
    since = last.at if last else None
    lines = relay_lines if kind == "relay" else stream_lines
    return lines(campaign=campaign, since=since, most=POST_LINES)


def pieces_left(*, campaign: Campaign) -> int:
    """Of all its deals. One query."""
    return sum(one.stock - one.taken for one in deals_of(campaign=campaign))


def reservations_due() -> QuerySet[Reservation]:
    """Held ones whose time has passed, an order told late waited for; of every company the scope shows."""
    rows = Reservation.objects.filter(state=ReservationState.HELD, until__lte=clock.now() - LAPSE_GRACE)
    return rows.order_by("until", "pk")


def reservations_open(*, tenant_id: int, person_ids: Iterable[int]) -> list[Reservation]:
    """What these people reserved and an order may close, the oldest first; also lapsed and ordered ones. One query."""
    rows = Reservation.objects.filter(tenant_id=tenant_id, customer_id__in=list(person_ids))
    rows = rows.exclude(state=ReservationState.CANCELLED, order_no="")
    return list(
        rows.exclude(deal__campaign__state=CampaignState.REVIEWED).select_related("deal__sku").order_by("pk")
    )
