"""Forms of customers."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from contacts.enums import Education, Gender, ProfileField, TrustStage
from contacts.policies.profile import OLDEST_YEAR
from contacts.policies.tag_rules import Condition

FILE_BYTES = 20 * 1024 * 1024


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

    def __init__(self, *args: Any, unknown: list[tuple[str, Any]], this_year: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["asked"].choices = unknown  # type: ignore[attr-defined]
        if not unknown:
            del self.fields["asked"]
        self.fields["birth_year"].validators.append(MaxValueValidator(this_year))

    def values(self) -> dict[str, str]:
        """{field: value} as the profile keeps them; a year as text, "" for nothing."""
        told = self.cleaned_data
        return {field: str(told[field] or "") for field in ProfileField.values}


class StageForm(forms.Form):
    """Another trust stage, and why."""

    stage = forms.TypedChoiceField(label=_("Trust stage"), coerce=int)
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("What you saw or heard."))

    def __init__(self, *args: Any, present: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [  # type: ignore[attr-defined]
            (key, f"{key} {label}") for key, label in TrustStage.choices if key != present
        ]


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


class ChatImportForm(forms.Form):
    """A chat log, and on what ground its people may be kept."""

    file = forms.FileField(
        label=_("CSV or Excel file"),
        help_text=_("CSV in UTF-8 or GBK, or .xlsx; at most 20 MB. The first line names the columns."),
    )
    ground = forms.CharField(
        label=_("How the people in it agreed"),
        required=False,
        max_length=200,
        help_text=_(
            "Empty: only lines of people who agreed to archiving are kept. Otherwise say where they agreed; it is "
            "recorded with each person. Nobody who refused is kept either way."
        ),
    )

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > FILE_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it."))
        return sent


class ImportForm(forms.Form):
    """A file of behaviours."""

    file = forms.FileField(
        label=_("CSV file"), help_text=_("UTF-8 or GBK, at most 20 MB. The first line names the columns.")
    )
    source = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]{0,31}$",
        label=_("Where it comes from"),
        initial="import",
        help_text=_("Lower-case letters and digits. An event id counts once within one source."),
        error_messages={"invalid": _("Use 1 to 32 of a-z, 0-9, - and _.")},
    )

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > FILE_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB. Split it."))
        return sent
