"""Scanning a contact way or a join way (PROTOCOL 3.4, 3.5)."""

from __future__ import annotations

from simulator.world import groups, relations
from simulator.world.entities import Code, Group, Relation
from simulator.world.model import Corp
from simulator.world.relations import Refused

JOIN_WAY_GROUP_LIMIT = 5


def scan_contact_way(corp: Corp, *, config_id: str, external_userid: str, at: float, now: float) -> Relation:
    """The customer scans a contact code; one of its active staff gets them, in turn."""
    way = corp.contact_ways.get(config_id)
    if way is None:
        raise Refused("the code does not work any more")
    staff = way.body.get("user") or []
    if way.body.get("is_exclusive"):
        for userid in staff:
            tie = corp.relations.get((userid, external_userid))
            if tie is not None and tie.status == "full":
                return tie
    active = [u for u in staff if u in corp.staff and corp.staff[u].is_active]
    if not active:
        raise Refused("nobody stands behind this code")
    userid = active[way.scans % len(active)]
    way.scans += 1
    return relations.add(
        corp,
        userid=userid,
        external_userid=external_userid,
        at=at,
        now=now,
        add_way=1,
        state=way.body.get("state", ""),
        is_half=not way.body.get("skip_verify", True) and way.scans % 7 == 0,
    )


def scan_join_way(corp: Corp, *, config_id: str, external_userid: str, at: float, now: float) -> Group:
    """The customer scans a group code and lands in the first group with room."""
    way = corp.join_ways.get(config_id)
    if way is None:
        raise Refused("the code does not work any more")
    way.scans += 1
    for chat_id in way.body["chat_id_list"]:
        group = corp.groups.get(chat_id)
        if group is not None and external_userid in group.members:
            return group
    group = _group_with_room(corp, way, at)
    groups.join(
        corp,
        chat_id=group.chat_id,
        person_ids=[external_userid],
        at=at,
        now=now,
        scene=groups.BY_QR,
        state=way.body.get("state", ""),
    )
    return group


def _group_with_room(corp: Corp, way: Code, at: float) -> Group:
    known = [corp.groups[c] for c in way.body["chat_id_list"] if c in corp.groups]
    alive = [g for g in known if not g.dismissed]
    for group in alive:
        if len(group.members) < corp.group_cap:
            return group
    if not alive or not way.body.get("auto_create_room", 1):
        raise Refused("the group is full")
    room_id = int(way.body.get("room_base_id") or 1)
    base = way.body.get("room_base_name") or alive[-1].name
    group = groups.create(corp, owner=alive[-1].owner, name=f"{base}{room_id}", at=at)
    way.body["room_base_id"] = room_id + 1
    way.body["chat_id_list"] = [*way.body["chat_id_list"], group.chat_id][-JOIN_WAY_GROUP_LIMIT:]
    return group
