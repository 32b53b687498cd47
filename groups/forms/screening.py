"""Forms of super-user groups: the screening rule and an invitation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.policies.tag_rules import Condition
from groups.selectors.screening import TAG


class ScreeningForm(forms.Form):
    """One to three conditions, and what customers read of them."""

    LINES = (1, 2, 3)
    needs_all = forms.TypedChoiceField(
        label=_("Somebody qualifies when"),
        choices=[("1", _("all conditions hold")), ("0", _("any of them holds"))],
        coerce=lambda raw: raw == "1", initial="1",
    )  # fmt: skip
    words = forms.CharField(
        label=_("The rule as customers read it"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Plain words, no names of tags or tiers. It stands on the public page and in every invitation."),
    )  # fmt: skip
    benefits = forms.CharField(
        label=_("What super-users get"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One benefit a line."),
    )  # fmt: skip

    def __init__(self, *args: Any, facts: list[tuple[Any, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in self.LINES:
            self.fields[f"fact_{line}"] = forms.ChoiceField(
                label=_("What counts"), choices=[("", "–"), *facts], required=line == 1
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
        """What was chosen; a tag is carried or not, so it has neither count nor days."""
        told = self.cleaned_data
        made = []
        for line in self.LINES:
            fact = told[f"fact_{line}"]
            if fact.startswith(TAG):
                made.append(Condition(fact))
            elif fact:
                made.append(Condition(fact, told[f"at_least_{line}"] or 1, told[f"days_{line}"]))
        return tuple(made)


class InviteForm(forms.Form):
    """A reason, asked for only when the band would break."""

    reason = forms.CharField(
        label=_("Why all the same"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept with the invitation and in the record."),
    )  # fmt: skip


class AnswerForm(forms.Form):
    """What the person said."""

    note = forms.CharField(label=_("What was said"), max_length=200, required=False)
