"""Shapes in: the tracked links of a step."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from content.enums import LinkKind
from content.policies.tracked import KEY_CHARS, URL_CHARS, TrackedRefused, links_read
from sop.forms.widgets import address_input


class LinksField(forms.Field):
    """The tracked links of a step: one input in JSON for each."""

    class widget(forms.MultipleHiddenInput):
        pass

    def clean(self, value: Any) -> list[dict[str, str]]:
        try:
            return links_read(json.loads(one) if isinstance(one, str) else one for one in value or [])
        except json.JSONDecodeError as error:
            raise forms.ValidationError(_("A link could not be read. Add it again.")) from error
        except TrackedRefused as error:
            raise forms.ValidationError(str(error.message)) from error


class LinkForm(forms.Form):
    """One tracked link: the name the text uses, where it leads."""

    key = forms.CharField(
        label=_("Name"),
        max_length=KEY_CHARS,
        help_text=_("The text names it in braces; the customer reads the short address."),
    )
    kind = forms.ChoiceField(label=_("Leads to"), choices=LinkKind.choices)
    url = forms.CharField(
        label=_("Address"),
        max_length=URL_CHARS,
        required=False,
        widget=address_input(),
        help_text=_("Empty: the run's product page, or for other links its key interaction."),
    )

    def link(self) -> dict[str, str]:
        """As a step keeps it. Raises TrackedRefused."""
        (found,) = links_read([self.cleaned_data])
        return found
