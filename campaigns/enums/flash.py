"""Choices of flash-group runs (R89); values are stored data."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sop.enums import FLASH_NODES, Part

RUN_LEAST = timedelta(hours=1)
TASK_LEAD = timedelta(hours=2)  # how long before a node its task stands on Today
GROUPS_COMPARED = 20  # long-term groups that a run is compared with at most: the largest ones
SAMPLE_LEAST = 30  # people below which a share says little
NODE_CHOICES = [(one.value, one.label) for one in FLASH_NODES]


class FlashUse(models.TextChoices):
    """What a flash group is opened for."""

    FIRST_SALE = "first_sale", pgettext_lazy("flash", "First sale")
    RELAUNCH = "relaunch", pgettext_lazy("flash", "Relaunch")
    LIMITED_OFFER = "limited", pgettext_lazy("flash", "Limited offer")


class Rhythm(models.TextChoices):
    """How it runs. The rhythm places the nodes and says which figure of the report counts first."""

    WAVE = "wave", pgettext_lazy("flash", "Wave launch")
    SALE = "sale", pgettext_lazy("flash", "Flash sale")
    RECRUIT = "recruit", pgettext_lazy("flash", "Recruit")
    WATCH = "watch", pgettext_lazy("flash", "Spectator")


class FlashFigure(models.TextChoices):
    """What a run is compared with long-term groups by."""

    FILL = "fill", _("People who joined, a group and day")
    ACTIVE = "active", _("Active people")
    REACH = "reach", _("People who opened something")
    BUYERS = "buyers", _("People who bought")


# The figure that a rhythm is for.
FIRST_FIGURE = {
    Rhythm.WAVE: FlashFigure.BUYERS, Rhythm.SALE: FlashFigure.BUYERS, Rhythm.RECRUIT: FlashFigure.FILL,
    Rhythm.WATCH: FlashFigure.ACTIVE,
}  # fmt: skip
# Where the nodes stand in the run, in percent of its length.
NODE_SHARES = {
    Rhythm.WAVE: {Part.WAKE: 0, Part.RELAY: 30, Part.STREAM: 60, Part.TIMER: 85},
    Rhythm.SALE: {Part.WAKE: 0, Part.RELAY: 15, Part.STREAM: 50, Part.TIMER: 85},
    Rhythm.RECRUIT: {Part.WAKE: 0, Part.RELAY: 50, Part.STREAM: 70, Part.TIMER: 90},
    Rhythm.WATCH: {Part.WAKE: 0, Part.RELAY: 25, Part.STREAM: 50, Part.TIMER: 75},
}
