"""Forms of knowledge cards and their questions."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content.enums import SECTIONS, CardAsk, CardKind
from content.forms.library import DayInput

OPTIONS = (1, 2, 3, 4)


class CardForm(forms.Form):
    """One card. Its parts are those of its kind."""

    title = forms.CharField(label=_("Title"), max_length=64)
    summary = forms.CharField(
        label=_("To be remembered"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One sentence. Who reads nothing else remembers this."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, kind: str, choices: dict[str, list[tuple[Any, str]]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._parts = [key for key, _label, _hint in SECTIONS[kind]]
        for key, label, hint in SECTIONS[kind]:
            self.fields[f"part_{key}"] = forms.CharField(
                label=label, max_length=2000, required=False, help_text=hint,
                widget=forms.Textarea(attrs={"rows": 3}),
            )  # fmt: skip
        self._refers(kind, choices)
        self.fields["asks"] = forms.ChoiceField(
            label=_("Who is asked to know it"), choices=CardAsk.choices, initial=CardAsk.EVERYBODY,
            help_text=_("It stands on their Today until they have passed its short test, or read it."),
        )  # fmt: skip
        self.fields["check_by"] = forms.DateField(
            label=_("Check again by"), required=False, widget=DayInput,
            help_text=_("Prices and competitors change. After that day the card says that it is old."),
        )  # fmt: skip

    def _refers(self, kind: str, choices: dict[str, list[tuple[Any, str]]]) -> None:
        """What the card refers to instead of repeating it."""
        if kind == CardKind.PRODUCT:
            self.fields["sku_code"] = forms.ChoiceField(
                label=pgettext_lazy("card", "Product"), required=False, choices=choices["sku_code"],
                help_text=_("Before a camp it is asked of who leads a camp that sells it. Empty: of every camp."),
            )  # fmt: skip
        else:
            self.fields["aliases"] = forms.CharField(
                label=_("What customers say"), max_length=200, required=False,
                help_text=_("With commas between. A lead with these words shows this card."),
            )  # fmt: skip
        for name, label in (("facts", _("Product facts")), ("scripts", _("Scripts"))):
            if choices[name]:
                self.fields[name] = forms.TypedMultipleChoiceField(
                    label=label, required=False, coerce=int, choices=choices[name],
                    widget=forms.SelectMultiple(attrs={"data-choices": ""}),
                )  # fmt: skip

    @property
    def told(self) -> dict[str, Any]:
        """What was written, as card_save takes it."""
        given = dict(self.cleaned_data)
        sections = {key: given.pop(f"part_{key}") for key in self._parts}
        return {**given, "sections": sections}


class PublishForm(forms.Form):
    """Put a card in force."""

    again = forms.BooleanField(
        label=_("Whoever knew it before is asked again"), required=False, initial=True,
        help_text=_("Leave it out for a corrected word; keep it when something is different now."),
    )  # fmt: skip


class QuestionForm(forms.Form):
    """One question of a short test, with up to four answers."""

    text = forms.CharField(label=_("Question"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
    why = forms.CharField(
        label=pgettext_lazy("question", "Why"), max_length=300, required=False,
        widget=forms.Textarea(attrs={"rows": 2}), help_text=_("Said after the test, whatever was answered."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in OPTIONS:
            self.fields[f"option_{number}"] = forms.CharField(
                label=_("Answer %(n)s") % {"n": number}, max_length=120, required=number <= 2
            )
        self.fields["answer"] = forms.TypedChoiceField(
            label=_("The right one"), coerce=int, choices=[(number, str(number)) for number in OPTIONS],
            help_text=_("Answers stand in another order at every test."),
        )  # fmt: skip
        self.order_fields(["text", *(f"option_{number}" for number in OPTIONS), "answer", "why"])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        written = [number for number in OPTIONS if given.get(f"option_{number}", "").strip()]
        if given.get("answer") and given["answer"] not in written:
            self.add_error("answer", _("The right answer is empty."))
        return given

    @property
    def told(self) -> dict[str, Any]:
        """What was written, as question_save takes it."""
        given = self.cleaned_data
        written = [number for number in OPTIONS if given[f"option_{number}"].strip()]
        return {
            "text": given["text"], "why": given["why"],
            "options": [given[f"option_{number}"] for number in written],
            "answer": written.index(given["answer"]),
        }  # fmt: skip
