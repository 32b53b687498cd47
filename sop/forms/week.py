"""Shapes in: the weekly push table."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sop.enums import (
    PUSH_CHANNELS,
    PUSH_TYPES,
)
from sop.forms.widgets import time_input


class SlotForm(forms.Form):
    """One slot of the weekly push table. `also`: other groups that get the same."""

    content_type = forms.ChoiceField(
        label=_("Content type"), choices=[(one.value, one.label) for one in PUSH_TYPES]
    )
    title = forms.CharField(label=_("Title"), max_length=64)
    text = forms.CharField(label=_("Message"), max_length=1300, widget=forms.Textarea(attrs={"rows": 6}))
    channel = forms.ChoiceField(label=_("Channel"), choices=[(one.value, one.label) for one in PUSH_CHANNELS])
    staff = forms.TypedChoiceField(
        label=_("Carried out by"), coerce=int, required=False, empty_value=None,
        help_text=_("A mass send always goes out by the group's owner."),
    )  # fmt: skip
    at = forms.TimeField(
        label=_("Time"),
        required=False,
        widget=time_input(),
        help_text=_("Empty: the usual time of this slot."),
    )
    topic = forms.IntegerField(required=False, widget=forms.HiddenInput)
    material = forms.IntegerField(required=False, widget=forms.HiddenInput)
    also = forms.TypedMultipleChoiceField(
        label=_("Also in"), coerce=int, required=False,
        widget=forms.SelectMultiple(attrs={"data-choices": ""}),
        help_text=_("Other groups get it in the same slot, each by its own owner."),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[Any], groups: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [("", _("The group's owner")), *staff]  # type: ignore[attr-defined]
        self.fields["also"].choices = groups  # type: ignore[attr-defined]


class WeekExemptForm(forms.Form):
    """Why a group owes no weekly plan."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class WeekCopyForm(forms.Form):
    """Where a week's slots go."""

    to_week = forms.TypedChoiceField(label=_("Into the week"), coerce=date.fromisoformat)
    groups = forms.TypedMultipleChoiceField(
        label=_("Into the groups"), coerce=int, widget=forms.SelectMultiple(attrs={"data-choices": ""})
    )
    places = forms.MultipleChoiceField(
        label=_("Slots"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all of them."),
    )  # fmt: skip
    overwrite = forms.BooleanField(
        label=_("Replace what stands there"), required=False,
        help_text=_("Without this only empty slots are filled. What has gone out always stays."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, weeks: list[Any], groups: list[Any], places: list[Any], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to_week"].choices = weeks  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        self.fields["places"].choices = places  # type: ignore[attr-defined]
