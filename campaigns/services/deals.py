"""Flash sales and group-buys (R18): set up, reserved, ordered, lapsed; and what is told of them in the groups (R90).

A reservation holds its deal's row to the end of its transaction: pieces are never promised twice, whoever asks at the
same moment, and the row's check is the last word.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import MONEY_MOST_FEN, STOCK_MOST, CampaignState
from campaigns.enums.deals import LATE_WORK, PIECES_MOST, DealKind, PostKind, ReservationState
from campaigns.errors import (
    CampaignInvalid,
    DealOver,
    DealSoldOut,
    DealTooMany,
    NothingToTell,
    PostTooSoon,
    ReasonMissing,
    StateWrong,
    TeamClosed,
)
from campaigns.models import Campaign, DeadlineMove, Deal, GroupPost, PriceStep, Prize, Reservation, Team
from campaigns.policies.deals import relay_text, steps_hold, stream_text
from campaigns.selectors.deals import (
    deadline_of,
    deals_of,
    deals_token,
    lines_for_post,
    pieces_left,
    pieces_of,
    post_next,
    price_now,
    reservations_due,
    reservations_open,
    steps_of,
)
from campaigns.selectors.pages import page_url
from campaigns.services.awards import check_open
from campaigns.services.frame import campaign_locked, draft_locked
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import as_persons, records_under
from contacts.selectors.skus import sku_list
from team.enums import Bucket, WorkKind
from team.services import work_item_close, work_item_put
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say

if TYPE_CHECKING:
    from contacts.models import Order
    from tenants.models import Tenant

DEALS_MOST = 6  # of one campaign: its page stays one page
STEPS_MOST = 5
CODE_BYTES = 4
LATE_DUE = timedelta(days=1)  # within which somebody who paid is told what becomes of it


@dataclass(frozen=True, kw_only=True)
class DealWish:
    """A deal as it is set up. `steps`: {how long after the start: another price}."""

    sku_id: int
    kind: str
    price_fen: int
    stock: int
    per_person: int
    people_needed: int
    hold_minutes: int
    ends_at: datetime | None
    url: str
    steps: Mapping[timedelta, int]


def deal_save(
    *, tenant: "Tenant", campaign_id: int, wish: DealWish, actor: Actor, deal_id: int | None = None
) -> Deal:
    """Add a deal to a draft, or change one. Raises CampaignFixed, CampaignInvalid, Deal.DoesNotExist, NotPermitted."""
    require(actor, Permission.OPERATE)
    _check(tenant, wish)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        rows = Deal.objects.filter(tenant=tenant, campaign=campaign)
        if rows.filter(sku_id=wish.sku_id).exclude(pk=deal_id).exists():
            raise CampaignInvalid(_("It is sold in this campaign already."))
        if deal_id is None and rows.count() >= DEALS_MOST:
            raise CampaignInvalid(_("A campaign sells %(n)s things at most.") % {"n": DEALS_MOST})
        row = Deal(tenant=tenant, campaign=campaign) if deal_id is None else rows.get(pk=deal_id)
        row.sku_id, row.kind, row.price_fen, row.stock = wish.sku_id, wish.kind, wish.price_fen, wish.stock
        row.per_person, row.hold_minutes, row.ends_at = wish.per_person, wish.hold_minutes, wish.ends_at
        row.people_needed = wish.people_needed if wish.kind == DealKind.GROUP else 1
        row.url = wish.url.strip()
        row.save()
        PriceStep.objects.filter(tenant=tenant, deal=row).delete()
        PriceStep.objects.bulk_create(
            PriceStep(tenant=tenant, deal=row, after=after, price_fen=fen)
            for after, fen in wish.steps.items()
        )
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.deal.saved", target=campaign,
            changes={"deal": [None, str(row.sku)], "price_fen": [None, row.price_fen], "stock": [None, row.stock]},
        )  # fmt: skip
    return row


def _check(tenant: "Tenant", wish: DealWish) -> None:
    if not 1 <= wish.price_fen <= MONEY_MOST_FEN or not 1 <= wish.stock <= STOCK_MOST:
        raise CampaignInvalid
    if not 1 <= wish.per_person <= PIECES_MOST or not 1 <= wish.hold_minutes <= 10_080:
        raise CampaignInvalid
    if wish.kind == DealKind.GROUP and not 2 <= wish.people_needed <= 100:
        raise CampaignInvalid(_("A team is two people or more."))
    if not sku_list(tenant_id=tenant.pk).filter(pk=wish.sku_id).exists():
        raise CampaignInvalid(_("This SKU is not there any more."))
    if len(wish.steps) > STEPS_MOST or any(not 1 <= fen <= MONEY_MOST_FEN for fen in wish.steps.values()):
        raise CampaignInvalid(_("At most %(n)s price steps, each above nothing.") % {"n": STEPS_MOST})
    if not steps_hold(list(wish.steps), timedelta(days=366)):
        raise CampaignInvalid(_("Price steps come one after the other, after the start."))
    if wish.url.strip():
        try:
            URLValidator(schemes=["https", "http"])(wish.url.strip())
        except ValidationError as error:
            raise CampaignInvalid(_("This is no address of a shop page.")) from error


def deal_remove(*, tenant: "Tenant", campaign_id: int, deal_id: int, actor: Actor) -> None:
    """Take a deal out of a draft. Raises Deal.DoesNotExist, CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = Deal.objects.select_related("sku").get(tenant=tenant, campaign_id=campaign_id, pk=deal_id)
        campaign = draft_locked(tenant, campaign_id)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.deal.removed", target=campaign,
            changes={"deal": [str(row.sku), None]},
        )  # fmt: skip
        row.delete()


