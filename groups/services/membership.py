"""Who sits in a group: one event's delta, or one full read, applied under the group's lock.

Whatever the size of the group, each does the same number of statements. A delta is believed only when it
follows our state: its LastMemVer is ours and it happened later than what we know. Everything else is a full read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.db import IntegrityError, transaction
from django.db.models import Q

from groups.enums import CREATION_WINDOW_S, ChangeKind, QuitScene
from groups.models import Group, GroupChange, Member
from groups.policies import spells
from groups.policies.spells import Spell, Spells
from groups.policies.wire import ADD, Change, SeenGroup, SeenMember
from groups.selectors import counts
from groups.services.people import Person, people_known, people_of
from groups.services.telling import tell_members
from tenants import preferences

_SPELL_FIELDS = ("joined_at", "left_at", "joined_is_estimate", "left_is_estimate", "join_scene", "quit_scene")
_ROW_FIELDS = (
    *_SPELL_FIELDS, "staff", "customer", "is_staff", "invited_by", "state_code", "nickname",
    "is_creation_invitee",
)  # fmt: skip


_STAMP_FIELDS = ("member_version", "members_as_of", "revision")


@dataclass(frozen=True)
class Applied:
    """The group after a full read. `missed` counts members whose entry or departure no event had told.
    `shows_change`: the answer has what the event told, so a version other than the event's is a newer one."""

    group: Group
    missed: int
    shows_change: bool


class Heard(Enum):
    """What one event was to the state it met."""

    NEXT = auto()  # it followed and is applied
    KNOWN = auto()  # the state shows it already; at most it dated something
    UNFIT = auto()  # it leaves open what is true: read the group


def membership_apply_delta(*, tenant_id: int, app_id: int, change: Change) -> Heard:
    """Apply one add_member or del_member event where that needs no read.

    Safe to repeat: the second time it is known.
    """
    with transaction.atomic():
        group = _locked(tenant_id, app_id, change.chat_id)
        if group is None or not (_follows(group, change) or _is_covered(group, change)):
            return Heard.UNFIT
        people = people_known(tenant_id=tenant_id, app_id=app_id, userids=change.userids)
        if people is None:
            return Heard.UNFIT
        rows = _rows(group, Q(userid__in=change.userids))
        if not _follows(group, change):
            return _hear_again(group, rows, people, change)
        after = {}
        for userid in change.userids:
            told = _told(_spells(rows.get(userid, ())), change)
            after[userid] = (
                spells.settle_present(told, joined_at=change.occurred_at, scene=change.scene)
                if change.detail == ADD
                else spells.settle_absent(told, at=change.occurred_at, scene=change.scene)
            )
        _write(group, rows=rows, after=after, people=people, seen={})
        _stamp(group, version=change.current_version, as_of=change.occurred_at)
        _count(group)
        group.save(update_fields=[*_STAMP_FIELDS, "customer_count", "staff_count"])
    return Heard.NEXT


def _is_covered(group: Group, change: Change) -> bool:
    """Whether our state is of a moment after the event, or of the very version that it ends with."""
    return (
        change.is_delta
        and group.dismissed_at is None
        and group.members_as_of is not None
        and (change.occurred_at <= group.members_as_of or change.current_version == group.member_version)
    )


def _hear_again(
    group: Group, rows: Mapping[str, list[Member]], people: Mapping[str, Person], change: Change
) -> Heard:
    """An event of the past. One that would move somebody in or out now contradicts our state: a read decides."""
    after = {}
    for userid in change.userids:
        before = _spells(rows.get(userid, ()))
        after[userid] = _told(before, change)
        if spells.is_present(before) != spells.is_present(after[userid]):
            return Heard.UNFIT
    _write(group, rows=rows, after=after, people=people, seen={})
    if group.members_as_of is None or change.occurred_at > group.members_as_of:
        _stamp(group, version=group.member_version, as_of=change.occurred_at)
        group.save(update_fields=_STAMP_FIELDS)
    return Heard.KNOWN


def membership_apply_read(
    *,
    tenant_id: int,
    app_id: int,
    seen: SeenGroup,
    read_at: datetime,
    base_revision: int | None,
    change: Change | None = None,
) -> Applied | None:
    """Make our state equal to groupchat/get's answer, and date what it shows by `change`'s event.

    `base_revision` is the group's revision before the call (None: unknown group); None comes back when the
    group changed meanwhile: fetch again. Safe to repeat.
    """
    with transaction.atomic():
        group = _locked(tenant_id, app_id, seen.chat_id)
        if (group.revision if group else None) != base_revision:
            return None
        if group is None:
            group = _adopted(tenant_id, app_id, seen) or _created(tenant_id, app_id, seen)
            if group is None:
                return None
        _log_changes(group, seen, at=change.occurred_at if change else read_at)
        missed = _settle(group, seen, read_at, change)
        _count(group)
        _copy(group, seen, read_at)
    return Applied(group, missed, change is None or _is_shown(seen, change))


