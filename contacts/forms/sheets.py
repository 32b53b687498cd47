"""The upload of a file with a preview."""

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.enums import SheetKind
from contacts.forms.files import TableFileField


class SheetForm(forms.Form):
    """A file of customers, orders or tags."""

    kind = forms.ChoiceField(
        label=_("What the file holds"),
        choices=SheetKind.choices,
        initial="customers",
    )
    file = TableFileField()
    source = forms.RegexField(
        r"^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$",
        label=_("Shop that the orders are from"),
        initial="import",
        required=False,
        help_text=_("Only for orders. An order number counts once within one shop."),
        error_messages={"invalid": _("Use 1 to 32 letters, digits, - and _.")},
    )
