"""Shapes in: the steps of a campaign, its prizes, and what people write about it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import STOCK_MOST, GoalKind, PageColour, PrizeKind, Theme
from campaigns.forms.parts import LocalDateTime, yuan_field
from campaigns.policies.money import fen_of
from campaigns.services.frame import Costs, Idea, PrizeWish
from team.forms import serves_field
from team.selectors.goals import Goal


class IdeaForm(forms.Form):
    """What it is, and what it is to reach."""

    hides_optional = True  # a draft may lack anything; what a start needs is said above the form

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Customers read it, too."))
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices)
    about = forms.CharField(
        label=_("In one sentence"),
        max_length=200,
        required=False,
        help_text=_("Who does what and gets what."),
    )
    goal_kind = forms.ChoiceField(label=_("Goal"), choices=GoalKind.choices)
    goal_target = forms.IntegerField(
        label=_("To reach"), min_value=1, max_value=1_000_000_000, required=False,
        help_text=_("A figure, so that the review can say whether it was reached."),
    )  # fmt: skip
    colour = forms.ChoiceField(
        label=_("Colour of the phone pages"), choices=PageColour.choices, initial=PageColour.GREEN, required=False
    )  # fmt: skip

    def __init__(self, *args: Any, goal: Goal | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if goal is not None:
            self.fields["serves"] = serves_field(goal)
            self.fields["serves"].required = False  # a draft may lack it; a start may not

    def idea(self) -> Idea:
        given = self.cleaned_data
        return Idea(**{**given, "colour": given["colour"] or PageColour.GREEN})


class PlaceForm(forms.Form):
    """For which groups, from when to when."""

    hides_optional = True

    groups = forms.TypedMultipleChoiceField(
        label=_("Groups"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Only their members can get prizes."),
    )  # fmt: skip
    starts_at = forms.DateTimeField(label=_("Begins"), widget=LocalDateTime(), required=False)
    ends_at = forms.DateTimeField(
        label=_("Ends"), widget=LocalDateTime(), required=False,
        help_text=_("Once started, the end stays: customers were told."),
    )  # fmt: skip

    def __init__(self, *args: Any, groups: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        begins, ends = given.get("starts_at"), given.get("ends_at")
        if begins and ends and ends <= begins:
            self.add_error("ends_at", _("It has to end after it begins."))
        return given


class CostsForm(forms.Form):
    """The ceiling of all prizes, and what else it costs."""

    hides_optional = True

    budget_yuan = yuan_field(
        _("Budget for prizes, yuan"), required=False,
        help_text=_("The ceiling: when it is reached no prize is given any more. What was given stays given."),
    )  # fmt: skip
    media_yuan = yuan_field(_("Advertising, yuan"), required=False, help_text=_("Counts as cost in the ROI."))
    labour_hours = forms.DecimalField(
        label=_("Work, hours"), required=False, min_value=0, max_value=100_000, max_digits=8, decimal_places=1,
        help_text=_("Of everybody together. What an hour costs is a preference."),
    )  # fmt: skip

    def __init__(self, *args: Any, is_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_fixed:
            del self.fields["budget_yuan"]

    def costs(self, *, budget_fen: int | None = None) -> Costs:
        """Of a started one the budget stays as it is."""
        given = self.cleaned_data
        own = fen_of(given["budget_yuan"]) if "budget_yuan" in self.fields else budget_fen
        return Costs(
            budget_fen=own, media_fen=fen_of(given["media_yuan"]) or 0,
            labour_minutes=int((given["labour_hours"] or 0) * 60),
        )  # fmt: skip


class PrizeForm(forms.Form):
    """One prize."""

    name = forms.CharField(label=_("Name"), max_length=40)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[one for one in PrizeKind.choices if one[0] != PrizeKind.COUPON]
    )
    unit_yuan = yuan_field(_("One piece costs, yuan"), help_text=_("Of a red packet: what is in it."))
    stock = forms.IntegerField(label=_("Pieces"), min_value=1, max_value=STOCK_MOST)

    def wish(self) -> PrizeWish:
        given = self.cleaned_data
        return PrizeWish(
            name=given["name"],
            kind=given["kind"],
            unit_fen=fen_of(given["unit_yuan"]) or 0,
            stock=given["stock"],
        )


class PlayForm(forms.Form):
    """Nothing is asked here: each play is set up on a page of its own."""


class RulesForm(forms.Form):
    """What customers can read, and who answers for it."""

    hides_optional = True

    rules_text = forms.CharField(
        label=pgettext_lazy("campaign", "Rules"), required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text=_("Who may take part, until when, what there is to win, how many times, how it is handed over, whom "
                    "to ask. Nothing may ask people to share or to collect likes."),
    )  # fmt: skip
    owner = forms.TypedChoiceField(label=_("Answers for it"), coerce=int, required=False, empty_value=None)

    def __init__(
        self, *args: Any, staff: list[tuple[int, str]], is_fixed: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", _("Nobody yet")), *staff]  # type: ignore[attr-defined]
        if is_fixed:
            del self.fields["rules_text"]


class BudgetForm(forms.Form):
    """Another ceiling while it runs."""

    budget_yuan = yuan_field(_("Budget for prizes, yuan"))
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))

    @property
    def budget_fen(self) -> int:
        return fen_of(self.cleaned_data["budget_yuan"]) or 0


class WhyForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class GiveForm(forms.Form):
    """A prize for one person. `key` keeps a double click from giving two."""

    prize = forms.TypedChoiceField(label=_("Prize"), coerce=int)
    note = forms.CharField(
        label=_("What for"), max_length=200, help_text=_("It stands beside the prize in the list.")
    )
    key = forms.CharField(max_length=40, widget=forms.HiddenInput)

    def __init__(self, *args: Any, prizes: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["prize"].choices = prizes  # type: ignore[attr-defined]


class ProofForm(forms.Form):
    """How it was handed over, or the reference of a payment."""

    proof = forms.CharField(label=_("How"), max_length=200)

    def __init__(self, *args: Any, label: Any = "", help_text: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["proof"].label = label or self.fields["proof"].label
        self.fields["proof"].help_text = help_text


class ReviewForm(forms.Form):
    """What stays, and what is done otherwise next time."""

    kept = forms.CharField(
        label=_("What went well and stays"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    changed = forms.CharField(
        label=_("What we do otherwise next time"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
