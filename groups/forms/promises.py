"""Forms of the promise ledger."""

from datetime import time
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import Survey
from groups.policies.promises import DUE_TIME


class PromiseForm(forms.Form):
    """What is promised, by when, to how many."""

    text = forms.CharField(
        label=_("What is promised"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("So that anybody can tell whether it was kept."),
    )  # fmt: skip
    day = forms.DateField(
        label=_("Due on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    at = forms.TimeField(
        label=_("Due at"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Empty: by the end of that day."),
    )  # fmt: skip
    beneficiary_count = forms.IntegerField(
        label=_("For how many customers"), min_value=0, max_value=100_000, required=False,
        help_text=_("Empty: the customers in the group now."),
    )  # fmt: skip

    def clean_at(self) -> time:
        return self.cleaned_data["at"] or DUE_TIME


class KeepForm(forms.Form):
    """What shows that a promise was kept: words, a link, or both."""

    evidence = forms.CharField(
        label=_("What shows it"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What was delivered, when and where."),
    )  # fmt: skip
    evidence_url = forms.CharField(
        label=_("Link"), max_length=500, required=False, validators=[URLValidator(schemes=["http", "https"])],
        widget=forms.TextInput(attrs={"inputmode": "url", "placeholder": "https://"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors and not (told.get("evidence") or told.get("evidence_url")):
            self.add_error("evidence", _("Write what shows it, or give a link."))
        return told


class SurveyForm(forms.Form):
    """What one customer answered, as staff heard it."""

    customer = forms.TypedChoiceField(label=_("Customer"), coerce=int)
    survey = forms.ChoiceField(label=_("Asked about"), choices=Survey.choices)
    value = forms.IntegerField(
        label=pgettext_lazy("survey", "Answer"), required=False, min_value=0, max_value=100,
        help_text=_("1 to 5; an assessment 0 to 100. Not needed for words."),
    )  # fmt: skip
    text = forms.CharField(
        label=_("In the customer's words"), required=False, max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].choices = people  # type: ignore[attr-defined]
