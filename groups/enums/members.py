"""Who sits in a group, how they came and how they take part."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class JoinScene(models.TextChoices):
    """How a member came. The vendor's event says invited or QR; its detail tells a link apart (PROTOCOL 2.1, 3.5)."""

    INVITED = "invited", _("Invited")
    LINK = "link", _("By link")
    QR = "qr", _("By QR code")


class QuitScene(models.TextChoices):
    LEFT = "left", _("Left")
    REMOVED = "removed", _("Removed")
    DISSOLVED = "dissolved", _("Group dissolved")


class Seen(models.TextChoices):
    """How we know that something was done."""

    PERSON = "person", _("confirmed by hand")
    WECOM = "wecom", _("seen in WeCom")
    MESSAGE = "message", _("seen in the chat")


class SilentReason(models.TextChoices):
    """Why somebody stands in the review of silent members (R19)."""

    SILENT = "silent", _("Inactive")
    ZOMBIE = "zombie", _("Zombie candidate")
    ADS = "ads", _("Posts ads")
    AAA = "aaa", _("Name starts with AAA")
    PADDING = "padding", _("Came to pad the group")


class CaseState(models.TextChoices):
    """What became of one person in the review."""

    OPEN = "open", _("Waits for a decision")
    KEPT = "kept", pgettext_lazy("silent member", "Kept")
    WAKING = "waking", _("Being re-activated")
    REMOVING = "removing", _("Removal proposed")
    BACK = "back", _("Active again")
    LEFT = "left", pgettext_lazy("what became of a silent member", "Gone")


# A decision -> the state it leads to.
CASE_DECISIONS = {"keep": CaseState.KEPT, "wake": CaseState.WAKING, "remove": CaseState.REMOVING}

# What still asks somebody for something; what ended may be found anew, except for those who left.
CASES_UNDER_WAY = frozenset({CaseState.OPEN, CaseState.WAKING, CaseState.REMOVING})


class MemberPassKind(models.TextChoices):
    """What is gone through group by group, in slices."""

    SILENCE = "silence", _("Review of silent members")
    CIRCLES = "circles", _("Circles")


class Circle(models.TextChoices):
    """How close a member stands (R21), closest first."""

    CORE = "core", _("Core circle")
    INFLUENCE = "influence", _("Influence circle")
    PERIPHERY = "periphery", _("Periphery")


class KocState(models.TextChoices):
    """How far a helper of a group has come (R22)."""

    CANDIDATE = "candidate", _("Candidate")
    INVITED = "invited", pgettext_lazy("state of a KOC", "Invited")
    HELPER = "helper", _("Helper")
    ENDED = "ended", pgettext_lazy("state of a KOC", "Ended")


KOC_MOVES: dict[str, frozenset[str]] = {
    KocState.CANDIDATE: frozenset({KocState.INVITED, KocState.ENDED}),
    KocState.INVITED: frozenset({KocState.HELPER, KocState.CANDIDATE, KocState.ENDED}),
    KocState.HELPER: frozenset({KocState.ENDED}),
    KocState.ENDED: frozenset({KocState.CANDIDATE}),
}


class KocOrigin(models.TextChoices):
    """Where a KOC comes from (R6)."""

    EARLY = "early", _("Invited early")
    GROWN = "grown", _("Grown in the group")
