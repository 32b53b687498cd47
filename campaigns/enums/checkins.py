"""Choices of check-ins (R86); values are stored data."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

POINTS_MOST = 100_000  # in one reward: more is a slip of the hand
REACH_MOST = 30
PROOF_CHARS = 500


class ProofKind(models.TextChoices):
    """What a member hands in. Nobody is ever asked to share anything."""

    TAP = "tap", _("A tap is enough")
    TEXT = "text", _("A few words")
    LINK = "link", _("The address of a picture, recording or document")


class GoalPeriod(models.TextChoices):
    """How long a goal runs; counted from the campaign's first day."""

    WEEK = "week", _("Every 7 days")
    MONTH = "month", _("Every 30 days")


PERIOD_DAYS = {GoalPeriod.WEEK: 7, GoalPeriod.MONTH: 30}


class MarkKind(models.TextChoices):
    """How a day came to count."""

    DONE = "done", pgettext_lazy("check-in", "On the day")
    MADE = "made", pgettext_lazy("check-in", "Made up")


class RewardKind(models.TextChoices):
    """What a check-in gives."""

    POINTS = "points", _("Points")
    DRAWS = "draws", _("Draws")
    GIFT = "gift", pgettext_lazy("check-in", "Gift")


class DayState(StrEnum):
    """How a day looks in the calendar of a member."""

    DONE = "done"
    MADE = "made"
    MISSED = "miss"
    TODAY = "today"
    NEXT = "next"
    OFF = "off"
