"""The template library of every page: {% load q %}. Formatting itself is in console.formats."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.forms import BoundField
from django.template.base import TextNode
from django.template.context import RequestContext
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils import timezone
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from console import formats
from console.shell import home_url, tenant_url
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows

register = template.Library()

TIERS = {"S": "is-s", "A+": "is-ap", "A": "is-a", "B": "is-b", "S?": "is-maybe"}
TONES = {"ok", "warn", "bad", "on", "line"}
STEPS = {
    "planned": "circle-dashed", "due": "clock", "sent": "send", "confirmed": "check", "late": "clock-exclamation",
    "blocked": "ban", "skipped": "player-skip-forward",
}  # fmt: skip
STATE_TONES = {
    "draft": "line", "planning": "line", "planned": "line", "new": "line", "open": "on", "running": "on",
    "active": "on", "warming": "on", "published": "on", "connected": "ok", "done": "ok", "finished": "ok",
    "won": "ok", "archived": "ok",
    "declining": "warn", "closing": "warn", "snoozed": "warn", "paused": "warn", "parked": "warn", "unknown": "warn",
    "broken": "bad", "failed": "bad", "dead": "bad", "frozen": "bad", "missed": "bad",
}  # fmt: skip


def _language() -> str:
    return get_language() or "zh-hans"


def _local(value: Any) -> Any:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


@register.simple_tag(takes_context=True)
def turl(context: RequestContext, name: str, **kwargs: Any) -> str:
    """URL of a console page of the tenant in hand: {% turl 'groups:detail' pk=1 %}."""
    tenant = context.get("tenant") or context["request"].tenant
    return tenant_url(tenant, name, **kwargs)


_CHOICE = (
    '<label class="form-check"><input class="form-check-input" type="{}" name="{}" value="{}"{}> {}</label>'
)


@register.simple_tag
def choices(field: BoundField) -> SafeString:
    """The choices of a filter as check boxes, or as radios with "All". A list may have hundreds: no template a row."""
    value = field.value()
    chosen = {str(one) for one in (value if isinstance(value, list | tuple) else [value or ""])}
    rows = [(str(key), label) for key, label in getattr(field.field, "choices", ()) if str(key) != ""]
    is_many = getattr(field.field.widget, "allow_multiple_selected", False)
    kind, rows = ("checkbox", rows) if is_many else ("radio", [("", gettext("All")), *rows])
    checked = mark_safe(" checked")
    return format_html_join(
        "",
        _CHOICE,
        ((kind, field.html_name, key, checked if key in chosen else "", label) for key, label in rows),
    )


@register.simple_tag
def home_of(place: Any) -> str:
    """Where work starts in a company the visitor belongs to."""
    return home_url(place.tenant, place.role)


@register.simple_tag(takes_context=True)
def qs(context: RequestContext, **changes: Any) -> str:
    """The present query string with changes; None removes: {% qs page=2 q=None %}."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        if value is None:
            query.pop(key, None)
        else:
            query[key] = str(value)
    return f"?{query.urlencode()}" if query else "?"


@register.simple_tag(takes_context=True)
def qs_set(context: RequestContext, name: str, value: Any) -> str:
    """The present query string with one key whose name is a variable; another order starts at page one."""
    changes: dict[str, Any] = {name: value}
    if not name.endswith("page"):
        changes["page"] = None
    return qs(context, **changes)


@register.simple_tag(takes_context=True)
def allowed(context: RequestContext, permission: str) -> bool:
    """Whether the visitor's role may do this: {% allowed 'operate' as can_operate %}."""
    return allows(context.get("role") or "", Permission(permission))


@register.simple_tag(takes_context=True)
def filled(context: RequestContext, name: str) -> bool:
    """Whether a page gave this block anything: {% filled 'rail' as has_rail %}."""
    block = context.render_context[BLOCK_CONTEXT_KEY].get_block(name)
    return bool(block) and any(not isinstance(node, TextNode) or node.s.strip() for node in block.nodelist)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Tabler icon. With a label it is read aloud; without, it is decoration."""
    if label:
        return format_html('<i class="ti ti-{}" role="img" aria-label="{}"></i>', name, label)
    return _decoration(name)


@lru_cache(maxsize=1024)  # a page has the same few hundreds of times
def _decoration(name: str) -> SafeString:
    return format_html('<i class="ti ti-{}" aria-hidden="true"></i>', name)


@register.filter
def figure(value: Any, places: int = 1) -> str:
    """1284 -> 1,284; 12345 -> 1.2 万; None -> –."""
    return formats.figure(value, _language(), places)


@register.filter
def signed(value: Any) -> str:
    """+12, −4."""
    return formats.signed(value, _language())


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """0.423 -> 42.3%."""
    return formats.percent(value, places)


@register.filter
def money(fen: Any) -> str:
    """198000 -> ¥1,980."""
    return formats.money(fen, _language())


@register.filter
def clock_time(value: datetime | None) -> str:
    """10:24 in the tenant's zone."""
    return formats.clock_time(_local(value))


@register.filter
def just_before(value: datetime | None) -> datetime | None:
    """The last moment of a span that ends before this one: a camp until midnight ends on the day before."""
    return value - timedelta(seconds=1) if value else None


@register.filter
def day(value: date | None) -> str:
    """11月20日."""
    return formats.day(_local(value), _language())


