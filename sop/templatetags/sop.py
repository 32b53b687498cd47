"""Words and icons of touches: {% load sop %}."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from console import formats
from console.templatetags.q import clock_time, icon, moment
from contacts.enums import Rule as GateRule
from sop.enums import ContentType, Mark, Rule, TouchState
from sop.enums.calendar import Clash
from sop.enums.proofs import ProofKind
from sop.models import Touch, Version
from sop.policies.push import Share
from sop.selectors.reviews import proposals_of
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows

register = template.Library()

ICONS = {
    "planned": "circle-dashed", "due": "clock", "sent": "send", "confirmed": "check", "late": "clock-exclamation",
    "blocked": "ban", "skipped": "player-skip-forward",
}  # fmt: skip


RULE_LABELS = {one.value: one.label for rules in (GateRule, Rule) for one in rules} | {
    "LOAD-01": gettext_lazy("The staff member has no minutes left"),
}


@register.filter
def step_icon(shown: str) -> str:
    """The icon of a shown state."""
    return ICONS.get(shown, "circle-dashed")


@register.simple_tag
def rows_of(by: str, one: Any) -> str:
    """The query string that opens the touches of one row of the execution rate, beside its run."""
    if one.key is None:
        return ""
    part = {"template": one.template_id} if by == "step" and one.template_id else {}
    return "&" + urlencode({by: one.key, **part})


@register.filter
def span(touch: Touch) -> str:
    """When a touch may be carried out: 08:00–10:30, or with its days where it ends on another one."""
    since, until = (timezone.localtime(one) for one in (touch.due_at, touch.window_ends_at))
    if since.date() == until.date():
        return f"{clock_time(since)}–{clock_time(until)}"
    return f"{moment(since)} – {moment(until)}"


@register.filter
def of_key(values: dict[str, Any], key: str) -> Any:
    return values.get(key, "")


@register.inclusion_tag("sop/_review_points.html", takes_context=True)
def review_points(context: dict[str, Any], version: Version) -> dict[str, Any]:
    """The points of reviews that a version answers; nothing where there are none."""
    request = context["request"]
    return {
        "request": request,
        "proposals": proposals_of(version),
        "version": version,
        "can_operate": allows(request.role, Permission.OPERATE),
        "csrf_token": context.get("csrf_token"),
    }


@register.filter
def reason_in(key: int, reasons: dict[int, Any]) -> Any:
    """What a dictionary says of a number; "" for nothing."""
    return reasons.get(key, "")


@register.filter
def minus(value: int, other: int) -> int:
    return value - other


@register.filter
def weekday_short(value: date) -> str:
    """Mon; in Chinese the one character that tells the day: 一."""
    name = date_format(value, "D")
    return name[-1:] if name[:2] in ("星期", "周") or name[:1] == "周" else name


@register.filter
def state_word(touch: Any) -> str:
    """Where a touch stands, in a word: what is submitted is not yet confirmed."""
    if touch.state == TouchState.HANDED:
        if touch.shown == "late":
            return _("Late")
        return _("Waits for the staff member's tap") if touch.is_mass else _("Due now")
    if touch.state == TouchState.SUBMITTED:
        is_over = touch.window_ends_at <= clock.now()
        return _("Submitted, proof missing") if is_over else _("Submitted, waits for proof")
    return str(TouchState(touch.state).label)


_CHIP = (
    '<a class="q-go is-{}" href="?day={}&amp;group={}#ledger" title="{}">{}{}'
    '<span><span class="visually-hidden">{}: </span>{}</span>{}</a>'
)


@register.simple_tag
def touch_chip(touch: Any, day: date, group_id: int, *, short: bool = False) -> SafeString:
    """One decorated touch in a calendar; `short` leaves the time out. A week has hundreds: no template a chip."""
    title = touch.step.title
    if touch.rule_code:
        title = f"{title} · {touch.rule_code} {rule_words(touch.rule_code)}"
    elif touch.reason:
        title = f"{title}: {touch.reason}"
    at = "" if short else format_html("<time>{}</time>", clock_time(touch.planned_at))
    return format_html(
        _CHIP, touch.shown, f"{day:%Y-%m-%d}", group_id, title, icon(step_icon(touch.shown)), at,
        state_word(touch), touch.step.title, _beside(touch),
    )  # fmt: skip


def _beside(touch: Any) -> str:
    """What stands at the end of a chip: the mark of a peak, how late it is, or the rule that stopped it."""
    if touch.step.mark:
        label = str(Mark(touch.step.mark).label)
        return format_html('<span class="q-peak" title="{}">{}</span>', label, label[:1])
    if touch.shown == "late" and touch.late_min:
        return format_html(
            "<em>{}</em>", _("late by %(time)s") % {"time": formats.minutes_long(touch.late_min)}
        )
    return format_html("<em>{}</em>", touch.rule_code) if touch.rule_code else ""


@register.filter
def lateness(seconds: int) -> str:
    """How late something was, in whole minutes and more."""
    return formats.minutes_long(seconds // 60)


@register.filter
def rule_words(code: str) -> str:
    """What a rule code says; empty for a code that is no rule's."""
    return str(RULE_LABELS.get(code, ""))