def _is_shown(seen: SeenGroup, change: Change) -> bool:
    inside = {member.userid for member in seen.members}
    return all((userid in inside) == (change.detail == ADD) for userid in change.userids)


def membership_dissolve(*, tenant_id: int, app_id: int, chat_id: str, at: datetime) -> bool:
    """The group was dissolved at `at`. Its members end with it and count as nobody's departure.

    False: the group is not known. Safe to repeat; the first time told stays.
    """
    with transaction.atomic():
        group = _locked(tenant_id, app_id, chat_id)
        if group is None:
            return False
        if group.dismissed_at is None:
            group.dismissed_at = at
        rows = _rows(group, Q(left_at=None))
        after = {
            userid: spells.settle_absent(_spells(own), at=group.dismissed_at, scene=QuitScene.DISSOLVED)
            for userid, own in rows.items()
        }
        _write(group, rows=rows, after=after, people={}, seen={})
        _stamp(group, version="", as_of=max(at, group.members_as_of or at))
        group.customer_count = group.staff_count = 0
        group.save(update_fields=["dismissed_at", *_STAMP_FIELDS, "customer_count", "staff_count"])
    return True


def membership_tell_late(*, tenant_id: int, app_id: int, change: Change) -> bool:
    """A member event about a group that WeCom no longer knows: it only dates what happened before the end.

    False: no such group here. Safe to repeat.
    """
    with transaction.atomic():
        group = _locked(tenant_id, app_id, change.chat_id)
        if group is None:
            return False
        ended_at = group.dismissed_at or change.occurred_at
        people = people_known(tenant_id=tenant_id, app_id=app_id, userids=change.userids) or {}
        rows = _rows(group, Q(userid__in=change.userids))
        after = {
            userid: spells.settle_absent(
                _told(_spells(rows.get(userid, ())), change), at=ended_at, scene=QuitScene.DISSOLVED
            )
            for userid in change.userids
            if userid in people
        }
        _write(group, rows=rows, after=after, people=people, seen={})
    return True


def _locked(tenant_id: int, app_id: int, chat_id: str) -> Group | None:
    return (
        Group.objects.select_for_update(of=("self",))
        .filter(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id)
        .first()
    )


def _follows(group: Group, change: Change) -> bool:
    return (
        change.is_delta
        and group.dismissed_at is None
        and group.member_version == change.last_version
        and group.members_as_of is not None
        and change.occurred_at > group.members_as_of
    )


def _stamp(group: Group, *, version: str, as_of: datetime) -> None:
    group.member_version = version
    group.members_as_of = as_of
    group.revision += 1


def _count(group: Group) -> None:
    seats = counts(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]
    group.customer_count, group.staff_count = seats.customers, seats.staff


def _told(before: Spells, change: Change) -> Spells:
    move = spells.join if change.detail == ADD else spells.leave
    return move(before, at=change.occurred_at, scene=change.scene)


def _rows(group: Group, which: Q) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for row in Member.objects.filter(which, tenant_id=group.tenant_id, group=group).order_by(
        "joined_at", "pk"
    ):
        found.setdefault(row.userid, []).append(row)
    return found


def _spells(rows: Iterable[Member]) -> Spells:
    return tuple(Spell(key=row.pk, **{name: getattr(row, name) for name in _SPELL_FIELDS}) for row in rows)


def _adopted(tenant_id: int, app_id: int, seen: SeenGroup) -> Group | None:
    """A planned group that a person has now opened in WeCom under its planned name."""
    if not seen.name:
        return None
    group = (
        Group.objects.select_for_update(of=("self",))
        .filter(tenant_id=tenant_id, chat_id="", planned_name=seen.name, dismissed_at=None)
        .order_by("pk")
        .first()
    )
    if group is not None:
        group.app_id, group.chat_id = app_id, seen.chat_id
    return group


def _created(tenant_id: int, app_id: int, seen: SeenGroup) -> Group | None:
    """A new row; None when another worker was faster."""
    try:
        with transaction.atomic():
            return Group.objects.create(
                tenant_id=tenant_id, app_id=app_id, chat_id=seen.chat_id, name=seen.name, notice=seen.notice,
                owner_userid=seen.owner_userid, created_at=seen.created_at,
            )  # fmt: skip
    except IntegrityError:
        return None


