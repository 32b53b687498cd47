"""What a script answers."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ScriptKind(models.TextChoices):
    """What a script answers (R23)."""

    PRODUCT = "product", _("Product questions")
    OFFER = "offer", _("Offers")
    AFTER_SALES = "after_sales", _("After sales")
    DOUBT = "doubt", _("Doubts")
    OPENING = "opening", _("Opening a talk")
    OTHER = "other", _("Other")


# The kinds that a group's FAQ and its hand-over carry (R23).
FAQ_KINDS = (ScriptKind.PRODUCT, ScriptKind.OFFER, ScriptKind.AFTER_SALES)
