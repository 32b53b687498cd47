"""Shapes in: a check-in, and why one is rejected."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from campaigns.enums.checkins import PERIOD_DAYS, POINTS_MOST, REACH_MOST, GoalPeriod, ProofKind
from campaigns.models import Prize
from campaigns.policies.readiness import forces_sharing
from campaigns.services.checkins import TASKS_CHARS, CheckInWish


def _count(
    label: Any, *, most: int, initial: int = 0, least: int = 0, help_text: Any = ""
) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, initial=initial, help_text=help_text
    )


class CheckInForm(forms.Form):
    """What is asked each day, and what it gives; 0 gives nothing."""

    tasks = forms.CharField(
        label=gettext_lazy("Task of each day"), max_length=TASKS_CHARS, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("A line a day; after the last one it begins again. One line: every day the same."),
    )  # fmt: skip
    hint = forms.CharField(
        label=gettext_lazy("Below the task"), max_length=100, required=False,
        help_text=gettext_lazy("How long it takes, what counts as done."),
    )  # fmt: skip
    proof = forms.ChoiceField(label=gettext_lazy("What members hand in"), choices=ProofKind.choices)
    period = forms.ChoiceField(
        label=gettext_lazy("A goal runs"), choices=GoalPeriod.choices,
        help_text=gettext_lazy("Counted from the campaign's first day."),
    )  # fmt: skip
    goal_days = _count(gettext_lazy("Days that reach the goal"), least=1, most=30, initial=5)
    day_points = _count(gettext_lazy("Points for each day"), most=POINTS_MOST, initial=5)
    streak_days = _count(
        gettext_lazy("Days in a row that give more"), most=REACH_MOST,
        help_text=gettext_lazy("Each time anew: after 7, after 14 … 0: none."),
    )  # fmt: skip
    streak_points = _count(gettext_lazy("Points for these days in a row"), most=POINTS_MOST)
    goal_points = _count(gettext_lazy("Points at the goal"), most=POINTS_MOST)
    goal_draws = _count(
        gettext_lazy("Draws at the goal"),
        most=REACH_MOST,
        help_text=gettext_lazy("In this campaign's lottery."),
    )
    gift = forms.TypedChoiceField(
        label=gettext_lazy("Gift at the goal"), coerce=int, required=False, empty_value=None,
        help_text=gettext_lazy(
            "One of the campaign's prizes: goods, a free course, a refund of the fee, a red packet."
        ),
    )  # fmt: skip
    cards_start = _count(gettext_lazy("Make-up cards at the start"), most=REACH_MOST)
    card_days = _count(
        gettext_lazy("Days in a row that earn a make-up card"), most=REACH_MOST,
        help_text=gettext_lazy("Only days done on the day itself count. 0: none is earned."),
    )  # fmt: skip
    reach_days = _count(pgettext_lazy("check-in", "A card reaches back, days"), most=REACH_MOST, initial=7)

    def __init__(self, *args: Any, prizes: Iterable[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", pgettext_lazy("check-in", "No gift")), *((one.pk, one.name) for one in prizes)]
        self.fields["gift"].choices = choices  # type: ignore[attr-defined]

    def clean_tasks(self) -> str:
        text = str(self.cleaned_data["tasks"])
        if words := forces_sharing(text):
            raise forms.ValidationError(
                _("“%(words)s” asks people to share: WeChat forbids a reward for that.") % {"words": words}
            )
        return text

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        days, period = given.get("goal_days"), given.get("period")
        if days and period and days > PERIOD_DAYS[GoalPeriod(period)]:
            self.add_error("goal_days", _("The goal has more days than its period."))
        streak, points = given.get("streak_days"), given.get("streak_points")
        if streak is not None and points is not None and (bool(streak) != bool(points) or streak == 1):
            self.add_error("streak_days", _("A row of days has two days at least, and gives something."))
        return given

    def wish(self) -> CheckInWish:
        given = dict(self.cleaned_data)
        return CheckInWish(gift_id=given.pop("gift"), **given)
