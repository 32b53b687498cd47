"""Shapes in: north stars, and how plans serve them; funnels."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from analytics.enums import FUNNEL_STEPS, Impact, LifeStep, Scope, Unit
from analytics.metrics import AIMS
from analytics.services.related import POINTS, RelatedWish
from analytics.services.stars import StarWish
from team.selectors.goals import WORDS_MOST

_HUNDREDS = {Unit.FEN, Unit.SHARE}  # people write yuan and percent; kept are fen and basis points
STEPS = range(1, 7)
WINDOW_DAYS = (1, 3, 7, 14, 30, 90)
BACK_DAYS = (7, 30, 90, 180, 365)


def written(metric: str, value: int) -> Decimal:
    """A kept figure as people write it: yuan, percent, people."""
    return Decimal(value) / 100 if AIMS[metric].unit in _HUNDREDS else Decimal(value)


def kept(metric: str, value: Decimal) -> int:
    """What people wrote, as it is kept; what is smaller than the smallest unit is rounded."""
    return int((value * 100 if AIMS[metric].unit in _HUNDREDS else value).to_integral_value())


def aim_choices(scopes: set[str]) -> list[tuple[str, str]]:
    """(metric, its name and unit) of the aims of these scopes."""
    return [
        (key, f"{aim.metric.label} ({Unit(aim.unit).label})")
        for key, aim in AIMS.items()
        if scopes & aim.scopes
    ]


def _target() -> forms.DecimalField:
    return forms.DecimalField(
        label=_("Target"), min_value=Decimal("0.01"), max_digits=13, decimal_places=2,
        help_text=_("In the unit of the figure: people, times, yuan or percent."),
    )  # fmt: skip


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), required=False
    )


class StarForm(forms.Form):
    """Whose, which figure, how much, from when to when. What there is to choose is given by the view."""

    hides_optional = True  # the days of a camp are its own; elsewhere they are asked for

    whose = forms.ChoiceField(label=pgettext_lazy("north star", "For"))
    metric = forms.ChoiceField(label=_("Figure"))
    target = _target()
    starts_on = _day(_("First day"))
    ends_on = _day(_("Last day"))

    def __init__(
        self, *args: Any, whose: list[tuple[str, Any]], spans: dict[str, tuple[date, date]], **kwargs: Any
    ) -> None:
        """`spans`: {camp's choice: its days}: a camp's north star holds for the whole camp."""
        super().__init__(*args, **kwargs)
        self.spans = spans
        self.fields["whose"].choices = whose  # type: ignore[attr-defined]
        self.fields["metric"].choices = [  # type: ignore[attr-defined]
            (_("Company or team"), aim_choices({Scope.COMPANY, Scope.TEAM})),
            (Scope.CAMP.label, aim_choices({Scope.CAMP})),
        ]
        self.fields["starts_on"].help_text = _("Of a camp, its own days hold.")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        scope, _dot, place = str(given.get("whose", "")).partition(":")
        if given.get("metric") and scope and scope not in AIMS[given["metric"]].scopes:
            self.add_error("metric", _("This figure is not one of that place. Choose another."))
        if scope == Scope.CAMP and given["whose"] in self.spans:
            given["starts_on"], given["ends_on"] = self.spans[given["whose"]]
        for name in ("starts_on", "ends_on"):
            if not given.get(name) and name not in self.errors:
                self.add_error(name, _("Choose a day."))
        if not self.errors and given["ends_on"] < given["starts_on"]:
            self.add_error("ends_on", _("The last day lies before the first."))
        return {**given, "scope": scope, "place": int(place or 0)}

    def wish(self) -> StarWish:
        given = self.cleaned_data
        return StarWish(
            scope=given["scope"], place=given["place"], metric=given["metric"],
            target=kept(given["metric"], given["target"]), starts_on=given["starts_on"], ends_on=given["ends_on"],
        )  # fmt: skip


class StarChangeForm(forms.Form):
    """Another target, figure or end, and why."""

    metric = forms.ChoiceField(label=_("Figure"))
    target = _target()
    ends_on = forms.DateField(
        label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stays beside the old target, for everybody to read."),
    )  # fmt: skip

    def __init__(self, *args: Any, scope: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["metric"].choices = aim_choices({scope})  # type: ignore[attr-defined]
        if scope == Scope.CAMP:
            del self.fields["ends_on"]  # a camp's lasts as long as the camp


class ServeForm(forms.Form):
    """How a plan serves the north star."""

    words = forms.CharField(
        label=_("How it serves the north star"),
        max_length=WORDS_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RelatedForm(forms.Form):
    """A figure beside a north star; without a figure of ours it is scored by hand."""

    hides_optional = True

    step = forms.ChoiceField(label=_("Step"), choices=LifeStep.choices)
    metric = forms.ChoiceField(label=_("Figure"), required=False)
    name = forms.CharField(
        label=_("What is scored"), max_length=60, required=False,
        help_text=_("Only where no figure can watch it: the quality of an ice-break, say."),
    )  # fmt: skip
    rubric = forms.CharField(
        label=_("What the points mean"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("From 1 to 5, so that two colleagues who see the same give the same."),
    )  # fmt: skip
    link = forms.CharField(label=_("How it moves the north star"), max_length=200)
    strategy = forms.CharField(label=_("What we do about it"), max_length=200)
    impact = forms.TypedChoiceField(
        label=_("Impact"), coerce=int, choices=Impact.choices, initial=Impact.MIDDLE
    )
    target = _target()

    def __init__(self, *args: Any, scope: str, but: str, **kwargs: Any) -> None:
        """`but`: the north star's own figure."""
        super().__init__(*args, **kwargs)
        choices = [one for one in aim_choices({scope}) if one[0] != but]
        self.fields["metric"].choices = [("", _("None: colleagues score it")), *choices]  # type: ignore[attr-defined]
        self.fields["target"].help_text = _(
            "In the unit of the figure; of what is scored, points from 1 to 5."
        )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not given.get("metric"):
            for name in ("name", "rubric"):
                if not given.get(name):
                    self.add_error(name, _("Say what is scored, and what the points mean."))
            if given.get("target") and given["target"] > max(POINTS):
                self.add_error("target", _("Points go up to 5."))
        return given

    def wish(self) -> RelatedWish:
        given = self.cleaned_data
        target = kept(given["metric"], given["target"]) if given["metric"] else int(given["target"] * 100)
        return RelatedWish(
            step=given["step"], metric=given["metric"], name=given["name"], rubric=given["rubric"],
            link=given["link"], strategy=given["strategy"], impact=given["impact"], target=target,
        )  # fmt: skip


class ScoreForm(forms.Form):
    """What a colleague saw."""

    points = forms.TypedChoiceField(
        label=pgettext_lazy("score", "Points"), coerce=int, choices=[(one, str(one)) for one in POINTS]
    )
    note = forms.CharField(label=_("What you saw"), max_length=200, required=False)


def _days(choices: tuple[int, ...]) -> list[tuple[int, str]]:
    return [(n, ngettext("%(n)s day", "%(n)s days", n) % {"n": n}) for n in choices]


class FunnelForm(forms.Form):
    """Steps in their order, how long a person may take, since when people enter; a name keeps it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        nothing = ("", _("No step"))
        for n in STEPS:
            self.fields[f"step_{n}"] = forms.ChoiceField(
                label=_("Step %(n)s") % {"n": n}, required=n <= 2, choices=[nothing, *FUNNEL_STEPS.items()]
            )
        self.fields["window"] = forms.TypedChoiceField(
            label=_("From the first step to the last at most"),
            coerce=int,
            choices=_days(WINDOW_DAYS),
            initial=30,
        )
        self.fields["days"] = forms.TypedChoiceField(
            label=_("People who took the first step within the last"),
            coerce=int,
            choices=_days(BACK_DAYS),
            initial=90,
        )
        self.fields["name"] = forms.CharField(
            label=_("Name"),
            max_length=64,
            required=False,
            help_text=_("With a name it stays and is counted every night."),
        )

    def clean(self) -> dict[str, Any]:
        """The steps without gaps. Two equal ones in a row ask for doing it twice."""
        told: dict[str, Any] = super().clean() or {}
        told["steps"] = [told[f"step_{n}"] for n in STEPS if told.get(f"step_{n}")]
        return told
