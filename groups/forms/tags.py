"""Forms of group tags: a tag, its rule, and which tag the picked groups get."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from groups.policies import group_tags as rules
from groups.selectors.group_tags import WORD_NAMES, fact_choices


class GroupTagForm(forms.Form):
    """A tag of groups."""

    name = forms.CharField(label=_("Tag"), max_length=40)
    note = forms.CharField(
        label=_("What it means"), max_length=120, required=False,
        help_text=_("So that everybody puts it on the same groups."),
    )  # fmt: skip


class GroupTagPickForm(forms.Form):
    """One tag for the picked groups: one that is there, or a new one."""

    tag = forms.TypedChoiceField(label=_("Tag"), coerce=int, empty_value=None, required=False)
    new_tag = forms.CharField(label=_("Or a new tag"), max_length=40, required=False)

    def __init__(self, *args: Any, tags: list[tuple[str, str]], is_new_allowed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].choices = [("", "–"), *tags]  # type: ignore[attr-defined]
        if not is_new_allowed:
            del self.fields["new_tag"]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not told.get("tag") and not (told.get("new_tag") or "").strip():
            raise forms.ValidationError(_("Choose a tag."))
        return told


_OPS = [(rules.AT_LEAST, _("at least")), (rules.AT_MOST, _("at most")), (rules.IS, _("is"))]


def _words() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Every word a fact can be, in groups: "kind=flash"."""
    from_facts = {key: label for _group, rows in fact_choices() for key, label in rows}
    return [
        (from_facts[fact], [(f"{fact}={value}", label) for value, label in names.items()])
        for fact, names in WORD_NAMES.items()
    ]


class GroupTagRuleForm(forms.Form):
    """One to three conditions that give a tag by themselves."""

    LINES = (1, 2, 3)
    needs_all = forms.TypedChoiceField(
        label=_("The tag is given when"),
        choices=[("1", _("all conditions hold")), ("0", _("any of them holds"))],
        coerce=lambda raw: raw == "1",
        initial="1",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in self.LINES:
            self.fields[f"fact_{line}"] = forms.ChoiceField(
                label=_("What counts"), choices=[("", "–"), *fact_choices()], required=line == 1
            )
            self.fields[f"op_{line}"] = forms.ChoiceField(label=_("Compared"), choices=_OPS, required=False)
            self.fields[f"number_{line}"] = forms.IntegerField(
                label=_("Figure"), min_value=0, max_value=rules.NUMBER_MAX, required=False
            )
            self.fields[f"word_{line}"] = forms.ChoiceField(
                label=_("Or what it is"), choices=[("", "–"), *_words()], required=False
            )
            self.fields[f"text_{line}"] = forms.CharField(
                label=_("Or the series"), max_length=64, required=False
            )

    def lines(self) -> list[list[Any]]:
        """The fields of each condition, bound, as the page lays them out."""
        names = ("fact", "op", "number", "word", "text")
        return [[self[f"{name}_{line}"] for name in names] for line in self.LINES]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        for line in self.LINES:
            if told.get(f"fact_{line}") and not rules.is_valid(self._condition(told, line)):
                self.add_error(f"fact_{line}", _("Give the figure, or the word, that fits what counts."))
        return told

    def conditions(self) -> tuple[rules.GroupCondition, ...]:
        """What was chosen; a line without a fact says nothing."""
        told = self.cleaned_data
        return tuple(self._condition(told, line) for line in self.LINES if told[f"fact_{line}"])

    @staticmethod
    def _condition(told: dict[str, Any], line: int) -> rules.GroupCondition:
        fact = told[f"fact_{line}"]
        if fact in rules.NUMBERS:
            number = told.get(f"number_{line}")
            op = told.get(f"op_{line}") or rules.AT_LEAST
            return rules.GroupCondition(fact, op, number if number is not None else "")
        if fact == rules.SERIES:
            return rules.GroupCondition(fact, rules.IS, (told.get(f"text_{line}") or "").strip())
        of, _sign, word = (told.get(f"word_{line}") or "").partition("=")
        return rules.GroupCondition(fact, rules.IS, word if of == fact else "")

    @classmethod
    def told(cls, conditions: tuple[rules.GroupCondition, ...]) -> dict[str, Any]:
        """Initial values of a rule that is there."""
        found: dict[str, Any] = {}
        for line, one in zip(cls.LINES, conditions, strict=False):
            found |= {f"fact_{line}": one.fact, f"op_{line}": one.op}
            key = "number" if one.fact in rules.NUMBERS else "text" if one.fact == rules.SERIES else "word"
            found[f"{key}_{line}"] = f"{one.fact}={one.value}" if key == "word" else one.value
        return found
