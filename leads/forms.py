"""What people send about a lead."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from leads.enums import CloseReason, FollowResult, LeadState


class FollowUpForm(forms.Form):
    """One contact: a result, and what was learned."""

    result = forms.ChoiceField(label=_("Result"), choices=FollowResult)
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)
    note = forms.CharField(label=_("What was said"), required=False, max_length=500)
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=1, max_value=600)
    in_minutes = forms.IntegerField(required=False, min_value=1, max_value=60 * 24 * 60)
    doubt = forms.CharField(label=_("New doubt"), required=False, max_length=120)
    close_reason = forms.ChoiceField(
        label=pgettext_lazy("not buying", "Why not"),
        required=False,
        choices=[("", _("Choose a reason")), *CloseReason.choices],
    )

    def arguments(self, now: datetime) -> dict[str, Any]:
        """What the service takes: the minutes of the phone's second tap become a moment."""
        data = dict(self.cleaned_data)
        minutes = data.pop("in_minutes")
        return data if minutes is None else {**data, "next_action_at": now + timedelta(minutes=minutes)}


class NextForm(forms.Form):
    """What to do next, and when: an offset in minutes or a moment of the tenant's day."""

    action = forms.CharField(label=_("What to do"), max_length=120)
    other = forms.CharField(label=_("In your own words"), required=False, max_length=120)
    in_minutes = forms.IntegerField(required=False, min_value=0, max_value=60 * 24 * 60)
    at = forms.DateTimeField(label=_("At what time"), required=False)
    reason = forms.CharField(label=_("Why later"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("in_minutes") is None and data.get("at") is None:
            self.add_error("at", _("Choose a time."))
        return data


class CloseForm(forms.Form):
    """Won, or not buying with a reason."""

    state = forms.ChoiceField(
        choices=[(one.value, one.label) for one in (LeadState.WON, LeadState.NOT_BUYING)]
    )
    reason = forms.ChoiceField(required=False, choices=[("", ""), *CloseReason.choices])
    note = forms.CharField(required=False, max_length=200)


class AssignForm(forms.Form):
    """Leads, and who gets them."""

    pick = forms.TypedMultipleChoiceField(coerce=int, choices=[])
    staff = forms.IntegerField(min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        picked = self.data.getlist("pick") if hasattr(self.data, "getlist") else []
        self.fields["pick"].choices = [  # type: ignore[attr-defined]
            (one, one) for one in picked if one.isdecimal()
        ]
