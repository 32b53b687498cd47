"""The builder of a form, and the form as customers see it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from contacts.enums import GroupQuestion, ProfileField, QuestionKind
from contacts.policies.profile import OLDEST_YEAR
from contacts.policies.surveys import ANSWER_CHARS, MOST_QUESTIONS, Question

LINES = range(1, MOST_QUESTIONS + 1)
_PARTS = ("label", "kind", "field", "options", "required")


class SurveyForm(forms.Form):
    """A form and its questions, a line each; a line without words is no question."""

    title = forms.CharField(label=_("Title"), max_length=60)
    intro = forms.CharField(
        label=pgettext_lazy("of a form", "Introduction"), required=False, max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What it is for, and what the person gets from answering."),
    )  # fmt: skip
    thanks = forms.CharField(
        label=_("Thanks"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Shown afterwards: say what happens next."),
    )  # fmt: skip
    last_day = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until it is closed by hand."),
    )  # fmt: skip

    def __init__(self, *args: Any, own: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = list(own)
        for line in LINES:
            self.fields[f"label_{line}"] = forms.CharField(label=_("Question"), max_length=80, required=False)
            self.fields[f"kind_{line}"] = forms.ChoiceField(
                label=pgettext_lazy("kind of question", "Answer"),
                choices=QuestionKind.choices,
                required=False,
            )
            self.fields[f"field_{line}"] = forms.ChoiceField(
                label=_("Counts as"),
                choices=[("", _("Nothing")), *ProfileField.choices, *own, *GroupQuestion.choices],
                required=False,
            )
            self.fields[f"options_{line}"] = forms.CharField(
                label=_("Options, one a line"),
                max_length=1000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"required_{line}"] = forms.BooleanField(label=_("Needed"), required=False)

    def head(self) -> list[Any]:
        """The fields of the form itself."""
        return [self[name] for name in ("title", "intro", "thanks", "last_day")]

    def lines(self) -> list[tuple[int, list[Any]]]:
        """(number, bound fields) of each question."""
        return [(line, [self[f"{part}_{line}"] for part in _PARTS]) for line in LINES]

    def questions(self) -> list[Question]:
        """What was asked, in order. The key of a question stays with its line."""
        told = self.cleaned_data
        return [
            Question(
                key=f"q{line}",
                label=told[f"label_{line}"].strip(),
                kind=told[f"kind_{line}"] or QuestionKind.TEXT,
                field=told[f"field_{line}"],
                required=told[f"required_{line}"],
                options=tuple(
                    dict.fromkeys(one.strip() for one in told[f"options_{line}"].splitlines() if one.strip())
                ),
            )
            for line in LINES
            if told[f"label_{line}"].strip()
        ]


def initial_of(questions: Iterable[Question]) -> dict[str, Any]:
    """The builder's fields for questions that are there."""
    told: dict[str, Any] = {}
    for one in questions:
        line = one.key.removeprefix("q")
        told |= {f"label_{line}": one.label, f"kind_{line}": one.kind, f"field_{line}": one.field}
        told |= {f"options_{line}": "\n".join(one.options), f"required_{line}": one.required}
    return told


def intake_start() -> dict[str, Any]:
    """The builder filled with what is asked of whoever has just come, to find out what they need."""
    asked = [
        Question("q1", gettext("What would you most like to solve right now?"), QuestionKind.TEXT, required=True),
        Question("q2", gettext("What have you tried, and what did not work?"), QuestionKind.TEXT),
        Question(
            "q3", gettext("How much time a day can you give it?"), QuestionKind.SINGLE,
            options=(gettext("Under 15 minutes"), gettext("15 to 30 minutes"), gettext("Over 30 minutes")),
        ),
        Question("q4", gettext("Which city do you live in?"), QuestionKind.CITY, ProfileField.CITY),
        Question("q5", gettext("What do you do?"), QuestionKind.TEXT, ProfileField.OCCUPATION),
        Question("q6", gettext("What are you interested in?"), QuestionKind.TEXT, ProfileField.INTERESTS),
    ]  # fmt: skip
    return {
        "title": gettext("A few questions to get to know you"),
        "intro": gettext("So that we can help with what you really need. One minute."),
        "thanks": gettext("Thank you. We read every answer and come back to you."),
        **initial_of(asked),
    }


class AskForm(forms.Form):
    """The group whose members are asked."""

    group = forms.TypedChoiceField(label=_("Group"), coerce=int)

    def __init__(self, *args: Any, groups: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group"].choices = groups  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """A form as customers see it: one field a question."""

    def __init__(self, *args: Any, questions: Iterable[Question], today: date, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for one in questions:
            self.fields[one.key] = _field(one, today)


def _field(one: Question, today: date) -> forms.Field:
    asked: dict[str, Any] = {"label": one.label, "required": one.required}
    if one.kind == QuestionKind.SINGLE:
        return forms.ChoiceField(choices=one.choices, widget=forms.RadioSelect, **asked)
    if one.kind == QuestionKind.MULTI:
        return forms.MultipleChoiceField(choices=one.choices, widget=forms.CheckboxSelectMultiple, **asked)
    if one.kind == QuestionKind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), **asked)
    if one.field == ProfileField.BIRTH_YEAR:
        limits = [MinValueValidator(OLDEST_YEAR), MaxValueValidator(today.year)]
        return forms.IntegerField(validators=limits, **asked)
    if one.kind == QuestionKind.NUMBER:
        return forms.DecimalField(max_digits=15, decimal_places=2, **asked)
    attrs = {"autocomplete": "address-level2"} if one.kind == QuestionKind.CITY else {}
    return forms.CharField(max_length=ANSWER_CHARS, widget=forms.TextInput(attrs=attrs), **asked)
