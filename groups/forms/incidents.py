"""Forms of incidents."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import IncidentKind, IncidentLevel


class IncidentForm(forms.Form):
    """A blow-up begins: what it is, who has it in hand, whether it is a drill."""

    kind = forms.ChoiceField(label=_("Kind"), choices=IncidentKind.choices)
    level = forms.TypedChoiceField(label=_("How bad"), choices=IncidentLevel.choices, coerce=int, initial=2)
    title = forms.CharField(label=_("What happened, in one line"), max_length=120)
    owner = forms.TypedChoiceField(label=_("In whose hands"), coerce=int, empty_value=None, required=False)
    note = forms.CharField(
        label=_("What is known so far"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_drill = forms.BooleanField(
        label=_("This is a drill"), required=False,
        help_text=_("Marked everywhere. Nothing is frozen and nothing goes out of the team."),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "–"), *staff]  # type: ignore[attr-defined]


class IntoForm(forms.Form):
    """Further groups join an incident that runs."""

    into = forms.TypedChoiceField(label=_("An incident that runs"), coerce=int)

    def __init__(self, *args: Any, running: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].choices = running  # type: ignore[attr-defined]


class JudgeForm(forms.Form):
    """What an incident is, and who has it in hand."""

    kind = forms.ChoiceField(label=_("Kind"), choices=IncidentKind.choices)
    level = forms.TypedChoiceField(label=_("How bad"), choices=IncidentLevel.choices, coerce=int)
    owner = forms.TypedChoiceField(label=_("In whose hands"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "–"), *staff]  # type: ignore[attr-defined]


class EntryForm(forms.Form):
    """One line of the timeline."""

    kind = forms.ChoiceField(
        label=pgettext_lazy("incident entry", "What it is"),
        choices=[("note", pgettext_lazy("incident", "Note")), ("evidence", _("Evidence"))],
        initial="note",
    )
    text = forms.CharField(
        label=_("What happened"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    link = forms.URLField(
        label=_("Address of a picture or file"), max_length=500, required=False, assume_scheme="https"
    )


class StatementForm(forms.Form):
    """The public words."""

    text = forms.CharField(label=_("Statement"), max_length=2000, widget=forms.Textarea(attrs={"rows": 6}))
    is_published = forms.BooleanField(
        label=_("It has been said in the groups"), required=False,
        help_text=_("Staff send it by hand in WeCom. The timeline keeps the moment."),
    )  # fmt: skip


class IncidentTaskForm(forms.Form):
    """Something to do, for somebody, by some time."""

    text = forms.CharField(label=_("What to do"), max_length=200)
    staff = forms.TypedChoiceField(label=_("Who"), coerce=int, empty_value=None, required=False)
    minutes = forms.IntegerField(label=_("Within minutes"), min_value=1, max_value=10080, required=False)

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [("", _("Anyone")), *staff]  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """Who does one step."""

    staff = forms.TypedChoiceField(label=_("Who"), coerce=int, empty_value=None, required=False)

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = [("", _("Anyone")), *staff]  # type: ignore[attr-defined]


class CloseForm(forms.Form):
    """How it ended, and whether sends resume."""

    outcome = forms.CharField(
        label=_("How it ended"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    is_lifted = forms.BooleanField(label=_("Resume the sends it froze"), required=False, initial=True)
    lift_reason = forms.CharField(
        label=_("Why it is safe to send again"), max_length=200, required=False,
        help_text=_("Kept in the record. What was stopped stays stopped."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if told.get("is_lifted") and not (told.get("lift_reason") or "").strip():
            self.add_error("lift_reason", _("Write why it is safe; it is kept in the record."))
        return told


class DrillCloseForm(CloseForm):
    """A drill, or an incident that froze nothing, ends: there is nothing to resume."""

    is_lifted = None  # type: ignore[assignment]
    lift_reason = None  # type: ignore[assignment]


class ReviewForm(forms.Form):
    """What the team learned."""

    cause = forms.CharField(label=_("Cause"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))
    went_well = forms.CharField(
        label=_("What worked"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    change = forms.CharField(
        label=_("What we change"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Somebody, something, by a day."),
    )  # fmt: skip


class IncidentReasonForm(forms.Form):
    """A reason, kept in the record."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))
