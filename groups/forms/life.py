"""Forms of a group's set-up, breaches, end and introductions."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import LadderStep
from groups.models import Group
from groups.policies.pictures import LARGEST_BYTES, picture_type
from groups.selectors.violations import members_to_record
from groups.services.violations import next_words


def _day(label: Any, *, required: bool = True, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, help_text=hint)


def _number(value: str) -> int | None:
    return int(value) if value else None


class SetupStepForm(forms.Form):
    """Who does a step and by when."""

    owner = forms.TypedChoiceField(
        label=_("Who does it"), required=False, coerce=_number, empty_value=None,
        help_text=_("Empty: the owner of the group."),
    )  # fmt: skip
    due_on = _day(_("By when"), required=False, hint=_("Empty: laid out backwards from the start day."))

    def __init__(self, *args: Any, staff: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "–"), *staff]  # type: ignore[attr-defined]


OTHER_RULE = "-"  # none of the group's own


class ViolationForm(forms.Form):
    """One breach: who, which rule, what shows it, what follows."""

    userid = forms.ChoiceField(label=pgettext_lazy("breach", "Who"))
    rule = forms.ChoiceField(label=_("Which rule"))
    other_rule = forms.CharField(
        label=_("Another rule"), max_length=200, required=False, help_text=_("Where none of the above fits.")
    )
    evidence = forms.CharField(
        label=_("What shows it"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The words as written, or what happened and when."),
    )  # fmt: skip
    evidence_url = forms.URLField(
        label=_("Link to a message or picture"), max_length=300, required=False, assume_scheme="https"
    )
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text=_("A screenshot, PNG or JPEG, at most 5 MB."),
    )
    step = forms.ChoiceField(
        label=_("What follows"),
        required=False,
        choices=[("", _("As the ladder proposes")), *LadderStep.choices],
    )

    def __init__(
        self, *args: Any, people: list[tuple[str, str]], rules: list[str], norms: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["userid"].choices = [("", "–"), *people]  # type: ignore[attr-defined]
        self.fields["rule"].choices = [  # type: ignore[attr-defined]
            *((one[:200], one) for one in rules),
            *((one, _("Members agreed: %(norm)s") % {"norm": one}) for one in norms if one not in rules),
            (OTHER_RULE, _("Another one")),
        ]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "friendly" in self.data:  # the button below the friendly words
            found["step"] = LadderStep.KIND.value
        is_kind = found.get("step") == LadderStep.KIND
        if found.get("rule") == OTHER_RULE and not found.get("other_rule", "").strip():
            self.add_error("other_rule", _("Say which rule was broken."))
        shown = (found.get("evidence", "").strip(), found.get("evidence_url"), found.get("picture"))
        if not any(shown) and "picture" not in self.errors and not is_kind:
            self.add_error("evidence", _("Write what shows it, add a picture, or give a link."))
        return found

    def clean_picture(self) -> bytes:
        """The bytes of the picture; b"" without one."""
        given = self.cleaned_data["picture"]
        if not given:
            return b""
        if given.size > LARGEST_BYTES:
            raise forms.ValidationError(
                _("The picture is larger than 5 MB. Cut out what matters and try again.")
            )
        content = bytes(given.read())
        if not picture_type(content):
            raise forms.ValidationError(_("Only a PNG or JPEG picture can be kept as evidence."))
        return content

    def rule_named(self) -> str:
        told = self.cleaned_data
        return str(told["other_rule"] if told["rule"] == OTHER_RULE else told["rule"])


def breach_next(group: Group, told: Mapping[str, str]) -> dict[str, Any]:
    """What `groups/_breach_next.html` shows beside the fields as they stand; {"who": None}: nobody is chosen yet."""
    who, rule = told.get("userid", ""), told.get("rule", "")
    rule = told.get("other_rule", "") if rule == OTHER_RULE else rule
    name = dict(members_to_record(group=group)).get(who)
    if name is None:
        return {"who": None}
    return next_words(
        tenant_id=group.tenant_id, group=group, userid=who, name=name, rule=rule.strip()[:200],
        step=told.get("step", ""),
    )  # fmt: skip


class UndoForm(forms.Form):
    """Why a breach is taken back."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


class EndTaskForm(forms.Form):
    """One closing task: its day, its owner, the words, where members go."""

    due_on = _day(_("By when"))
    owner = forms.TypedChoiceField(label=_("Who does it"), required=False, coerce=_number, empty_value=None)
    target = forms.TypedChoiceField(
        label=_("Next group"), required=False, coerce=_number, empty_value=None,
        help_text=_("Who of the members already sits there is counted."),
    )  # fmt: skip
    script = forms.CharField(
        label=_("What to say"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(
        self, *args: Any, staff: list[tuple[int, str]], groups: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].choices = [("", "–"), *staff]  # type: ignore[attr-defined]
        self.fields["target"].choices = [("", "–"), *groups]  # type: ignore[attr-defined]


class IntroRuleForm(forms.Form):
    """What a group asks of whoever joins."""

    is_on = forms.BooleanField(label=_("Ask new members for an introduction"), required=False)
    template = forms.CharField(
        label=_("What it should say"), max_length=500, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "One line for each thing asked, with a colon: “City:”. A message that fills at least half of them counts."
            " City, age, job and interests are offered for the profile."
        ),
    )  # fmt: skip
    pattern = forms.CharField(
        label=_("Name in the group"), max_length=60, required=False,
        help_text=_("For example city-name-job. A name with as many parts fits. Empty: any name."),
    )  # fmt: skip
