"""Shapes in: runs, touches, reviews and trial flights."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sop.enums import StepRole
from sop.enums.reviews import Decision, ItemKind
from sop.forms.steps import KEY_INTERACTIONS
from sop.forms.widgets import LocalDateTime, Ticked, address_input, date_input
from sop.services.runs import RunWish
from team.forms import serves_field
from team.selectors.goals import Goal


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 3}))


class MoveForm(ReasonForm):
    """Which version a run goes on by, and why. The versions on offer are given by the view."""

    version = forms.TypedChoiceField(label=_("Version"), coerce=int)
    field_order = ["version", "reason"]

    def __init__(self, *args: Any, versions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = versions  # type: ignore[attr-defined]


class OfferForm(ReasonForm):
    """Another end of the offer, never without a reason."""

    offer_ends_at = forms.DateTimeField(label=_("The offer ends"), widget=LocalDateTime())
    field_order = ["offer_ends_at", "reason"]


class RetimeForm(forms.Form):
    """Another time for one touch, on the tenant's wall."""

    due_at = forms.DateTimeField(label=_("New time"), widget=LocalDateTime())


class NoteForm(forms.Form):
    """What proves it."""

    note = forms.CharField(label=pgettext_lazy("remark", "Note"), max_length=500, required=False)


# What to do when a run lacks what its template leads people to; `step` is the first step that does.
NEEDED = {
    "interaction_url": _("“%(step)s” leads people there. Paste the address they should open."),
    "product_url": _("“%(step)s” leads people there. Paste the page where they buy."),
    "offer_ends_at": _("“%(step)s” counts down to it. Choose the day and the hour."),
}


class RunForm(forms.Form):
    """What a person decides to start a run. Choices of versions and groups are given by the view."""

    version = forms.TypedChoiceField(label=_("Template"), coerce=int)
    name = forms.CharField(label=_("Name of the run"), max_length=64)
    starts_on = forms.DateField(label=_("Day 1"), widget=date_input())
    groups = Ticked(
        label=_("Groups"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple(),
        error_messages={"required": _("Choose at least one group.")},
    )
    teacher = forms.CharField(
        label=_("Teacher's name"),
        max_length=20,
        required=False,
        help_text=_("Empty: the name of each group's owner."),
    )
    key_interaction = forms.ChoiceField(
        label=_("Key interaction"),
        choices=[(one.value, one.label) for one in KEY_INTERACTIONS],
        help_text=_("Members without it get the extra steps; with it they stop."),
    )
    interaction_url = forms.URLField(
        label=_("Its link"), max_length=500, required=False, assume_scheme="https", widget=address_input(),
        help_text=_("The live room, form or mini-program that the messages lead to."),
    )  # fmt: skip
    product_title = forms.CharField(label=_("Course or product"), max_length=64, required=False)
    product_url = forms.URLField(
        label=_("Link to buy"), max_length=500, required=False, assume_scheme="https", widget=address_input(),
        help_text=_("Every message gets its own tracked link to it."),
    )  # fmt: skip
    offer_ends_at = forms.DateTimeField(
        label=_("The offer ends"), required=False, widget=LocalDateTime(),
        help_text=_("Reminders go out 3, 2 and 1 hours before, only to those still undecided."),
    )  # fmt: skip

    def __init__(
        self,
        *args: Any,
        versions: list[tuple[int, str]],
        groups: list[tuple[int, str]],
        needs: dict[int, dict[str, str]],
        goal: Goal | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if goal is not None:
            self.fields["serves"] = serves_field(goal)
        self.fields["version"].choices = versions  # type: ignore[attr-defined]
        self.fields["groups"].choices = groups  # type: ignore[attr-defined]
        chosen = str((self.data or self.initial).get("version") or "")
        for name, step in needs.get(int(chosen) if chosen.isdecimal() else 0, {}).items():
            self.fields[name].required = True
            self.fields[name].error_messages["required"] = NEEDED[name] % {"step": step}

    def to_wish(self) -> RunWish:
        data = self.cleaned_data
        return RunWish(
            version_id=data["version"],
            name=data["name"].strip(),
            group_ids=data["groups"],
            starts_on=data["starts_on"],
            key_interaction=data["key_interaction"],
            interaction_url=data["interaction_url"],
            offer_ends_at=data["offer_ends_at"],
            product_title=data["product_title"],
            product_url=data["product_url"],
            variables={"老师称呼": data["teacher"]} if data["teacher"] else {},
            serves=data.get("serves", ""),
        )


def offer_default(starts_on: Any, offer_day: int | None, offer_at: time | None) -> datetime | None:
    """The offer's end as the template means it, on the tenant's wall (naive, for the picker)."""
    if offer_day is None or offer_at is None:
        return None
    return datetime.combine(starts_on + timedelta(days=offer_day - 1), offer_at)


class PointForm(forms.Form):
    """A point of a review."""

    kind = forms.ChoiceField(choices=ItemKind.choices)
    text = forms.CharField(max_length=300)
    step_key = forms.CharField(max_length=40, required=False)


class DecisionForm(forms.Form):
    """What becomes of the plan."""

    decision = forms.ChoiceField(choices=Decision.choices)
    summary = forms.CharField(max_length=2000, required=False)


class FlightForm(forms.Form):
    """What a trial flight is flown with. `versions` are those of the same template to fly beside it."""

    starts_on = forms.DateField(label=_("Day 1"), widget=date_input())
    groups = forms.IntegerField(label=_("Groups"), min_value=1, max_value=50)
    members = forms.IntegerField(label=_("Members a group"), min_value=1, max_value=500)
    as_staffed = forms.BooleanField(
        label=_("Carried by the colleagues of my groups"), required=False,
        help_text=_(
            "Those of the groups that a run could start in on that day, with their names. Groups beyond them get "
            "invented colleagues:"
        ),
    )  # fmt: skip
    groups_each = forms.IntegerField(label=_("Groups each staff member carries"), min_value=1, max_value=50)
    colleagues = forms.IntegerField(
        label=_("Colleagues in each group"), min_value=1, max_value=len(StepRole.values),
        help_text=_("The owner counts. An owner alone does the assistant's and the sales work too."),
    )  # fmt: skip
    beside = forms.TypedChoiceField(
        label=_("Beside it"), coerce=int, required=False, empty_value=None,
        help_text=_("Both are flown with the same members; the page shows them side by side."),
    )  # fmt: skip

    def __init__(self, *args: Any, versions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["beside"].choices = [("", _("No other version")), *versions]  # type: ignore[attr-defined]
