"""Fields that forms of campaigns share."""

from typing import Any

from django import forms


class LocalDateTime(forms.DateTimeInput):
    """The browser's own picker; the value is on the tenant's wall."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


def yuan_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DecimalField:
    """Money as people write it."""
    return forms.DecimalField(
        label=label, required=required, min_value=0, max_value=100_000_000, max_digits=11, decimal_places=2,
        help_text=help_text,
    )  # fmt: skip
