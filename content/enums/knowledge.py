"""Knowledge cards and their short tests (R126)."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class CardKind(models.TextChoices):
    """What a card is about. Stored data."""

    PRODUCT = "product", pgettext_lazy("card", "Product")
    SCENARIO = "scenario", pgettext_lazy("card", "Scenario")
    COMPETITOR = "competitor", pgettext_lazy("card", "Competitor")


class CardState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("card", "Draft")
    LIVE = "live", pgettext_lazy("card", "Published")


class CardAsk(models.TextChoices):
    """Who is asked to know a card. Stored data."""

    EVERYBODY = "everybody", pgettext_lazy("card", "Everybody who works with customers")
    CAMP = "camp", pgettext_lazy("card", "Whoever leads a group of a camp, before it begins")
    NOBODY = "nobody", pgettext_lazy("card", "Nobody: it is there to look up")


# The parts of a card, in the order they are read: (key as stored, heading, what belongs there).
SECTIONS: dict[str, tuple[tuple[str, Any, Any], ...]] = {
    CardKind.PRODUCT: (
        (
            "what",
            pgettext_lazy("card", "What it is"),
            _("So that somebody who never heard of it understands it at once."),
        ),
        (
            "whom",
            pgettext_lazy("card", "For whom, and for whom not"),
            _("Sending somebody away who does not fit saves a refund."),
        ),
        (
            "gets",
            pgettext_lazy("card", "What people get, and when"),
            _("Count and date everything: these are promises."),
        ),
        (
            "price",
            pgettext_lazy("card", "Price and refund"),
            _("What it costs, what is in it, how money comes back."),
        ),
        (
            "never",
            pgettext_lazy("card", "What we do not promise"),
            _("Words that are never used of this product."),
        ),
    ),
    CardKind.SCENARIO: (
        ("scene", pgettext_lazy("card", "When it happens"), _("The customer's own words.")),
        ("mind", pgettext_lazy("card", "What is behind it"), _("Mostly it is not what is said.")),
        ("ask", pgettext_lazy("card", "Ask first"), _("One or two questions.")),
        ("say", pgettext_lazy("card", "Then say"), _("Facts, in plain words.")),
        ("never", pgettext_lazy("card", "Never say"), _("What loses the customer, or is not true.")),
    ),
    CardKind.COMPETITOR: (
        ("offer", pgettext_lazy("card", "What they offer"), _("Price and contents, with where it was seen.")),
        ("good", pgettext_lazy("card", "What they do well"), _("Honestly: customers know it already.")),
        ("differ", pgettext_lazy("card", "Where we differ"), _("Only what can be shown.")),
        ("ask", pgettext_lazy("card", "Ask first"), _("One or two questions.")),
        (
            "never",
            pgettext_lazy("card", "Never say"),
            _("Nothing bad about others, nothing that is not shown."),
        ),
    ),
}

KNOWLEDGE_DAYS = declare(
    "knowledge.days",
    default=7,
    kind=PreferenceKind.INTEGER,
    label=_("Days in which a knowledge card is to be known"),
    help=_("From the day it is asked of a person on."),
    minimum=1,
    maximum=60,
)
KNOWLEDGE_CAMP_DAYS = declare(
    "knowledge.camp_days",
    default=2,
    kind=PreferenceKind.INTEGER,
    label=_("Days before a camp by which its cards are to be known"),
    minimum=0,
    maximum=30,
)
KNOWLEDGE_QUESTIONS = declare(
    "knowledge.questions",
    default=5,
    kind=PreferenceKind.INTEGER,
    label=_("Questions of one short test at most"),
    help=_("A card with more questions draws other ones at each try."),
    minimum=1,
    maximum=20,
)
KNOWLEDGE_PASS = declare(
    "knowledge.pass_percent",
    default=80,
    kind=PreferenceKind.INTEGER,
    label=_("Share of right answers that passes a short test, in percent"),
    minimum=1,
    maximum=100,
)
