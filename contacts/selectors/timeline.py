"""One person's timeline (R36): typed entries from behaviours, touches, tags, friends, orders, newest first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contacts.enums import BehaviourKind, FollowState
from contacts.models import Behaviour, CustomerTag, Exposure, Follow

LIMIT = 200
MESSAGE, CLICK, LEARN, REACH, ORDER, CHANGE = "message", "click", "learn", "reach", "order", "change"
FACETS = (MESSAGE, CLICK, LEARN, REACH, ORDER, CHANGE)

# Kind -> facet and icon.
_LOOK: dict[str, tuple[str, str]] = {
    BehaviourKind.JOIN: (CHANGE, "users-group"),
    BehaviourKind.LEAVE: (CHANGE, "door-exit"),
    BehaviourKind.MESSAGE: (MESSAGE, "message-2"),
    BehaviourKind.LINK_CLICK: (CLICK, "link"),
    BehaviourKind.PURCHASE_CLICK: (CLICK, "shopping-cart"),
    BehaviourKind.PAY_CLICK: (CLICK, "credit-card"),
    BehaviourKind.ORDER: (ORDER, "receipt"),
    BehaviourKind.REFUND: (ORDER, "receipt-refund"),
    BehaviourKind.LESSON: (LEARN, "player-play"),
    BehaviourKind.ASSIGNMENT: (LEARN, "clipboard-check"),
    BehaviourKind.FORM: (CHANGE, "forms"),
    BehaviourKind.LIVE: (LEARN, "video"),
    BehaviourKind.MINI_PROGRAM: (CLICK, "apps"),
    BehaviourKind.CHECKIN: (LEARN, "circle-check"),
    BehaviourKind.DRAW: (CLICK, "gift"),
    BehaviourKind.RED_PACKET: (CLICK, "mail-dollar"),
    BehaviourKind.RADAR: (CLICK, "eye"),
    BehaviourKind.COUPON: (CLICK, "ticket"),
}


@dataclass(frozen=True)
class TimelineEntry:
    """One line. `at` is aware; `detail` names source and actor; `amount_fen` is money where there is any."""

    at: datetime
    facet: str
    icon_name: str
    text: str
    detail: str = ""
    url: str = ""
    amount_fen: int | None = None
    is_mine: bool = False


Provider = Callable[..., Iterable[TimelineEntry]]
_providers: list[Provider] = []


def register_timeline(provider: Provider) -> None:
    """Add entries of an app above: `provider(tenant_id=, customer_id=, limit=) -> entries`. Twice counts once."""
    if provider not in _providers:
        _providers.append(provider)


def customer_timeline(
    *, tenant_id: int, customer_id: int, limit: int = LIMIT, facet: str = ""
) -> list[TimelineEntry]:
    """The latest `limit` entries, newest first; `facet` keeps one sort. A constant number of queries."""
    who = {"tenant_id": tenant_id, "customer_id": customer_id}
    entries = [*_behaviours(who, limit), *_touches(who, limit), *_tags(who, limit), *_friends(who)]
    for provider in _providers:
        entries += provider(**who, limit=limit)
    if facet:
        entries = [one for one in entries if one.facet == facet]
    return sorted(entries, key=lambda one: one.at, reverse=True)[:limit]


def facet_counts(entries: Iterable[TimelineEntry]) -> dict[str, int]:
    """{facet: number}, with "all"."""
    counts = dict.fromkeys(("all", *FACETS), 0)
    for one in entries:
        counts["all"] += 1
        counts[one.facet] = counts.get(one.facet, 0) + 1
    return counts


def _joined(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)


def _behaviours(who: dict[str, int], limit: int) -> list[TimelineEntry]:
    rows = Behaviour.objects.filter(**who).select_related("group", "staff").order_by("-occurred_at", "-pk")
    made = []
    for row in rows[:limit]:
        facet, icon = _LOOK[row.kind]
        said = row.text[:120] if row.kind == BehaviourKind.MESSAGE else row.object_title
        label = BehaviourKind(row.kind).label
        made.append(
            TimelineEntry(
                at=row.occurred_at,
                facet=facet,
                icon_name=icon,
                text=_("%(what)s: %(title)s") % {"what": label, "title": said} if said else str(label),
                detail=_joined(row.group.name if row.group else "", row.staff or "", row.source),
                amount_fen=row.amount_fen,
            )
        )
    return made


def _touches(who: dict[str, int], limit: int) -> list[TimelineEntry]:
    rows = Exposure.objects.filter(**who).select_related("group").order_by("-at", "-pk")
    return [
        TimelineEntry(
            at=row.at,
            facet=REACH,
            icon_name="speakerphone" if row.weight > 0 else "ban",
            text=_("A message was let through")
            if row.weight > 0
            else _("A message did not go out after all"),
            detail=_joined(
                row.group.name if row.group else _("private"), "" if row.capped else _("service message")
            ),
        )
        for row in rows[:limit]
    ]


def _tags(who: dict[str, int], limit: int) -> list[TimelineEntry]:
    rows = CustomerTag.objects.filter(**who).select_related("tag", "staff").order_by("-added_at")
    return [
        TimelineEntry(
            at=row.added_at,
            facet=CHANGE,
            icon_name="tag",
            text=_("Tag %(name)s") % {"name": row.tag.name},
            detail=_joined(row.get_source_display(), row.staff or row.added_by),
        )
        for row in rows[:limit]
    ]


def _friends(who: dict[str, int]) -> list[TimelineEntry]:
    made = []
    for row in Follow.objects.filter(**who).select_related("staff"):
        name = {"name": row.staff}
        if row.followed_at:
            made.append(
                TimelineEntry(
                    row.followed_at,
                    CHANGE,
                    "user-plus",
                    _("Added %(name)s as a friend") % name,
                    row.state_code,
                )
            )
        if row.ended_at:
            gone = (
                _("Removed %(name)s")
                if row.state == FollowState.CUSTOMER_DELETED
                else _("Was removed by %(name)s")
            )
            made.append(TimelineEntry(row.ended_at, CHANGE, "user-minus", gone % name))
    return made
