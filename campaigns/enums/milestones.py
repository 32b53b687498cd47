"""Choices of milestones; values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

SMALL_EVERY, LARGE_EVERY = 50, 100  # customers of a group (R83)
WEAK_SHARE_YUAN = declare(
    "campaigns.weak_share_yuan", default=2, kind=PreferenceKind.INTEGER, minimum=1, maximum=1_000,
    label=_("Yuan below which a share of a group's red packet is weak bait"),
    help=_("People come for it and leave: setting up a milestone warns of it."),
)  # fmt: skip
SHARES, SHARES_MOST = 20, 500


class MilestoneKind(models.TextChoices):
    """Which red packet a milestone brings."""

    SMALL = "small", pgettext_lazy("milestone", "Small")
    LARGE = "large", pgettext_lazy("milestone", "Large")
