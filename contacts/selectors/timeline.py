"""One person's timeline (R36): typed entries from behaviours, touches, tags, friends, orders, newest first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contacts.enums import BehaviourKind, FollowState, IdentityVerb
from contacts.models import Behaviour, CustomerTag, Exposure, Follow, StageMove, TagPast
from contacts.selectors.identity import identity_moves
from contacts.selectors.sources import source_label
from contacts.selectors.stages import stage_moves, stage_names
from contacts.selectors.tags import customer_ties, tags_past
from wecom.archive.texts import kind_label
from wecom.selectors import OWN

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
    BehaviourKind.COUPON_VIEW: (CLICK, "eye"),
    BehaviourKind.REDEEM: (CLICK, "discount-check"),
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
TouchTitles = Callable[..., dict[str, str]]
_touch_titles: list[TouchTitles] = []


def register_timeline(provider: Provider) -> None:
    """Add entries of an app above: `provider(tenant_id=, customer_id=, limit=) -> entries`. Twice counts once."""
    if provider not in _providers:
        _providers.append(provider)


def register_touch_titles(titles: TouchTitles) -> None:
    """Name the touches of an app above: `titles(tenant_id=, touch_keys=) -> {touch_key: title}`. Twice counts once.

    The gate knows a touch by its key only; a key that nobody names is told without a title.
    """
    if titles not in _touch_titles:
        _touch_titles.append(titles)


def customer_timeline(
    *,
    tenant_id: int,
    customer_id: int,
    records: Iterable[int] = (),
    limit: int = LIMIT,
    facet: str = "",
    with_identity: bool = True,
    follows: Iterable[Follow] | None = None,
    moves: Iterable[StageMove] | None = None,
    ties: Iterable[CustomerTag] | None = None,
    stages: Mapping[int, Any] | None = None,
) -> list[TimelineEntry]:
    """The latest `limit` entries, newest first; `facet` keeps one sort. A constant number of queries a record.

    `records` are the ids of further records of the same person, told along with it; `with_identity`: also what was
    decided about who is the same person. `follows`, `moves` and `ties`: all of these records', if at hand;
    `stages`: {number: what the company calls the trust stage}, if at hand.
    """
    ids = [customer_id, *records]
    told: dict[str, Any] = {"tenant_id": tenant_id, "customer_ids": ids}
    who: dict[str, Any] = {"tenant_id": tenant_id, "customer_id__in": ids}
    entries = [
        *_behaviours(who, limit),
        *_touches(who, limit),
        *_tags(customer_ties(**told) if ties is None else ties, told, limit),
        *_friends(Follow.objects.filter(**who).select_related("staff") if follows is None else follows),
        *_stages(tenant_id, list(stage_moves(**told, limit=limit) if moves is None else moves), stages),
        *(_identities(tenant_id, ids, limit) if with_identity else ()),
    ]
    for provider in _providers:
        for one in ids:
            entries += provider(tenant_id=tenant_id, customer_id=one, limit=limit)
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


def _behaviours(who: dict[str, Any], limit: int) -> list[TimelineEntry]:
    rows = Behaviour.objects.filter(**who).select_related("group", "staff").order_by("-occurred_at", "-pk")
    return [_behaviour(row) for row in rows[:limit]]


def _behaviour(row: Behaviour) -> TimelineEntry:
    """One act; a title that only repeats the act or the group is told once."""
    facet, icon = _LOOK[row.kind]
    if row.kind == BehaviourKind.MESSAGE:
        return _message(row)
    label = str(BehaviourKind(row.kind).label)
    said = row.object_title
    group = row.group.name if row.group else ""
    return TimelineEntry(
        at=row.occurred_at,
        facet=facet,
        icon_name=icon,
        text=_("%(what)s: %(title)s") % {"what": label, "title": said} if said not in ("", label) else label,
        detail=_joined("" if group == said else group, row.staff or "", source_label(row.source)),
        amount_fen=row.amount_fen,
    )


def _message(row: Behaviour) -> TimelineEntry:
    """Where something was said; the words only where a rule needed them as evidence."""
    if row.group:
        text = _("Said in %(group)s") % {"group": row.group.name or _("an unnamed group")}
    elif row.staff:
        text = _("Wrote to %(name)s") % {"name": row.staff}
    else:
        text = str(BehaviourKind.MESSAGE.label)
    facet, icon = _LOOK[BehaviourKind.MESSAGE]
    return TimelineEntry(
        at=row.occurred_at,
        facet=facet,
        icon_name=icon,
        text=_("%(what)s: %(title)s") % {"what": text, "title": row.text[:120]} if row.text else text,
        detail=_joined(
            kind_label(row.object_kind) if row.object_kind not in ("", "text") else "",
            _("a question") if row.data.get("is_question") else "",
            source_label(row.source),
        ),
    )


def _touches(who: dict[str, Any], limit: int) -> list[TimelineEntry]:
    rows = list(Exposure.objects.filter(**who).select_related("group").order_by("-at", "-pk")[:limit])
    titles: dict[str, str] = {}
    for named in _touch_titles:
        titles |= named(tenant_id=who["tenant_id"], touch_keys={row.touch_key for row in rows})
    return [
        TimelineEntry(
            at=row.at,
            facet=REACH,
            icon_name="speakerphone" if row.weight > 0 else "ban",
            text=_own_text(row)
            if row.touch_key.startswith(OWN)
            else _touch_text(titles.get(row.touch_key, ""), went_out=row.weight > 0),
            detail=_joined(_place(row), "" if row.capped else _("service message")),
        )
        for row in rows
    ]


def _own_text(row: Exposure) -> str:
    """What colleagues sent by themselves in WeCom; taken back where it was a message of ours after all."""
    if row.weight < 0:
        return _("Was planned here, and counts there")
    if row.channel == "moments":
        return _("A colleague posted in Moments")
    return _("A colleague's own mass send in WeCom")


def _touch_text(title: str, *, went_out: bool) -> str:
    if not title:
        return _("A message was let through") if went_out else _("A message did not go out after all")
    said = _("Touch: %(title)s") if went_out else _("Did not go out after all: %(title)s")
    return said % {"title": title}


def _place(row: Exposure) -> str:
    if row.group:
        return row.group.name
    return _("Moments") if row.channel == "moments" else _("private")


def _tags(ties: Iterable[CustomerTag], told: dict[str, Any], limit: int) -> list[TimelineEntry]:
    now: list[CustomerTag | TagPast] = sorted(ties, key=lambda row: row.added_at, reverse=True)
    past = tags_past(**told, limit=limit)
    return [
        *(_tagged(row) for row in (*now[:limit], *past)),
        *(
            TimelineEntry(
                at=row.ended_at,
                facet=CHANGE,
                icon_name="tag-off",
                text=_("Tag %(name)s came off") % {"name": row.tag.name},
                detail=_joined(
                    row.get_why_display(), row.ended_by, row.evidence.get("off", {}).get("reason")
                ),
            )
            for row in past
        ),
    ]


def _tagged(row: CustomerTag | TagPast) -> TimelineEntry:
    return TimelineEntry(
        at=row.added_at,
        facet=CHANGE,
        icon_name="tag",
        text=_("Tag %(name)s") % {"name": row.tag.name},
        detail=_joined(row.get_source_display(), row.staff or row.added_by, row.evidence.get("reason")),
    )


def _stages(tenant_id: int, rows: list[StageMove], known: Mapping[int, Any] | None) -> list[TimelineEntry]:
    if not rows:
        return []
    names = stage_names(tenant_id=tenant_id) if known is None else known
    return [
        TimelineEntry(
            at=row.at,
            facet=CHANGE,
            icon_name="stairs-up" if row.to_stage > row.from_stage else "stairs-down",
            text=_("Trust: %(before)s to %(after)s")
            % {"before": names[row.from_stage], "after": names[row.to_stage]},
            detail=_joined(row.get_source_display(), row.moved_by, row.reason),
        )
        for row in rows
    ]


def _identities(tenant_id: int, ids: list[int], limit: int) -> list[TimelineEntry]:
    texts = {
        IdentityVerb.MERGED: _("Record %(one)s is the same person as %(two)s"),
        IdentityVerb.SPLIT: _("Record %(one)s is another person than %(two)s after all"),
        IdentityVerb.APART: _("Looked at: %(one)s and %(two)s are two people"),
    }
    return [
        TimelineEntry(
            at=row.at,
            facet=CHANGE,
            icon_name="users",
            text=texts[IdentityVerb(row.verb)] % {"one": row.customer, "two": row.into},
            detail=_joined(row.get_ground_display(), row.moved_by, row.reason),
        )
        for row in identity_moves(tenant_id=tenant_id, customer_ids=ids, limit=limit)
    ]


def _friends(rows: Iterable[Follow]) -> list[TimelineEntry]:
    made = []
    for row in rows:
        name = {"name": row.staff}
        if row.followed_at:
            made.append(
                TimelineEntry(
                    row.followed_at,
                    CHANGE,
                    "user-plus",
                    _("Added %(name)s as a friend") % name,
                    _joined(row.added_through, row.state_code),
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
