"""The rows of a group's members: read as spells, written set by set, and told to the others.

Two statements whatever the number of rows: one changes, one adds. Call it under the group's lock.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from contacts.selectors.channels import channel_ids_of_states
from groups.enums import CREATION_WINDOW_S
from groups.models import Group, Member
from groups.policies import spells
from groups.policies.spells import Spell, Spells
from groups.policies.wire import SeenMember
from groups.services.people import Person
from groups.services.telling import tell_corrected, tell_members
from tenants import preferences

_SPELL_FIELDS = ("joined_at", "left_at", "joined_is_estimate", "left_is_estimate", "join_scene", "quit_scene")
_COLUMNS = {
    "joined_at": "timestamptz", "left_at": "timestamptz", "joined_is_estimate": "boolean",
    "left_is_estimate": "boolean", "join_scene": "text", "quit_scene": "text", "staff_id": "bigint",
    "customer_id": "bigint", "is_staff": "boolean", "invited_by": "text", "state_code": "text", "channel_id": "bigint",
    "nickname": "text", "is_creation_invitee": "boolean",
}  # fmt: skip
_UPDATE = f"""
update groups_member m set {", ".join(f"{name} = t.{name}" for name in _COLUMNS)}
from jsonb_to_recordset(%s::jsonb) as t(id bigint, {", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())})
where m.tenant_id = %s and m.id = t.id
"""


def rows_of(group: Group, which: Q) -> dict[str, list[Member]]:
    """{userid: that person's rows in this group, oldest first}."""
    found: dict[str, list[Member]] = {}
    for row in Member.objects.filter(which, tenant_id=group.tenant_id, group=group).order_by(
        "joined_at", "pk"
    ):
        found.setdefault(row.userid, []).append(row)
    return found


def spells_of(rows: Iterable[Member]) -> Spells:
    """The rows as the policies see them."""
    return tuple(Spell(key=row.pk, **{name: getattr(row, name) for name in _SPELL_FIELDS}) for row in rows)


def seats_write(
    group: Group,
    *,
    rows: Mapping[str, list[Member]],
    after: Mapping[str, Spells],
    people: Mapping[str, Person],
    seen: Mapping[str, SeenMember],
) -> None:
    """Store changed and new spells, then tell the others who entered and who left."""
    stored = {row.pk: row for own in rows.values() for row in own}
    changed: list[Member] = []
    fresh: list[Member] = []
    entered: list[Member] = []
    departed: list[Member] = []
    moments: list[datetime] = []
    for userid, own in after.items():
        for spell in own:
            row = stored.get(spell.key or 0)
            before = spells_of([row])[0] if row else None
            row, is_changed = _filled(row, group, userid, spell, people.get(userid), seen.get(userid))
            if before is None:
                fresh.append(row)
                moments.append(spell.joined_at)
            elif is_changed:
                changed.append(row)
                moments.append(_told_otherwise_since(before, spell))
            if spells.entered(before, spell):
                entered.append(row)
            if spells.departed(before, spell):
                departed.append(row)
    if entered:
        _mark_invitees(group, entered)
    _learn_channels(group.tenant_id, [*changed, *fresh])
    if changed:
        _update(group.tenant_id, changed)
    if fresh:
        Member.objects.bulk_create(fresh)
    tell_members(
        group=group, entered=[row for row in entered if not row.is_creation_invitee], departed=departed
    )
    if moments:
        tell_corrected(group=group, since=min(moments))


def _told_otherwise_since(before: Spell, after: Spell) -> datetime:
    """From when on two accounts of one spell differ. Where its times agree, it is who sat there that differs."""
    ends = [one for one in (before.left_at, after.left_at) if one is not None]
    if before.joined_at == after.joined_at and before.left_at != after.left_at:
        return min(ends)
    return min(before.joined_at, after.joined_at)


def _mark_invitees(group: Group, entered: Iterable[Member]) -> None:
    """Who came with the group when it was made is no newcomer."""
    if group.created_at is None:
        return
    until = group.created_at + timedelta(seconds=preferences.value(group.tenant_id, CREATION_WINDOW_S))
    for row in entered:
        row.is_creation_invitee = row.joined_at <= until


def _learn_channels(tenant_id: int, rows: Iterable[Member]) -> None:
    """The channel behind a join code, once the code is known. One query when any row has one."""
    unknown = [row for row in rows if row.state_code and row.channel_id is None]
    found = channel_ids_of_states(tenant_id=tenant_id, states=[row.state_code for row in unknown])
    for row in unknown:
        row.channel_id = found.get(row.state_code)


def _filled(
    row: Member | None,
    group: Group,
    userid: str,
    spell: Spell,
    person: Person | None,
    member: SeenMember | None,
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
        values["nickname"] = "" if person and person.is_erased else member.nickname
        values["join_scene"] = member.scene or spell.join_scene
        values |= {"invited_by": member.invited_by, "state_code": member.state_code}
    is_changed = any(getattr(row, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(row, name, value)
    return row, is_changed


def _update(tenant_id: int, rows: Iterable[Member]) -> None:
    told = [{"id": row.pk, **{name: _plain(getattr(row, name)) for name in _COLUMNS}} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [json.dumps(told, ensure_ascii=False), tenant_id])


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
