"""Customer groups and what people do to them (PROTOCOL 2.1, 3.5)."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from simulator.world import archiving
from simulator.world.entities import EXTERNAL, STAFF, Group, Member
from simulator.world.events import emit
from simulator.world.model import Corp
from simulator.world.relations import Refused

INVITED, BY_LINK, BY_QR = 1, 2, 3
LEFT, REMOVED = 0, 1
VIEWS_KEPT = 60
SEAT = tuple(field.name for field in fields(Member))


def live_group(corp: Corp, chat_id: str) -> Group:
    """The group, unless unknown or dismissed."""
    group = corp.groups.get(chat_id)
    if group is None or group.dismissed:
        raise Refused(f"no group {chat_id}")
    return group


def view(group: Group) -> dict[str, Any]:
    """What groupchat/get knows about the group, before names are added."""
    return {
        "chat_id": group.chat_id,
        "name": group.name,
        "owner": group.owner,
        "create_time": group.create_time,
        "notice": group.notice,
        "admins": list(group.admins),
        "members": [{name: getattr(m, name) for name in SEAT} for m in group.members.values()],
        "member_version": group.member_version,
    }


def view_for_api(corp: Corp, group: Group, now: float) -> dict[str, Any]:
    """The view the API shows, which lags behind the events while that fault is on."""
    lag_s = corp.faults.group_lag_s
    if lag_s > 0:
        for changed_at, before in group.past_views:
            if changed_at > now - lag_s:
                return before
    return view(group)


def _before_change(corp: Corp, group: Group, now: float) -> None:
    if corp.faults.group_lag_s > 0:
        group.past_views.append((now, view(group)))
        del group.past_views[:-VIEWS_KEPT]
    elif group.past_views:
        group.past_views.clear()


def _emit_update(
    corp: Corp, group: Group, detail: str, at: float, fields: list[tuple[str, object]], change: str = "update"
) -> None:
    head: list[tuple[str, object]] = [("ChatId", group.chat_id)]
    if detail:
        head.append(("UpdateDetail", detail))
    emit(
        corp,
        event="change_external_chat",
        change_type=change,
        fields=[*head, *fields],
        at=at,
        lane=group.chat_id,
    )


def _member_fields(
    corp: Corp, scene: tuple[str, int], ids: list[str], versions: tuple[str, str]
) -> list[tuple[str, object]]:
    fields: list[tuple[str, object]] = [scene, ("MemChangeCnt", len(ids))]
    if not corp.faults.legacy_payload:
        fields += [("MemChangeList", ids), ("LastMemVer", versions[0]), ("CurMemVer", versions[1])]
    return fields


def staff_member(userid: str, at: float) -> Member:
    """A staff member's seat, as when a colleague brings them in."""
    return Member(userid, STAFF, int(at), INVITED, invitor=userid)


def create(corp: Corp, *, owner: str, name: str, at: float, chat_id: str | None = None) -> Group:
    """A staff member opens a group; they are its first member."""
    group = Group(chat_id or corp.new_id("wr"), name, owner, int(at))
    group.members[owner] = staff_member(owner, at)
    corp.groups[group.chat_id] = group
    _emit_update(corp, group, "", at, [], change="create")
    return group


def dismiss(corp: Corp, *, chat_id: str, at: float) -> None:
    """The owner dissolves the group; no events for the single members."""
    group = live_group(corp, chat_id)
    group.dismissed = True
    _emit_update(corp, group, "", at, [], change="dismiss")


