"""Corp tags (PROTOCOL 3.3)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import relation
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, post
from simulator.wire.errors import WireError
from simulator.world.entities import Tag, TagGroup
from simulator.world.model import Corp

LIST_MAX = 3000


def _group_row(corp: Corp, group: TagGroup) -> dict[str, Any]:
    tags = [
        {"id": t.id, "name": t.name, "create_time": t.create_time, "order": t.order, "deleted": False}
        for t in corp.tags.values()
        if t.group_id == group.group_id
    ]
    return {
        "group_id": group.group_id,
        "group_name": group.group_name,
        "create_time": group.create_time,
        "order": group.order,
        "deleted": False,
        "tag": tags,
    }


def tag_list(call: Call) -> dict[str, Any]:
    corp, body = call.corp, call.body
    rows = [_group_row(corp, g) for g in corp.tag_groups.values()]
    if body.get("group_id"):
        rows = [row for row in rows if row["group_id"] in body["group_id"]]
    elif body.get("tag_id"):
        for row in rows:
            row["tag"] = [tag for tag in row["tag"] if tag["id"] in body["tag_id"]]
        rows = [row for row in rows if row["tag"]]
    return {"tag_group": rows}


def _target_group(call: Call) -> TagGroup:
    corp, body = call.corp, call.body
    if body.get("group_id"):
        if body["group_id"] not in corp.tag_groups:
            raise WireError(40068, body["group_id"])
        return corp.tag_groups[body["group_id"]]
    if not body.get("group_name"):
        raise WireError(40058, "group_id or group_name is required")
    for group in corp.tag_groups.values():
        if group.group_name == body["group_name"]:
            return group
    group = TagGroup(
        corp.new_id("et"), body["group_name"], int(call.now), body.get("order", 0), call.app.agentid
    )
    corp.tag_groups[group.group_id] = group
    return group


def tag_add(call: Call) -> dict[str, Any]:
    corp = call.corp
    if len(corp.tags) + len(call.body["tag"]) > corp.limit("tags"):
        raise WireError(40126)
    group = _target_group(call)
    taken = _names(corp, group.group_id)
    made = []
    for row in call.body["tag"]:
        if row["name"] in taken:
            continue
        taken.add(row["name"])
        order = row.get("order", 0)
        tag = Tag(corp.new_id("et"), row["name"], group.group_id, int(call.now), order, call.app.agentid)
        corp.tags[tag.id] = tag
        made.append(tag.id)
    if not made:
        raise WireError(40071, "every name exists")
    row = _group_row(corp, group)
    row["tag"] = [tag for tag in row["tag"] if tag["id"] in made]
    return {"tag_group": row}


def _own(call: Call, target: Tag | TagGroup) -> None:
    """An app changes only the tags it made (PROTOCOL 3). Raises 48002."""
    if target.agentid != call.app.agentid:
        raise WireError(48002, "made by another app or in the console")


def _names(corp: Corp, group_id: str, *, besides: Tag | None = None) -> set[str]:
    return {t.name for t in corp.tags.values() if t.group_id == group_id and t is not besides}


def tag_edit(call: Call) -> dict[str, Any]:
    corp = call.corp
    target = corp.tags.get(call.body["id"]) or corp.tag_groups.get(call.body["id"])
    if target is None:
        raise WireError(40068, call.body["id"])
    _own(call, target)
    name = call.body.get("name")
    if name and isinstance(target, Tag):
        if name in _names(corp, target.group_id, besides=target):
            raise WireError(40071, name)
        target.name = name
    elif name and isinstance(target, TagGroup):
        if any(g.group_name == name and g is not target for g in corp.tag_groups.values()):
            raise WireError(40071, name)
        target.group_name = name
    target.order = call.body.get("order", target.order)
    return {}


def tag_delete(call: Call) -> dict[str, Any]:
    corp, body = call.corp, call.body
    tag_ids, group_ids = list(body.get("tag_id") or []), list(body.get("group_id") or [])
    if not tag_ids and not group_ids:
        raise WireError(40058, "tag_id or group_id is required")
    for wanted, known in ((tag_ids, corp.tags), (group_ids, corp.tag_groups)):
        for unknown in (w for w in wanted if w not in known):
            raise WireError(40068, unknown)
    for tag_id in tag_ids:
        _own(call, corp.tags[tag_id])
    for group_id in group_ids:
        _own(call, corp.tag_groups[group_id])
    doomed = {t.id for t in corp.tags.values() if t.id in tag_ids or t.group_id in group_ids}
    for tag_id in doomed:
        del corp.tags[tag_id]
    alive = {t.group_id for t in corp.tags.values()}
    corp.tag_groups = {gid: g for gid, g in corp.tag_groups.items() if gid in alive}
    for tie in corp.relations.values():
        tie.tag_ids = [tag_id for tag_id in tie.tag_ids if tag_id not in doomed]
    return {}


def mark_tag(call: Call) -> dict[str, Any]:
    body = call.body
    added, removed = list(body.get("add_tag") or []), list(body.get("remove_tag") or [])
    if not added and not removed:
        raise WireError(40058, "add_tag or remove_tag is required")
    tie = relation(call, body["userid"], body["external_userid"])
    for tag_id in added:
        if tag_id not in call.corp.tags:
            raise WireError(40068, tag_id)
    kept = [tag_id for tag_id in tie.tag_ids if tag_id not in removed]
    tie.tag_ids = kept + [tag_id for tag_id in dict.fromkeys(added) if tag_id not in kept]
    return {}


IDS = Field(list, items=str)
TAG = {"name": Field(str, required=True, max_chars=30), "order": Field(int, low=0)}

ENDPOINTS = (
    post("externalcontact/get_corp_tag_list", "tags", tag_list, tag_id=IDS, group_id=IDS),
    post(
        "externalcontact/add_corp_tag",
        "tags",
        tag_add,
        group_id=Field(str),
        group_name=Field(str, max_chars=30),
        order=Field(int, low=0),
        tag=Field(list, required=True, spec=TAG),
        agentid=Field(int),
    ),
    post(
        "externalcontact/edit_corp_tag",
        "tags",
        tag_edit,
        id=Field(str, required=True),
        name=Field(str, max_chars=30),
        order=Field(int, low=0),
        agentid=Field(int),
    ),
    post("externalcontact/del_corp_tag", "tags", tag_delete, tag_id=IDS, group_id=IDS, agentid=Field(int)),
    post(
        "externalcontact/mark_tag",
        "tags",
        mark_tag,
        userid=Field(str, required=True),
        external_userid=Field(str, required=True),
        add_tag=IDS,
        remove_tag=IDS,
    ),
)
