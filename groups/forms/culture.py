"""Forms of a group's culture (R130)."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import ThanksFor
from groups.policies.culture import thanks_words


class NormForm(forms.Form):
    """What a member proposes."""

    customer = forms.TypedChoiceField(label=_("Which member proposes it"), coerce=int)
    text = forms.CharField(
        label=_("What the group should keep to"), max_length=120, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One short sentence that says what to do, in the member's spirit."),
    )  # fmt: skip
    said = forms.CharField(
        label=_("As the member said it"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].choices = [("", "–"), *people]  # type: ignore[attr-defined]


class VoicesForm(forms.Form):
    """Who answered, as a colleague read it in the chat."""

    people = forms.TypedMultipleChoiceField(
        label=_("Who answered so"), coerce=int, widget=forms.SelectMultiple(attrs={"data-choices": ""})
    )
    is_yes = forms.TypedChoiceField(
        label=_("What they said"), coerce=lambda value: value == "yes",
        choices=[("yes", pgettext_lazy("norm", "They agree")), ("no", pgettext_lazy("norm", "They do not"))],
    )  # fmt: skip

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["people"].choices = people  # type: ignore[attr-defined]


class DropForm(forms.Form):
    """Why a norm is not kept."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class ThanksForm(forms.Form):
    """Whom to thank, for what, in which words."""

    customer = forms.TypedChoiceField(label=_("Whom"), coerce=int)
    reason = forms.ChoiceField(label=_("For what"), choices=ThanksFor.choices)
    words = forms.CharField(
        label=_("What to say before the group"), max_length=300, required=False,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Empty: the suggested words with the person's name."),
    )  # fmt: skip
    is_said = forms.BooleanField(label=_("It was said already"), required=False)

    def __init__(self, *args: Any, people: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer"].choices = [("", "–"), *people]  # type: ignore[attr-defined]

    def words_told(self) -> str:
        """What was typed, else the suggested words."""
        told = self.cleaned_data
        names = dict(self.fields["customer"].choices)  # type: ignore[attr-defined]
        return str(told["words"]).strip() or thanks_words(reason=told["reason"], name=names[told["customer"]])
