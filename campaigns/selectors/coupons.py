"""Reads of coupons: offers, who holds what, and where each stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from campaigns.enums import AwardState, Missing
from campaigns.enums.coupons import CouponState, SpanFault
from campaigns.models import Campaign, Coupon, CouponOffer
from campaigns.policies.coupons import Asker, Terms, span_fault, state_of
from campaigns.selectors.frame import group_ids_of
from campaigns.selectors.pages import KEPT, home_token, offer_token
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import as_persons, records_under
from groups.selectors.members import first_joined


def terms_of(offer: CouponOffer) -> Terms:
    """The offer as the policy sees it."""
    return Terms(
        kind=offer.kind, off_fen=offer.off_fen, off_percent=offer.off_percent, off_most_fen=offer.off_most_fen,
        threshold_fen=offer.threshold_fen, valid_from=offer.valid_from, valid_until=offer.valid_until,
        valid_days=offer.valid_days, per_person=offer.per_person, joined_days=offer.joined_days,
        is_first_order=offer.is_first_order,
    )  # fmt: skip


def offers_of(*, tenant_id: int, campaign_id: int) -> list[CouponOffer]:
    """The coupons that a campaign offers, in the order of its prizes."""
    rows = CouponOffer.objects.filter(tenant_id=tenant_id, prize__campaign_id=campaign_id)
    return list(rows.select_related("prize__campaign").order_by("prize__position", "prize_id"))


def span_fault_of(campaign: Campaign, valid_until: datetime | None) -> SpanFault | None:
    """What is wrong with the end of a span beside the dates of the campaign as they are now. No query."""
    return span_fault(valid_until, starts_at=campaign.starts_at, ends_at=campaign.ends_at, kept=KEPT)


def coupons_lack(campaign: Campaign) -> list[Missing]:
    """What keeps coupons from the start: dates of the campaign may have moved after a span was set. One query."""
    rows = CouponOffer.objects.filter(tenant_id=campaign.tenant_id, prize__campaign=campaign)
    ends = rows.values_list("valid_until", flat=True)
    return [Missing.COUPON] if any(span_fault_of(campaign, one) for one in ends) else []


def coupons_token(campaign: Campaign) -> str:
    """The token of the page on which members find its coupons: that of the only one, else the campaign's own."""
    offers = offers_of(tenant_id=campaign.tenant_id, campaign_id=campaign.pk)
    return offer_token(offers[0]) if len(offers) == 1 else home_token(campaign)


def offers_in(campaign: Any) -> QuerySet[CouponOffer]:
    """Those of a campaign, to ask within a query of campaigns."""
    return CouponOffer.objects.filter(prize__campaign=campaign)


def offer_of_prize(*, tenant_id: int, campaign_id: int, prize_id: int) -> CouponOffer:
    """Raises CouponOffer.DoesNotExist, also for another campaign's or tenant's prize."""
    rows = CouponOffer.objects.filter(tenant_id=tenant_id, prize__campaign_id=campaign_id)
    return rows.select_related("prize").get(prize_id=prize_id)


def offer_get(*, tenant_id: int, offer_id: int) -> CouponOffer | None:
    """With prize and campaign; None for another tenant's id."""
    rows = CouponOffer.objects.filter(tenant_id=tenant_id, pk=offer_id)
    return rows.select_related("prize__campaign").first()


def coupons_of(*, tenant_id: int, campaign_id: int) -> QuerySet[Coupon]:
    """Every coupon of a campaign with its person, prize and offer, the newest first."""
    rows = Coupon.objects.filter(tenant_id=tenant_id, award__campaign_id=campaign_id)
    return rows.select_related("customer", "award__prize", "offer__prize").order_by("-pk")


def coupon_get(*, tenant_id: int, campaign_id: int, coupon_id: int) -> Coupon:
    """Raises Coupon.DoesNotExist, also for another campaign's or tenant's id."""
    return coupons_of(tenant_id=tenant_id, campaign_id=campaign_id).get(pk=coupon_id)


def coupon_by_code(*, tenant_id: int, code: str) -> Coupon | None:
    """With person, prize, offer and campaign."""
    rows = Coupon.objects.filter(tenant_id=tenant_id, code=code)
    return rows.select_related("customer", "award__campaign", "award__prize", "offer__prize").first()


def coupons_of_person(*, tenant_id: int, offer_id: int, person_id: int) -> list[Coupon]:
    """What a person has of one offer, by whatever record, the newest first."""
    ids = {person_id, *records_under(tenant_id=tenant_id, person_ids=[person_id])}
    rows = Coupon.objects.filter(tenant_id=tenant_id, offer_id=offer_id, customer_id__in=ids)
    return list(rows.select_related("award__prize", "offer__prize").order_by("-pk"))