def deals_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign sells the same, without the deadlines of its days."""
    rows = deals_of(campaign=old)
    steps = steps_of(deals=rows)
    for row in rows:
        made = Deal.objects.create(
            tenant_id=old.tenant_id, campaign=copy, sku_id=row.sku_id, kind=row.kind, price_fen=row.price_fen,
            stock=row.stock, per_person=row.per_person, people_needed=row.people_needed,
            hold_minutes=row.hold_minutes, url=row.url,
        )  # fmt: skip
        PriceStep.objects.bulk_create(
            PriceStep(tenant_id=old.tenant_id, deal=made, after=one.after, price_fen=one.price_fen)
            for one in steps[row.pk]
        )


def deadline_move(
    *, tenant: "Tenant", campaign_id: int, deal_id: int, ends_at: datetime, reason: str, actor: Actor
) -> Deal:
    """Another deadline of a running deal, within the campaign: by a leader, with a reason that its page shows (R91).

    The database takes it only with its record. Raises StateWrong, CampaignInvalid, ReasonMissing, NotPermitted.
    """
    require(actor, Permission.APPROVE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        campaign = campaign_locked(tenant, campaign_id)
        row = _deal_locked(tenant, deal_id)
        if row.campaign_id != campaign.pk:
            raise Deal.DoesNotExist
        before = deadline_of(row)
        if campaign.state != CampaignState.RUNNING or before is None or campaign.ends_at is None:
            raise StateWrong
        if not clock.now() < ends_at <= campaign.ends_at:
            raise CampaignInvalid(_("It has to be later than now, and within the campaign."))
        if ends_at == before:
            return row
        DeadlineMove.objects.create(
            tenant=tenant, deal=row, before=before, after=ends_at, reason=reason.strip()[:200], by=actor.name[:128],
            at=clock.now(),
        )  # fmt: skip
        row.ends_at = ends_at
        row.save(update_fields=["ends_at"])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.deal.deadline_moved", target=campaign, reason=reason.strip(),
            changes={"deadline": [before.isoformat(), ends_at.isoformat()]},
        )  # fmt: skip
    return row


# --- Reserving


def _deal_locked(tenant: "Tenant", deal_id: int) -> Deal:
    rows = Deal.objects.select_for_update(of=("self",)).select_related("campaign", "sku")
    return rows.get(tenant=tenant, pk=deal_id)


def reserve(
    *, tenant: "Tenant", deal_id: int, person_id: int, pieces: int, wish: str, key: str, team_code: str = ""
) -> Reservation:
    """Set pieces aside for somebody, as an entry of the relay. Safe to repeat by `key`, which is the person's own.

    Of a group-buy a team is begun, or joined by its code. Raises DealOver, DealSoldOut, DealTooMany, TeamClosed,
    CampaignNotRunning, CampaignPaused, CampaignInvalid. Asks not whether the person may take part: the page does.
    """
    if not 1 <= pieces <= PIECES_MOST:
        raise CampaignInvalid
    with transaction.atomic():
        deal = _deal_locked(tenant, deal_id)
        known = Reservation.objects.filter(
            tenant=tenant, deal=deal, customer_id=person_id, key=key[:32]
        ).first()
        if known is not None:
            return known
        check_open(deal.campaign)
        now, ends_at = clock.now(), deadline_of(deal)
        if ends_at is None or now >= ends_at:
            raise DealOver
        if pieces_of(deal=deal, person_id=person_id) + pieces > deal.per_person:
            raise DealTooMany(DealTooMany.message % {"n": deal.per_person})
        if deal.taken + pieces > deal.stock:
            raise DealSoldOut
        team = _team(tenant, deal, person_id, team_code) if deal.kind == DealKind.GROUP else None
        deal.taken += pieces
        deal.numbered += 1
        deal.save(update_fields=["taken", "numbered"])
        waits = team is not None and team.full_at is None
        row = Reservation.objects.create(
            tenant=tenant, deal=deal, customer_id=person_id, team=team, number=deal.numbered, pieces=pieces,
            wish=wish.strip()[:40], price_fen=price_now(deal), key=key[:32], made_at=now,
            until=ends_at if waits else now + timedelta(minutes=deal.hold_minutes),
        )  # fmt: skip
        if team is not None and team.full_at is not None:
            held = Reservation.objects.filter(tenant=tenant, team=team, state=ReservationState.HELD)
            held.update(until=now + timedelta(minutes=deal.hold_minutes))
            row.refresh_from_db()
    return row


def _team(tenant: "Tenant", deal: Deal, person_id: int, code: str) -> Team:
    """The team joined, or a new one; under the deal's lock."""
    if not code:
        made = secrets.token_hex(CODE_BYTES)
        return Team.objects.create(tenant=tenant, deal=deal, code=made, size=deal.people_needed, people=1)
    team = Team.objects.select_for_update().filter(tenant=tenant, deal=deal, code=code[:12]).first()
    mine = Reservation.objects.filter(tenant=tenant, team=team, customer_id=person_id)
    if team is None or team.full_at is not None or mine.filter(state=ReservationState.HELD).exists():
        raise TeamClosed
    team.people += 1
    if team.people >= team.size:
        team.full_at = clock.now()
    team.save(update_fields=["people", "full_at"])
    return team


