"""The group page's chat tab: messages a day, who wrote, and the latest messages, masked by role and audited."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.keys import key_of
from groups.enums import DIGEST_FROM, Slot
from groups.models import Group
from groups.policies.digest import SHOWN, quoted
from groups.selectors.chat import PAGE, ChatFigures, chat_figures, chat_lines
from groups.selectors.digest import digest_of, digest_words
from groups.selectors.figures import range_of_days
from tenants import audit, clock, preferences
from tenants.enums import Permission
from tenants.roles import allows

RANGES = (7, 14, 30)
DEFAULT_DAYS = 14
LAST_HOUR = 18  # until then a digest still fits into the evening's slot
AUDIT_S = 3600  # one entry for a person who looks again within the hour


def chat_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_chat.html` shows. Reading messages leaves an entry in the audit trail."""
    asked = key_of(request.GET.get("days", ""))
    days = asked if asked in RANGES else DEFAULT_DAYS
    zone = request.tenant.timezone
    figures = chat_figures(
        group=group, zone=zone, within=range_of_days(days=days, zone=zone, now=clock.now())
    )
    before = request.GET.get("before", "")
    may_see = allows(request.role, Permission.SEE_PERSONAL)
    lines = [] if figures.why_not else chat_lines(
        group=group, before_id=key_of(before) or 0, may_see=may_see
    )  # fmt: skip
    if lines and may_see:
        _note_reading(request, group)
    return {
        "figures": figures,
        "lines": lines,
        "days": days,
        "ranges": RANGES,
        "may_see": may_see,
        "older": lines[-1].id if len(lines) >= PAGE else 0,
        "chart": _chart(figures),
        **_digest(request, group, figures, may_see=may_see),
        "may_manage": allows(request.role, Permission.MANAGE),
    }


def _digest(request: Any, group: Group, figures: ChatFigures, *, may_see: bool) -> dict[str, Any]:
    """The digest of the day that was asked for, else of the latest one over the limit; nothing where none was."""
    limit = preferences.value(request.tenant.pk, DIGEST_FROM)
    busy = [one.day for one in figures.days if one.customers + one.staff > limit]
    asked = request.GET.get("digest", "")
    day = next((one for one in busy if one.isoformat() == asked), busy[-1] if busy else None)
    if day is None:
        return {"digest": None, "digest_limit": limit}
    found = digest_of(tenant=request.tenant, group=group, day=day)
    wall = clock.local(clock.now(), request.tenant.timezone)
    first = wall.date() if wall.hour < LAST_HOUR else wall.date() + timedelta(days=1)
    slot = Slot.EVENING if wall.hour < LAST_HOUR else Slot.MORNING
    monday = first - timedelta(days=first.weekday())
    return {
        "digest": found,
        "digest_limit": limit,
        "digest_days": busy,
        "digest_words": digest_words(found) if may_see else "",
        "digest_place": f"{first.isoweekday()}-{slot}",
        "digest_monday": monday,
        "questions_shown": [quoted(one.text) for one in found.questions[:SHOWN]],
        "announced_shown": [quoted(one.text) for one in found.announced],
        "shared_shown": found.shared[:SHOWN],
    }


def _note_reading(request: HttpRequest, group: Group) -> None:
    """Who read the chats of which group."""
    actor = request.actor  # type: ignore[attr-defined]
    if cache.add(f"groups:chat:read:{group.pk}:{actor.kind}:{actor.id}", 1, timeout=AUDIT_S):
        with transaction.atomic():
            audit.record(tenant=group.tenant, actor=actor, verb="groups.chat.read", target=group)


def _chart(figures: ChatFigures) -> dict[str, Any] | None:
    """Messages a day as an ECharts option: customers and staff beside each other."""
    if figures.why_not or not (figures.customer_messages or figures.staff_messages):
        return None
    return {
        "legend": {"data": [_("Customers"), _("Staff")]},
        "xAxis": {"type": "category", "data": [f"{one.day.month}/{one.day.day}" for one in figures.days]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": _("Customers"),
                "type": "bar",
                "stack": "all",
                "data": [one.customers for one in figures.days],
            },
            {"name": _("Staff"), "type": "bar", "stack": "all", "data": [one.staff for one in figures.days]},
        ],
    }
