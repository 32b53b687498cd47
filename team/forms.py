"""Forms of team."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from team.enums import URGENT_NOTICES, NoticeChannel, NoticeKind, StaffKind
from team.policies.notices import CHOSEN_KINDS, WHENS, Tuned
from team.selectors.goals import WORDS_MOST, Goal


def serves_field(goal: Goal) -> forms.CharField:
    """How a plan serves the north star that is in force (R96)."""
    return forms.CharField(
        label=_("How it serves the north star"), max_length=WORDS_MOST, help_text=goal.label,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say in a sentence how this plan serves the north star.")},
    )  # fmt: skip


class StaffLinkForm(forms.Form):
    """Which console login a staff member is."""

    member = forms.TypedChoiceField(label=_("Console login"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, members: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [("", _("Not linked")), *members]  # type: ignore[attr-defined]


class NoticeChoiceForm(forms.Form):
    """The matrix: what one is told, where and how soon; and one's own quiet hours."""

    has_own_quiet = forms.BooleanField(label=_("My own quiet hours"), required=False)
    quiet_from = forms.TimeField(
        label=_("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Quiet until"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    rings_in_quiet = forms.BooleanField(
        label=_("Urgent notices reach me in quiet hours too"),
        help_text=_("S and A+ leads, incidents, stopped calls to WeCom"),
        required=False,
    )

    def __init__(self, *args: Any, tuned: Tuned, channels: Sequence[NoticeChannel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channels = list(channels)
        for kind in CHOSEN_KINDS:
            for channel in self.channels:
                self.fields[_cell(kind, channel)] = forms.ChoiceField(
                    choices=[(one.value, one.label) for one in WHENS[channel]],
                    initial=tuned.when(kind, channel),
                    label=_("%(kind)s: %(channel)s") % {"kind": kind.label, "channel": channel.label},
                )

    def rows(self) -> list[dict[str, Any]]:
        """The matrix as the page shows it."""
        return [
            {
                "label": kind.label,
                "is_urgent": kind in URGENT_NOTICES,
                "cells": [{"label": one.label, "field": self[_cell(kind, one)]} for one in self.channels],
            }
            for kind in CHOSEN_KINDS
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("has_own_quiet") and not (data.get("quiet_from") and data.get("quiet_until")):
            self.add_error("quiet_from", _("Say from when until when."))
        return data

    def chosen(self) -> dict[str, dict[str, str]]:
        """{kind: {channel: when}} of the valid form."""
        return {
            kind.value: {one.value: self.cleaned_data[_cell(kind, one)] for one in self.channels}
            for kind in CHOSEN_KINDS
        }


def _cell(kind: NoticeKind, channel: NoticeChannel) -> str:
    return f"{kind.value}__{channel.value}"


class ProfileForm(forms.Form):
    """What a leader says of a colleague."""

    kind = forms.ChoiceField(
        label=_("Kind of person"),
        required=False,
        choices=[("", _("Not said yet")), *StaffKind.choices],
        help_text=_("It suggests who takes which link of a camp. It is never a label for pay."),
    )
    strengths = forms.CharField(
        label=_("Strengths"),
        max_length=200,
        required=False,
        help_text=_("Segmenting, service, closing, live talks…"),
    )
    own_metric = forms.ChoiceField(
        label=_("Conversion metric of their own"),
        required=False,
        help_text=_("Nobody is pure operations: everyone answers for a result beside the process."),
    )
    backup = forms.TypedChoiceField(
        label=_("Backup"), required=False, coerce=int, empty_value=None,
        help_text=_("Sees what falls due outside the shifts."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, metrics: list[tuple[str, Any]], colleagues: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["own_metric"].choices = [("", _("None yet")), *metrics]  # type: ignore[attr-defined]
        self.fields["backup"].choices = [("", _("Nobody")), *colleagues]  # type: ignore[attr-defined]


class ShiftsForm(forms.Form):
    """A colleague's week: two times a day, both empty for a free day."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(7):
            for end, label in (("from", _("From")), ("until", _("Until"))):
                self.fields[f"{end}_{number}"] = forms.TimeField(
                    label=label,
                    required=False,
                    widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
                )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for number in range(7):
            start, end = data.get(f"from_{number}"), data.get(f"until_{number}")
            if (start is None) != (end is None) and not self.errors:
                raise forms.ValidationError(_("A shift needs both its start and its end."))
        return data

    def week(self) -> dict[int, Any]:
        """{weekday: (start, end), None for a free day}."""
        data = self.cleaned_data
        return {
            number: (data[f"from_{number}"], data[f"until_{number}"])
            if data[f"from_{number}"] is not None
            else None
            for number in range(7)
        }


class DayOffForm(forms.Form):
    """A day, and whether it is off."""

    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    is_off = forms.BooleanField(required=False)
