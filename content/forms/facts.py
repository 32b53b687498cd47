"""Forms of product facts and personas."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.forms.library import DayInput
from content.policies.facts import split_values

RULES = (1, 2)


class FactForm(forms.Form):
    """One true thing about a product, and what shows it."""

    text = forms.CharField(
        label=_("The fact"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One sentence a customer can check. It is told as it stands here."),
    )  # fmt: skip
    evidence = forms.CharField(
        label=_("What shows it"), max_length=300, required=False,
        help_text=_("A report, a contract, a page, with its date. Without it the fact is told to nobody."),
    )  # fmt: skip
    evidence_url = forms.URLField(
        label=_("Address of the evidence"), max_length=500, required=False, assume_scheme="https"
    )
    valid_until = forms.DateField(
        label=_("True until"), required=False, widget=DayInput, help_text=_("That day included.")
    )
    personas = forms.TypedMultipleChoiceField(
        label=pgettext_lazy("fact", "For whom"), required=False, coerce=int,
        widget=forms.SelectMultiple(attrs={"data-choices": ""}),
        help_text=_("Nobody chosen: for everybody."),
    )  # fmt: skip
    sku_code = forms.CharField(
        label=_("SKU"), max_length=128, required=False, help_text=_("Empty: of all products.")
    )
    rank = forms.IntegerField(
        label=_("Rank"), min_value=1, max_value=99, initial=50, help_text=_("Lower is told first.")
    )

    def __init__(self, *args: Any, personas: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["personas"].choices = personas  # type: ignore[attr-defined]


class PersonaForm(forms.Form):
    """A kind of person, known by fields of the profile."""

    name = forms.CharField(
        label=_("Name"), max_length=40, help_text=_("For example: parents of three-year-olds.")
    )
    need = forms.CharField(label=_("What they care about"), max_length=200, required=False)
    rank = forms.IntegerField(
        label=_("Rank"), min_value=1, max_value=99, initial=50,
        help_text=_("Somebody can be two kinds: the lower one decides."),
    )  # fmt: skip

    def __init__(self, *args: Any, fields: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in RULES:
            self.fields[f"field_{number}"] = forms.ChoiceField(
                label=_("Known by") if number == 1 else _("And by"),
                required=number == 1,
                choices=[("", "–"), *fields],
            )
            self.fields[f"values_{number}"] = forms.CharField(
                label=_("Is one of"), max_length=300, required=number == 1,
                help_text=_("With commas between; years of birth also as 2019-2021."),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("field_2")) != bool(split_values(given.get("values_2", ""))):
            self.add_error("values_2", _("Fill in both, or neither."))
        return given

    @property
    def rules(self) -> list[dict[str, Any]]:
        given = self.cleaned_data
        return [
            {"field": given[f"field_{number}"], "values": list(split_values(given[f"values_{number}"]))}
            for number in RULES
            if given.get(f"field_{number}")
        ]
