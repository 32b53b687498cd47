"""Words of the constitution: how bad, asked when, said by whom, counted as what."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContentKind(models.TextChoices):
    """What a slot of the first week holds, as far as the content mix cares (R2, R60)."""

    MARKETING = "marketing", _("Marketing")
    VALUE = "value", _("Value")
    TALK = "talk", _("Interaction")


class Slot(models.TextChoices):
    MORNING = "morning", _("Morning")
    NOON = "noon", _("Noon")
    EVENING = "evening", _("Evening")


class Severity(models.TextChoices):
    """BLOCK stops going live and is red afterwards; APPROVAL is a block that a leader may lift."""

    BLOCK = "block", _("Blocks")
    APPROVAL = "approval", _("Needs approval")
    WARN = "warn", _("Warning")
    NOTE = "note", _("Note")


class Context(models.TextChoices):
    """When a check is asked."""

    GO_LIVE = "go_live", _("Going live")
    PUBLISH = "publish", _("SOP publish")
    WEEK = "week", _("Weekly plan")
    NIGHTLY = "nightly", _("Every night")


class Cites(models.TextChoices):
    """Where a rule comes from."""

    FOUR_TYPES = "4G", _("Four group types")
    TEN_THOUSAND = "XL", _("10,000 groups")
    AARRR = "AA", _("AARRR for groups")
    BURST = "BC", _("Burst conversion")
    LINKFLOW = "LF", _("LinkFlow camps")
    PLATFORM = "P", _("WeCom itself")


class Risk(models.IntegerChoices):
    """How urgently a group asks for attention: the worst of its failing checks."""

    NONE = 0, _("Healthy")
    NOTE = 1, _("Note")
    WARN = 2, _("At risk")
    BAD = 3, _("Broken rule")
