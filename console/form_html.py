"""How forms become HTML: Django's own, but a list of choices without a template for each of its options.

Django includes two templates an option; a form that offers every group five times took a third of a second for that.
"""

from collections.abc import Iterable
from typing import Any

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
