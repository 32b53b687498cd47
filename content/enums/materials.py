"""What a piece of content is."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class MaterialType(models.TextChoices):
    """Content types (R60)."""

    NORMS = "norms", _("Norms")
    VALUE = "value", _("Value")
    MARKETING = "marketing", _("Product marketing")
    TOPIC = "topic", _("Topic")
    ACTIVITY = "activity", _("Activity")