def coupon_state(coupon: Coupon, now: datetime) -> CouponState:
    """Where it stands. Its award is loaded."""
    return state_of(
        coupon.award.state, valid_from=coupon.valid_from, valid_until=coupon.valid_until,
        is_expired=coupon.expired_at is not None, now=now,
    )  # fmt: skip


def in_state(state: str, now: datetime) -> Q:
    """Coupons in this state, as coupon_state says."""
    held = Q(award__state=AwardState.HELD)
    back = Q(award__state=AwardState.RETURNED)
    return {
        CouponState.SOON: held & Q(valid_from__gt=now, valid_until__gt=now),
        CouponState.OPEN: held & Q(valid_from__lte=now, valid_until__gt=now),
        CouponState.USED: Q(award__state=AwardState.GIVEN),
        CouponState.EXPIRED: (held & Q(valid_until__lte=now)) | (back & Q(expired_at__isnull=False)),
        CouponState.BACK: back & Q(expired_at=None),
    }[CouponState(state)]


@dataclass(frozen=True)
class Steps:
    """How far the coupons of a campaign came. `seen`: opened and not used yet. Taken back ones are not counted."""

    issued: int
    viewed: int
    used: int
    expired: int
    seen: int


def steps_of(*, tenant_id: int, campaign_id: int, now: datetime) -> Steps:
    """One query."""
    used, gone = in_state(CouponState.USED, now), in_state(CouponState.EXPIRED, now)
    rows = Coupon.objects.filter(tenant_id=tenant_id, award__campaign_id=campaign_id)
    told = rows.exclude(in_state(CouponState.BACK, now)).aggregate(
        issued=Count("pk"),
        viewed=Count("pk", filter=Q(viewed_at__isnull=False) | used),
        used=Count("pk", filter=used),
        expired=Count("pk", filter=gone),
        seen=Count("pk", filter=viewed_unused(now)),
    )
    return Steps(**told)


def viewed_unused(now: datetime) -> Q:
    """Opened, still valid and not used: somebody to talk to."""
    return in_state(CouponState.OPEN, now) & Q(viewed_at__isnull=False)


def coupons_due(*, tenant_id: int, now: datetime, most: int) -> list[int]:
    """Coupons whose time is over and whose prize is still set aside."""
    rows = Coupon.objects.filter(
        tenant_id=tenant_id, redeemed_at=None, expired_at=None, valid_until__lte=now,
        award__state=AwardState.HELD,
    )  # fmt: skip
    return list(rows.order_by("valid_until", "pk").values_list("pk", flat=True)[:most])


def asker_of(*, offer: CouponOffer, customer_id: int) -> tuple[Asker, int]:
    """(what the policy needs to know of who asks, the record that stands for the person). Five queries."""
    tenant_id = offer.tenant_id
    (person,) = as_persons(tenant_id=tenant_id, customer_ids=[customer_id])
    ids = {person, *records_under(tenant_id=tenant_id, person_ids=[person])}
    group_ids = group_ids_of(tenant_id=tenant_id, campaign_id=offer.prize.campaign_id)
    mine = Coupon.objects.filter(tenant_id=tenant_id, offer=offer, customer_id__in=ids)
    asker = Asker(
        joined_at=first_joined(tenant_id=tenant_id, group_ids=group_ids, customer_ids=ids),
        has_ordered=bool(ordered_before(tenant_id=tenant_id, customer_ids=ids)),
        had=mine.filter(~Q(award__state=AwardState.RETURNED) | Q(expired_at__isnull=False)).count(),
    )
    return asker, person


def ordered_before(*, tenant_id: int, customer_ids: Iterable[int]) -> list[str]:
    """Numbers of paid orders of these records that were not refunded. One query."""
    rows = orders_for(tenant_id=tenant_id, customer_ids=customer_ids).filter(state=OrderState.PAID)
    return list(rows.filter(ordered_at__isnull=False).values_list("order_no", flat=True))


def newest_number(*, tenant_id: int, offer_id: int, customer_id: int) -> int:
    """How many of one offer a record ever got, taken back ones too: the next one's number less one."""
    return Coupon.objects.filter(tenant_id=tenant_id, offer_id=offer_id, customer_id=customer_id).count()


def offers_counted(*, tenant_id: int, campaign_id: int) -> dict[int, int]:
    """{offer: coupons issued}. One query."""
    rows = Coupon.objects.filter(tenant_id=tenant_id, award__campaign_id=campaign_id).order_by()
    return dict(rows.values_list("offer_id").annotate(n=Count("pk")).values_list(F("offer_id"), "n"))
