"""Choices of staff and work items, and the settings of the Today list."""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

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
    APPROVAL = "approval", _("Approval")
    KNOWLEDGE = "knowledge", _("To know")


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
    # What was settled comes up again, open, or held back once more.
    WorkState.DONE: frozenset({WorkState.OPEN, WorkState.BLOCKED}),
    WorkState.BLOCKED: frozenset({WorkState.OPEN, WorkState.CANCELLED}),
    WorkState.CANCELLED: frozenset({WorkState.OPEN, WorkState.BLOCKED}),
    WorkState.MISSED: frozenset({WorkState.OPEN, WorkState.BLOCKED}),
}


class StaffKind(models.TextChoices):
    """Three kinds of people (R120): where each closes or serves best. It suggests work; it is never a label for pay."""

    OPERATIONS = "operations", _("Operations-minded")
    OPS_SALES = "ops_sales", _("Sales who know operations")
    SALES = "sales", _("Pure sales")


# The links of the five-link camp (R42) that each kind is suggested for.
KIND_LINKS: dict[str, frozenset[int]] = {
    StaffKind.OPERATIONS: frozenset({1, 2, 3}),
    StaffKind.OPS_SALES: frozenset({4, 5}),
    StaffKind.SALES: frozenset({4, 5}),
}


class ApprovalState(models.TextChoices):
    ASKED = "asked", pgettext_lazy("approval", "Waits")
    GRANTED = "granted", pgettext_lazy("approval", "Granted")
    REFUSED = "refused", pgettext_lazy("approval", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("approval", "Withdrawn")
    EXPIRED = "expired", pgettext_lazy("approval", "Expired")


APPROVAL_HOURS = declare(
    "approvals.expire_hours",
    default=72,
    kind=PreferenceKind.INTEGER,
    label=_("Hours after which a request that nobody decided expires"),
    minimum=1,
    maximum=720,
)
LOAD_ITEMS = declare(
    "load.items_per_day",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Tasks a person can do in a day; more is an overload"),
    minimum=1,
    maximum=1000,
)
NIGHT_FROM = declare(
    "load.night_from",
    default=time(22),
    kind=PreferenceKind.TIME,
    label=_("The night begins: work from then on counts as work at night"),
)
NIGHT_UNTIL = declare(
    "load.night_until",
    default=time(7),
    kind=PreferenceKind.TIME,
    label=_("The night ends"),
)
NIGHT_DAYS = declare(
    "load.night_days",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Nights with work in a week from which a person is shown as overloaded"),
    minimum=1,
    maximum=7,
)
RANKING_CASES = declare(
    "ranking.cases_least",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Cases from which a colleague is compared with others"),
    help=_("Below, chance decides more than the person: the figure is shown and nobody is placed by it."),
    minimum=10,
    maximum=1000,
)
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


class SnoozeReason(models.TextChoices):
    """Why something is put off, which says for how long. Stored data."""

    BUSY = "busy", _("Something more urgent first")
    CUSTOMER = "customer", _("Waiting for the customer")
    COLLEAGUE = "colleague", _("Waiting for a colleague")
    TOMORROW = "tomorrow", _("Tomorrow morning")


class NoticeKind(models.TextChoices):
    """What a notice is about. Stored data."""

    LEAD = "lead", pgettext_lazy("notice", "S and A+ leads")
    INCIDENT = "incident", pgettext_lazy("notice", "Incidents")
    BREAKER = "breaker", pgettext_lazy("notice", "Calls to WeCom stopped")
    QUESTION = "question", pgettext_lazy("notice", "Questions without an answer")
    NEW_MEMBERS = "new_members", pgettext_lazy("notice", "New members")
    ALERT = "alert", pgettext_lazy("notice", "Alerts of groups and tasks")
    APPROVAL = "approval", pgettext_lazy("notice", "Approvals")
    HANDOVER = "handover", pgettext_lazy("notice", "Work handed over to you")
    KNOWLEDGE = "knowledge", pgettext_lazy("notice", "Knowledge cards to know")
    TASK = "task", pgettext_lazy("notice", "SOP tasks to do")
    REMINDER = "reminder", pgettext_lazy("notice", "Reminders of what waits too long")
    TROUBLE = "trouble", pgettext_lazy("notice", "Notices that did not arrive")
    TEST = "test", pgettext_lazy("notice", "Test")


URGENT_NOTICES = (NoticeKind.LEAD, NoticeKind.INCIDENT, NoticeKind.BREAKER)
# These wait a minute at most and count against no day's number: their time is short, and their own rules keep them few.
PROMPT_NOTICES = (*URGENT_NOTICES, NoticeKind.TASK, NoticeKind.REMINDER)


class NoticeChannel(models.TextChoices):
    """Where a person is told."""

    CONSOLE = "console", pgettext_lazy("notice", "Bell in the console")
    APP = "app", pgettext_lazy("notice", "Message in WeCom")
    MAIL = "mail", pgettext_lazy("notice", "E-mail")


class NoticeWhen(models.TextChoices):
    """How soon a channel tells."""

    NOW = "now", pgettext_lazy("notice", "At once")
    DIGEST = "digest", pgettext_lazy("notice", "In the daily digest")
    OFF = "off", pgettext_lazy("notice", "Never")


class TellState(models.TextChoices):
    """What became of telling one notice by one channel."""

    WAITING = "waiting", pgettext_lazy("notice", "Waiting")
    HANDED = "handed", pgettext_lazy("notice", "On its way")
    SENT = "sent", pgettext_lazy("notice", "Sent")
    FAILED = "failed", pgettext_lazy("notice", "Not delivered")
    DROPPED = "dropped", pgettext_lazy("notice", "Not needed any more")


class MailState(models.TextChoices):
    """What became of one e-mail. `unknown`: the sender died in the act; nobody sends it again by itself."""

    QUEUED = "queued", pgettext_lazy("notice", "Waiting")
    CLAIMED = "claimed", pgettext_lazy("notice", "Being sent")
    SENT = "sent", pgettext_lazy("notice", "Sent")
    FAILED = "failed", pgettext_lazy("notice", "Not delivered")
    UNKNOWN = "unknown", pgettext_lazy("notice", "Perhaps sent")


NOTICE_DIGEST_AT = declare(
    "notices.digest_at",
    default=time(8, 30),
    kind=PreferenceKind.TIME,
    label=_("The daily e-mail digest goes out at"),
)
NOTICE_QUIET_FROM = declare(
    "notices.quiet_from",
    default=time(22, 0),
    kind=PreferenceKind.TIME,
    label=_("Nobody is told anything from"),
)
NOTICE_QUIET_UNTIL = declare(
    "notices.quiet_until",
    default=time(8, 0),
    kind=PreferenceKind.TIME,
    label=_("Nobody is told anything until"),
)
NOTICE_PAUSE_MINUTES = declare(
    "notices.pause_minutes",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes between two messages to one colleague"),
    help=_("What comes up in between goes into one message. Urgent notices wait a minute at most."),
    minimum=1,
    maximum=720,
)
NOTICE_MOST_A_DAY = declare(
    "notices.most_a_day",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Messages a day to one colleague"),
    help=_("Urgent notices are not counted. What is beyond stays in the bell and comes with the digest."),
    minimum=0,
    maximum=200,
)


class PlanKind(models.TextChoices):
    """What serves a north star (R96). A confirmed week of a group is a run."""

    RUN = "run", pgettext_lazy("plan", "Run")
    VERSION = "version", pgettext_lazy("plan", "Template")
    CAMPAIGN = "campaign", _("Campaign")
