"""Choices of coupons (R85); values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

VALID_DAYS_MOST = 60  # as long as a member's page is there after the campaign ended
JOINED_DAYS_MOST = 365
PER_PERSON_MOST = 20


class OfferKind(models.TextChoices):
    """What a coupon takes off."""

    AMOUNT = "amount", pgettext_lazy("coupon", "Amount off")
    PERCENT = "percent", pgettext_lazy("coupon", "Percent off")
    GIFT = "gift", pgettext_lazy("coupon", "Gift")


class SpanFault(models.TextChoices):
    """What is wrong with a span of dates beside those of the campaign."""

    EARLY = "early", _("It would be over before the campaign begins.")
    LATE = (
        "late",
        _("Members could not open it any more: its page is there until 60 days after the campaign's end."),
    )


class CouponState(models.TextChoices):
    """Where a coupon stands; worked out from its prize and the time, never stored."""

    SOON = "soon", pgettext_lazy("coupon", "Not valid yet")
    OPEN = "open", pgettext_lazy("coupon", "Not used")
    USED = "used", pgettext_lazy("coupon", "Used")
    EXPIRED = "expired", pgettext_lazy("coupon", "Expired")
    BACK = "back", pgettext_lazy("coupon", "Taken back")


class CouponRefusal(models.TextChoices):
    """Why somebody does not get a coupon; the value is the code that people see."""

    NOT_INSIDE = "COUPON-01", _("It is for members of the campaign's groups.")
    JOINED_LONG_AGO = "COUPON-02", _("It is for those who joined one of the groups lately.")
    BOUGHT_BEFORE = "COUPON-03", _("It is for a first order, and there is an order already.")
    HAD = "COUPON-04", _("Each person gets only so many of this coupon, and these are taken.")
    OVER = "COUPON-05", _("It would be over already: its time has passed.")