def reservation_cancel(*, tenant: "Tenant", reservation_id: int, person_id: int) -> Reservation:
    """Somebody calls their own reservation off: its pieces are free again. Safe to repeat.

    Raises StateWrong once it is ordered, Reservation.DoesNotExist for another person's.
    """
    with transaction.atomic():
        found = Reservation.objects.get(tenant=tenant, pk=reservation_id, customer_id=person_id)
        deal = _deal_locked(tenant, found.deal_id)
        row = Reservation.objects.select_for_update().get(tenant=tenant, pk=reservation_id)
        if row.state == ReservationState.ORDERED:
            raise StateWrong
        if row.state == ReservationState.HELD:
            _release(tenant, deal, row, ReservationState.CANCELLED)
    return row


def _release(tenant: "Tenant", deal: Deal, row: Reservation, state: ReservationState) -> None:
    """Its pieces are free again, its place in a team that is not full yet too. The deal is held."""
    deal.taken -= row.pieces
    deal.save(update_fields=["taken"])
    row.state = state
    row.save(update_fields=["state"])
    team = Team.objects.select_for_update().filter(tenant=tenant, pk=row.team_id, full_at=None).first()
    if team is not None and team.people:
        team.people -= 1
        team.save(update_fields=["people"])


def reservations_lapse(*, tenant: "Tenant") -> int:
    """Free what was not ordered in time; how many. Safe to repeat."""
    lapsed = 0
    for pk in list(reservations_due().filter(tenant=tenant).values_list("pk", flat=True)):
        with transaction.atomic():
            found = Reservation.objects.get(tenant=tenant, pk=pk)
            deal = _deal_locked(tenant, found.deal_id)
            row = reservations_due().select_for_update().filter(tenant=tenant, pk=pk).first()
            if row is not None:
                _release(tenant, deal, row, ReservationState.LAPSED)
                lapsed += 1
    return lapsed


def tenants_with_lapsed() -> list[int]:
    """Tenants with reservations whose time has passed. Runs across tenants: the caller is a tick."""
    return list(reservations_due().order_by().values_list("tenant_id", flat=True).distinct())


# --- Orders


