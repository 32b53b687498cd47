"""Forms of tags and of the rules that give them."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from contacts.policies.tag_rules import Condition
from tenants.clock import at_local

LONGEST_TAG_DAYS = 3650  # further than that is a slip of the keyboard


class TagForm(forms.Form):
    """Put a tag on a customer."""

    tag = forms.TypedChoiceField(label=_("Tag"), coerce=int)
    until = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Empty: until somebody takes it off. Otherwise it comes off by itself after this day."),
    )

    def __init__(self, *args: Any, tags: list[tuple[int, str]], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].choices = tags  # type: ignore[attr-defined]
        self.fields["until"].validators += [
            MinValueValidator(today),
            MaxValueValidator(today + timedelta(days=LONGEST_TAG_DAYS)),
        ]

    def expires_at(self, zone: str) -> datetime | None:
        """The end of the last day on the wall of `zone`, UTC; None for good, or where nothing is asked about it."""
        last_day: date | None = self.cleaned_data.get("until")
        return None if last_day is None else at_local(last_day + timedelta(days=1), time.min, zone)


class TagBatchForm(TagForm):
    """One tag for the picked people, and why."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_(
            "Where they came from or what you saw; it stands beside the tag on each customer's page."
        ),
    )

    def __init__(self, *args: Any, is_on: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_on:
            del self.fields["until"]


class TagEditForm(forms.Form):
    """A tag of our own."""

    name = forms.CharField(label=_("Tag"), max_length=64)
    group = forms.CharField(
        label=_("Group of tags"),
        max_length=64,
        widget=forms.TextInput(attrs={"list": "q-tag-groups"}),
        help_text=_("One that is there, or a new name."),
    )


class TagRuleForm(forms.Form):
    """One to three conditions that give a tag by themselves."""

    LINES = (1, 2, 3)
    needs_all = forms.TypedChoiceField(
        label=_("The tag is given when"),
        choices=[("1", _("all conditions hold")), ("0", _("any of them holds"))],
        coerce=lambda raw: raw == "1",
        initial="1",
    )
    keeps_days = forms.IntegerField(
        label=_("Stays for days after"),
        required=False,
        min_value=1,
        max_value=365,
        help_text=_("Empty: it comes off as soon as the conditions no longer hold."),
    )

    def __init__(self, *args: Any, facts: list[tuple[Any, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in self.LINES:
            is_first = line == 1
            self.fields[f"fact_{line}"] = forms.ChoiceField(
                label=_("What counts"), choices=[("", "–"), *facts], required=is_first
            )
            self.fields[f"at_least_{line}"] = forms.IntegerField(
                label=_("At least"), min_value=1, max_value=1_000_000, required=False, initial=1
            )
            self.fields[f"days_{line}"] = forms.IntegerField(
                label=_("Within days"), min_value=1, max_value=365, required=False
            )

    def lines(self) -> list[list[Any]]:
        """The fields of each condition, bound, as the page lays them out."""
        return [[self[f"{name}_{line}"] for name in ("fact", "at_least", "days")] for line in self.LINES]

    def conditions(self) -> tuple[Condition, ...]:
        """What was chosen; a line without a fact says nothing."""
        told = self.cleaned_data
        return tuple(
            Condition(told[f"fact_{line}"], told[f"at_least_{line}"] or 1, told[f"days_{line}"])
            for line in self.LINES
            if told[f"fact_{line}"]
        )