def join(
    corp: Corp,
    *,
    chat_id: str,
    person_ids: list[str],
    at: float,
    now: float,
    scene: int = BY_QR,
    invitor: str = "",
    state: str = "",
) -> list[str]:
    """People enter the group. Returns those who were not in it before."""
    group = live_group(corp, chat_id)
    fresh = [pid for pid in dict.fromkeys(person_ids) if pid not in group.members]
    if not fresh:
        return []
    if len(group.members) + len(fresh) > corp.limit("group_members"):
        raise Refused("the group is full")
    _before_change(corp, group, now)
    last = group.member_version
    for person_id in fresh:
        kind = STAFF if person_id in corp.staff else EXTERNAL
        if kind == EXTERNAL and person_id not in corp.customers:
            raise Refused(f"no person {person_id}")
        group.members[person_id] = Member(person_id, kind, int(at), scene, invitor, state)
    group.changes.append((int(at), "join", tuple(fresh)))
    scene_field = ("JoinScene", 3 if scene == BY_QR else 0)
    fields = _member_fields(corp, scene_field, fresh, (last, group.member_version))
    _emit_update(corp, group, "add_member", at, fields)
    return fresh


def leave(
    corp: Corp, *, chat_id: str, person_ids: list[str], at: float, now: float, by: str = ""
) -> list[str]:
    """People go, or are removed when `by` names the staff member who does it."""
    group = live_group(corp, chat_id)
    gone = [pid for pid in dict.fromkeys(person_ids) if pid in group.members]
    if group.owner in gone:
        raise Refused("the owner hands the group over before leaving")
    if not gone:
        return []
    _before_change(corp, group, now)
    last = group.member_version
    for person_id in gone:
        del group.members[person_id]
    group.changes.append((int(at), "kick" if by else "leave", tuple(gone)))
    scene_field = ("QuitScene", REMOVED if by else LEFT)
    fields = _member_fields(corp, scene_field, gone, (last, group.member_version))
    _emit_update(corp, group, "del_member", at, fields)
    return gone


def rename(corp: Corp, *, chat_id: str, name: str, at: float, now: float) -> None:
    """A person changes the group's name; like the vendor's sample, empty member fields ride along."""
    group = live_group(corp, chat_id)
    _before_change(corp, group, now)
    group.name = name
    version = group.member_version
    fields: list[tuple[str, object]] = [("JoinScene", 0), ("MemChangeCnt", 0)]
    if not corp.faults.legacy_payload:
        fields += [("LastMemVer", version), ("CurMemVer", version)]
    _emit_update(corp, group, "change_name", at, fields)


def set_notice(corp: Corp, *, chat_id: str, notice: str, at: float, now: float) -> None:
    """The owner changes the notice."""
    group = live_group(corp, chat_id)
    _before_change(corp, group, now)
    group.notice = notice
    _emit_update(corp, group, "change_notice", at, [])


def change_owner(corp: Corp, *, chat_id: str, userid: str, at: float, now: float) -> None:
    """The owner hands the group to another member of the staff who sits in it."""
    group = live_group(corp, chat_id)
    if userid not in corp.staff or userid not in group.members:
        raise Refused("the new owner must be staff and in the group")
    _before_change(corp, group, now)
    group.owner = userid
    _emit_update(corp, group, "change_owner", at, [])


def post(
    corp: Corp,
    *,
    chat_id: str,
    sender: str,
    at: float,
    text: str = "",
    attachments: list[dict[str, Any]] | None = None,
    source: str = "person",
    kind: str = "",
    content: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A message appears in the group; the population reads it at its next tick."""
    group = live_group(corp, chat_id)
    if sender not in group.members:
        raise Refused("only members speak in a group")
    message = {
        "id": corp.new_id("gm", 20),
        "at": int(at),
        "from": sender,
        "text": text,
        "attachments": attachments or [],
        "source": source,
    }
    group.messages.append(message)
    if corp.archive.is_on:
        message["msgid"] = _archive(corp, group, message, kind, content, at)
    corp.fresh.append(("group_message", chat_id, len(group.messages) - 1))
    return message


def _archive(
    corp: Corp, group: Group, message: dict[str, Any], kind: str, content: dict[str, Any] | None, at: float
) -> str:
    """The archive's rows of one message: its text and each attachment by itself. Returns the first msgid."""
    parts = [(kind, content or {})] if kind else archiving.parts(corp, message, at)
    made = [archiving.group_message(corp, group, message["from"], at, *part) for part in parts]
    return next((msgid for msgid in made if msgid), "")
