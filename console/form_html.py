"""How forms become HTML: Django's own, but a list of choices without a template for each of its options.

Django includes two templates an option; a form that offers every group five times took a third of a second for that.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

SELECT = "django/forms/widgets/select.html"
OPTION = "django/forms/widgets/select_option.html"


class QuickChoices(DjangoTemplates):
    """What FORM_RENDERER names."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        if template_name == SELECT and _is_plain(context["widget"]):
            return _select(context["widget"])
        return mark_safe(super().render(template_name, context, request))


def _is_plain(widget: dict[str, Any]) -> bool:
    """Whether every option is drawn by Django's own template: a widget may bring another."""
    return all(
        option["template_name"] == OPTION for _name, group, _n in widget["optgroups"] for option in group
    )


def _select(widget: dict[str, Any]) -> SafeString:
    """The same text as Django's templates for a select and its options make."""
    parts = [f'<select name="{conditional_escape(widget["name"])}"{_attrs(widget["attrs"])}>']
    for name, group, _number in widget["optgroups"]:
        if name:
            parts.append(f'\n  <optgroup label="{conditional_escape(name)}">')
        parts.extend(_options(group))
        if name:
            parts.append("\n  </optgroup>")
    parts.append("\n</select>")
    return mark_safe("".join(parts))


def _options(group: Iterable[dict[str, Any]]) -> Iterable[str]:
    for option in group:
        value, label = conditional_escape(str(option["value"])), conditional_escape(option["label"])
        yield f'\n  <option value="{value}"{_attrs(option["attrs"])}>{label}</option>\n'


def _attrs(attrs: dict[str, Any]) -> str:
    return "".join(
        f" {conditional_escape(name)}" if value is True
        else f' {conditional_escape(name)}="{conditional_escape(str(value))}"'
        for name, value in attrs.items()
        if value is not False
    )  # fmt: skip


class OptionList:
    """Choices that several fields of one form offer: (value, label) in order, told once."""

    def __init__(self, choices: Iterable[tuple[Any, Any]]) -> None:
        self.labels = {str(value): str(label) for value, label in choices}

    @cached_property
    def _html(self) -> str:
        return "".join(_option(value, label, "") for value, label in self.labels.items())

    def html(self, chosen: str) -> str:
        """The options, the chosen one selected."""
        if chosen not in self.labels:
            return self._html
        label = self.labels[chosen]
        return self._html.replace(_option(chosen, label, ""), _option(chosen, label, " selected"), 1)


def _option(value: str, label: str, attrs: str) -> str:
    return f'\n  <option value="{conditional_escape(value)}"{attrs}>{conditional_escape(label)}</option>\n'


class _SharedSelect(forms.Select):
    """A select whose options are an OptionList."""

    shared: OptionList

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        attrs = self.build_attrs(self.attrs, attrs)
        chosen = "" if value is None else str(value)
        return mark_safe(
            f'<select name="{conditional_escape(name)}"{_attrs(attrs)}>{self.shared.html(chosen)}\n</select>'
        )

    def use_required_attribute(self, initial: Any) -> bool:
        """As Django's: not where the first option has a value."""
        return next(iter(self.shared.labels), "") == ""


class SharedChoiceField(forms.TypedChoiceField):
    """One of an OptionList, which fields of a form may share: a thousand groups are told once, not five times."""

    widget = _SharedSelect

    def __init__(self, *, options: OptionList, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shared = self.widget.shared = options

    def valid_value(self, value: Any) -> bool:
        return str(value) in self.shared.labels
