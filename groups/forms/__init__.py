"""Forms of groups: plan one, answer the gate, decide about several."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import Kind, PaymentBasis, Purpose, Question, Scenario, SubKind
from groups.policies.answers import OPTIONAL, REQUIRED
from groups.policies.naming import PATTERN, Recipe


class PlanForm(forms.Form):
    """A group to be."""

    name = forms.CharField(
        label=_("Group name"),
        max_length=128,
        help_text=_("Brand, number or place, at most 12 characters."),
    )
    series = forms.CharField(
        label=_("Series"),
        max_length=64,
        required=False,
        help_text=_("Groups of one series need a number or a place."),
    )

    kind = forms.ChoiceField(
        label=_("Type"), choices=[("", "–"), *Kind.choices], required=False,
        help_text=_("It decides the checks and how long the group may live. It can be chosen later."),
    )  # fmt: skip
    starts_on = forms.DateField(
        label=_("Starts on"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The six set-up steps are laid out backwards from this day."),
    )  # fmt: skip
    leader = forms.TypedChoiceField(
        label=_("Who leads it"), required=False, coerce=int, empty_value=None,
        help_text=_("Does each step unless somebody else is named."),
    )  # fmt: skip

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leader"].choices = [("", "–"), *staff]  # type: ignore[attr-defined]


class NamesForm(forms.Form):
    """How names for several groups are made. Everything has a default; the rows below show what comes of it."""

    pattern = forms.CharField(
        label=_("Pattern"),
        max_length=64,
        initial=PATTERN,
        help_text=_("Brand, theme, number and place in braces are filled in; the rest stays as written."),
    )
    theme = forms.CharField(label=_("Theme"), max_length=32, required=False)
    series = forms.CharField(
        label=_("Series"),
        max_length=64,
        required=False,
        help_text=_("Groups of one series need a number or a place."),
    )
    first = forms.IntegerField(label=_("First number"), min_value=0, max_value=9999, initial=1)
    width = forms.IntegerField(label=_("Digits"), min_value=1, max_value=4, initial=2)
    count = forms.IntegerField(label=_("How many new groups"), min_value=0, max_value=100, initial=3)
    places = forms.CharField(
        label=_("Places, one a line"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def recipe(self, *, brand: str) -> Recipe:
        """What is typed, as the policy takes it."""
        data = self.cleaned_data
        places = tuple(line.strip() for line in data["places"].splitlines() if line.strip())
        return Recipe(data["pattern"], brand, data["theme"].strip(), data["first"], data["width"], places)


class ReasonForm(forms.Form):
    """A reason, for what is done to the picked groups."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class OwnerForm(forms.Form):
    """A new owner for the picked groups. `staff`: [(id, name)] of those who may have customers."""

    staff = forms.ChoiceField(
        label=_("New owner"), choices=[],
        help_text=_("WeCom moves a group at most twice in 90 days. What it refuses becomes a task on Today."),
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, staff: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["staff"].choices = staff  # type: ignore[attr-defined]


class KindForm(forms.Form):
    """One type for the picked groups."""

    kind = forms.ChoiceField(label=_("Type"), choices=Kind.choices)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Needed for groups that are live; kept in the record."),
    )  # fmt: skip


