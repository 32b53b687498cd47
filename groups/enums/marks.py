"""How groups are marked: tags, and new or old customers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class GroupTagSource(models.TextChoices):
    """Who gave a group its tag (R27)."""

    MANUAL = "manual", _("By hand")
    RULE = "rule", _("By rule")


class GroupTagEnd(models.TextChoices):
    """Why a group no longer carries a tag."""

    MANUAL = "manual", _("Taken off by hand")
    RULE = "rule", _("The rule no longer holds")
    RETIRED = "retired", _("The rule was ended")


class Side(models.TextChoices):
    """Whom a group is for (R15): people who are new, or customers we have. They are kept apart."""

    NEW = "new", _("New customers")
    OLD = "old", _("Old customers")
