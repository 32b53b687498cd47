"""What a group is: its type, purpose, life and what has to be answered before it runs."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The four group types (R1). The empty kind is a group nobody has thought through yet."""

    FLASH = "flash", _("Flash group")
    NEW_USER = "new_user", _("New-user group")
    SUPER_USER = "super_user", _("Super-user group")
    DELIVERY = "delivery", _("Delivery group")


class SubKind(models.TextChoices):
    LEARNING = "learning", _("Learning")
    SERVICE = "service", _("Service")


class Purpose(models.TextChoices):
    MAINTENANCE = "maintenance", _("Customer maintenance")
    AFTER_SALES = "after_sales", _("After-sales")
    CONVERSION = "conversion", _("Conversion")
    BRAND = "brand", _("Brand exposure")


class Scenario(models.TextChoices):
    CAMP = "camp", _("Camp")
    MEMBER = "member", _("Member group")
    KNOWLEDGE = "knowledge", _("Knowledge sharing")
    WELFARE = "welfare", _("Welfare")
    COACHING = "coaching", _("Coaching")
    BOARD = "board", _("Board")
    OTHER = "other", _("Other scenario")


class PaymentBasis(models.TextChoices):
    PAID = "paid", _("Paid")
    LOW_PRICE = "low_price", _("Low-price entry")
    UNPAID = "unpaid", _("Unpaid")


class State(models.TextChoices):
    """The life cycle (R13)."""

    PLANNING = "planning", _("Planning")
    WARMING = "warming", _("Warming up")
    ACTIVE = "active", _("Active")
    DECLINING = "declining", _("Declining")
    CLOSING = "closing", _("Closing")
    ARCHIVED = "archived", _("Archived")


# Where a group may go from each state. Going live (planning -> warming or active) passes the readiness gate.
TRANSITIONS: dict[str, frozenset[str]] = {
    State.PLANNING: frozenset({State.WARMING, State.ACTIVE, State.ARCHIVED}),
    State.WARMING: frozenset({State.ACTIVE, State.CLOSING}),
    State.ACTIVE: frozenset({State.DECLINING, State.CLOSING}),
    State.DECLINING: frozenset({State.ACTIVE, State.CLOSING}),
    State.CLOSING: frozenset({State.ACTIVE, State.ARCHIVED}),
    State.ARCHIVED: frozenset(),
}

LIVE_STATES = frozenset({State.WARMING, State.ACTIVE, State.DECLINING, State.CLOSING})


class Question(models.TextChoices):
    """The six answers of the readiness gate (R4) and the crisis plan (R25)."""

    POSITIONING = "positioning", _("Positioning")
    OPERATION = "operation", _("How we operate")
    DELIVERABLE = "deliverable", _("What we deliver")
    RULES = "rules", _("Group rules")
    MANAGEMENT = "management", _("Management")
    ENDING = "ending", _("How it ends")
    CRISIS = "crisis", _("Crisis plan")
