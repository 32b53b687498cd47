"""The form of a profile field that the company declares."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.enums import OwnFieldKind


class OwnFieldForm(forms.Form):
    """A field. The kind of one that is there stays, as what is known by it is of that kind."""

    name = forms.CharField(
        label=_("Field"), max_length=40, help_text=_("Such as: child's age, English level.")
    )
    kind = forms.ChoiceField(label=_("Holds"), choices=OwnFieldKind.choices)
    options = forms.CharField(
        label=_("Options, one a line"), max_length=1400, required=False,
        widget=forms.Textarea(attrs={"rows": 5}), help_text=_("Only for one of several: two to twenty words."),
    )  # fmt: skip

    def __init__(self, *args: Any, present_kind: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if present_kind:
            del self.fields["kind"]
            if present_kind != OwnFieldKind.CHOICE:
                del self.fields["options"]

    @property
    def words(self) -> list[str]:
        """The options, each once, in their order."""
        lines = self.cleaned_data.get("options", "").splitlines()
        return list(dict.fromkeys(one.strip() for one in lines if one.strip()))
