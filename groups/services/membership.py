"""Who sits in a group: one event's delta, or one full read, applied under the group's lock.

Whatever the size of the group, each does the same number of statements. A delta is believed only when it
follows our state: its LastMemVer is ours and it happened later than what we know. Everything else is a full read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from groups.enums import ChangeKind, QuitScene
from groups.models import Group, GroupChange, Member
from groups.policies import spells
from groups.policies.spells import Spells
from groups.policies.wire import ADD, Change, SeenGroup, SeenMember
from groups.selectors import counts
from groups.services.people import Person, people_known, people_of
from groups.services.seats import rows_of, seats_write, spells_of

_STAMP_FIELDS = ("member_version", "members_as_of", "revision", "read_digest")
_READ_FIELDS = (
    *_STAMP_FIELDS, "app", "chat_id", "name", "notice", "owner", "owner_userid", "admin_userids", "created_at",
    "synced_at", "dismissed_at", "customer_count", "staff_count",
)  # fmt: skip
# Groups that an event holds or has changed meanwhile are left out: they have later news.
_CONFIRM = """
with free as materialized (
  select id from groups_group where tenant_id = %s and id = any(%s) order by id for update skip locked
)
update groups_group g set synced_at = t.read_at, members_as_of = greatest(g.members_as_of, t.read_at)
from free, unnest(%s::bigint[], %s::bigint[], %s::text[], %s::timestamptz[]) as t(id, revision, digest, read_at)
where g.id = free.id and g.id = t.id and g.tenant_id = %s and g.revision = t.revision and g.read_digest = t.digest
  and g.dismissed_at is null
"""


@dataclass(frozen=True)
class Applied:
    """The group after a full read. `missed` counts members whose entry or departure no event had told.
    `changed`: of name, announcement and owner, how many differ from before; None where nothing was read before.
    `shows_change`: the answer has what the event told, so a version other than the event's is a newer one."""

    group: Group
    missed: int
    shows_change: bool
    changed: int | None = 0


@dataclass(frozen=True)
class Same:
    """A group whose answer, read at `read_at`, is the one that its state equals already."""

    group_id: int
    revision: int
    digest: str
    read_at: datetime


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
        rows = rows_of(group, Q(userid__in=change.userids))
        if not _follows(group, change):
            return _hear_again(group, rows, people, change)
        after = {}
        for userid in change.userids:
            told = _told(spells_of(rows.get(userid, ())), change)
            after[userid] = (
                spells.settle_present(told, joined_at=change.occurred_at, scene=change.scene)
                if change.detail == ADD
                else spells.settle_absent(told, at=change.occurred_at, scene=change.scene)
            )
        seats_write(group, rows=rows, after=after, people=people, seen={})
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
        before = spells_of(rows.get(userid, ()))
        after[userid] = _told(before, change)
        if spells.is_present(before) != spells.is_present(after[userid]):
            return Heard.UNFIT
    seats_write(group, rows=rows, after=after, people=people, seen={})
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
    digest: str = "",
) -> Applied | None:
    """Make our state equal to groupchat/get's answer, and date what it shows by `change`'s event.

    `base_revision` is the group's revision before the call (None: unknown group); None comes back when the
    group changed meanwhile: fetch again. `digest` is the answer's, to know it by next time. Safe to repeat.
    """
    with transaction.atomic():
        group = _locked(tenant_id, app_id, seen.chat_id)
        if (group.revision if group else None) != base_revision:
            return None
        if group is None:
            group = _adopted(tenant_id, app_id, seen) or _created(tenant_id, app_id, seen)
            if group is None:
                return None
        changed = _log_changes(group, seen, at=change.occurred_at if change else read_at)
        missed, is_whole = _settle(group, seen, read_at, change)
        _count(group)
        _copy(group, seen, read_at, digest=digest if is_whole else "")
    return Applied(group, missed, change is None or _is_shown(seen, change), changed)


def membership_confirm(*, tenant_id: int, same: Iterable[Same]) -> int:
    """Groups were read and nothing differed: only their freshness moves. One statement; returns how many moved."""
    rows = list(same)
    if not rows:
        return 0
    ids = [one.group_id for one in rows]
    columns: list[list[Any]] = [
        [one.revision for one in rows],
        [one.digest for one in rows],
        [one.read_at for one in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CONFIRM, [tenant_id, ids, ids, *columns, tenant_id])
        return cursor.rowcount


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
        rows = rows_of(group, Q(left_at=None))
        after = {
            userid: spells.settle_absent(spells_of(own), at=group.dismissed_at, scene=QuitScene.DISSOLVED)
            for userid, own in rows.items()
        }
        seats_write(group, rows=rows, after=after, people={}, seen={})
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
        rows = rows_of(group, Q(userid__in=change.userids))
        after = {
            userid: spells.settle_absent(
                _told(spells_of(rows.get(userid, ())), change), at=ended_at, scene=QuitScene.DISSOLVED
            )
            for userid in change.userids
            if userid in people
        }
        seats_write(group, rows=rows, after=after, people=people, seen={})
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
    group.read_digest = ""


def _count(group: Group) -> None:
    seats = counts(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]
    group.customer_count, group.staff_count = seats.customers, seats.staff


def _told(before: Spells, change: Change) -> Spells:
    move = spells.join if change.detail == ADD else spells.leave
    return move(before, at=change.occurred_at, scene=change.scene)


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


def _log_changes(group: Group, seen: SeenGroup, *, at: datetime) -> int | None:
    if group.synced_at is None:
        return None  # the first read of a group changes nothing: it learns
    pairs = (
        (ChangeKind.NAME, group.name, seen.name),
        (ChangeKind.NOTICE, group.notice, seen.notice),
        (ChangeKind.OWNER, group.owner_userid, seen.owner_userid),
    )
    rows = [
        GroupChange(tenant_id=group.tenant_id, group=group, at=at, kind=kind, before=before, after=after)
        for kind, before, after in pairs
        if before != after
    ]
    if rows:
        GroupChange.objects.bulk_create(rows)
    return len(rows)


def _settle(group: Group, seen: SeenGroup, read_at: datetime, change: Change | None) -> tuple[int, bool]:
    """(members whose coming or going nobody had told, whether everybody named is known to us)."""
    present = {member.userid: member for member in seen.members}
    told = set(change.userids) if change else set()
    rows = rows_of(group, Q(left_at=None) | Q(userid__in=[*present, *told]))
    after: dict[str, Spells] = {}
    missed = 0
    for userid in dict.fromkeys([*rows, *present, *told]):
        now = spells_of(rows.get(userid, ()))
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
    seats_write(group, rows=rows, after=after, people={**(known or {}), **people}, seen=present)
    strangers = any(one.is_staff and one.staff_id is None for one in people.values())
    return missed, not strangers and (owner is not None or not seen.owner_userid)


def _settled(now: Spells, member: SeenMember | None, read_at: datetime) -> Spells:
    if member is None:
        return spells.settle_absent(now, at=read_at)
    return spells.settle_present(now, joined_at=member.joined_at, scene=member.scene)


def _copy(group: Group, seen: SeenGroup, read_at: datetime, *, digest: str) -> None:
    group.name, group.notice = seen.name, seen.notice
    group.owner_userid, group.admin_userids = seen.owner_userid, list(seen.admin_userids)
    group.synced_at, group.dismissed_at = read_at, None
    _stamp(group, version=seen.version, as_of=max(read_at, group.members_as_of or read_at))
    group.read_digest = digest
    group.save(update_fields=_READ_FIELDS)
