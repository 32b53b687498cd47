"""Customer groups and their statistics (PROTOCOL 3.5)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from simulator.wire.api.common import department, group, staff, visible
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, page, post
from simulator.wire.errors import WireError
from simulator.world import groups as world_groups
from simulator.world.entities import EXTERNAL, WECHAT, Group, Relation

DAY_S = 86400
STATISTIC_DAYS_BACK = 180
STATISTIC_SPAN_DAYS = 30
ORDER_KEYS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


def _owners(call: Call) -> list[str] | None:
    wanted = (call.body.get("owner_filter") or {}).get("userid_list")
    if not wanted:
        return None
    # Owners who left may be named too: their groups wait to be inherited.
    gone = call.corp.resigned
    return [userid if userid in gone else staff(call, userid).userid for userid in wanted]


def _not_too_many(call: Call) -> None:
    """Without an owner_filter the visible staff must be few. Raises 81017."""
    if sum(visible(call, userid) for userid in call.corp.staff) > call.corp.limit("visible_staff"):
        raise WireError(81017)


def group_list(call: Call) -> dict[str, Any]:
    owners = _owners(call)
    if owners is None:
        _not_too_many(call)
    status = call.body["status_filter"]
    found = [
        {"chat_id": g.chat_id, "status": g.status}
        for g in call.corp.groups.values()
        if not g.dismissed
        and visible(call, g.owner)
        and (owners is None or g.owner in owners)
        and (status == 0 or g.status == status)
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    answer = {"group_chat_list": rows}
    return {**answer, "next_cursor": cursor} if cursor else answer


def _member_row(call: Call, member: dict[str, Any], need_name: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "userid": member["id"],
        "type": member["type"],
        "join_time": member["join_time"],
        "join_scene": member["join_scene"],
        "group_nickname": member["nickname"],
    }
    if member["type"] == EXTERNAL:
        person = call.corp.customers[member["id"]]
        name = person.name
        if person.type == WECHAT:
            row["unionid"] = person.unionid
    else:
        name = call.corp.staff[member["id"]].name
    if member["invitor"]:
        row["invitor"] = {"userid": member["invitor"]}
    if member["state"]:
        row["state"] = member["state"]
    if need_name:
        row["name"] = name
    return row


def group_get(call: Call) -> dict[str, Any]:
    found = group(call, call.body["chat_id"])
    view = world_groups.view_for_api(call.corp, found, call.now)
    need_name = bool(call.body.get("need_name"))
    detail = {
        "chat_id": view["chat_id"],
        "name": view["name"],
        "owner": view["owner"],
        "create_time": view["create_time"],
        "notice": view["notice"],
        "member_list": [_member_row(call, m, need_name) for m in view["members"]],
        "admin_list": [{"userid": userid} for userid in view["admins"]],
        "member_version": view["member_version"],
    }
    return {"group_chat": detail}


def _midnight(call: Call, at: float) -> int:
    local = dt.datetime.fromtimestamp(at, ZoneInfo(call.corp.timezone))
    return int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp())


def _days(call: Call) -> list[int]:
    """The midnights asked for; yesterday back to 180 days, at most 30 days."""
    first = _midnight(call, call.body["day_begin_time"])
    last = _midnight(call, call.body.get("day_end_time") or call.body["day_begin_time"])
    today = _midnight(call, call.now)
    if last < first or last - first > (STATISTIC_SPAN_DAYS - 1) * DAY_S:
        raise WireError(40058, "the span is wrong")
    if last >= today or first < today - STATISTIC_DAYS_BACK * DAY_S:
        raise WireError(40058, "only yesterday back to 180 days")
    return list(range(first, last + 1, DAY_S))


def _joined(found: Group, first: int, end: int) -> int:
    joins = [ids for at, verb, ids in found.changes if verb == "join" and first <= at < end]
    return sum(len(ids) for ids in joins)


def _figures(chats: list[Group], first: int, end: int) -> dict[str, int]:
    alive = [g for g in chats if g.create_time < end]
    spoken = [[m for m in g.messages if first <= m["at"] < end] for g in alive]
    return {
        "new_chat_cnt": sum(first <= g.create_time < end for g in alive),
        "chat_total": len(alive),
        "chat_has_msg": sum(bool(messages) for messages in spoken),
        "new_member_cnt": sum(_joined(g, first, end) for g in alive),
        "member_total": sum(len(g.members) for g in alive),
        "member_has_msg": sum(len({m["from"] for m in messages}) for messages in spoken),
        "msg_total": sum(len(messages) for messages in spoken),
        "migrate_trainee_chat_cnt": 0,
    }


def _counted_groups(call: Call) -> list[Group]:
    owners = _owners(call)
    if owners is None:
        _not_too_many(call)
    return [
        g
        for g in call.corp.groups.values()
        if visible(call, g.owner) and (owners is None or g.owner in owners)
    ]


def statistic(call: Call) -> dict[str, Any]:
    days = _days(call)
    by_owner: dict[str, list[Group]] = {}
    for found in _counted_groups(call):
        by_owner.setdefault(found.owner, []).append(found)
    items: list[dict[str, Any]] = [
        {"owner": owner, "data": _figures(chats, days[0], days[-1] + DAY_S)}
        for owner, chats in by_owner.items()
    ]
    key = ORDER_KEYS[call.body["order_by"]]
    items.sort(key=lambda item: item["data"][key], reverse=not call.body.get("order_asc"))
    start = call.body["offset"]
    rows = items[start : start + call.body["limit"]]
    return {"total": len(items), "next_offset": start + len(rows), "items": rows}


def statistic_by_day(call: Call) -> dict[str, Any]:
    chats = _counted_groups(call)
    items = [{"stat_time": day, "data": _figures(chats, day, day + DAY_S)} for day in _days(call)]
    return {"items": items}


def behavior_data(call: Call) -> dict[str, Any]:
    """Daily figures of staff, several ids summed."""
    named, parties = call.body.get("userid") or [], call.body.get("partyid") or []
    if not named and not parties:
        raise WireError(40058, "userid or partyid is required")
    for party in parties:
        department(call, party)
    wanted = {"day_begin_time": call.body["start_time"], "day_end_time": call.body["end_time"]}
    call.body.update(wanted)
    userids = {staff(call, userid, needs_contact=True).userid for userid in named}
    userids |= {s.userid for s in call.corp.staff.values() if set(s.departments) & set(parties)}
    ties = [tie for userid in userids for tie in call.corp.relations_of_staff(userid)]
    return {"behavior_data": [_staff_day(ties, day) for day in _days(call)]}


def _staff_day(ties: list[Relation], day: int) -> dict[str, Any]:
    """One day of some staff together; the last word of a chat stands for its messages."""
    end = day + DAY_S
    met = sum(day <= tie.created_at < end for tie in ties)
    chats = sum(day <= tie.talked_at < end for tie in ties)
    return {
        "stat_time": day,
        "chat_cnt": chats,
        "message_cnt": chats,
        "reply_percentage": 100.0 if chats else 0.0,
        "avg_reply_time": 1,
        "negative_feedback_cnt": sum(
            tie.status == "customer_deleted" for tie in ties if day <= tie.ended_at < end
        ),
        "new_apply_cnt": met,
        "new_contact_cnt": met,
    }


OWNER_FILTER = Field(dict, spec={"userid_list": Field(list, items=str, max_items=100)})
DAYS = {"day_begin_time": Field(int, required=True), "day_end_time": Field(int)}

ENDPOINTS = (
    post(
        "externalcontact/get_user_behavior_data",
        "statistics",
        behavior_data,
        userid=Field(list, items=str, max_items=100),
        partyid=Field(list, items=int, max_items=100),
        start_time=Field(int, required=True),
        end_time=Field(int, required=True),
    ),
    post(
        "externalcontact/groupchat/list",
        "groups",
        group_list,
        status_filter=Field(int, choices=(0, 1, 2, 3), default=0),
        owner_filter=OWNER_FILTER,
        cursor=Field(str),
        limit=Field(int, required=True, low=1, high=1000),
    ),
    post(
        "externalcontact/groupchat/get",
        "groups",
        group_get,
        chat_id=Field(str, required=True),
        need_name=Field(int, choices=(0, 1)),
    ),
    post(
        "externalcontact/groupchat/statistic",
        "statistics",
        statistic,
        **DAYS,
        owner_filter=OWNER_FILTER,
        order_by=Field(int, choices=(1, 2, 3, 4), default=1),
        order_asc=Field(int, choices=(0, 1)),
        offset=Field(int, low=0, default=0),
        limit=Field(int, low=1, high=1000, default=500),
    ),
    post(
        "externalcontact/groupchat/statistic_group_by_day",
        "statistics",
        statistic_by_day,
        **DAYS,
        owner_filter=OWNER_FILTER,
    ),
)
