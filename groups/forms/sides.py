"""The form that says whom a group is for."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import Side


class SideForm(forms.Form):
    """New or old customers, and why."""

    side = forms.ChoiceField(
        label=pgettext_lazy("group", "For whom"),
        required=False,
        choices=[("", _("What its type says")), *Side.choices],
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, help_text=_("Kept in the record.")
    )
