"""Facts of a product, and who they matter to (R66)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FactUsedIn(models.TextChoices):
    """Where a fact was told."""

    SCRIPT = "script", _("Private chat")
    STEP = "step", _("SOP step")


REPLY_HOURS = 24  # a reply within this belongs to what was told
ORDER_DAYS = 7  # an order within this is counted beside it; it proves no cause
