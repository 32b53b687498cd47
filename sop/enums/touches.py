"""States of runs, touches and send tasks, and the rules that end a touch."""

from django.db import models
from django.utils.translation import gettext_lazy as _

REF = "sop.touch"  # what work items, sends and the gate call a touch
BLOCKED_REF = "sop.blocked"
PAST_CAPS = (
    "past_caps"  # in a touch's evidence: {"by", "rule", "reason"} of a leader who let it past our caps
)


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
    INTERACTED = "SOP-15", _("Has done the key interaction: no more reminders of it")
    CIRCLE_LEFT = "SOP-16", _("Left the circle that the step is for")