def reservations_follow(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Orders of these people close what they reserved, each order one reservation, the oldest first; a refund opens
    the pieces again. How many changed. Safe to repeat, in any order.

    An order that came after its pieces were freed takes free ones; where none is left the reservation keeps the
    number of the order and stays lapsed, and whoever answers for the campaign has a task to settle it.
    """
    people = as_persons(tenant_id=tenant_id, customer_ids=customer_ids)
    rows = reservations_open(tenant_id=tenant_id, person_ids=people)
    if not rows:
        return 0
    person_of = {
        **{one: one for one in people}, **records_under(tenant_id=tenant_id, person_ids=people)
    }  # fmt: skip
    orders = [
        one
        for one in orders_for(tenant_id=tenant_id, customer_ids=person_of)
        if one.customer_id is not None and one.ordered_at is not None
    ]
    orders.sort(key=lambda one: (one.ordered_at, one.pk))
    used = {one.order_no for one in rows if one.order_no}
    changed = 0
    for row in rows:
        mine = [
            one
            for one in orders
            if one.sku_id == row.deal.sku.code and person_of[one.customer_id or 0] == row.customer_id
        ]
        if row.order_no:
            is_back = any(one.order_no == row.order_no and one.state == OrderState.REFUNDED for one in mine)
            changed += bool(is_back and _settle(row, None))
            continue
        order = next(
            (
                one
                for one in mine
                if one.state == OrderState.PAID and one.order_no not in used and row.made_at <= _placed(one)
            ),
            None,
        )
        if order is not None and row.state in (ReservationState.HELD, ReservationState.LAPSED):
            used.add(order.order_no)
            changed += _settle(row, order)
    return changed


def _placed(order: "Order") -> datetime:
    assert order.ordered_at is not None  # those without are left out above
    return order.ordered_at


def _settle(found: Reservation, order: "Order | None") -> bool:
    """Ordered by `order`, or with None paid back. Whether anything changed."""
    tenant = found.tenant
    with transaction.atomic():
        deal = _deal_locked(tenant, found.deal_id)
        row = Reservation.objects.select_for_update().get(tenant=tenant, pk=found.pk)
        if order is None:
            if row.state == ReservationState.LAPSED:  # the money is back: nothing is left to settle
                return work_item_close(tenant_id=tenant.pk, source_kind=LATE_WORK, source_id=row.pk)
            if row.state != ReservationState.ORDERED:
                return False
            _release(tenant, deal, row, ReservationState.CANCELLED)
            return True
        if row.order_no or row.state not in (ReservationState.HELD, ReservationState.LAPSED):
            return False
        row.order_no = order.order_no[:128]
        if row.state == ReservationState.HELD:
            row.state = ReservationState.ORDERED
        elif deal.taken + row.pieces <= deal.stock:
            deal.taken += row.pieces
            deal.save(update_fields=["taken"])
            row.state = ReservationState.ORDERED
        row.save(update_fields=["state", "order_no"])
        if row.state == ReservationState.LAPSED:
            _ask_to_settle(tenant, deal, row)
    return True


def _ask_to_settle(tenant: "Tenant", deal: Deal, row: Reservation) -> None:
    """Somebody paid for pieces that others have by now: whoever answers for the campaign settles it."""
    url = reverse("campaigns:reservations", args=[tenant.slug, deal.campaign_id])
    now = clock.now()
    work_item_put(
        tenant_id=tenant.pk, source_kind=LATE_WORK, source_id=row.pk, staff_id=deal.campaign.owner_id,
        kind=WorkKind.ALERT, bucket=Bucket.MUST,
        title=say("An order came too late: %(sku)s") % {"sku": str(deal.sku)},
        detail=say("Its %(minutes)s minutes were over, and others have the pieces. Send one all the same, or pay it "
                   "back; then mark this done.") % {"minutes": deal.hold_minutes},
        reason=say("An order after the time of its reservation."), rule_code="R18", starts_at=now,
        due_at=now + LATE_DUE,
        url=f"{url}?need=settle",
    )  # fmt: skip


# --- Texts for the groups


def post_make(*, tenant: "Tenant", campaign_id: int, kind: str, actor: Actor) -> tuple[GroupPost, str]:
    """A text for the groups out of what is on record since the last one, names masked (R90): (its record, the text).

    Raises PostTooSoon within the minutes between two, NothingToTell without a new record, NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        campaign = campaign_locked(tenant, campaign_id)
        check_open(campaign)
        again_at = post_next(campaign=campaign, kind=kind)
        if again_at is not None:
            wall = clock.local(again_at, tenant.timezone)
            raise PostTooSoon(PostTooSoon.message % {"at": f"{wall:%H:%M}"})
        lines = lines_for_post(campaign=campaign, kind=kind)
        if not lines:
            raise NothingToTell
        url = page_url(deals_token(campaign))
        if kind == PostKind.RELAY:
            left = pieces_left(campaign=campaign)
            text = relay_text(campaign.name, lines, left=left, url=url)
        else:
            text = stream_text(campaign.name, lines, url=url)
        row = GroupPost.objects.create(
            tenant=tenant,
            campaign=campaign,
            kind=PostKind(kind),
            lines=len(lines),
            at=clock.now(),
            by=actor.name[:128],
        )
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.post.made", target=campaign,
            changes={"kind": [None, kind], "lines": [None, len(lines)]},
        )  # fmt: skip
    return row, text
