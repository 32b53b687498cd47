"""Choices, state tables and settings of SOPs."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare

REF = "sop.touch"  # what work items, sends and the gate call a touch
BLOCKED_REF = "sop.blocked"


class TemplateKind(models.TextChoices):
    """What a template is for (R40)."""

    CAMP = "camp", _("Camp")
    PLANNING = "planning", _("Planning")
    SETUP = "setup", _("Set-up")
    DAILY = "daily", _("Daily upkeep")
    FLASH = "flash", _("Flash group")
    DELIVERY = "delivery", _("Delivery")


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")


class Anchor(models.TextChoices):
    """What a step's time is counted from (R41)."""

    RUN_START = "run_start", _("Camp day")
    MEMBER_JOIN = "member_join", _("A member's join")
    OFFER_END = "offer_end", _("End of the offer")


class Channel(models.TextChoices):
    """How a touch reaches people: one model, one cap, one log (R52)."""

    GROUP_FORWARD = "group_forward", _("Forward to the group")
    GROUP_MASS = "group_mass", _("Group mass send")
    PRIVATE_MASS = "private_mass", _("Private mass send")
    STAFF_TASK = "staff_task", _("Private chat by hand")
    MOMENTS = "moments", _("Moments")
    CALL = "call", _("Phone call")
    SMS = "sms", _("Text message")
    OFFICIAL = "official", _("Official account")


GROUP_CHANNELS = frozenset({Channel.GROUP_FORWARD, Channel.GROUP_MASS})
MASS_CHANNELS = frozenset({Channel.GROUP_MASS, Channel.PRIVATE_MASS})
# Pull channels: nobody's phone rings, so they do not count as a message to a person.
PULL_CHANNELS = frozenset({Channel.MOMENTS})


class Audience(models.TextChoices):
    """Who of a group's members a step is for; resolved when it is sent."""

    MEMBERS = "members", _("All members")
    UNINTERACTED = "uninteracted", _("Without the key interaction")
    INTERACTED = "interacted", _("With the key interaction")
    UNDECIDED = "undecided", _("Undecided leads")
    BUYERS = "buyers", _("Buyers")
    JOINED = "joined", _("Those who just joined")


class ContentType(models.TextChoices):
    """Content types (R60)."""

    NORMS = "norms", _("Norms")
    VALUE = "value", _("Value")
    MARKETING = "marketing", _("Product marketing")
    TOPIC = "topic", _("Topic")
    ACTIVITY = "activity", _("Activity")
    CARE = "care", _("Care")


class StepRole(models.TextChoices):
    """Who carries a step out."""

    OWNER = "owner", _("Group owner")
    ASSISTANT = "assistant", _("Assistant")
    SALES = "sales", _("Sales")


class Evidence(models.TextChoices):
    """What proves that a step was carried out."""

    SEND_RESULT = "send_result", _("WeCom send result")
    NOTE = "note", _("Note or screenshot")
    RECORD = "record", _("Own record")


class Mark(models.TextChoices):
    """Peak-end design (R48)."""

    NONE = "", _("None")
    FIRST = "first", _("First")
    PEAK = "peak", _("Peak")
    END = "end", _("End")


class OnBlock(models.TextChoices):
    """What happens when the gate says no."""

    DROP = "drop", _("Drop it")
    DELAY = "delay", _("Send later, inside its window")
    REPLACE = "replace", _("Use another channel")


class CatchUp(models.TextChoices):
    """What happens when the window passed while nothing could be sent."""

    SKIP = "skip", _("Do not send any more")
    LATE = "late", _("Send late")
    ASK = "ask", _("Ask the team lead")


class Strategy(models.TextChoices):
    """The four strategies (R51)."""

    NONE = "", _("None")
    HERD = "herd", _("Herd effect")
    INTERVENTION = "intervention", _("Human intervention")
    MOMENTUM = "momentum", _("Momentum")
    PEAK = "peak", _("Peak experience")


class RunState(models.TextChoices):
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")
    CANCELLED = "cancelled", _("Cancelled")


class TouchState(models.TextChoices):
    """Where a planned touch stands. Every row ends in one of ENDED, with a reason."""

    PLANNED = "planned", _("Planned")
    CLAIMED = "claimed", _("Being sent")
    HANDED = "handed", _("Due now")
    SUBMITTED = "submitted", _("Submitted")
    CONFIRMED = "confirmed", _("Confirmed")
    BLOCKED = "blocked", _("Blocked")
    SKIPPED = "skipped", _("Skipped")
    EXPIRED = "expired", _("Missed")
    FAILED = "failed", _("Failed")
    PARKED = "parked", _("Waits for a decision")
    CANCELLED = "cancelled", _("Cancelled")


