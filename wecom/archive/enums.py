"""Choices of the message archive, and the settings of a tenant that concern it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class MessageState(models.TextChoices):
    """What we could make of a message that was opened."""

    KEPT = "kept", _("Kept")
    UNKNOWN = "unknown", _("Kind not known, kept as it came")


class MessageSource(models.TextChoices):
    ARCHIVE = "archive", _("WeCom archive")
    FILE = "file", _("File")


class SealedReason(models.TextChoices):
    """Why a message is still closed, or could not be read once open."""

    NO_KEY = "no_key", _("No private key of this version")
    BAD_KEY = "bad_key", _("The private key of this version does not fit")
    UNDECRYPTABLE = "undecryptable", _("WeCom's library could not open it")
    UNREADABLE = "unreadable", _("Opened, but not readable")


class MediaState(models.TextChoices):
    WAITING = "waiting", _("To be fetched")
    DONE = "done", _("Kept")
    EXPIRED = "expired", _("Gone at WeCom")
    TOO_BIG = "too_big", _("Larger than you keep")
    FAILED = "failed", _("Could not be fetched")


class ConsentState(models.TextChoices):
    """What a person outside the company said to having messages kept."""

    AGREE = "agree", _("Agreed")
    DISAGREE = "disagree", _("Refused")


class ConsentSource(models.TextChoices):
    ARCHIVE = "archive", _("WeCom archive")
    CALLBACK = "callback", _("WeCom event")
    CHECK = "check", _("Asked at WeCom")
    FILE = "file", _("Declared with a file")
    HAND = "hand", _("Recorded by hand")


class KeySource(models.TextChoices):
    MADE = "made", _("Made here")
    PASTED = "pasted", _("Pasted")


class ArchiveState(models.TextChoices):
    """Whether messages come in. `stopped` waits for a person."""

    OFF = "off", _("Not connected")
    NEW = "new", _("Not checked yet")
    RUNNING = "running", _("Running")
    STOPPED = "stopped", _("Stopped")
    PAUSED = "paused", _("Paused")


RETENTION_DAYS = declare(
    "archive.retention_days",
    default=365,
    kind=PreferenceKind.INTEGER,
    label=_("Days messages of customers are kept"),
    help=_("Older messages and their files are deleted. 0 keeps them without end."),
    minimum=0,
    maximum=3650,
)
MEDIA_MB = declare(
    "archive.media_mb",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Largest file of a message that is kept, in MB"),
    help=_("0 keeps no files."),
    minimum=0,
    maximum=500,
)
POLL_S = declare(
    "archive.poll_s",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Seconds between two looks into the archive without a notice from WeCom"),
    minimum=15,
    maximum=3600,
)
