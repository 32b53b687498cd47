"""Coupons (R85): what is offered, taking one, opening one, and those whose time is over."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import MONEY_MOST_FEN, AwardSource, AwardState, PrizeKind
from campaigns.enums.coupons import (
    JOINED_DAYS_MOST,
    PER_PERSON_MOST,
    VALID_DAYS_MOST,
    CouponRefusal,
    CouponState,
    OfferKind,
)
from campaigns.errors import CampaignInvalid, CouponRefused
from campaigns.models import Award, Campaign, Coupon, CouponOffer, Prize
from campaigns.policies.coupons import RANDOM_CHARS, code_make, refusal, span_of
from campaigns.selectors.coupons import asker_of, coupon_state, coupons_due, span_fault_of, terms_of
from campaigns.services.awards import award_make, award_release
from campaigns.services.frame import PrizeWish, prize_save
from contacts.enums import BehaviourKind
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor

if TYPE_CHECKING:
    from tenants.models import Tenant

SOURCE = "campaigns"
BATCH = 200
# Where a prize is given by these, the rule of who may get a coupon holds; what somebody won is theirs.
RULED = (AwardSource.HAND, AwardSource.COUPON)


@dataclass(frozen=True, kw_only=True)
class OfferWish:
    """A coupon as it is written down; money in fen."""

    name: str
    stock: int
    cost_fen: int
    kind: str
    off_fen: int = 0
    off_percent: int = 0
    off_most_fen: int = 0
    gift: str = ""
    threshold_fen: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    valid_days: int | None = None
    per_person: int = 1
    joined_days: int | None = None
    is_first_order: bool = False
    how: str = ""
    url: str = ""


def cost_of(wish: OfferWish) -> int:
    """What one coupon costs at most: what it takes off; of a gift, what the gift costs."""
    return {OfferKind.AMOUNT: wish.off_fen, OfferKind.PERCENT: wish.off_most_fen}.get(
        OfferKind(wish.kind), wish.cost_fen
    )


def offer_save(
    *, tenant: "Tenant", campaign_id: int, wish: OfferWish, actor: Actor, prize_id: int | None = None
) -> CouponOffer:
    """Add a coupon to a draft, with the prize that counts its pieces and its cost, or change one.

    Raises CampaignFixed, CampaignInvalid, Prize.DoesNotExist, NotPermitted. A change is safe to repeat.
    """
    _check(wish)
    with transaction.atomic():
        prize = prize_save(
            tenant=tenant, campaign_id=campaign_id, prize_id=prize_id, actor=actor,
            wish=PrizeWish(name=wish.name, kind=PrizeKind.COUPON, unit_fen=cost_of(wish), stock=wish.stock),
        )  # fmt: skip
        fault = None if wish.valid_days is not None else span_fault_of(prize.campaign, wish.valid_until)
        if fault is not None:
            raise CampaignInvalid(fault.label)
        row = CouponOffer.objects.filter(tenant=tenant, prize=prize).first() or CouponOffer(
            tenant=tenant, prize=prize
        )
        is_percent, is_days = wish.kind == OfferKind.PERCENT, wish.valid_days is not None
        row.kind, row.threshold_fen = OfferKind(wish.kind), wish.threshold_fen
        row.off_fen = wish.off_fen if wish.kind == OfferKind.AMOUNT else 0
        row.off_percent, row.off_most_fen = (wish.off_percent, wish.off_most_fen) if is_percent else (0, 0)
        row.gift = wish.gift.strip() if wish.kind == OfferKind.GIFT else ""
        row.valid_days = wish.valid_days
        row.valid_from, row.valid_until = (None, None) if is_days else (wish.valid_from, wish.valid_until)
        row.per_person, row.joined_days = wish.per_person, wish.joined_days
        row.is_first_order, row.how, row.url = wish.is_first_order, wish.how.strip(), wish.url
        row.save()
    return row


def _check(wish: OfferWish) -> None:
    money = (wish.off_fen, wish.off_most_fen, wish.threshold_fen, wish.cost_fen)
    if any(one < 0 or one > MONEY_MOST_FEN for one in money):
        raise CampaignInvalid(_("Amounts are never negative."))
    worth = {
        OfferKind.AMOUNT: wish.off_fen > 0,
        OfferKind.PERCENT: 1 <= wish.off_percent <= 99 and wish.off_most_fen > 0,
        OfferKind.GIFT: bool(wish.gift.strip()),
    }
    if not worth[OfferKind(wish.kind)]:
        raise CampaignInvalid(_("Say what the coupon is worth."))
    if 0 < wish.threshold_fen < wish.off_fen and wish.kind == OfferKind.AMOUNT:
        raise CampaignInvalid(_("It takes off more than the order it asks for."))
    is_span = wish.valid_from is not None and wish.valid_until is not None
    if wish.valid_days is None and (not is_span or wish.valid_until <= wish.valid_from):  # type: ignore[operator]
        raise CampaignInvalid(_("Set how long it is valid: days, or a first and a last moment."))
    bounds = (
        (wish.valid_days, VALID_DAYS_MOST), (wish.per_person, PER_PERSON_MOST), (wish.joined_days, JOINED_DAYS_MOST),
    )  # fmt: skip
    if any(value is not None and not 1 <= value <= most for value, most in bounds):
        raise CampaignInvalid


def offers_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """A copied campaign offers the same coupons; a span of dates does not come along, its length does."""
    rows = CouponOffer.objects.filter(tenant_id=old.tenant_id, prize_id__in=list(prizes))
    for row in rows:
        if row.valid_from is not None and row.valid_until is not None:
            row.valid_days = min(max((row.valid_until - row.valid_from).days, 1), VALID_DAYS_MOST)
            row.valid_from = row.valid_until = None
        row.prize, row.pk = prizes[row.prize_id], None
        row._state.adding = True
        row.save(force_insert=True)


def coupon_made(award: Award, actor: Actor) -> None:
    """Every prize that is a coupon gets its code, whatever play gave it. Under the campaign's lock."""
    offer = CouponOffer.objects.select_related("prize").get(
        tenant_id=award.tenant_id, prize_id=award.prize_id
    )
    terms, now = terms_of(offer), award.made_at
    if award.source in RULED:
        asker, _person = asker_of(offer=offer, customer_id=award.customer_id)
        if why := refusal(terms, asker, now=now):
            raise CouponRefused(CouponRefusal(why).label, code=why.value)
    valid_from, valid_until = span_of(terms, at=now, zone=ZoneInfo(award.tenant.timezone))
    row = Coupon.objects.create(
        tenant_id=award.tenant_id, offer=offer, award=award, customer_id=award.customer_id, issued_at=now,
        code=code_make(secrets.randbits(5 * RANDOM_CHARS)), valid_from=valid_from, valid_until=valid_until,
    )  # fmt: skip
    tell(row, BehaviourKind.COUPON, "taken", now)


