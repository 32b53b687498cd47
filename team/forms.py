"""Forms of team."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class StaffLinkForm(forms.Form):
    """Which console login a staff member is."""

    member = forms.TypedChoiceField(label=_("Console login"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, members: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["member"].choices = [("", _("Not linked")), *members]  # type: ignore[attr-defined]
