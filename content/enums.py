"""Choices and settings of content."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class MaterialType(models.TextChoices):
    """Content types (R60)."""

    NORMS = "norms", _("Norms")
    VALUE = "value", _("Value")
    MARKETING = "marketing", _("Product marketing")
    TOPIC = "topic", _("Topic")
    ACTIVITY = "activity", _("Activity")


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


class LinkKind(models.TextChoices):
    """What a click on a radar link means."""

    LINK = "link", _("Page")
    PURCHASE = "purchase", _("Product page")
    PAY = "pay", _("Payment page")
    FORM = "form", _("Form")
    LIVE = "live", _("Live session")
    MINI_PROGRAM = "mini_program", _("Mini-program")


# Link kind -> behaviour kind (R111). Opening a form, a live room or a mini-program is itself the behaviour.
BEHAVIOUR_OF_LINK: dict[str, str] = {
    LinkKind.LINK: "link_click",
    LinkKind.PURCHASE: "purchase_click",
    LinkKind.PAY: "pay_click",
    LinkKind.FORM: "link_click",
    LinkKind.LIVE: "live",
    LinkKind.MINI_PROGRAM: "mini_program",
}

CLICKS_A_MINUTE = declare(
    "content.clicks_a_minute",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Clicks a visitor and minute that count"),
    minimum=5,
    maximum=600,
)
IDENTITY_DAYS = declare(
    "content.identity_days",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Days a visitor stays known on radar links"),
    minimum=1,
    maximum=180,
)