def tell(coupon: Coupon, kind: BehaviourKind, verb: str, at: datetime) -> None:
    """Into the stream of what people do: leads are ranked by it, and the customer's page shows it. Safe to repeat."""
    behaviour_record_many(
        tenant_id=coupon.tenant_id,
        source=SOURCE,
        items=[
            BehaviourItem(
                event_id=f"coupon:{coupon.pk}:{verb}",
                kind=kind,
                occurred_at=at,
                customer_id=coupon.customer_id,
                object_kind="coupon",
                object_id=str(coupon.offer_id),
                object_title=coupon.offer.prize.name,
                data={"verb": verb},
            )
        ],
    )


def coupon_claim(*, tenant: "Tenant", offer_id: int, customer_id: int, number: int) -> Coupon:
    """Take one on the phone. `number`: the how manieth of this person it is, as the page said; the same one twice is
    one coupon. `customer_id` was proved by WeCom, never told by the visitor.

    Raises CouponRefused, StockOut, BudgetSpent, CampaignNotRunning, CampaignPaused; CouponOffer.DoesNotExist.
    """
    offer = CouponOffer.objects.select_related("prize").get(tenant=tenant, pk=offer_id)
    _asker, person = asker_of(offer=offer, customer_id=customer_id)
    award = award_make(
        tenant=tenant, campaign_id=offer.prize.campaign_id, prize_id=offer.prize_id, customer_id=person,
        source=AwardSource.COUPON, key=f"coupon:{offer.pk}:{person}:{min(max(number, 1), 999)}", note="",
        actor=SYSTEM,
    )  # fmt: skip
    return Coupon.objects.select_related("offer__prize", "award").get(tenant=tenant, award=award)


def coupon_viewed(*, tenant: "Tenant", coupon: Coupon) -> None:
    """The person opened it while it is unused: the first time is kept, and tells those who follow leads."""
    now = clock.now()
    if coupon_state(coupon, now) not in (CouponState.OPEN, CouponState.SOON):
        return
    with transaction.atomic():
        rows = Coupon.objects.filter(tenant=tenant, pk=coupon.pk, viewed_at=None)
        if rows.update(viewed_at=now):
            tell(coupon, BehaviourKind.COUPON_VIEW, "viewed", now)


def coupons_expire(*, tenant: "Tenant") -> int:
    """Give pieces and money of coupons whose time is over back; how many. Safe to repeat, and at once."""
    done = 0
    now = clock.now()
    due = coupons_due(tenant_id=tenant.pk, now=now, most=BATCH)
    for coupon_id in due:
        done += _expire(tenant, coupon_id, now)
    if len(due) == BATCH:
        enqueue("campaigns.expire_tenant", tenant_id=tenant.pk)
    return done


def _expire(tenant: "Tenant", coupon_id: int, now: datetime) -> bool:
    with transaction.atomic():
        row = held(tenant, pk=coupon_id)
        if coupon_state(row, now) != CouponState.EXPIRED or row.expired_at is not None:
            return False
        row.expired_at = now
        row.save(update_fields=["expired_at"])
        award_release(tenant=tenant, award=row.award, proof="", actor=SYSTEM)
        audit.record(tenant=tenant, actor=SYSTEM, verb="campaigns.coupon.expired", target=row)
    return True


def held(tenant: "Tenant", **which: object) -> Coupon:
    """The coupon and its award, held to the end of the caller's transaction: the award first, as taking it back does.

    Raises Coupon.DoesNotExist.
    """
    award_id = Coupon.objects.values_list("award_id", flat=True).get(tenant=tenant, **which)
    award = (
        Award.objects.select_for_update(of=("self",), no_key=True)
        .select_related("campaign", "prize")
        .get(tenant=tenant, pk=award_id)
    )
    row = (
        Coupon.objects.select_for_update(of=("self",), no_key=True)
        .select_related("offer__prize", "customer")
        .get(tenant=tenant, award_id=award_id)
    )
    row.award = award
    return row


def tenants_with_expired() -> list[int]:
    """Tenants with a coupon whose time is over. Runs across tenants: the caller is a tick."""
    rows = Coupon.objects.filter(redeemed_at=None, expired_at=None, valid_until__lte=clock.now())
    rows = rows.filter(award__state=AwardState.HELD)
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())
