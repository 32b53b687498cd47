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
    CARE = "care", _("Care")


class EditionState(models.TextChoices):
    """Where one edition of a material stands. `content.services.library` is the only place that moves it."""

    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Sent back")


# State -> the states it may go to. An approved edition never changes any more.
EDITION_MOVES: dict[str, frozenset[str]] = {
    EditionState.DRAFT: frozenset({EditionState.WAITING}),
    EditionState.WAITING: frozenset({EditionState.APPROVED, EditionState.REFUSED, EditionState.DRAFT}),
    EditionState.REFUSED: frozenset({EditionState.DRAFT, EditionState.WAITING}),
    EditionState.APPROVED: frozenset(),
}
EDITION_OPEN = (EditionState.DRAFT, EditionState.WAITING, EditionState.REFUSED)
