"""Forms about one customer: what they want, what is known of them, where they stand."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.enums import Education, Gender, OwnFieldKind, ProfileField, WayIn
from contacts.policies.own_fields import OwnSpec
from contacts.policies.profile import OLDEST_YEAR


class OptOutForm(forms.Form):
    """Whether a customer wants marketing, and why that changed."""

    opted_out = forms.TypedChoiceField(
        label=_("Marketing"),
        choices=[("1", _("Wants none")), ("0", _("May be reached again"))],
        coerce=lambda raw: raw == "1",
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("What the customer said, and where.")
    )


class ArchiveConsentForm(forms.Form):
    """What a customer said to having messages kept."""

    agreed = forms.TypedChoiceField(
        label=_("Keeping messages"),
        choices=[("1", _("Agreed")), ("0", _("Refused"))],
        coerce=lambda raw: raw == "1",
    )
    ground = forms.CharField(
        label=_("Where and how"), max_length=150, help_text=_("What the customer said, and where.")
    )


class ProfileForm(forms.Form):
    """What staff know of a person; an empty field is unknown and nothing is guessed."""

    gender = forms.ChoiceField(
        label=_("Gender"), choices=[("", _("Unknown")), *Gender.choices], required=False
    )
    birth_year = forms.IntegerField(
        label=_("Year of birth"), required=False, min_value=OLDEST_YEAR, help_text=_("Such as 1992.")
    )
    education = forms.ChoiceField(
        label=_("Education"), choices=[("", _("Unknown")), *Education.choices], required=False
    )
    occupation = forms.CharField(label=_("Occupation"), required=False, max_length=200)
    city = forms.CharField(label=_("City"), required=False, max_length=200)
    interests = forms.CharField(label=_("Interests"), required=False, max_length=200)
    asked = forms.MultipleChoiceField(
        label=_("Asked, did not say"),
        choices=[],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("So that nobody asks again soon."),
    )

    def __init__(
        self,
        *args: Any,
        unknown: list[tuple[str, Any]],
        this_year: int,
        own: Iterable[OwnSpec] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for one in own:
            self.fields[one.key] = _own_field(one, str(self.initial.get(one.key) or ""))
        self.keys = [*ProfileField.values, *(one.key for one in own)]
        self.order_fields([*self.keys, "asked"])
        for name in (f"{part}_{field}" for field in self.keys for part in ("was", "stamp")):
            self.fields[name] = forms.CharField(required=False, strip=False, widget=forms.HiddenInput())
        self.fields["asked"].choices = unknown  # type: ignore[attr-defined]
        if not unknown:
            del self.fields["asked"]
        self.fields["birth_year"].validators.append(MaxValueValidator(this_year))

    def values(self, *, contradicted: Iterable[str]) -> dict[str, str]:
        """{field: value} of what the person changed, and of what stood here contradicted and so is settled; a year as
        text, "" for nothing."""
        told, open_ones = self.cleaned_data, set(contradicted)
        return {
            field: value
            for field in self.keys
            if (value := "" if told[field] is None else str(told[field])) != told[f"was_{field}"]
            or field in open_ones
        }

    def shown(self) -> dict[str, str]:
        """{field: the stamp of what the drawer showed}."""
        return {field: self.cleaned_data[f"stamp_{field}"] for field in self.keys}

    def look_again(self, stamps: Mapping[str, str]) -> None:
        """After a refusal that told what stands there now: the next save is meant."""
        self.data = {**self.data.dict(), "asked": self.data.getlist("asked")} | {  # type: ignore[attr-defined]
            f"stamp_{field}": value for field, value in stamps.items()
        }


def _own_field(one: OwnSpec, present: str) -> forms.Field:
    """A field of the company's own; a choice offers what stands there, also when it is no option any more."""
    asked: dict[str, Any] = {"label": one.label, "required": False}
    if one.kind == OwnFieldKind.CHOICE:
        words = dict.fromkeys((*one.options, *((present,) if present else ())))
        return forms.ChoiceField(choices=[("", _("Unknown")), *((word, word) for word in words)], **asked)
    if one.kind == OwnFieldKind.NUMBER:
        return forms.DecimalField(max_digits=17, decimal_places=4, **asked)
    if one.kind == OwnFieldKind.DATE:
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **asked)
    return forms.CharField(max_length=200, **asked)


class StageForm(forms.Form):
    """Another trust stage, and why."""

    stage = forms.TypedChoiceField(label=_("Trust stage"), coerce=int)
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("What you saw or heard."))

    def __init__(self, *args: Any, present: int, names: Mapping[int, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (key, f"{key} {label}") for key, label in names.items() if key != present
        ]


class MergeForm(forms.Form):
    """Another record of the same person."""

    other = forms.CharField(
        label=_("The other record"),
        max_length=300,
        help_text=_("Its WeCom id, or the address of its page here."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        help_text=_("How you know. Needed unless both carry the same union id or phone number."),
    )


class SplitForm(forms.Form):
    """Why two records are two people after all."""

    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("What you saw or heard."))


class ObstacleForm(forms.Form):
    """What stands in somebody's way."""

    text = forms.CharField(
        label=_("Obstacle"), max_length=200, help_text=_("Such as: does not find the lesson after work.")
    )


class SolutionForm(forms.Form):
    """How an obstacle went away."""

    solution = forms.CharField(label=_("What helped"), max_length=200)


class WayInForm(forms.Form):
    """The way somebody came, and how that is known."""

    way = forms.ChoiceField(
        label=pgettext_lazy("customer", "Way in"),
        choices=[("", _("As the order of events tells")), *WayIn.choices],
        required=False,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("How you know."))
