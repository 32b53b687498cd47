"""Rows of the execution tables: {% load execution %}. There are thousands of them: no template a row."""

from collections.abc import Iterable

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from analytics.selectors.execution import Execution
from console import formats

register = template.Library()


@register.simple_tag
def execution_rows(rows: Iterable[Execution], touches_url: str) -> SafeString:
    """The rows of a table; each figure opens its touches below `touches_url` where it may."""
    words = {
        "due": _("Fell due"), "in_window": _("In its window"), "rate": _("Rate"), "late": _("Late"),
        "no_evidence": _("No evidence"), "skipped": _("Skipped by staff"), "missed": _("Missed"),
        "blocked": _("Blocked by a rule"),
    }  # fmt: skip
    heads = {
        name: f'<td class="q-num" data-label="{conditional_escape(label)}">' for name, label in words.items()
    }
    url, day = conditional_escape(touches_url), _("Day %(n)s")

    def told(one: Execution) -> str:
        base = f'<a href="{url}?{conditional_escape(one.rows_of)}&amp;figure=' if one.rows_of else ""

        def cell(name: str, count: int) -> str:
            shown = f'{base}{name}">{count}</a>' if base and count else f"{count}"
            return f"{heads[name]}{shown}</td>"

        when = f'<span class="q-3rd">{conditional_escape(day % {"n": one.day})}</span> ' if one.day else ""
        return (
            f'<tr><th scope="row">{when}{conditional_escape(one.name or "–")}</th>'
            f"{cell('due', one.due)}{cell('in_window', one.done)}"
            f"{heads['rate']}<b>{formats.percent(one.rate)}</b></td>"
            f"{cell('late', one.late)}{cell('no_evidence', one.unproved)}{cell('skipped', one.skipped)}"
            f"{cell('missed', one.missed)}{cell('blocked', one.blocked)}</tr>"
        )

    return mark_safe("".join(told(one) for one in rows))