# State -> the states it may go to. sop.services.touch_state is the only place that moves a touch.
TOUCH_MOVES: dict[str, frozenset[str]] = {
    TouchState.PLANNED: frozenset(
        {TouchState.CLAIMED, TouchState.BLOCKED, TouchState.SKIPPED, TouchState.CANCELLED}
    ),
    TouchState.CLAIMED: frozenset(
        {
            TouchState.CLAIMED, TouchState.PLANNED, TouchState.HANDED, TouchState.BLOCKED, TouchState.SKIPPED,
            TouchState.EXPIRED, TouchState.FAILED, TouchState.PARKED, TouchState.CANCELLED,
        }
    ),
    TouchState.HANDED: frozenset(
        {
            TouchState.SUBMITTED, TouchState.CONFIRMED, TouchState.SKIPPED, TouchState.EXPIRED,
            TouchState.FAILED, TouchState.PARKED, TouchState.CANCELLED, TouchState.BLOCKED,
        }
    ),
    TouchState.SUBMITTED: frozenset({TouchState.CONFIRMED, TouchState.HANDED, TouchState.FAILED}),
    TouchState.PARKED: frozenset(
        {
            TouchState.PLANNED, TouchState.HANDED, TouchState.SKIPPED, TouchState.SUBMITTED, TouchState.CONFIRMED,
            TouchState.FAILED, TouchState.CANCELLED,
        }
    ),
    TouchState.SKIPPED: frozenset({TouchState.PLANNED}),
    TouchState.CONFIRMED: frozenset(),
    TouchState.BLOCKED: frozenset({TouchState.PLANNED}),
    TouchState.EXPIRED: frozenset({TouchState.SUBMITTED, TouchState.CONFIRMED}),
    TouchState.FAILED: frozenset(),
    TouchState.CANCELLED: frozenset({TouchState.PLANNED}),
}  # fmt: skip

TOUCH_ENDED = frozenset(
    {
        TouchState.SUBMITTED, TouchState.CONFIRMED, TouchState.BLOCKED, TouchState.SKIPPED,
        TouchState.EXPIRED, TouchState.FAILED, TouchState.CANCELLED,
    }
)  # fmt: skip
TOUCH_OPEN = frozenset({TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED, TouchState.PARKED})


class RecipientState(models.TextChoices):
    """What became of one person of a private touch (R113)."""

    PLANNED = "planned", _("Not sent")
    SENT = "sent", _("Sent")
    NOT_FRIEND = "not_friend", _("Not a friend")
    OVER_LIMIT = "over_limit", _("Over WeCom's limit")
    BLOCKED = "blocked", _("Blocked")
    MISSED = "missed", _("Never sent")


class TaskState(models.TextChoices):
    """A WeCom mass-send task that a staff member must confirm."""

    WAITING = "waiting", _("Waits for the staff member")
    CONFIRMED = "confirmed", _("Confirmed")
    EXPIRED = "expired", _("Never confirmed")
    CANCELLED = "cancelled", _("Cancelled")


class Rule(models.TextChoices):
    """Rules of this app that stop or end a touch; shown with their code."""

    WINDOW = "SOP-01", _("Its window passed before it could be sent")
    NOBODY = "SOP-02", _("Nobody is left to send it to")
    RUN_ENDED = "SOP-03", _("The run was cancelled or has ended")
    NOT_SENT = "SOP-04", _("The staff member did not send it inside the window")
    OFFER_ENDED = "SOP-05", _("The offer has ended")
    ASK = "SOP-06", _("The window passed: a team lead decides")
    NO_STAFF = "SOP-07", _("The group has nobody to send it")
    VENDOR = "SOP-08", _("WeCom refused it")
    UNKNOWN = "SOP-09", _("WeCom's answer is unknown: never sent twice")
    BY_HAND = "SOP-10", _("Skipped by hand")
    REPLANNED = "SOP-11", _("Replaced by a newer plan")
    GROUP_LEFT = "SOP-12", _("The group left the run")
    REACHED = "SOP-13", _("Already reached through another group")
    NOT_FRIEND = "SOP-14", _("Not a friend of the sender")


CLAIM_LEASE_S = declare(
    "sop.claim_lease_s",
    default=120,
    kind=PreferenceKind.INTEGER,
    label=_("Seconds after which an unfinished hand-over is taken up again"),
    minimum=30,
    maximum=900,
)
STAFF_MINUTES_A_DAY = declare(
    "sop.staff_minutes_a_day",
    default=180,
    kind=PreferenceKind.INTEGER,
    label=_("SOP minutes a staff member can give in a day"),
    minimum=10,
    maximum=600,
)
GROUP_MASS_A_DAY = declare(
    "sop.group_mass_a_day",
    default=1,
    kind=PreferenceKind.INTEGER,
    label=_("Mass sends a group and day in a plan"),
    minimum=0,
    maximum=5,
)
REMINDERS_A_DAY = declare(
    "sop.reminders_a_day",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Reminders to confirm a mass send in 24 hours"),
    minimum=0,
    maximum=3,
)
REMIND_AFTER_MIN = declare(
    "sop.remind_after_min",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes before an unconfirmed mass send is reminded of"),
    minimum=5,
    maximum=240,
)
POLL_EVERY_S = declare(
    "sop.poll_every_s",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Seconds between two looks at a mass send's result"),
    minimum=10,
    maximum=3600,
)
VALUE_SHARE_MIN = declare(
    "sop.value_share_min",
    default=40,
    kind=PreferenceKind.INTEGER,
    label=_("Least share of group messages that are not marketing, in percent"),
    minimum=0,
    maximum=100,
)
COUNTDOWN_CARD_MIN = declare(
    "sop.countdown_card_min",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes before the offer ends for the final card"),
    minimum=5,
    maximum=55,
)
