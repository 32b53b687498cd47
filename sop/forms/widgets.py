"""Inputs that several forms share."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

NONE = [("", _("None"))]


TagChoices = Sequence[tuple[str, Any]]


class LocalDateTime(forms.DateTimeInput):
    """The browser's own picker; the value is on the tenant's wall."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class Ticked(forms.TypedMultipleChoiceField):
    """What is ticked of a thousand choices; they may not stand in groups."""

    def validate(self, value: Any) -> None:
        self._known = {str(key) for key, _label in self.widget.choices}
        super().validate(value)

    def valid_value(self, value: Any) -> bool:
        return str(value) in self._known


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def address_input() -> forms.URLInput:
    return forms.URLInput(attrs={"placeholder": "https://"})
