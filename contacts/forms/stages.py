"""The form of one trust stage as a company has it."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.policies.stages import (
    BROUGHT,
    COUNTS,
    DAYS,
    FRIENDS,
    LEARNT,
    MOST,
    ORDERS,
    SEEN,
    SPOKE,
    StageRule,
)

LABELS = {
    SEEN: _("Acts on record, of any kind"),
    FRIENDS: _("Staff as friends"),
    SPOKE: _("Messages of theirs"),
    LEARNT: _("Lessons, live sessions, assignments or views"),
    DAYS: _("Active days"),
    ORDERS: _("Paid orders"),
    BROUGHT: _("People they brought into groups"),
}
WORDS = ("name", "state", "need", "action", "content")


class StageSettingForm(forms.Form):
    """Own words and own rule; what is left empty stays as built in, and is shown so."""

    name = forms.CharField(label=pgettext_lazy("trust stage", "Name"), max_length=40, required=False)
    state = forms.CharField(
        label=pgettext_lazy("trust stage", "Where they stand"), max_length=200, required=False
    )
    need = forms.CharField(label=_("What they need"), max_length=200, required=False)
    action = forms.CharField(label=_("What to do"), max_length=200, required=False)
    content = forms.CharField(label=_("Next content"), max_length=200, required=False)
    how = forms.ChoiceField(
        label=_("What brings people here"), required=False, initial="all",
        choices=[("all", _("all of these, at least so often")), ("any", _("any one of these"))],
    )  # fmt: skip
    hides_optional = True

    def __init__(self, *args: Any, has_rule: bool, built_in: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in WORDS:
            self.fields[field].widget.attrs["placeholder"] = built_in[field]
        self.has_rule = has_rule
        if not has_rule:
            del self.fields["how"]
            return
        for name in COUNTS:
            self.fields[name] = forms.IntegerField(
                label=LABELS[name], required=False, min_value=1, max_value=MOST
            )

    def words(self) -> list[Any]:
        """The bound fields of the company's words."""
        return [self[field] for field in WORDS]

    def counts(self) -> list[Any]:
        """The bound fields of the rule."""
        return [self[name] for name in COUNTS] if self.has_rule else []

    def rule(self) -> StageRule | None:
        """The rule as it was filled in; None for a stage that has none."""
        if not self.has_rule:
            return None
        told = {name: least for name in COUNTS if (least := self.cleaned_data.get(name))}
        return StageRule(told, any_of=self.cleaned_data["how"] == "any" and len(told) > 1)
