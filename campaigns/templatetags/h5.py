"""{% load h5 %}: what members' pages draw."""

from collections.abc import Sequence
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def at(values: Sequence[Any], place: int) -> Any:
    """The value at a place."""
    return values[place]


@register.simple_tag
def h5_icon(name: str) -> SafeString:
    """One of the icons of static/img/h5-icons.svg, as decoration."""
    return format_html(
        '<svg class="q-h5-i" aria-hidden="true"><use href="{}#{}"></use></svg>',
        static("img/h5-icons.svg"),
        name,
    )
