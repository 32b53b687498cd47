"""Choices of analytics: of what a north star is, by what rule it is judged, whose newcomers a cohort is of."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.enums import BehaviourKind


class Scope(models.TextChoices):
    """Whose north star it is (R96)."""

    COMPANY = "company", pgettext_lazy("scope", "Company")
    TEAM = "team", pgettext_lazy("scope", "Team")
    CAMP = "camp", _("Camp")


class Unit(models.TextChoices):
    """What a figure counts. A share is kept in basis points: 1234 is 12.34 %."""

    PEOPLE = "people", pgettext_lazy("unit", "people")
    TIMES = "times", pgettext_lazy("unit", "times")
    FEN = "fen", pgettext_lazy("unit", "yuan")
    SHARE = "share", pgettext_lazy("unit", "%")


class Course(models.TextChoices):
    """How a figure gets to its target, by which "on course" is judged."""

    ADDS = "adds", _("adds up")  # from nothing, day by day
    CLIMBS = "climbs", _("climbs")  # from where it stood before the period
    HOLDS = "holds", _("holds")  # begins high and has to stay there


class LifeStep(models.TextChoices):
    """The steps of a user's life cycle (R97), in the order of RARRA (R100)."""

    RETENTION = "retention", _("Retention")
    ACTIVATION = "activation", _("Activation")
    REFERRAL = "referral", _("Referral")
    REVENUE = "revenue", _("Revenue")
    ACQUISITION = "acquisition", _("Acquisition")


class Impact(models.IntegerChoices):
    """How much a figure moves the north star, by the judgement of whoever chose it."""

    HIGH = 1, pgettext_lazy("impact", "High")
    MIDDLE = 2, pgettext_lazy("impact", "Middle")
    LOW = 3, pgettext_lazy("impact", "Low")


class Verdict(models.TextChoices):
    REACHED = "reached", pgettext_lazy("verdict", "Reached")
    ON_COURSE = "on_course", pgettext_lazy("verdict", "On course")
    BEHIND = "behind", pgettext_lazy("verdict", "Behind")
    UNKNOWN = "unknown", pgettext_lazy("verdict", "Unknown")


class CohortOf(models.TextChoices):
    """Whose newcomers a cohort is of."""

    COMPANY = "company", pgettext_lazy("whose figures", "Company")
    GROUP = "group", _("Group")
    CAMP = "camp", _("Camp")
    CHANNEL = "channel", _("Channel")


class Segment(models.TextChoices):
    """What people of a funnel are told apart by. Of `kind` and `tag` a person can have several."""

    TIER = "tier", _("Tier")
    CHANNEL = "channel", _("Channel")
    KIND = "kind", _("Type of group")
    CIRCLE = "circle", _("Circle")
    TAG = "tag", _("Tag")


FRIEND = "friend"  # the one step that is no behaviour: adding somebody of the staff
_NO_STEPS = {BehaviourKind.REFUND, BehaviourKind.LEAVE}
FUNNEL_STEPS: dict[str, object] = {
    BehaviourKind.JOIN.value: BehaviourKind.JOIN.label,
    FRIEND: _("Added somebody of the staff"),
    **{one.value: one.label for one in BehaviourKind if one not in {BehaviourKind.JOIN, *_NO_STEPS}},
}
