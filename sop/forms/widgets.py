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


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


def address_input() -> forms.URLInput:
    return forms.URLInput(attrs={"placeholder": "https://"})
