"""Writes of the weekly push table before it is confirmed: fill, move, clear, take back, copy, mend (R61)."""

import secrets as random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from groups.enums import PLAN_DAYS
from groups.selectors import group_facts, groups_by_id
from sop.enums import PUSH_CHANNELS, PUSH_TYPES, Channel, ContentType, TouchState
from sop.errors import SlotInvalid, UndoGone, WeekFixed
from sop.models import PushDefault, PushSlot, PushWeek, Topic, Touch
from sop.policies.push import PLACES, Place, copied, swapped, too_many_ads
from sop.selectors.push import defaults_of, monday_of, slot_times, targets_of
from team.selectors import staff_by_id
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

_KEPT = (
    "at",
    "content_type",
    "title",
    "text",
    "links",
    "attachments",
    "channel",
    "staff_id",
    "topic_id",
    "material_id",
)


@dataclass(frozen=True, kw_only=True)
class SlotWish:
    """What a person wants to stand in a slot. `at` None: the company's time of the slot; `staff_id` None: the owner."""

    content_type: str
    title: str
    text: str = ""
    channel: str = Channel.GROUP_FORWARD
    at: time | None = None
    staff_id: int | None = None
    topic_id: int | None = None
    material_id: int | None = None
    links: Sequence[dict[str, Any]] = field(default_factory=list)
    attachments: Sequence[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Undo:
    """How the last step is taken back: the week and a token that is good until the next step."""

    week: PushWeek
    token: str
    changed: int


def week_open(*, tenant: "Tenant", group_id: int, monday: date) -> PushWeek:
    """The group's table of a week, locked; made when nobody has begun it. In the caller's transaction.

    Raises SlotInvalid for a day that is no Monday, Group.DoesNotExist (as SlotInvalid) for a stranger's group.
    """
    if monday != monday_of(monday) or group_id not in groups_by_id(tenant_id=tenant.pk, group_ids=[group_id]):
        raise SlotInvalid
    PushWeek.objects.bulk_create(
        [PushWeek(tenant=tenant, group_id=group_id, monday=monday)], ignore_conflicts=True
    )
    rows = PushWeek.objects.select_for_update(of=("self",)).select_related("group__owner", "run")
    return rows.get(tenant=tenant, group_id=group_id, monday=monday)


def slot_put(
    *, tenant: "Tenant", group_id: int, monday: date, place: Place, wish: SlotWish, actor: Actor
) -> Undo:
    """Write one slot. Raises SlotInvalid, WeekFixed for one that has gone out or is over, NotPermitted. Repeatable."""
    require(actor, Permission.OPERATE)
    _check(tenant, place, wish)
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        values = {name: getattr(wish, name) for name in _KEPT}
        values["links"], values["attachments"] = list(wish.links), list(wish.attachments)
        values["staff_id"] = wish.staff_id or week.group.owner_id
        return _apply(tenant, week, {place: values}, actor, "sop.week.slot_filled")


def slots_put(
    *, tenant: "Tenant", group_ids: Iterable[int], monday: date, place: Place, wish: SlotWish, actor: Actor
) -> int:
    """The same slot in several groups, each with its own owner. What has gone out stays.

    Returns how many groups were written.
    """
    written = 0
    for group_id in sorted(set(group_ids)):
        try:
            slot_put(
                tenant=tenant, group_id=group_id, monday=monday, place=place,
                wish=SlotWish(**{**vars(wish), "staff_id": None}), actor=actor,
            )  # fmt: skip
        except WeekFixed:
            continue
        written += 1
    return written


def slot_move(
    *, tenant: "Tenant", group_id: int, monday: date, source: Place, target: Place, actor: Actor
) -> Undo:
    """Carry a slot to another; what stands there comes back in exchange. Its own time stays behind with a new day part.

    Raises SlotInvalid, WeekFixed, NotPermitted. A move of nothing changes nothing.
    """
    require(actor, Permission.OPERATE)
    if source not in PLACES or target not in PLACES:
        raise SlotInvalid
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        changes: Changes = {}
        for place, values in swapped(_held(week), source, target).items():
            stays = source[1] == target[1]
            changes[place] = {**values, "at": values["at"] if stays else None} if values else None
        return _apply(tenant, week, changes, actor, "sop.week.slot_moved")


def slots_clear(
    *, tenant: "Tenant", group_id: int, monday: date, places: Iterable[Place], actor: Actor
) -> Undo:
    """Empty slots. Raises SlotInvalid, WeekFixed, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    wanted = list(places)
    if not set(wanted) <= set(PLACES):
        raise SlotInvalid
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        return _apply(tenant, week, dict.fromkeys(wanted), actor, "sop.week.slot_cleared")


def week_undo(*, tenant: "Tenant", group_id: int, monday: date, token: str, actor: Actor) -> PushWeek:
    """Take the last step back. Raises UndoGone after another one, WeekFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        if not token or week.undone.get("token") != token:
            raise UndoGone
        changes = {(number, slot): _read(row) for number, slot, row in week.undone["slots"]}
        _apply(tenant, week, changes, actor, "sop.week.undone")
        week.undone = {}
        week.save(update_fields=["undone"])
    return week


def week_copy(
    *,
    tenant: "Tenant",
    group_id: int,
    monday: date,
    to_group_ids: Iterable[int],
    to_monday: date,
    actor: Actor,
    places: Iterable[Place] | None = None,
    overwrite: bool = False,
) -> int:
    """Copy a week into another week or other groups; another group's slots go to its own owner.

    `places` None: all. Filled slots stay unless `overwrite`; what has gone out or is over always stays. Returns how
    many slots were written. Safe to repeat. Raises SlotInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    chosen = None if places is None else list(places)
    written = 0
    with transaction.atomic():
        source = _held(week_open(tenant=tenant, group_id=group_id, monday=monday))
        for target_id in sorted(set(to_group_ids)):
            week = week_open(tenant=tenant, group_id=target_id, monday=to_monday)
            fixed = fixed_places(tenant=tenant, week=week)
            wanted = copied(list(source), _held(week), chosen=chosen, overwrite=overwrite)
            changes: dict[Place, dict[str, Any] | None] = {
                place: {**source[place], "staff_id": _owner_for(source[place], week, group_id)}
                for place in wanted
                if place not in fixed
            }
            written += _apply(tenant, week, changes, actor, "sop.week.copied").changed
    return written


def _owner_for(values: dict[str, Any], week: PushWeek, from_group: int) -> int | None:
    return values["staff_id"] if week.group_id == from_group else week.group.owner_id


def week_fix(*, tenant: "Tenant", group_id: int, monday: date, what: str, actor: Actor) -> Undo:
    """What one press mends: owners, forward, ads, last_week, default. Raises SlotInvalid for another word."""
    require(actor, Permission.OPERATE)
    mend = _FIXES.get(what)
    if mend is None:
        raise SlotInvalid
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        fixed = fixed_places(tenant=tenant, week=week)
        changes = {place: one for place, one in mend(tenant, week).items() if place not in fixed}
        return _apply(tenant, week, changes, actor, "sop.week.mended")


Changes = dict[Place, dict[str, Any] | None]


def _owners(tenant: "Tenant", week: PushWeek) -> Changes:
    return {
        place: {**one, "staff_id": week.group.owner_id}
        for place, one in _held(week).items()
        if one["staff_id"] is None
    }


def _forward(tenant: "Tenant", week: PushWeek) -> Changes:
    """All but the first mass send of a day are forwarded by hand."""
    found: Changes = {}
    seen: set[int] = set()
    held = _held(week)
    for place in PLACES:
        if place in held and held[place]["channel"] == Channel.GROUP_MASS:
            if place[0] in seen:
                found[place] = {**held[place], "channel": Channel.GROUP_FORWARD.value}
            seen.add(place[0])
    return found


def _fewer_ads(tenant: "Tenant", week: PushWeek) -> Changes:
    limits = group_facts(tenant=tenant, group=week.group).limits
    targets = targets_of(tenant_id=tenant.pk, kind=week.group.kind, limits=limits)
    types = {place: one["content_type"] for place, one in _held(week).items()}
    return dict.fromkeys(too_many_ads(types, targets.marketing_percent))


def _last_week(tenant: "Tenant", week: PushWeek) -> Changes:
    before = PushWeek.objects.filter(
        tenant=tenant, group=week.group_id, monday=week.monday - timedelta(days=PLAN_DAYS)
    ).first()
    if before is None:
        return {}
    source, taken = _held(before), _held(week)
    return {place: source[place] for place in source if place not in taken}


def _default(tenant: "Tenant", week: PushWeek) -> Changes:
    taken = _held(week)
    return {
        place: {**_empty(), **{name: getattr(row, name) for name in _RECURS}, "staff_id": week.group.owner_id}
        for place, row in defaults_of(tenant_id=tenant.pk, kind=week.group.kind).items()
        if place not in taken
    }


_RECURS = ("at", "content_type", "title", "text", "channel")
_FIXES = {
    "owners": _owners, "forward": _forward, "ads": _fewer_ads, "last_week": _last_week, "default": _default,
}  # fmt: skip


def default_save(*, tenant: "Tenant", group_id: int, monday: date, actor: Actor) -> int:
    """Make a week the one that recurs in groups of this group's type, in place of the one before. Returns its slots."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        week = week_open(tenant=tenant, group_id=group_id, monday=monday)
        kind = week.group.kind
        PushDefault.objects.filter(tenant=tenant, group_kind=kind).delete()
        made = PushDefault.objects.bulk_create(
            PushDefault(
                tenant=tenant, group_kind=kind, number=place[0], slot=place[1], changed_by=actor.name[:64],
                **{name: values[name] for name in _RECURS},
            )
            for place, values in _held(week).items()
        )  # fmt: skip
        audit.record(
            tenant=tenant, actor=actor, verb="sop.week.default_saved", target=week.group,
            changes={"slots": [None, len(made)], "group_kind": [None, kind]},
        )  # fmt: skip
    return len(made)


def fixed_places(*, tenant: "Tenant", week: PushWeek) -> set[Place]:
    """Slots that no edit reaches any more: their time has passed, or their touch is more than planned."""
    now, times = clock.now(), slot_times(tenant_id=tenant.pk)
    own = {place: values["at"] for place, values in _held(week).items()}
    fixed = {
        place
        for place in PLACES
        if clock.at_local(
            week.monday + timedelta(days=place[0] - 1), own.get(place) or times[place[1]], tenant.timezone
        )
        <= now
    }
    if week.run_id:
        rows = Touch.objects.filter(tenant=tenant, run=week.run_id).exclude(
            state__in=[TouchState.PLANNED, TouchState.CANCELLED]
        )
        keys = set(rows.values_list("step__key", flat=True))
        fixed |= {place for place in PLACES if f"d{place[0]}-{place[1]}" in keys}
    return fixed


def _check(tenant: "Tenant", place: Place, wish: SlotWish) -> None:
    if place not in PLACES or wish.content_type not in PUSH_TYPES or wish.channel not in PUSH_CHANNELS:
        raise SlotInvalid
    if not wish.title.strip():
        raise SlotInvalid(_("Give the slot a title."))
    if wish.staff_id and wish.staff_id not in staff_by_id(tenant_id=tenant.pk, staff_ids=[wish.staff_id]):
        raise SlotInvalid
    if wish.topic_id and not Topic.objects.filter(tenant=tenant, pk=wish.topic_id).exists():
        raise SlotInvalid


def _empty() -> dict[str, Any]:
    return {
        "at": None, "content_type": ContentType.VALUE.value, "title": "", "text": "", "links": [], "attachments": [],
        "channel": Channel.GROUP_FORWARD.value, "staff_id": None, "topic_id": None, "material_id": None,
    }  # fmt: skip


def _held(week: PushWeek) -> dict[Place, dict[str, Any]]:
    rows = PushSlot.objects.filter(tenant=week.tenant_id, week=week)
    return {(row.number, row.slot): {name: getattr(row, name) for name in _KEPT} for row in rows}


def _written(values: dict[str, Any] | None) -> dict[str, Any] | None:
    """A slot as JSON."""
    if values is None:
        return None
    return {**values, "at": values["at"].isoformat() if values["at"] else None}


def _read(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    return {**kept, "at": time.fromisoformat(kept["at"]) if kept["at"] else None}


def _apply(tenant: "Tenant", week: PushWeek, changes: Changes, actor: Actor, verb: str) -> Undo:
    """Write slots of a locked week and remember how they were."""
    before = _held(week)
    real: Changes = {place: values for place, values in changes.items() if before.get(place) != values}
    if fixed_places(tenant=tenant, week=week) & set(real):
        raise WeekFixed
    for place, values in real.items():
        rows = PushSlot.objects.filter(tenant=tenant, week=week, number=place[0], slot=place[1])
        if values is None:
            rows.delete()
            continue
        who = {"changed_at": clock.now(), "changed_by": actor.name[:64]}
        if not rows.update(**values, **who):
            PushSlot.objects.create(tenant=tenant, week=week, number=place[0], slot=place[1], **values, **who)
    token = random.token_urlsafe(9) if real else ""
    if real:
        week.undone = {
            "token": token,
            "slots": [[*place, _written(before.get(place))] for place in real],
        }
        week.save(update_fields=["undone"])
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=week.group,
            changes={
                f"{week.monday + timedelta(days=place[0] - 1):%m-%d} {place[1]}": [
                    _title(before.get(place)), _title(values)
                ]
                for place, values in real.items()
            },
        )  # fmt: skip
    return Undo(week, token, len(real))


def _title(values: dict[str, Any] | None) -> str | None:
    return values["title"] if values else None
