"""Setting up, keeping and ending a group."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class SetupKind(models.TextChoices):
    """The six steps of setting a group up (R12), and the order in which people are seated in it."""

    MEMBERS = "members", _("Who comes in")
    RULES = "rules", _("Group rules")
    CONTENT = "content", _("Content plan")
    NAME = "name", _("Open and name it")
    WELCOME = "welcome", _("Welcome and announcement")
    SEATS = "seats", _("Seat people")
    ADMINS = "admins", _("Admins")
    KOC = "koc", _("KOC")
    ATMOSPHERE = "atmosphere", _("Atmosphere staff")
    ORDINARY = "ordinary", _("Ordinary members")


class LadderStep(models.TextChoices):
    """What follows a breach of the rules (R9). A friendly word comes before all steps and is none itself (R130)."""

    KIND = "kind", _("Friendly word")
    WARN = "warn", _("Warn")
    MUTE = "mute", _("Mute")
    REMOVE = "remove", _("Remove from the group")


class ViolationState(models.TextChoices):
    OPEN = "open", _("To be done")
    DONE = "done", _("Done")
    UNDONE = "undone", _("Taken back")


class EndKind(models.TextChoices):
    """How a group ends (R13), in this order."""

    NOTICE = "notice", _("Tell members that it ends")
    HANDOVER = "handover", _("Bring members to the next group")
    DISSOLVE = "dissolve", _("Dissolve it in WeCom")


class EndState(models.TextChoices):
    OPEN = "open", _("To be done")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")


class IntroState(models.TextChoices):
    """Whether a member has introduced themselves (R20). No row yet is "missing" too."""

    MISSING = "missing", pgettext_lazy("introduction", "Missing")
    REMINDED = "reminded", _("Reminded")
    DONE = "done", _("Introduced")


class OfferState(models.TextChoices):
    """What became of the profile fields that were read from an introduction."""

    NONE = "none", _("Nothing read")
    OPEN = "open", _("Waits for a person")
    TAKEN = "taken", _("Taken into the profile")
    DECLINED = "declined", _("Left out")


class ChangeKind(models.TextChoices):
    NAME = "name", _("Name")
    NOTICE = "notice", _("Announcement")
    OWNER = "owner", _("Owner")


class WordsKind(models.TextChoices):
    """What a group says to its members, kept version by version. The value is the group's field."""

    WELCOME = "welcome", _("Welcome message")
    ANNOUNCEMENT = "announcement", _("Announcement")
    REPLIES = "replies", _("Keyword replies")
