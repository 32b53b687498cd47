"""Culture of a group (R130): what members agree on, who helps with what, what is thanked for."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class NormState(models.TextChoices):
    """How far a norm has come that a member proposed."""

    PROPOSED = "proposed", pgettext_lazy("norm", "Proposed")
    ASKED = "asked", pgettext_lazy("norm", "The group is being asked")
    AGREED = "agreed", pgettext_lazy("norm", "Agreed")
    DROPPED = "dropped", pgettext_lazy("norm", "Not kept")


class HelperRole(models.TextChoices):
    """What a helper looks after."""

    GREETER = "greeter", _("Greets newcomers")
    ANSWERS = "answers", _("Answers questions")
    HABIT = "habit", _("Keeps the daily habit going")
    TOPICS = "topics", _("Opens topics")
    PEACE = "peace", _("Settles quarrels")


class ThanksFor(models.TextChoices):
    """What a member is thanked for before the group."""

    ANSWER = "answer", _("Answered other members")
    SHARE = "share", _("Shared something of their own")
    HELP = "help", _("Helped to run the group")
    BROUGHT = "brought", _("Brought somebody in")
    IDEA = "idea", _("Proposed what the group agreed on")


class ThanksState(models.TextChoices):
    OPEN = "open", pgettext_lazy("thanks", "To be said")
    SAID = "said", pgettext_lazy("thanks", "Said")
    DROPPED = "dropped", pgettext_lazy("thanks", "Not said after all")


CULTURE_DAYS = 30  # thanks and sanctions are set beside each other over these

NORM_PEOPLE = declare(
    "groups.norm_people", default=5, kind=PreferenceKind.INTEGER, minimum=1, maximum=200,
    label=_("Members who say yes before a norm counts as agreed, at least"),
    help=_("Fewer where fewer customers sit in the group."),
)  # fmt: skip

NORM_PERCENT = declare(
    "groups.norm_percent", default=10, kind=PreferenceKind.INTEGER, minimum=0, maximum=100,
    label=_("Share of those who spoke in 14 days that must say yes to a norm, percent"),
)  # fmt: skip

NORM_DAYS = declare(
    "groups.norm_days", default=3, kind=PreferenceKind.INTEGER, minimum=1, maximum=30,
    label=_("Days for which answers to a proposed norm are counted"),
)  # fmt: skip

NORM_HEAD = declare(
    "groups.norm_head", default="我们一起约定的：", kind=PreferenceKind.TEXT,
    label=_("Line above the norms of members in a welcome or an announcement"),
)  # fmt: skip
