"""Forms of accounts."""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tenants import services
from tenants.enums import Role
from tenants.models import User


class SignupForm(forms.Form):
    """allauth's sign-up with a name and, unless the visitor follows an invitation, a company."""

    name = forms.CharField(label=_("Your name"), max_length=64)
    company = forms.CharField(label=_("Company"), max_length=64, required=False)
    field_order = ("name", "company", "email", "password1")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by allauth after the user is saved: joins by invitation, or makes a company."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        token = request.session.pop("invitation", "")
        if token:
            services.invitation_accept(token=token, user=user)
        else:
            services.tenant_sign_up(name=self.cleaned_data["company"] or user.name, owner=user)


class InvitationForm(forms.Form):
    """Invite one person by link."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.OPERATOR)
    note = forms.CharField(label=pgettext_lazy("invitation", "For whom"), max_length=64, required=False)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class ApiKeyForm(forms.Form):
    name = forms.CharField(label=_("Used by"), max_length=64, help_text=_("For example: course system"))


def preference_field(setting: Any, initial: Any) -> forms.Field:
    """The form field of a declared setting."""
    common = {"label": setting.label, "help_text": setting.help, "initial": initial}
    bounds = {"min_value": setting.minimum, "max_value": setting.maximum}
    makers = {
        "integer": lambda: forms.IntegerField(**common, **bounds),
        "decimal": lambda: forms.FloatField(**common, **bounds),
        "time": lambda: forms.TimeField(
            **common, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        ),
        "text": lambda: forms.CharField(**common),
        "flag": lambda: forms.BooleanField(**common, required=False),
    }
    return makers[setting.kind]()
