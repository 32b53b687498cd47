"""Choices of staff and work items, and the settings of the Today list."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class WorkKind(models.TextChoices):
    """What sort of thing waits for a person."""

    SOP_TASK = "sop_task", _("SOP task")
    LEAD = "lead", _("Lead")
    QUESTION = "question", _("Question")
    NEW_MEMBERS = "new_members", _("New members")
    ALERT = "alert", _("Alert")
    CHECK = "check", _("To check")


class Bucket(models.TextChoices):
    """How strongly a thing asks: a promise with a deadline, a reminder, or an idea."""

    MUST = "must", _("Must do")
    REMIND = "remind", _("Reminder")
    SUGGEST = "suggest", _("Suggestion")


class WorkState(models.TextChoices):
    OPEN = "open", _("Waiting")
    DONE = "done", _("Done")
    SNOOZED = "snoozed", _("Snoozed")
    CANCELLED = "cancelled", _("Cancelled")
    MISSED = "missed", _("Missed")
    BLOCKED = "blocked", _("Blocked by a rule")


# State -> states it may move to. What is cancelled or missed may be put again by its source.
WORK_MOVES: dict[str, frozenset[str]] = {
    WorkState.OPEN: frozenset(
        {WorkState.DONE, WorkState.SNOOZED, WorkState.CANCELLED, WorkState.MISSED, WorkState.BLOCKED}
    ),
    WorkState.SNOOZED: frozenset(
        {WorkState.OPEN, WorkState.DONE, WorkState.CANCELLED, WorkState.MISSED, WorkState.BLOCKED}
    ),
    WorkState.DONE: frozenset({WorkState.OPEN}),
    WorkState.BLOCKED: frozenset({WorkState.OPEN, WorkState.CANCELLED}),
    WorkState.CANCELLED: frozenset({WorkState.OPEN}),
    WorkState.MISSED: frozenset({WorkState.OPEN}),
}

SNOOZE_MINUTES = declare(
    "today.snooze_minutes",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes a snoozed item stays away"),
    minimum=5,
    maximum=1440,
)
PHONE_SESSION_HOURS = declare(
    "phone.session_hours",
    default=12,
    kind=PreferenceKind.INTEGER,
    label=_("Hours a staff member stays signed in on the phone"),
    minimum=1,
    maximum=168,
)
