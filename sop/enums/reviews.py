"""The review after a run (R57), and who followed the plan with what result (R59)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants.enums import PreferenceKind
from tenants.preferences import declare

REVIEW_REF = "sop.review"  # what work items call a review


class ReviewState(models.TextChoices):
    DUE = "due", pgettext_lazy("review", "Due")
    DONE = "done", _("Done")


class Decision(models.TextChoices):
    """What the review says of the plan."""

    KEEP = "keep", _("Run it again as it is")
    CHANGE = "change", _("Change it, then run it again")
    STOP = "stop", _("Do not run it again")


class ItemKind(models.TextChoices):
    REUSE = "reuse", _("Worth keeping")
    IMPROVE = "improve", _("To improve")


class ItemState(models.TextChoices):
    """What became of a point to improve in the next version."""

    OPEN = "open", pgettext_lazy("review point", "Open")
    CHANGED = "changed", _("Changed")
    LEFT = "left", _("Left as it is")


class Quadrant(models.TextChoices):
    """Adherence beside result: what a lead does about it stands in the hint of the page."""

    STANDARD = "standard", _("Followed and worked")
    FIX_PLAN = "fix_plan", _("Followed and failed")
    LEARN = "learn", _("Did not follow, yet worked")
    COACH = "coach", _("Did not follow, and failed")


REVIEW_DAYS = declare(
    "sop.review_days",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Days after a run's end in which its review is done"),
    minimum=1,
    maximum=30,
)
FLOOR_PERCENT = declare(
    "sop.floor_percent",
    default=80,
    kind=PreferenceKind.INTEGER,
    label=_("Execution rate from which somebody follows the SOP, in percent"),
    minimum=10,
    maximum=100,
)
FLOOR_TOUCHES = declare(
    "sop.floor_touches",
    default=5,
    kind=PreferenceKind.INTEGER,
    label=_("Touches due before an operator's adherence is judged"),
    minimum=1,
    maximum=200,
)
FLOOR_PEOPLE = declare(
    "sop.floor_people",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("People in an operator's groups before their result is judged"),
    minimum=1,
    maximum=1000,
)