class ApproveForm(forms.Form):
    """A leader's exception."""

    code = forms.CharField(widget=forms.HiddenInput, max_length=16)
    reason = forms.CharField(label=_("Why it is allowed"), max_length=500)
    review_on = forms.DateField(
        label=_("Look again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


def _text(label: Any, rows: int = 1, hint: Any = "", limit: int = 1000) -> forms.CharField:
    widget = forms.TextInput() if rows == 1 else forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=False, max_length=limit, widget=widget, help_text=hint)


def _blank(choices: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [("", "–"), *choices]


# Answer keys -> form fields; the week and the crew are handled by the view.
ANSWER_FIELDS = {
    f"{question}_{key}": (question, key)
    for question, keys in REQUIRED.items()
    for key in (*keys, *OPTIONAL.get(question, ()))
    if key not in ("week", "crew", "note", "promise_keys")
}


class ReadinessForm(forms.Form):
    """The whole gate as one form. Nothing is required: the checks say what is missing, so none is called optional."""

    hides_optional = True

    kind = forms.ChoiceField(
        label=_("Type"), choices=_blank(Kind.choices), required=False, widget=forms.RadioSelect
    )
    sub_kind = forms.ChoiceField(label=_("Delivers"), choices=_blank(SubKind.choices), required=False)
    payment_basis = forms.ChoiceField(
        label=_("Payment basis"), choices=PaymentBasis.choices, required=False, widget=forms.RadioSelect
    )
    purpose = forms.ChoiceField(label=_("Purpose"), choices=_blank(Purpose.choices), required=False)
    scenario = forms.ChoiceField(label=_("Scenario"), choices=_blank(Scenario.choices), required=False)
    positioning_audience = _text(
        pgettext_lazy("group", "For whom"), hint=_("In one sentence; then side by side.")
    )
    positioning_age = _text(pgettext_lazy("audience", "Age"))
    positioning_gender = _text(pgettext_lazy("audience", "Gender"))
    positioning_interests = _text(pgettext_lazy("audience", "Interests"))
    positioning_occupation = _text(pgettext_lazy("audience", "Occupation"))
    positioning_spending = _text(pgettext_lazy("audience", "Spending habits"))
    positioning_not_for = _text(_("Who should stay out"))
    positioning_outcome = _text(_("What they achieve here"))
    positioning_actions = _text(_("What they can do in the group"))
    positioning_screening = _text(
        _("Who qualifies as a super-user"), hint=_("Only a super-user group needs this.")
    )
    positioning_benefits = _text(_("What super-users get"), hint=_("Only a super-user group needs this."))
    value_proposition = _text(
        _("One-sentence promise"), limit=200, hint=_("The welcome and invitations use it.")
    )
    starts_on = forms.DateField(
        label=_("Starts on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    deliverable_promises = _text(
        _("Promises, one a line"), rows=4, hint=_("Say by when or how much: each is held to it.")
    )
    rules_lines = _text(_("Rules, one a line"), rows=4)
    rules_ladder = _text(_("What follows a breach"))
    management_duties = _text(_("Who sets rules, lets people in, settles disputes"), rows=2)
    management_care = _text(
        _("Who livens it up, answers, keeps the mood"), rows=2,
        hint=_("What the staff in it do each day. They are always shown as staff."),
    )  # fmt: skip
    crisis_first_speaker = _text(_("Who speaks first, and how soon"))
    crisis_complaint = _text(_("When members complain together"))
    crisis_competitor = _text(_("When a competitor makes trouble"))
    ends_on = forms.DateField(
        label=_("Ends on"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    ends_time = forms.TimeField(
        label=_("At"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    ending_how = _text(_("How it is closed"))
    ending_next = _text(_("Where members go next"))
    ending_reason = _text(_("Why it ends"), hint=_("Only a super-user group needs this."))
    planned_name = _text(_("Group name"), limit=128)
    series = _text(_("Series"), limit=64)
    target_size = forms.IntegerField(label=_("Target size"), required=False, min_value=2, max_value=500)
    size_reason = _text(_("Why so large"), limit=200)
    welcome = _text(_("Welcome message"), rows=5, limit=500)
    announcement = _text(_("Announcement"), rows=4, limit=2000)
    replies = _text(
        _("Keyword replies, one a line"), rows=3, limit=2000,
        hint=_("Word: answer. Several words with 、 between. Say in the welcome which word to write."),
    )  # fmt: skip
    reason = _text(_("Why the type changes"), limit=200)

    def plan(self) -> dict[str, Any]:
        """The plan fields, as services take them."""
        names = (
            "planned_name", "series", "starts_on", "ends_on", "ends_time", "target_size", "size_reason",
            "value_proposition", "welcome", "announcement", "replies",
        )  # fmt: skip
        return {name: self.cleaned_data[name] for name in names}

    def kinds(self) -> dict[str, str]:
        """Type, sub-type, purpose, scenario, payment basis."""
        return {
            name: self.cleaned_data[name]
            for name in ("kind", "sub_kind", "payment_basis", "purpose", "scenario")
        }

    def answers(self) -> dict[str, dict[str, Any]]:
        """{question: {key: text}} of the questions answered in words."""
        found: dict[str, dict[str, Any]] = {}
        for name, (question, key) in ANSWER_FIELDS.items():
            if text := self.cleaned_data[name].strip():
                found.setdefault(question, {})[key] = text
        return {
            str(question): found.get(question, {}) for question in REQUIRED if question != Question.OPERATION
        }
