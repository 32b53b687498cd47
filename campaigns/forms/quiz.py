"""Shapes in: a quiz and its questions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums.quiz import OPTIONS_MOST, QUESTIONS_MOST, WINNERS_MOST, QuizKind
from campaigns.forms.parts import LocalDateTime
from campaigns.models import Campaign, Prize
from campaigns.services.quiz import QuestionWish, QuizWish

RIGHT = "*"  # stands before the right option, one option a line


class QuizForm(forms.Form):
    """Who gets the prize, and up to ten questions. What belongs to another kind is left out of sight."""

    hides_optional = True
    OWN = {"winners": "some", "closes_at": "draw"}

    kind = forms.ChoiceField(label=gettext_lazy("Who gets the prize"), choices=QuizKind.choices)
    prize = forms.TypedChoiceField(label=gettext_lazy("Prize"), coerce=int)
    needed = forms.IntegerField(
        label=gettext_lazy("Right answers needed"), min_value=1, max_value=QUESTIONS_MOST, initial=1
    )
    winners = forms.IntegerField(
        label=gettext_lazy("How many people win"), min_value=1, max_value=WINNERS_MOST, required=False,
        help_text=gettext_lazy("No more than there are pieces of the prize."),
    )  # fmt: skip
    closes_at = forms.DateTimeField(
        label=gettext_lazy("Drawn at"), widget=LocalDateTime(), required=False,
        help_text=gettext_lazy("Until then answers are taken. Before the campaign ends."),
    )  # fmt: skip

    def __init__(
        self, *args: Any, campaign: Campaign, prizes: Sequence[Prize], slots: int, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.campaign, self.prizes, self.slots = campaign, {one.pk: one for one in prizes}, slots
        self.fields["prize"].choices = [(one.pk, one.name) for one in prizes]  # type: ignore[attr-defined]
        for number in range(1, slots + 1):
            self.fields[f"text_{number}"] = forms.CharField(
                label=_("Question %(n)s") % {"n": number}, max_length=200, required=number == 1
            )
            self.fields[f"options_{number}"] = forms.CharField(
                label=_("Options"), required=number == 1, max_length=600, widget=forms.Textarea(attrs={"rows": 4}),
                help_text=_("One a line; a * before the right one."),
            )  # fmt: skip
            self.fields[f"why_{number}"] = forms.CharField(
                label=_("Explanation"), required=False, max_length=200,
                help_text=_("Why it is right; members read it after answering."),
            )  # fmt: skip

    def placed(self) -> list[tuple[Any, str]]:
        """[(field, the kind that it belongs to, or "")], as the page shows them."""
        return [(field, self.OWN.get(field.name, "")) for field in self.visible_fields()]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind, prize = given.get("kind"), self.prizes.get(given.get("prize") or 0)
        winners, closes = given.get("winners"), given.get("closes_at")
        if kind in (QuizKind.FIRST, QuizKind.DRAW) and "winners" not in self.errors:
            if not winners:
                self.add_error("winners", _("This is needed."))
            elif prize is not None and winners > prize.stock:
                self.add_error(
                    "winners", _("There are only %(n)s pieces of this prize.") % {"n": prize.stock}
                )
        if kind == QuizKind.DRAW and "closes_at" not in self.errors:
            ends, starts = self.campaign.ends_at, self.campaign.starts_at
            if not closes:
                self.add_error("closes_at", _("This is needed."))
            elif (ends and closes >= ends) or (starts and closes <= starts):
                self.add_error("closes_at", _("It has to lie between the campaign's begin and end."))
        self._questions(given)
        return given

    def _questions(self, given: dict[str, Any]) -> None:
        made = []
        for number in range(1, self.slots + 1):
            text, lines = given.get(f"text_{number}", ""), given.get(f"options_{number}", "")
            if not text and not lines:
                continue
            if not text:
                self.add_error(f"text_{number}", _("This is needed."))
                continue
            wish = self._question(number, text, lines, given.get(f"why_{number}", ""))
            if wish is not None:
                made.append(wish)
        self.made = tuple(made)
        if not self.errors and (given.get("needed") or 1) > len(made):
            self.add_error("needed", _("No more right answers can be asked for than there are questions."))

    def _question(self, number: int, text: str, lines: str, why: str) -> QuestionWish | None:
        told = [line.strip() for line in lines.splitlines() if line.strip()]
        rights = [place for place, line in enumerate(told) if line.startswith(RIGHT)]
        options = [line.removeprefix(RIGHT).strip() for line in told]
        field = f"options_{number}"
        if not 2 <= len(options) <= OPTIONS_MOST:
            self.add_error(field, _("Two to six options, one a line."))
        elif len(rights) != 1:
            self.add_error(field, _("Put a * before the right one, and before no other."))
        elif len(set(options)) != len(options) or not all(options):
            self.add_error(field, _("The options of a question differ."))
        else:
            return QuestionWish(text=text, options=tuple(options), right=rights[0], explanation=why)
        return None

    def wish(self) -> QuizWish:
        given = self.cleaned_data
        is_draw = given["kind"] == QuizKind.DRAW
        return QuizWish(
            kind=given["kind"], prize_id=given["prize"], needed=given["needed"], winners=given["winners"] or 1,
            closes_at=given["closes_at"] if is_draw else None, questions=self.made,
        )  # fmt: skip
