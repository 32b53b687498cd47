"""Shapes in: templates, their files and when a run ends."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.enums import Kind
from leads.enums import Tier
from sop.enums import (
    ExitRule,
    TemplateKind,
)
from sop.forms.widgets import NONE, TagChoices
from sop.policies.exits import Exit


class ExitForm(forms.Form):
    """What takes a person or a group out of a run before its end."""

    bought = forms.BooleanField(label=_("Bought since the run began"), required=False)
    opted_out = forms.BooleanField(label=_("Wants no marketing"), required=False)
    left = forms.BooleanField(
        label=_("Left all groups of the run"),
        required=False,
        help_text=_("For good: who comes back is not taken in again."),
    )
    tier = forms.ChoiceField(
        label=_("Intent tier reached"), choices=[*NONE, *((one.value, one.value) for one in Tier)], required=False
    )  # fmt: skip
    stage = forms.TypedChoiceField(
        label=_("Trust stage reached"), coerce=int, empty_value=None, required=False
    )
    customer_tag = forms.TypedChoiceField(
        label=_("A member carries the tag"), coerce=int, empty_value=None, required=False
    )
    group_size = forms.IntegerField(
        label=_("The group reaches customers"), min_value=1, max_value=10_000, required=False
    )
    group_tag = forms.TypedChoiceField(
        label=_("The group carries the tag"), coerce=int, empty_value=None, required=False
    )
    frozen = forms.BooleanField(label=_("Sends to the group are frozen"), required=False)
    ended = forms.BooleanField(label=_("The group is dissolved or archived"), required=False)

    FIELDS = {
        "bought": ExitRule.BOUGHT, "opted_out": ExitRule.OPTED_OUT, "left": ExitRule.LEFT, "tier": ExitRule.TIER,
        "stage": ExitRule.STAGE, "customer_tag": ExitRule.CUSTOMER_TAG, "group_size": ExitRule.GROUP_SIZE,
        "group_tag": ExitRule.GROUP_TAG, "frozen": ExitRule.FROZEN, "ended": ExitRule.ENDED,
    }  # fmt: skip

    def __init__(
        self, *args: Any, group_tags: TagChoices, tags: TagChoices, stages: TagChoices, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [*NONE, *stages]  # type: ignore[attr-defined]
        self.fields["customer_tag"].choices = [*NONE, *tags]  # type: ignore[attr-defined]
        self.fields["group_tag"].choices = [*NONE, *group_tags]  # type: ignore[attr-defined]

    @classmethod
    def initial_of(cls, exits: list[Exit]) -> dict[str, Any]:
        """Stored rules as the form shows them."""
        names = {rule: name for name, rule in cls.FIELDS.items()}
        return {names[one.rule]: True if one.value is None else one.value for one in exits}

    def to_exits(self) -> list[Exit]:
        data = self.cleaned_data
        return [
            Exit(rule) if data[name] is True else Exit(rule, data[name])
            for name, rule in self.FIELDS.items()
            if data.get(name)
        ]


class CloneForm(forms.Form):
    """A built-in template into the tenant's own."""

    days = forms.IntegerField(min_value=4, max_value=90, required=False)
    name = forms.CharField(max_length=64, required=False)


class LibraryForm(forms.Form):
    """What of the library is shown."""

    q = forms.CharField(label=_("Search name and purpose"), max_length=60, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All")), *TemplateKind.choices], required=False)


class RenameForm(forms.Form):
    """A template's name and what it is for."""

    name = forms.CharField(label=_("Name of the template"), max_length=64)
    purpose = forms.CharField(
        label=_("What it is for"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class TemplateFileForm(forms.Form):
    """A template as a file: chosen, or, once looked at, its text with the word to take it in."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.ClearableFileInput(attrs={"accept": ".toml,text/plain"}),
        error_messages={"required": _("Choose a file.")},
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].required = not self.data.get("text")


class BlankForm(forms.Form):
    """An own template from nothing."""

    name = forms.CharField(label=_("Name of the template"), max_length=64)
    days = forms.IntegerField(label=_("Days"), min_value=4, max_value=90, initial=7)
    group_kind = forms.ChoiceField(
        label=_("For groups of type"),
        choices=[("", _("any type")), *Kind.choices],
        required=False,
        help_text=_("Before it is published, it is checked against what this type must never do."),
    )
