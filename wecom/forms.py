"""Forms of the set-up page and the inbox."""

from django import forms
from django.utils.translation import gettext_lazy as _

from wecom.enums import QuotaRule
from wecom.ledger import LIMIT_MOST


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


class QuotaRuleForm(forms.Form):
    """Which rule the company's WeCom console shows, and from when."""

    rule = forms.ChoiceField(label=_("Rule"), choices=QuotaRule.choices)
    limit = forms.IntegerField(
        label=_("Another number"),
        required=False,
        min_value=1,
        max_value=LIMIT_MOST,
        help_text=_("Only if WeCom tells your company another number for this period. Empty: the rule's own."),
    )
    effective_from = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The first day on which WeCom counts like this."),
    )
