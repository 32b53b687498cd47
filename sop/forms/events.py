"""Shapes in: topics and value events."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import Kind
from sop.enums import (
    EventKind,
)
from sop.forms.widgets import LocalDateTime, address_input


class TopicForm(forms.Form):
    """One topic of the bank."""

    title = forms.CharField(label=_("Title"), max_length=64)
    text = forms.CharField(
        label=_("Opener"), max_length=1300, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Ask something that can be answered in one line."),
    )  # fmt: skip
    group_kind = forms.ChoiceField(
        label=_("For groups of type"), choices=[("", _("any type")), *Kind.choices], required=False
    )
    opener = forms.TypedChoiceField(
        label=_("Who opens it"), coerce=int, required=False, empty_value=None,
        help_text=_("Atmosphere accounts are your own staff. They speak for themselves, never as customers."),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opener"].choices = [("", _("The group's owner")), *staff]  # type: ignore[attr-defined]


class EventForm(forms.Form):
    """A value event; times on the tenant's wall."""

    kind = forms.ChoiceField(label=_("Type"), choices=EventKind.choices)
    title = forms.CharField(label=_("Title"), max_length=64)
    host = forms.CharField(label=_("Host"), max_length=64, help_text=_("Who speaks: name and what for."))
    about = forms.CharField(
        label=_("What it gives"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    starts_at = forms.DateTimeField(label=_("Begins"), widget=LocalDateTime())
    minutes = forms.IntegerField(label=_("Minutes"), min_value=10, max_value=720)
    place = forms.CharField(label=pgettext_lazy("value event", "Place"), max_length=120, required=False)
    link = forms.URLField(
        label=_("Link"), max_length=500, required=False, assume_scheme="https", widget=address_input()
    )
    capacity = forms.IntegerField(
        label=_("Seats"), min_value=1, max_value=100_000, required=False, help_text=_("Empty: no limit.")
    )
    groups = forms.TypedMultipleChoiceField(
        label=_("Groups invited"), coerce=int, widget=forms.SelectMultiple(attrs={"data-choices": ""})
    )
    staff = forms.TypedChoiceField(label=_("Answers for it"), coerce=int, required=False, empty_value=None)
    reminders = forms.MultipleChoiceField(
        label=_("Reminders"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[
            ("-1440", _("A day before, to those who signed up")),
            ("-60", _("An hour before, in the groups")),
            ("-10", _("Ten minutes before, in the groups")),
        ],
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[Any], groups: list[Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [("", _("Nobody in particular")), *staff]  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]


class ReplayForm(forms.Form):
    """Where the replay is."""

    url = forms.URLField(label=_("Replay"), max_length=500, assume_scheme="https", widget=address_input())


class AttendanceForm(forms.Form):
    """Who came: a CSV, or one WeCom customer id a line."""

    file = forms.FileField(label=_("CSV file"), required=False, help_text=_("With a column external_userid."))
    lines = forms.CharField(
        label=_("Or paste ids"), required=False, max_length=200_000, widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("One WeCom customer id a line."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("file") and not (data.get("lines") or "").strip():
            raise forms.ValidationError(_("Choose a file or paste ids."))
        if data.get("file") and data["file"].size > 2_000_000:
            self.add_error("file", _("The file is larger than 2 MB."))
        return data
