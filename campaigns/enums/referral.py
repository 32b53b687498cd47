"""Choices of invitations; values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

INVITES_AN_HOUR = declare(
    "campaigns.invites_an_hour", default=10, kind=PreferenceKind.INTEGER, minimum=1, maximum=1_000,
    label=_("Invitees of one person in an hour that count without a look"),
    help=_("Whoever comes beyond them within the hour waits until a colleague has looked."),
)  # fmt: skip
INVITEE_STAY_DAYS = declare(
    "campaigns.invitee_stay_days", default=3, kind=PreferenceKind.INTEGER, minimum=1, maximum=30,
    label=_("Days that an invitee has to stay"),
    help=_("Suggested for new campaigns; each campaign keeps what it was started with."),
)  # fmt: skip

NEEDED = 10  # precise invitees for the prize, where nobody says otherwise
NEEDED_MOST = 1_000
STAY_DAYS_MOST = 30
CLAIM_HOURS = 24  # how long after joining a newcomer may still say who invited them


class InviteSource(models.TextChoices):
    """By what we know who invited somebody."""

    LINK = "link", _("The inviter's page or poster")
    CODE = "code", _("The inviter's own group code")
    MEMBER = "member", _("WeCom names the inviter")


class InviteState(models.TextChoices):
    """Where an invitee stands. OPENED: said who invited them and is in none of the groups yet."""

    OPENED = "opened", pgettext_lazy("invitee", "Not in a group yet")
    STAYING = "staying", pgettext_lazy("invitee", "In a group, days to go")
    HELD = "held", pgettext_lazy("invitee", "Waits for a look")
    COUNTED = "counted", pgettext_lazy("invitee", "Counts")
    REJECTED = "rejected", pgettext_lazy("invitee", "Does not count")


class InviteReason(models.TextChoices):
    """Why somebody does not count, or waits; the value is the code that people see."""

    KNOWN = "DUP-01", _("Was in one of our groups before")
    SAME = "DUP-02", _("The same person counts already by another record")
    SELF = "SELF-01", _("Invited themselves")
    LEFT = "PRECISE-01", _("Left before the days were over")
    LATE = "PRECISE-02", _("Joined too late for the days to be over in time")
    PERSONA = "PERSONA-01", _("Carries none of the tags asked for")
    BARRED = "FRAUD-01", _("Carries a tag that never counts")
    RUSHED = "FRAUD-02", _("Too many of one inviter within an hour")
    HAND = "HAND-01", _("A colleague decided so")


class InviteDecision(models.TextChoices):
    """What a person may decide about an invitee."""

    COUNT = "count", _("Count this person")
    WAIT = "wait", _("Nothing is wrong: let the days run")
    REJECT = "reject", _("Do not count this person")


DECISIONS = {
    InviteState.OPENED: (),
    InviteState.STAYING: (InviteDecision.REJECT,),
    InviteState.HELD: (InviteDecision.WAIT, InviteDecision.REJECT),
    InviteState.COUNTED: (InviteDecision.REJECT,),
    InviteState.REJECTED: (InviteDecision.COUNT,),
}
