"""Forms of the set-up page and the inbox."""

from django import forms
from django.utils.translation import gettext_lazy as _


class AppForm(forms.Form):
    """The three values an administrator copies from the WeCom console."""

    corp_id = forms.CharField(
        label=_("Corp ID"),
        max_length=64,
        help_text=_("WeCom console, My company, Company info: at the bottom of the page."),
    )
    agent_id = forms.IntegerField(
        label=_("Agent ID"),
        min_value=1,
        max_value=2**62,
        help_text=_("WeCom console, App management, your app."),
    )
    secret = forms.CharField(
        label=_("Secret"),
        max_length=128,
        help_text=_("On the same page. Kept encrypted and never shown again."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )


class RotateForm(AppForm):
    """The same with values already known."""

    field_order = ("corp_id", "agent_id", "secret")


class GreetingForm(forms.Form):
    """What a new customer reads first."""

    greeting = forms.CharField(
        label=_("Welcome message"),
        required=False,
        max_length=1300,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Sent once, within 20 seconds. Empty: nothing is sent."),
    )


class ReasonForm(forms.Form):
    """Why a person decides so; kept in the audit log."""

    reason = forms.CharField(label=_("Reason"), max_length=200)
