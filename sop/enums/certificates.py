"""What a nightly certificate may find."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Fault(models.TextChoices):
    """How counts and what happened may differ. The value is stored data."""

    NOT_LOGGED = "not_logged", _("Reached, and not counted")
    NOT_SENT = "not_sent", _("Counted, and not reached")
    DAY = "day", _("The person's day")
    WEEK = "week", _("The person's week")
    GROUP = "group", _("The group's day")
    OVER_DAY = "over_day", _("More than the cap of the day")
    OVER_WEEK = "over_week", _("More than the cap of the week")
    GRANTED = "granted", _("Over a cap as a team lead granted")
    OWN_OVER = "own_over", _("Over a cap by what colleagues sent by themselves")
    QUOTA_MISSING = "quota_missing", _("Sent, and not in the quota")
    QUOTA_SURPLUS = "quota_surplus", _("In the quota, and not sent")
    QUOTA_OVER = "quota_over", _("More than WeCom's limit")


# What the gate itself should never have allowed, or was never asked for: nothing to mend, somebody must look.
FAULTS_OVER = frozenset({Fault.OVER_DAY, Fault.OVER_WEEK, Fault.GRANTED, Fault.OWN_OVER, Fault.QUOTA_OVER})
# Fault -> what to do.
FAULT_ADVICE = {
    Fault.NOT_LOGGED: _("Somebody sat in the group whom WeCom named only later. Mending counts the message."),
    Fault.NOT_SENT: _("The message reached nobody. Mending gives the place back."),
    Fault.DAY: _("Mending counts the day anew from the log."),
    Fault.WEEK: _("Mending counts the week anew from the log."),
    Fault.GROUP: _("Mending counts the group's day anew from its messages."),
    Fault.OVER_DAY: _("Nothing can be called back. Look which messages they were, and thin out the plan."),
    Fault.OVER_WEEK: _("Nothing can be called back. Look which messages they were, and thin out the plan."),
    Fault.GRANTED: _(
        "No fault of the counts: a team lead let the message past the cap. The audit log has the reason."
    ),
    Fault.OWN_OVER: _(
        "No fault of the counts: colleagues sent this in WeCom by themselves. Ask them to use the plan, or plan less."
    ),
    Fault.QUOTA_MISSING: _("Mending writes the send into the quota."),
    Fault.QUOTA_SURPLUS: _("Mending gives the place back."),
    Fault.QUOTA_OVER: _("WeCom drops what is over its limit. State the right rule under Settings, WeCom."),
}