@register.filter
def weekday(value: date | None) -> str:
    """11月20日 周四."""
    return formats.day(_local(value), _language(), weekday=True)


@register.filter
def moment(value: datetime | None) -> str:
    """今天 10:24, 昨天 20:14, 11月18日 20:14."""
    return formats.moment(_local(value), _local(clock.now()), _language())


@register.filter
def passed(value: datetime | None) -> str:
    """How long ago."""
    return formats.MISSING if value is None else formats.passed(clock.now() - value)


@register.filter
def duration_s(seconds: float | None) -> str:
    """372 -> 6:12; 5760 -> 1 h 36 min."""
    return formats.MISSING if seconds is None else formats.duration(seconds)


@register.filter
def minutes_long(minutes: int) -> str:
    """26 -> 26 min; 2440 -> 1 d 16 h."""
    return formats.minutes_long(minutes)


@register.filter
def urgency(value: datetime | None) -> str:
    """CSS state of a deadline: is-late, is-soon or none."""
    return "" if not value else formats.urgency(value - clock.now())


@register.filter
def listed(names: Iterable[Any]) -> str:
    """甲、乙 or A, B."""
    return gettext(", ").join(str(one) for one in names)


@register.simple_tag
def deadline(value: datetime | None) -> SafeString:
    """A clock that ticks in the browser by the product's time: 剩 4:48, 超时 8:14, 超期 7 天."""
    if not value:
        return format_html("<b>{}</b>", formats.MISSING)
    return format_html(
        '<b data-deadline="{}">{}</b>', value.isoformat(), formats.time_left(value - clock.now())
    )


@register.simple_tag
def time_used(start: datetime | None, end: datetime | None) -> SafeString:
    """The thin bar under a clock: how much of the allowed time has passed."""
    if not start or not end or end <= start:
        return mark_safe("")
    whole, used = (end - start).total_seconds(), (clock.now() - start).total_seconds()
    tone = "is-bad" if used >= whole else "is-warn" if used >= whole * 0.5 else ""
    value = int(min(max(used, 0), whole))
    return format_html(
        '<progress class="q-bar is-thin {}" max="{}" value="{}">{}</progress>',
        tone, int(whole), value, formats.time_left(timedelta(seconds=whole - used)),
    )  # fmt: skip


@register.simple_tag
def tier(letter: str | None, title: str = "") -> SafeString:
    """The intent tier: S, A+, A, B, or S? which awaits a human."""
    if not letter:
        return format_html('<span class="q-none">{}</span>', formats.MISSING)
    return format_html(
        '<span class="q-tier {}" title="{}">{}</span>', TIERS.get(letter, "is-b"), title, letter
    )


@register.simple_tag
def chip(state: str, label: Any, icon: str = "") -> SafeString:
    """A state with its word. `state`: a tone (ok warn bad on line), a step of an SOP, or a known state."""
    if state in STEPS:
        return format_html(
            '<span class="q-step is-{}"><i class="ti ti-{}" aria-hidden="true"></i><span>{}</span></span>',
            state, icon or STEPS[state], label,
        )  # fmt: skip
    tone = state if state in TONES else STATE_TONES.get(state, "")
    mark = format_html('<i class="ti ti-{}" aria-hidden="true"></i>', icon) if icon else ""
    return format_html('<span class="q-tag{}">{}{}</span>', f" is-{tone}" if tone else "", mark, label)


@register.simple_tag
def ava(name: Any, kind: str = "") -> SafeString:
    """A person's or group's first letter; kind: "", "group" or "brand"."""
    text = str(name or "").strip()
    state = f" is-{kind}" if kind else ""
    return format_html('<span class="q-ava{}" aria-hidden="true">{}</span>', state, text[:1].upper() or "?")


@register.simple_tag
def meter(value: Any, max: Any, tone: str = "", label: Any = "") -> SafeString:
    """A real <progress>; tone: "", ok, warn or bad; `label` is read aloud."""
    state = f" is-{tone}" if tone else ""
    return format_html(
        '<progress class="q-bar{}" max="{}" value="{}">{}</progress>', state, max or 1, value or 0, label
    )


@register.inclusion_tag("console/_figure_info.html")
def figure_info(metric: Any) -> dict[str, Any]:
    """The passport of a figure: an object with label, definition, denominator, source, freshness (all optional)."""
    return {"metric": metric}


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """The input of a bound field with the kit's classes, and its hint and error announced."""
    kind = getattr(field.field.widget, "input_type", "")
    if kind in {"checkbox", "radio"}:
        css = "form-check-input"
    elif kind == "select":
        css = "form-select"
    else:
        css = "form-control"
    attrs: dict[str, Any] = {"class": f"{css} is-invalid" if field.errors else css}
    described = [f"{field.id_for_label}-hint"] if field.help_text else []
    if field.errors:
        attrs["aria-invalid"] = "true"
        described.append(f"{field.id_for_label}-error")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


@register.simple_tag
def chart(option: dict[str, Any], name: str, label: Any = "") -> SafeString:
    """An ECharts option as data plus the box that draws it; load js/chart-theme.js and echarts on the page."""
    return format_html(
        '{}<div class="q-chart" data-chart="{}" role="img" aria-label="{}"></div>',
        json_script(option, f"{name}-option"), f"{name}-option", label,
    )  # fmt: skip
