"""What was promised, and what came of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PromiseState(models.TextChoices):
    """What became of something promised to a delivery group (R17)."""

    OPEN = "open", _("Open promise")
    KEPT = "kept", pgettext_lazy("promise", "Kept")
    BROKEN = "broken", pgettext_lazy("promise", "Broken")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class InviteState(models.TextChoices):
    """How far an invitation into a super-user group has come (R16)."""

    INVITED = "invited", pgettext_lazy("invitation", "Invited")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    ADMITTED = "admitted", _("Admitted")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN_INVITES = (InviteState.INVITED, InviteState.ACCEPTED)


class Opening(models.TextChoices):
    """Ready plans of a new-user group, by kind of business (R18)."""

    FLASH_SALE = "flash_sale", _("Flash sale, sold to people")
    GROUP_BUY = "group_buy", _("Group-buy, sold to people")
    EDUCATION = "education", _("Long lessons and real feedback, sold to companies")


class Survey(models.TextChoices):
    """What customers of a group are asked (R17, R18). A form behaviour names it in its object id: survey:gain."""

    EXPECTATION = "expectation", _("Expectation at entry, 1–5")
    GAIN = "gain", _("Sense of gain, 1–5")
    ASSESSMENT = "assessment", _("Assessment, 0–100")
    RATING = "rating", _("Rating at the end, 1–5")
    FEEDBACK = "feedback", _("Feedback in own words")
