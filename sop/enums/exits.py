"""What takes a person or a group out of a run before its end."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ExitRule(models.TextChoices):
    """A rule of a version that ends a run for one person or one group. The value is stored data and shown."""

    BOUGHT = "EXIT-01", _("Bought")
    OPTED_OUT = "EXIT-02", _("Wants no marketing")
    LEFT = "EXIT-03", _("Left all groups of the run")
    CUSTOMER_TAG = "EXIT-04", _("Carries the tag")
    TIER = "EXIT-05", _("Reached the intent tier")
    STAGE = "EXIT-06", _("Reached the trust stage")
    GROUP_SIZE = "EXIT-07", _("The group reached the size")
    GROUP_TAG = "EXIT-08", _("The group carries the tag")
    FROZEN = "EXIT-09", _("Sends to the group are frozen")
    ENDED = "EXIT-10", _("The group has ended")


PERSON_EXITS = (
    ExitRule.BOUGHT, ExitRule.OPTED_OUT, ExitRule.LEFT, ExitRule.CUSTOMER_TAG, ExitRule.TIER, ExitRule.STAGE,
)  # fmt: skip
GROUP_EXITS = (ExitRule.GROUP_SIZE, ExitRule.GROUP_TAG, ExitRule.FROZEN, ExitRule.ENDED)
# Rules that name a tag of one company: no file takes them along.
TAG_EXITS = frozenset({ExitRule.CUSTOMER_TAG, ExitRule.GROUP_TAG})
