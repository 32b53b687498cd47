"""Shapes in: what joining a group gives."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import PrizeKind
from campaigns.enums.joining import DRAWS_MOST, STAY_DAYS_MOST, TASK_DAYS_MOST, JoinKind, JoinTask
from campaigns.models import Prize
from campaigns.services.joining import JoinWish


class JoinForm(forms.Form):
    """What belongs to another kind is left out of sight."""

    hides_optional = True
    OWN = {
        "prize": "prize", "draws": "draws", "task": "task", "task_words": "task", "task_url": "task",
        "task_days": "task",
    }  # fmt: skip

    kind = forms.ChoiceField(label=gettext_lazy("What joining gives"), choices=JoinKind.choices)
    prize = forms.TypedChoiceField(
        label=gettext_lazy("Prize"), coerce=int, required=False, empty_value=None,
        help_text=gettext_lazy("For “at once” it has to be a red packet."),
    )  # fmt: skip
    draws = forms.IntegerField(
        label=gettext_lazy("Draws for joining"), min_value=1, max_value=DRAWS_MOST, required=False,
        help_text=gettext_lazy("In the lottery of this campaign, within its limit of each person."),
    )  # fmt: skip
    task = forms.ChoiceField(label=gettext_lazy("Task"), choices=JoinTask.choices, required=False)
    task_words = forms.CharField(
        label=gettext_lazy("The task in your words"), max_length=60, required=False,
        help_text=gettext_lazy("Members read it, like “fill in the form for new parents”."),
    )  # fmt: skip
    task_url = forms.URLField(
        label=gettext_lazy("Where to do it"), max_length=500, required=False, assume_scheme="https",
        help_text=gettext_lazy("The button on the members' page leads there. Empty: no button."),
    )  # fmt: skip
    task_days = forms.IntegerField(
        label=gettext_lazy("Days to do it, from joining"), min_value=1, max_value=TASK_DAYS_MOST, required=False,
        initial=3,
    )  # fmt: skip
    stay_days = forms.IntegerField(
        label=gettext_lazy("Days to stay"), min_value=0, max_value=STAY_DAYS_MOST, initial=3,
        help_text=gettext_lazy(
            "Who leaves before loses what was not paid or handed over yet. 0: nothing is taken back."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, prizes: list[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.prizes = {one.pk: one for one in prizes}
        self.fields["prize"].choices = [("", _("Choose one")), *((one.pk, one.name) for one in prizes)]  # type: ignore[attr-defined]

    def placed(self) -> list[tuple[Any, str]]:
        """[(field, the kind that it belongs to, or "")], as the page shows them."""
        return [(field, self.OWN.get(field.name, "")) for field in self.visible_fields()]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind, prize = given.get("kind"), self.prizes.get(given.get("prize") or 0)
        needed = {
            JoinKind.DRAWS: ("draws",),
            JoinKind.TASK: ("prize", "task", "task_days"),
            JoinKind.PACKET: ("prize",),
        }
        for name in needed.get(JoinKind(kind), ()) if kind else ():
            if name not in self.errors and not given.get(name):
                self.add_error(name, _("This is needed."))
        if kind == JoinKind.PACKET and prize is not None and prize.kind != PrizeKind.RED_PACKET:
            self.add_error("prize", _("What is paid at once has to be a red packet."))
        return given

    def wish(self) -> JoinWish:
        given = self.cleaned_data
        return JoinWish(
            kind=given["kind"], prize_id=given["prize"], draws=given["draws"] or 0, task=given["task"],
            task_words=given["task_words"], task_url=given["task_url"], task_days=given["task_days"] or 3,
            stay_days=given["stay_days"],
        )  # fmt: skip
