"""Shapes in: what showing an order gives, and what came of looking at one."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums.showing import BEFORE_DAYS_MOST, LOOK_HOURS_MOST, ShowFault
from campaigns.errors import PraiseAsked
from campaigns.models import Prize
from campaigns.policies.showing import asks_praise
from campaigns.services.showing import ShowWish

GRANT, REFUSE = "grant", "refuse"


def _no_praise(text: str) -> None:
    if asks_praise(text):
        raise forms.ValidationError(str(PraiseAsked.message))


class ShowForm(forms.Form):
    """The prize, which orders count, and how long staff need to look."""

    hides_optional = True

    prize = forms.TypedChoiceField(label=gettext_lazy("Prize"), coerce=int)
    before_days = forms.IntegerField(
        label=gettext_lazy("Orders from how many days before the beginning count too"),
        min_value=0, max_value=BEFORE_DAYS_MOST, initial=0,
        help_text=gettext_lazy("0: only orders placed while the campaign runs. Paid ones, not refunded, each once."),
    )  # fmt: skip
    look_hours = forms.IntegerField(
        label=gettext_lazy("Hours before the end in which staff only look"),
        min_value=1, max_value=LOOK_HOURS_MOST, initial=48,
        help_text=gettext_lazy("No more are taken then, so that each is decided before the end."),
    )  # fmt: skip
    needs_picture = forms.BooleanField(
        label=gettext_lazy("A picture is needed"), required=False, initial=True
    )
    ask = forms.CharField(
        label=gettext_lazy("What to write about"), max_length=100, required=False, validators=[_no_praise],
        help_text=gettext_lazy("Members read it above the field, like “which story did your child like?”."),
    )  # fmt: skip

    def __init__(self, *args: Any, prizes: list[Prize], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prize"].choices = [(one.pk, one.name) for one in prizes]  # type: ignore[attr-defined]

    def wish(self) -> ShowWish:
        given = self.cleaned_data
        return ShowWish(
            prize_id=given["prize"], before_days=given["before_days"], look_hours=given["look_hours"],
            needs_picture=given["needs_picture"], ask=given["ask"],
        )  # fmt: skip


class DecideForm(forms.Form):
    """In order, or why not. What somebody thinks of the goods is no reason that there is."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[(GRANT, gettext_lazy("In order: give the prize")), (REFUSE, gettext_lazy("Not in order"))],
    )  # fmt: skip
    fault = forms.ChoiceField(
        label=gettext_lazy("Why not"), required=False, choices=[("", "–"), *ShowFault.choices],
        help_text=gettext_lazy("Somebody who is not content gets the prize as everybody else."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("More about it"), max_length=200, required=False, validators=[_no_praise],
        widget=forms.Textarea(attrs={"rows": 3}), help_text=gettext_lazy("The member reads it and may show it anew."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("verdict") == REFUSE and not given.get("fault"):
            self.add_error("fault", _("Say why, so that it can be mended."))
        return given
