"""What stands in a cell of the calendar: {% load board %}. A week has hundreds of messages: no template for each."""

from datetime import date
from typing import Any

from django import template
from django.template.context import RequestContext
from django.template.loader import get_template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from console.shell import tenant_url
from console.templatetags.q import clock_time, icon, qs
from sop.enums import Channel, Mark
from sop.templatetags.sop import rule_words, state_word, step_icon

register = template.Library()
_OTHERS = "sop/_board_chip.html"


@register.simple_tag(takes_context=True)
def board_opens(context: RequestContext, group: Any) -> SafeString:
    """The attributes by which what stands in a group's cells opens its day; for `on_day` to put the day in."""
    tenant = context.get("tenant") or context["request"].tenant
    opens = (
        f'href="{conditional_escape(qs(context, day=_DAY, group=group.pk))}" '
        f'hx-get="{tenant_url(tenant, "sop:calendar_ledger", pk=group.pk)}?day={_DAY}" hx-target="#cal-ledger"'
    )
    return mark_safe(opens)


_DAY = "0000-00-00"  # no day's own


@register.filter
def on_day(opens: str, day: date) -> SafeString:
    """The attributes of `board_opens` for one day."""
    return mark_safe(opens.replace(_DAY, day.isoformat()))


@register.simple_tag(takes_context=True)
def board_chips(context: RequestContext, cell: Any, opens: str) -> SafeString:
    """The chips of one group on one day: messages here, what is no message yet by its template."""
    tenant = context.get("tenant") or context["request"].tenant
    opens = on_day(opens, cell.day)
    is_today = cell.day == context["board"].today
    parts = []
    for chip in cell.shown:
        if chip.touch is None:
            with context.push(chip=chip):
                parts.append(get_template(_OTHERS).template.render(context))  # type: ignore[attr-defined]
            continue
        moves = ""
        if context["can_operate"]:
            to = f'data-move="{tenant_url(tenant, "sop:calendar_move", pk=chip.touch.pk)}"'
            moves = f' draggable="true" {to if chip.may_move else _FIXED}'
        parts.append(_message(chip, opens + moves, is_today=is_today, is_past=cell.is_past))
    return mark_safe("".join(parts))


_FIXED = 'data-fixed="1"'


def _message(chip: Any, opens: str, *, is_today: bool, is_past: bool) -> str:
    """One message. `opens`: the attributes that open its day and move it."""
    touch, other_day = chip.touch, "" if is_today else " is-two"
    quiet = " is-quiet" if chip.is_quiet else ""
    at = ""
    if not is_past:
        at = f"<time{'' if is_today else _PHONE}>{clock_time(touch.planned_at)}</time>"
    count = f" ×{chip.count}" if chip.count > 1 else ""
    return (
        f'<a class="q-go is-{touch.shown}{quiet}{other_day}" id="t{touch.pk}" {opens} title="{_title(chip)}">'
        f'{icon(step_icon(touch.shown))}{at}<span><span class="visually-hidden">'
        f"{conditional_escape(state_word(touch))}: </span>{conditional_escape(touch.step.title)}{count}</span>"
        f"{icon('moon') if chip.is_quiet else ''}{_aside(chip)}</a>"
    )


_PHONE = ' class="q-phone"'


def _title(chip: Any) -> str:
    touch = chip.touch
    parts = [f"{clock_time(touch.planned_at)} {touch.step.title}", str(Channel(touch.channel).label)]
    if chip.is_foreign:
        parts.append(touch.run.name)
    if touch.rule_code:
        parts.append(f"{touch.rule_code} {rule_words(touch.rule_code)}")
    elif touch.reason:
        parts.append(touch.reason)
    if chip.is_quiet:
        parts.append(_("In the quiet hours"))
    return conditional_escape(" · ".join(str(one) for one in parts))


def _aside(chip: Any) -> str:
    """What stands at the end: the mark of a peak, how late it is, the rule that stopped it, or whose run it is."""
    touch = chip.touch
    if touch.step.mark:
        label = str(Mark(touch.step.mark).label)
        return (
            f'<span class="q-peak" title="{conditional_escape(label)}">{conditional_escape(label[:1])}</span>'
        )
    if touch.shown == "late" and touch.late_min:
        return f"<em>{conditional_escape(_('late %(n)s min') % {'n': touch.late_min})}</em>"
    if touch.rule_code:
        return f"<em>{conditional_escape(touch.rule_code)}</em>"
    if chip.is_foreign:
        return f'<em class="q-3rd">{conditional_escape(Truncator(touch.run.name).chars(6))}</em>'
    return ""
