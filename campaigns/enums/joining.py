"""Choices of join plays (R80); values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

BARRED_TAG = declare(
    "campaigns.barred_tag", default="羊毛党", kind=PreferenceKind.TEXT,
    label=_("Tag of people who get nothing from plays"),
    help=_("Whoever carries it is told so in the list of a play, with the reason. Empty: nobody."),
)  # fmt: skip
TASK_DAYS_MOST = 30
STAY_DAYS_MOST = 30
DRAWS_MOST = 20


class JoinKind(models.TextChoices):
    """What somebody who joins gets."""

    TASK = "task", _("Prize after a task")
    PACKET = "packet", _("Red packet at once")
    DRAWS = "draws", _("Draws in the lottery")


class JoinTask(models.TextChoices):
    """What is to be done after joining; each is a kind of behaviour that we are told."""

    FORM = "form", _("Fill in the form")
    CHECKIN = "checkin", _("Check in once")
    MESSAGE = "message", _("Say something in the group")
    ASSIGNMENT = "assignment", _("Hand in an assignment")


class JoinState(models.TextChoices):
    """How far somebody who joined came."""

    WAITING = "waiting", pgettext_lazy("join", "Not done yet")
    GOT = "got", pgettext_lazy("join", "Got it")
    MISSED = "missed", pgettext_lazy("join", "Gets nothing")
    BACK = "back", pgettext_lazy("join", "Taken back")


class JoinReason(models.TextChoices):
    """Why somebody who joined gets nothing, or loses it; as the operator reads it."""

    STAFF = "staff", _("Is a colleague")
    BARRED = "barred", _("Carries the tag of people who get nothing")
    BEFORE = "before", _("Was in one of these groups before")
    SAME = "same", _("Another record of the same person took part")
    LEFT = "left", _("Left before the stay was over")
    LEFT_PAID = "left_paid", _("Left before the stay was over; what was handed over stays")
    LATE = "late", _("Did not do the task in time")
    STOCK = "stock", _("All pieces were given out")
    BUDGET = "budget", _("The budget was used up")
    ENDED = "ended", _("The campaign had ended")
