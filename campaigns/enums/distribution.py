"""Choices of distribution (R84); values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

REFUND_DAYS, TOUCH_DAYS, BONUS_ORDERS = 7, 7, 10
DAYS_MOST = 90
BONUS_MOST = 1_000
NOTE_CHARS = 10  # a compliance note of fewer says nothing


class SellerState(models.TextChoices):
    """Where somebody stands who wants to recommend, or does. Nobody is one who was not accepted."""

    ASKED = "asked", pgettext_lazy("distributor", "Asks to take part")
    ACTIVE = "active", pgettext_lazy("distributor", "Takes part")
    REFUSED = "refused", pgettext_lazy("distributor", "Refused")
    STOPPED = "stopped", pgettext_lazy("distributor", "Stopped")


class SaleSource(models.TextChoices):
    """By what we know who recommended."""

    TOLD = "told", pgettext_lazy("sale", "The order names the code")
    TOUCH = "touch", pgettext_lazy("sale", "Opened the page before")


class SaleState(models.TextChoices):
    """WAITING: the commission is set aside until nobody can send the goods back."""

    WAITING = "waiting", pgettext_lazy("sale", "Refund window runs")
    EARNED = "earned", pgettext_lazy("sale", "Commission paid out")
    BACK = "back", pgettext_lazy("sale", "Taken back")
    REJECTED = "rejected", pgettext_lazy("sale", "Brings no commission")


class SaleReason(models.TextChoices):
    """Why an order brings nothing, or no more; the value is the code that people see."""

    SELF = "DIST-01", _("A distributor's own order")
    PEER = "DIST-03", _("The buyer is a distributor too: there is one level only")
    BARRED = "DIST-02", _("Buyer or distributor carries the tag of those who get nothing, as colleagues do")
    SMALL = "DIST-04", _("Less was paid than an order has to be")
    STOPPED = "DIST-05", _("The distributor did not take part when it was ordered")
    UNKNOWN = "DIST-06", _("Nobody has the code that the order names")
    SPENT = "DIST-07", _("Budget or commissions were used up")
    ENDED = "DIST-08", _("The campaign had ended before the commission was set aside")
    REFUNDED = "DIST-09", _("Refunded before the commission was paid")
    REFUND_PAID = "DIST-10", _("Refunded after the commission was paid: it stays paid")
    HAND = "DIST-11", _("A colleague took it back")
