"""Roles (R122), permissions, and the choices of accounts."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Role(models.TextChoices):
    """What a member of a tenant may do; see roles.PERMISSIONS."""

    OWNER = "owner", pgettext_lazy("role", "Owner")
    LEADER = "leader", _("Team lead")
    OPERATOR = "operator", _("Operator")
    SALES = "sales", _("Sales")
    VIEWER = "viewer", _("Viewer")


class Permission(models.TextChoices):
    """One thing a role can be allowed. Views and services ask for these, never for a role."""

    VIEW = "view", _("See pages and figures")
    WORK = "work", _("Do tasks, follow leads, reply")
    OPERATE = "operate", _("Run groups and SOPs")
    APPROVE = "approve", _("Approve exceptions")
    MANAGE = "manage", _("Members, WeCom, API keys, settings")
    EXPORT = "export", _("Export lists")
    SEE_PERSONAL = "see_personal", _("See personal data unmasked")


class Suspension(models.TextChoices):
    """Why a member may not enter for now."""

    LEFT_WECOM = "left_wecom", _("Left WeCom")


class AuditFinding(models.TextChoices):
    """What a verification of the audit chain says of the first entry that does not hold."""

    WHOLE = "whole", _("Every entry is as it was written")
    ALTERED = "altered", _("Changed after it was written, or moved to another place")
    REMOVED = "removed", _("Taken out of the trail")
    INSERTED = "inserted", _("Put in beside the chain")
    MISDATED = "misdated", _("Its time does not fit its place")
    BLANKED = "blanked", _("Its words are gone, and no erasure tells why")
    CUT = "cut", _("The end of the trail was cut off or written anew")
    UNSEALED = "unsealed", _("Waits too long to be chained")


class PreferenceKind(models.TextChoices):
    INTEGER = "integer", _("Whole number")
    DECIMAL = "decimal", _("Number")
    TIME = "time", _("Time of day")
    TEXT = "text", _("Text")
    FLAG = "flag", _("Yes or no")
