"""Redeeming coupons: each once, whoever scans it at the same moment; and taking a redemption back."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from campaigns.enums import CampaignState
from campaigns.enums.coupons import CouponState
from campaigns.errors import (
    CouponClosed,
    CouponExpired,
    CouponForeign,
    CouponNotUsed,
    CouponNotYet,
    CouponTakenBack,
    CouponUnknown,
    CouponUsed,
    NotFirstOrder,
    OrderHasCoupon,
    OrderOfSomebodyElse,
    OrderTooSmall,
    ReasonMissing,
)
from campaigns.models import Campaign, Coupon
from campaigns.policies.coupons import code_read, off_of
from campaigns.selectors.coupons import coupon_by_code, coupon_state, ordered_before, terms_of
from campaigns.services.awards import award_reverse, award_spend
from campaigns.services.coupons import held, tell
from campaigns.services.scenes import orders_follow
from console.templatetags.q import moment, money
from contacts.enums import BehaviourKind
from contacts.selectors.identity import as_persons, records_under
from contacts.selectors.orders import orders_numbered
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from datetime import datetime

    from tenants.errors import DomainError
    from tenants.models import Tenant

ONE_ORDER = "campaigns_coupon_order"


def coupon_find(*, tenant: "Tenant", raw: str) -> Coupon:
    """The coupon of a code that was typed or scanned, whatever state it is in.

    Raises CouponUnknown for what cannot be a code, CouponForeign for a code that no coupon of this company has.
    """
    scanned = code_read(raw[:300])
    if scanned.slug and scanned.slug != tenant.slug:
        raise CouponForeign
    if not scanned.code:
        raise CouponUnknown
    found = coupon_by_code(tenant_id=tenant.pk, code=scanned.code)
    if found is None:
        raise CouponForeign
    return found


def standing_error(coupon: Coupon, now: "datetime") -> "DomainError | None":
    """Why a coupon cannot be redeemed now, in a sentence; None where it can."""
    match coupon_state(coupon, now):
        case CouponState.USED:
            told = {"at": moment(coupon.redeemed_at), "who": coupon.redeemed_by}
            return CouponUsed(CouponUsed.message % told)
        case CouponState.EXPIRED:
            return CouponExpired(CouponExpired.message % {"at": moment(coupon.valid_until)})
        case CouponState.SOON:
            return CouponNotYet(CouponNotYet.message % {"at": moment(coupon.valid_from)})
        case CouponState.BACK:
            return CouponTakenBack()
    return None


def coupon_redeem(*, tenant: "Tenant", raw: str, order_no: str, actor: Actor) -> Coupon:
    """Use a coupon up; `order_no` may be "". Once, however many ask: the others are told when and by whom.

    Raises CouponUnknown, CouponForeign, CouponUsed, CouponExpired, CouponNotYet, CouponTakenBack, OrderHasCoupon,
    OrderOfSomebodyElse, OrderTooSmall, NotFirstOrder, NotPermitted.
    """
    require(actor, Permission.WORK)
    found, number = coupon_find(tenant=tenant, raw=raw), order_no.strip()[:128]
    with transaction.atomic():
        row, now = held(tenant, pk=found.pk), clock.now()
        if error := standing_error(row, now):
            raise error
        _check_order(row, number)
        award_spend(tenant=tenant, award=row.award, proof=number, actor=actor, turn=row.turns)
        row.redeemed_at, row.redeemed_by, row.order_no = now, actor.name[:128], number
        try:
            with transaction.atomic():
                row.save(update_fields=["redeemed_at", "redeemed_by", "order_no"])
        except IntegrityError as error:
            if ONE_ORDER not in str(error):
                raise
            raise OrderHasCoupon from error
        tell(row, BehaviourKind.COUPON, f"used:{row.turns}", now)
        if number:
            orders_follow(tenant_id=tenant.pk, customer_ids=[row.customer_id])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.coupon.redeemed", target=row,
            changes={"prize": [None, row.offer.prize.name]},
        )  # fmt: skip
    return row


def _check_order(row: Coupon, number: str) -> None:
    """The order that a coupon is used on: the same person's, large enough, and the first where it has to be."""
    tenant_id = row.tenant_id
    (person,) = as_persons(tenant_id=tenant_id, customer_ids=[row.customer_id])
    ids = {person, row.customer_id, *records_under(tenant_id=tenant_id, person_ids=[person])}
    terms = terms_of(row.offer)
    for order in orders_numbered(tenant_id=tenant_id, order_no=number) if number else []:
        if order.customer_id is not None and order.customer_id not in ids:
            raise OrderOfSomebodyElse
        # The shop tells what was paid, with the coupon taken off already.
        paid = order.amount_fen
        if paid is not None and paid + off_of(terms, max(paid, terms.threshold_fen)) < terms.threshold_fen:
            raise OrderTooSmall(OrderTooSmall.message % {"money": money(terms.threshold_fen)})
    if terms.is_first_order and set(ordered_before(tenant_id=tenant_id, customer_ids=ids)) - {number}:
        raise NotFirstOrder


def coupon_redeem_undo(*, tenant: "Tenant", coupon_id: int, reason: str, actor: Actor) -> Coupon:
    """A leader takes a redemption back: the coupon is unused again, as long as its time lasts.

    Raises CouponNotUsed, CouponClosed after the review, ReasonMissing, NotPermitted; Campaign.DoesNotExist of a
    foreign id.
    """
    require(actor, Permission.APPROVE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        # The campaign first: a review that closes its books cannot come in between.
        campaigns = Campaign.objects.select_for_update(of=("self",), no_key=True)
        campaign = campaigns.get(
            tenant=tenant, pk__in=Coupon.objects.filter(tenant=tenant, pk=coupon_id).values("award__campaign")
        )
        row = held(tenant, pk=coupon_id)
        if coupon_state(row, clock.now()) != CouponState.USED:
            raise CouponNotUsed
        if campaign.state == CampaignState.REVIEWED:
            raise CouponClosed
        award_reverse(tenant=tenant, award=row.award, actor=actor, turn=row.turns)
        before = row.redeemed_by
        row.redeemed_at, row.redeemed_by, row.order_no, row.turns = None, "", "", row.turns + 1
        row.save(update_fields=["redeemed_at", "redeemed_by", "order_no", "turns"])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.coupon.redemption_undone", target=row, reason=reason,
            changes={"redeemed_by": [before, None]},
        )  # fmt: skip
    return row
