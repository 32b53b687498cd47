"""Forms of the console."""

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from console.enums import VIEW_NAME_MAX


class CompanyForm(forms.Form):
    """A visitor's first or next company."""

    name = forms.CharField(label=_("Company name"), max_length=64)


class ProfileForm(forms.Form):
    """One's own name and language."""

    name = forms.CharField(label=_("Your name"), max_length=64)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class ViewForm(forms.Form):
    """A name for the present filters."""

    name = forms.CharField(label=_("Name of the view"), max_length=VIEW_NAME_MAX)
    is_shared = forms.BooleanField(label=_("Everyone in the company sees it"), required=False)
    page = forms.CharField(widget=forms.HiddenInput, max_length=48)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=2000)
    path = forms.CharField(widget=forms.HiddenInput, max_length=500)
