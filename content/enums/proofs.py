"""Where a testimonial may be shown, and how its customer is named (R67)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProofKind(models.TextChoices):
    TESTIMONIAL = "testimonial", _("Testimonial")
    SHOW_ORDER = "show_order", _("Show-order")


class ProofScope(models.TextChoices):
    """How far the customer's permission reaches; each holds those before it."""

    PRIVATE = "private", _("Private chats")
    GROUPS = "groups", _("Private chats and groups")
    PUBLIC = "public", _("Everywhere, Moments too")


class NameShown(models.TextChoices):
    """What of the name the customer agreed to."""

    NONE = "none", _("No name")
    MASKED = "masked", _("First character only")
    FULL = "full", _("Full name")


class ProofProblem(models.TextChoices):
    """Why a testimonial may not be shown. The value is the code people see."""

    NO_CUSTOMER = "PROOF-01", _("It names no customer of ours")
    NO_ORDER = "PROOF-02", _("It names no order of this customer")
    UNPAID = "PROOF-03", _("Its order is not paid, or was refunded")
    NO_PERMISSION = "PROOF-04", _("No permission of the customer is recorded")
    ENDED = "PROOF-05", _("The customer's permission has ended")
    WITHDRAWN = "PROOF-06", _("The customer took the permission back")
    SCOPE = "PROOF-07", _("The permission does not reach this channel")
    GONE = "PROOF-08", _("It was removed, or its customer erased")


# How far each channel of a touch goes.
SCOPE_NEEDED = {
    "moments": ProofScope.PUBLIC,
    "group_forward": ProofScope.GROUPS,
    "group_mass": ProofScope.GROUPS,
}
