"""Choices of flash sales and group-buys (R18, R90, R91); values are stored data."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

POST_MINUTES = declare(
    "campaigns.post_minutes", default=30, kind=PreferenceKind.INTEGER, minimum=1, maximum=1440,
    label=_("Minutes between two relay or order texts for the groups"),
    help=_("So that real records do not become a flood."),
)  # fmt: skip
LAPSE_GRACE = timedelta(minutes=10)  # an order placed in time may be told later
LATE_WORK = "campaigns.late_order"  # an order that came after others had its pieces
RELAY_SHOWN = 30  # on the phone page
POST_LINES = 20  # in a text for the groups
PIECES_MOST = 99


class DealKind(models.TextChoices):
    """SALE: each piece at the price of the moment. GROUP: at the price once enough people are together."""

    SALE = "sale", pgettext_lazy("deal", "Flash sale")
    GROUP = "group", pgettext_lazy("deal", "Group-buy")


class ReservationState(models.TextChoices):
    """What became of the pieces that somebody set aside for themselves."""

    HELD = "held", pgettext_lazy("reservation", "Reserved")
    ORDERED = "ordered", pgettext_lazy("reservation", "Ordered")
    LAPSED = "lapsed", pgettext_lazy("reservation", "Not ordered in time")
    CANCELLED = "cancelled", pgettext_lazy("reservation", "Called off")


TAKING = (ReservationState.HELD, ReservationState.ORDERED)  # these hold pieces


class PostKind(models.TextChoices):
    """What a text for the groups tells."""

    RELAY = "relay", _("Group relay")
    STREAM = "stream", _("Order stream")
