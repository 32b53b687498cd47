"""A group made equal to what WeCom answers for it: members, names, owner; one full read, under the group's lock.

Whatever the size of the group, each does the same number of statements.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from groups.enums import ChangeKind
from groups.models import Group, GroupChange, Member
from groups.policies import spells
from groups.policies.hearing import told_by
from groups.policies.spells import Spells
from groups.policies.wire import ADD, Change, SeenGroup, SeenMember
from groups.services.held import COUNT_FIELDS, STAMP_FIELDS, group_locked, recount, stamp
from groups.services.owners import owner_seen
from groups.services.people import erased_names, people_known, people_of
from groups.services.rename_tasks import rename_settle
from groups.services.seats import rows_of, seats_write, spells_of

_READ_FIELDS = (
    *STAMP_FIELDS, *COUNT_FIELDS, "app", "chat_id", "name", "notice", "owner", "owner_userid", "admin_userids",
    "created_at", "synced_at", "dismissed_at",
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
        group = group_locked(tenant_id=tenant_id, app_id=app_id, chat_id=seen.chat_id)
        if (group.revision if group else None) != base_revision:
            return None
        if group is None:
            group = _adopted(tenant_id, app_id, seen) or _created(tenant_id, app_id, seen)
            if group is None:
                return None
        has_moved = group.synced_at is not None and group.owner_userid != seen.owner_userid
        changed = _log_changes(group, seen, read_at, change)
        missed, is_whole = _settle(group, seen, read_at, change)
        recount(group)
        shows_change = change is None or _is_shown(seen, change)
        _copy(group, seen, read_at, digest=digest if is_whole and shows_change else "")
        if has_moved:
            owner_seen(group=group)  # what the one before still holds is counted: the row has to say it
    return Applied(group, missed, shows_change, changed)


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


def _log_changes(group: Group, seen: SeenGroup, read_at: datetime, change: Change | None) -> int | None:
    """What differs from before, dated by the event that tells of it, else by the read that saw it."""
    if group.synced_at is None:
        return None  # the first read of a group changes nothing: it learns
    pairs = (
        (ChangeKind.NAME, group.name, seen.name),
        (ChangeKind.NOTICE, group.notice, seen.notice),
        (ChangeKind.OWNER, group.owner_userid, seen.owner_userid),
    )
    rows = [
        GroupChange(
            tenant_id=group.tenant_id,
            group=group,
            at=change.occurred_at if change and change.about == kind else read_at,
            kind=kind,
            before=before,
            after=after,
        )
        for kind, before, after in pairs
        if before != after
    ]
    if rows:
        GroupChange.objects.bulk_create(rows)
    if group.name != seen.name:
        rename_settle(group=group, shown=seen.name)
    return len(rows)


def _settle(group: Group, seen: SeenGroup, read_at: datetime, change: Change | None) -> tuple[int, bool]:
    """(members whose coming or going nobody had told, whether everybody named is known to us)."""
    rows = _rows(group, seen, change)
    fresh = {*(member.userid for member in seen.members), *(change.userids if change else ())} - set(rows)
    names = erased_names(tenant_id=group.tenant_id, app_id=group.app_id or 0, userids=fresh)
    if names:
        seen, change = seen.renamed(names), change and change.renamed(names)
        rows = _rows(group, seen, change)
    present = {member.userid: member for member in seen.members}
    told = set(change.userids) if change else set()
    after: dict[str, Spells] = {}
    missed = 0
    for userid in dict.fromkeys([*rows, *present, *told]):
        now = spells_of(rows.get(userid, ()))
        if change and userid in told:
            now = told_by(change, now)
        settled = _settled(now, present.get(userid), read_at)
        missed += settled != now
        after[userid] = settled
    people = people_of(
        tenant_id=group.tenant_id, app_id=group.app_id or 0, members=seen.members, read_at=read_at
    )
    gone = [userid for userid in told if userid not in people and userid not in rows]
    known = people_known(tenant_id=group.tenant_id, app_id=group.app_id or 0, userids=gone) if gone else {}
    for userid in set(gone) - set(known):
        del after[userid]
    owner = people.get(seen.owner_userid)
    group.owner_id = owner.staff_id if owner else None
    group.created_at = seen.created_at
    seats_write(group, rows=rows, after=after, people={**known, **people}, seen=present)
    strangers = any(one.is_staff and one.staff_id is None for one in people.values())
    return missed, not strangers and (owner is not None or not seen.owner_userid)


def _rows(group: Group, seen: SeenGroup, change: Change | None) -> dict[str, list[Member]]:
    """The spells of everybody who is in the group by our state, by the answer, or by what the event tells."""
    named = [*(member.userid for member in seen.members), *(change.userids if change else ())]
    return rows_of(group, Q(left_at=None) | Q(userid__in=named))


def _settled(now: Spells, member: SeenMember | None, read_at: datetime) -> Spells:
    if member is None:
        return spells.settle_absent(now, at=read_at)
    return spells.settle_present(now, joined_at=member.joined_at, scene=member.scene)


def _copy(group: Group, seen: SeenGroup, read_at: datetime, *, digest: str) -> None:
    group.name, group.notice = seen.name, seen.notice
    group.owner_userid, group.admin_userids = seen.owner_userid, list(seen.admin_userids)
    group.synced_at, group.dismissed_at = read_at, None
    stamp(group, version=seen.version, as_of=max(read_at, group.members_as_of or read_at))
    group.read_digest = digest
    group.save(update_fields=_READ_FIELDS)
