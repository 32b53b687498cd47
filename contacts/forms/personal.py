"""The erasure of a person."""

from django import forms
from django.utils.translation import gettext_lazy as _


class EraseForm(forms.Form):
    """Why a person is forgotten, and the name typed once more."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Who asked for it, when and how.")
    )
    typed = forms.CharField(
        label=_("Type the name"),
        max_length=128,
        help_text=_("Exactly as it stands above. Without a name: WeCom's id."),
    )
