"""Points on a member's phone: what a page that gives or takes them shares."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaigns.enums import EntryReason
from campaigns.phone.base import PlayPage
from campaigns.selectors.points import PointsLine, points_of, statement_of

LINES = 60


class PointsParts(PlayPage):
    """A page with a statement of points below it."""

    parts: ClassVar[dict[str, str]] = {"points": "show_points"}

    def show_points(self) -> HttpResponse:
        """What the visitor has, and each time it changed."""
        customer = self.visit.customer
        lines = statement_of(customer=customer, most=LINES) if customer else []
        context: dict[str, Any] = {
            "points": points_of(customer=customer) if customer else 0,
            "lines": [(one, reason_words(one)) for one in lines],
        }
        return self.answer("campaigns/h5/points.html", context)


def reason_words(line: PointsLine) -> str:
    """What a person got points for, or what they went for."""
    entry = line.entry
    parts = entry.key.split(":")
    if entry.reason == EntryReason.EARNED and parts[0] == "checkin":
        told = {"day": pgettext("play", "Check-in"), "streak": _("Days in a row"), "goal": _("Goal reached")}
        return told.get(parts[3], str(entry.get_reason_display()))
    return str(entry.get_reason_display())
