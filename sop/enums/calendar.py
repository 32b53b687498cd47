"""What the calendar of touches shows: days that matter, the four fields, and the clashes it names."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from sop.enums.templates import Channel

CLASH_MINUTES = 60  # two messages to the same people closer than this collide
OFFER_LANE, EVENT_LANE, FREEZE_LANE, FESTIVAL_LANE = "offer", "event", "freeze", "festival"


class FestivalKind(models.TextChoices):
    """Why a day matters."""

    FESTIVAL = "festival", _("Festival")
    TERM = "term", _("Solar term")
    SALE = "sale", _("Shopping day")


class Field(models.TextChoices):
    """The four fields that reach one person (R50)."""

    PRIVATE = "private", _("Private chat and calls")
    GROUP = "group", _("Group")
    MOMENTS = "moments", _("Moments")
    OFFICIAL = "official", _("Official and video account")


FIELDS: dict[str, Field] = {
    Channel.GROUP_FORWARD: Field.GROUP,
    Channel.GROUP_MASS: Field.GROUP,
    Channel.PRIVATE_MASS: Field.PRIVATE,
    Channel.STAFF_TASK: Field.PRIVATE,
    Channel.CALL: Field.PRIVATE,
    Channel.SMS: Field.PRIVATE,
    Channel.MOMENTS: Field.MOMENTS,
    Channel.OFFICIAL: Field.OFFICIAL,
}


class Clash(models.TextChoices):
    """Two touches that stand in each other's way."""

    CLOSE = "CLASH-01", _("Two messages to the same people within an hour")
    FIELDS = "CLASH-02", _("Two fields reach the same people within an hour")
    OFFER = "CLASH-03", _("Marketing within an hour of the start of another run's offer")
    FROZEN = "CLASH-04", _("Planned while the group is frozen")
    EVENT = "CLASH-05", _("A message while a value event goes on")