def _log_changes(group: Group, seen: SeenGroup, *, at: datetime) -> None:
    if group.synced_at is None:
        return  # the first read of a group changes nothing: it learns
    pairs = (
        (ChangeKind.NAME, group.name, seen.name),
        (ChangeKind.NOTICE, group.notice, seen.notice),
        (ChangeKind.OWNER, group.owner_userid, seen.owner_userid),
    )
    GroupChange.objects.bulk_create(
        GroupChange(tenant_id=group.tenant_id, group=group, at=at, kind=kind, before=before, after=after)
        for kind, before, after in pairs
        if before != after
    )


def _settle(group: Group, seen: SeenGroup, read_at: datetime, change: Change | None) -> int:
    present = {member.userid: member for member in seen.members}
    told = set(change.userids) if change else set()
    rows = _rows(group, Q(left_at=None) | Q(userid__in=[*present, *told]))
    after: dict[str, Spells] = {}
    missed = 0
    for userid in dict.fromkeys([*rows, *present, *told]):
        now = _spells(rows.get(userid, ()))
        if change and userid in told:
            now = _told(now, change)
        settled = _settled(now, present.get(userid), read_at)
        missed += settled != now
        after[userid] = settled
    people = people_of(
        tenant_id=group.tenant_id, app_id=group.app_id or 0, members=seen.members, read_at=read_at
    )
    gone = [userid for userid in told if userid not in people and userid not in rows]
    known = people_known(tenant_id=group.tenant_id, app_id=group.app_id or 0, userids=gone) if gone else {}
    if known is None:
        after = {userid: one for userid, one in after.items() if userid not in gone}
    owner = people.get(seen.owner_userid)
    group.owner_id = owner.staff_id if owner else None
    group.created_at = seen.created_at
    _write(group, rows=rows, after=after, people={**(known or {}), **people}, seen=present)
    return missed


def _settled(now: Spells, member: SeenMember | None, read_at: datetime) -> Spells:
    if member is None:
        return spells.settle_absent(now, at=read_at)
    return spells.settle_present(now, joined_at=member.joined_at, scene=member.scene)


def _copy(group: Group, seen: SeenGroup, read_at: datetime) -> None:
    group.name, group.notice = seen.name, seen.notice
    group.owner_userid, group.admin_userids = seen.owner_userid, list(seen.admin_userids)
    group.synced_at, group.dismissed_at = read_at, None
    _stamp(group, version=seen.version, as_of=max(read_at, group.members_as_of or read_at))
    group.save()


def _write(
    group: Group,
    *,
    rows: Mapping[str, list[Member]],
    after: Mapping[str, Spells],
    people: Mapping[str, Person],
    seen: Mapping[str, SeenMember],
) -> None:
    """Store changed and new spells, then tell the others who entered and who left."""
    window = timedelta(seconds=preferences.value(group.tenant_id, CREATION_WINDOW_S))
    stored = {row.pk: row for own in rows.values() for row in own}
    changed: list[Member] = []
    fresh: list[Member] = []
    entered: list[Member] = []
    departed: list[Member] = []
    for userid, own in after.items():
        for spell in own:
            row = stored.get(spell.key or 0)
            before = _spells([row])[0] if row else None
            row, is_changed = _filled(
                row, before, group, userid, spell, people.get(userid), seen.get(userid), window
            )
            if before is None:
                fresh.append(row)
            elif is_changed:
                changed.append(row)
            if spells.entered(before, spell) and not row.is_creation_invitee:
                entered.append(row)
            if spells.departed(before, spell):
                departed.append(row)
    if changed:
        Member.objects.bulk_update(changed, _ROW_FIELDS)
    if fresh:
        Member.objects.bulk_create(fresh)
    tell_members(group=group, entered=entered, departed=departed)


def _filled(
    row: Member | None,
    before: Spell | None,
    group: Group,
    userid: str,
    spell: Spell,
    person: Person | None,
    member: SeenMember | None,
    window: timedelta,
) -> tuple[Member, bool]:
    """The row with the spell's times and what is known of the person; whether anything differs."""
    row = row or Member(tenant_id=group.tenant_id, group=group, userid=userid)
    values = {name: getattr(spell, name) for name in _SPELL_FIELDS}
    if person is not None:
        values |= {
            "staff_id": person.staff_id,
            "customer_id": person.customer_id,
            "is_staff": person.is_staff,
        }
    if member is not None and spell.left_at is None:
        values |= {"nickname": member.nickname, "join_scene": member.scene or spell.join_scene}
        values |= {"invited_by": member.invited_by, "state_code": member.state_code}
    if spells.entered(before, spell) and group.created_at is not None:
        values["is_creation_invitee"] = spell.joined_at <= group.created_at + window
    is_changed = any(getattr(row, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(row, name, value)
    return row, is_changed
