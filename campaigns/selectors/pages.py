"""Addresses of phone pages, and who may take part."""

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from campaigns.enums import PlayKind
from campaigns.enums.coupons import VALID_DAYS_MOST
from campaigns.models import Award, Campaign, CouponOffer
from campaigns.policies.page_tokens import PageToken, hour_after, token_pack, token_unpack
from campaigns.selectors.frame import group_ids_of
from contacts.selectors.identity import person_records
from groups.selectors import customer_groups

if TYPE_CHECKING:
    from contacts.models import Customer

# After its end: who won looks up what became of the prize. A coupon of the last minute, valid for the most days there
# are (whole ones, to midnight), is still shown on its last day.
KEPT = timedelta(days=VALID_DAYS_MOST + 1)


def page_token(*, campaign: Campaign, kind: PlayKind, row_id: int) -> str:
    """The token of one page of a campaign; the same as long as its end is. Without an end there is no page yet: ""."""
    if campaign.ends_at is None:
        return ""
    page = PageToken(campaign.tenant_id, kind.value, row_id, hour_after(campaign.ends_at + KEPT))
    return token_pack(page, secret=settings.SECRET_KEY)


def home_token(campaign: Campaign) -> str:
    """The token of the campaign's own page, or "" before it has an end."""
    return page_token(campaign=campaign, kind=PlayKind.CAMPAIGN, row_id=campaign.pk)


def offer_token(offer: CouponOffer) -> str:
    """The token of a coupon's page, or "" before its campaign has an end. The campaign is loaded."""
    return page_token(campaign=offer.prize.campaign, kind=PlayKind.COUPON, row_id=offer.pk)


def coupon_path(*, campaign: Campaign, offer_id: int) -> str:
    """Where a coupon's page is reached; the campaign has an end. No query."""
    return page_path(page_token(campaign=campaign, kind=PlayKind.COUPON, row_id=offer_id))


def page_path(token: str, part: str = "") -> str:
    """Where a page, or a part of it, is reached."""
    if part:
        return reverse("campaigns_public:part", kwargs={"token": token, "part": part})
    return reverse("campaigns_public:page", kwargs={"token": token})


def page_url(token: str, part: str = "") -> str:
    """The same with the host, as it stands in a message or in a code."""
    return settings.PUBLIC_URL + page_path(token, part)


def page_read(token: str) -> PageToken | None:
    """What a token says, or None for one that we did not write. No query."""
    return token_unpack(token, secrets=[settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS)])


def is_member(*, campaign: Campaign, customer: "Customer") -> bool:
    """Whether the person sits in a group of the campaign now, by whatever record of theirs. Three queries."""
    records = [one.pk for one in person_records(customer=customer)]
    wanted = set(group_ids_of(tenant_id=campaign.tenant_id, campaign_id=campaign.pk))
    found = customer_groups(tenant_id=campaign.tenant_id, customer_ids=records)
    return any(group.pk in wanted for groups in found.values() for group in groups)


def prizes_of(*, campaign: Campaign, customer: "Customer") -> list[Award]:
    """The prizes that this person got in a campaign, with prize, payment and coupon, the newest first. Four queries."""
    records = [one.pk for one in person_records(customer=customer)]
    rows = Award.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign, customer_id__in=records)
    return list(
        rows.select_related("prize", "campaign").prefetch_related("payouts", "coupons").order_by("-pk")
    )
