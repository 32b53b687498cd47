"""Forms that take a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

FILE_BYTES = 20 * 1024 * 1024


class TableFileField(forms.FileField):
    """A table as people have it. Larger than FILE_BYTES is refused before anybody reads it."""

    def __init__(self) -> None:
        super().__init__(
            label=_("CSV or Excel file"),
            help_text=_("CSV in UTF-8 or GBK, or .xlsx; at most 20 MB. The first line names the columns."),
        )

    def clean(self, data: Any, initial: Any = None) -> Any:
        sent = super().clean(data, initial)
        if sent.size > FILE_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it."))
        return sent


class ChatImportForm(forms.Form):
    """A chat log, and on what ground its people may be kept."""

    file = TableFileField()
    ground = forms.CharField(
        label=_("How the people in it agreed"),
        required=False,
        max_length=200,
        help_text=_(
            "Empty: only lines of people who agreed to archiving are kept. Otherwise say where they agreed; it is "
            "recorded with each person. Nobody who refused is kept either way."
        ),
    )


class ImportForm(forms.Form):
    """A file of behaviours."""

    file = TableFileField()
    source = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]{0,31}$",
        label=_("Where it comes from"),
        initial="import",
        help_text=_("Lower-case letters and digits. An event id counts once within one source."),
        error_messages={"invalid": _("Use 1 to 32 of a-z, 0-9, - and _.")},
    )