@register.filter
def clash_words(code: str) -> str:
    """What the code of a clash says."""
    return str(Clash(code).label)


@register.filter
def state_counts(touches: Iterable[Any]) -> str:
    """Confirmed 1, planned 2: how many of a list stand where, in the order of the list."""
    counts: dict[str, int] = {}
    for touch in touches:
        word = state_word(touch)
        counts[word] = counts.get(word, 0) + 1
    return _(", ").join(f"{word} {count}" for word, count in counts.items())


@register.filter
def offset_words(minutes: int) -> str:
    """When a step falls due beside its anchor: 5 min later, 24 h later, 3 h before."""
    is_hours = minutes and minutes % 60 == 0
    count = abs(minutes) // 60 if is_hours else abs(minutes)
    if minutes < 0:
        return _("%(n)s h before") % {"n": count} if is_hours else _("%(n)s min before") % {"n": count}
    return _("%(n)s h later") % {"n": count} if is_hours else _("%(n)s min later") % {"n": count}


@register.filter
def proof(touch: Any) -> str:
    """What proves a touch, or what is missing."""
    kinds = {
        "send_result": _("WeCom send result"),
        "note": pgettext("remark", "Note"),
        "record": _("Own record"),
        "review": _("Seen by a colleague"),
        "outcome": _("Outcome noted person by person"),
        **{one.value: str(one.label) for one in ProofKind},
    }
    kind, told = touch.evidence.get("kind", ""), touch.evidence
    if kind:
        parts = [kinds.get(kind, kind), told.get("confirmed_by", "")]
        if at := told.get("proof_at") or told.get("confirmed_at"):
            parts.append(moment(datetime.fromisoformat(at)))
        if told.get("likeness"):
            parts.append(_("%(n)s%% of the words") % {"n": told["likeness"]})
        return " · ".join(part for part in parts if part)
    if touch.state != TouchState.SUBMITTED:
        return "–"
    return _("Missing") if touch.window_ends_at <= clock.now() else _("Waits for proof")


@register.filter
def type_label(content_type: str) -> Any:
    """A content type in words."""
    return ContentType(content_type).label


@register.filter
def weekday_name(value: date) -> str:
    """周三; Wed."""
    language = get_language() or ""
    return formats.day(value, language, weekday=True).replace(formats.day(value, language), "").strip()


@register.filter
def bars(shares: Iterable[Share], empty: int | str = 0) -> list[dict[str, Any]]:
    """The mix as pieces of one bar, in percent of its width, with a small gap between; what is empty stands last."""
    counts = [(one.tone, one.count) for one in shares if one.count]
    if empty:
        counts.append(("empty", int(empty)))
    total = sum(count for _tone, count in counts)
    found, at = [], 0.0
    for tone, count in counts:
        width = 100 * count / total
        found.append({"tone": tone, "x": f"{at:.2f}", "width": f"{max(width - 0.4, 0):.2f}"})
        at += width
    return found


@register.simple_tag
def week_menu(groups: Iterable[tuple[Any, int]], here: str) -> SafeString:
    """Links to the weeks of (group, slots filled); `here`: the query of the page without its group. There may be a
    thousand: no template a group."""
    start = conditional_escape(here if here == "?" else f"{here}&")
    return mark_safe(
        "".join(
            f'<a class="dropdown-item" href="{start}group={group.pk}">{conditional_escape(str(group))} '
            f'<span class="q-3rd q-end">{filled} / 21</span></a>'
            for group, filled in groups
        )
    )
