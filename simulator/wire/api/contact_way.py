"""Contact ways 渠道活码 and group join ways (PROTOCOL 3.4, 3.5)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import group, staff
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import Code

CODES_PER_CORP = 500_000
STAFF_PER_WAY = 100
GROUPS_PER_WAY = 5
TEMP_LIFE_S = 14 * 86400


def _room_for_one(call: Call) -> None:
    if len(call.corp.contact_ways) + len(call.corp.join_ways) >= CODES_PER_CORP:
        raise WireError(41045)


def _check_users(call: Call, userids: list[str], kind: int) -> list[str]:
    if kind == 1 and len(userids) != 1:
        raise WireError(40058, "type 1 needs exactly one user")
    found = []
    for userid in userids:
        member = staff(call, userid, needs_contact=True)
        if not (member.is_active and member.is_verified):
            raise WireError(41054, userid)
        found.append(member.userid)
    return found


def _new_code(call: Call, body: dict[str, Any], kind: str) -> Code:
    config_id = call.corp.new_id("", 32)
    return Code(
        config_id=config_id,
        agentid=call.app.agentid,
        created_at=int(call.now),
        body=body,
        qr_code=f"{call.base_url}/phone/qr/{kind}/{call.corp.corp_id}/{config_id}.svg",
    )


def contact_way_add(call: Call) -> dict[str, Any]:
    _room_for_one(call)
    body = dict(call.body)
    if not body.get("user") and not body.get("party"):
        raise WireError(40058, "user or party is required")
    body["user"] = _check_users(call, body.get("user") or [], body["type"])
    code = _new_code(call, body, "contact")
    call.corp.contact_ways[code.config_id] = code
    answer = {"config_id": code.config_id}
    return {**answer, "qr_code": code.qr_code} if body["scene"] == 2 else answer


def _contact_way(call: Call) -> Code:
    code = call.corp.contact_ways.get(call.body["config_id"])
    if code is None:
        raise WireError(40058, "unknown config_id")
    return code


def contact_way_get(call: Call) -> dict[str, Any]:
    code = _contact_way(call)
    return {"contact_way": {"config_id": code.config_id, **code.body, "qr_code": code.qr_code}}


def contact_way_update(call: Call) -> dict[str, Any]:
    code = _contact_way(call)
    changes = {name: value for name, value in call.body.items() if name != "config_id"}
    if changes.get("user") is not None:
        changes["user"] = _check_users(call, changes["user"], code.body["type"])
    code.body.update(changes)
    return {}


def contact_way_delete(call: Call) -> dict[str, Any]:
    del call.corp.contact_ways[_contact_way(call).config_id]
    return {}


def contact_way_list(call: Call) -> dict[str, Any]:
    since, until = call.body.get("start_time", 0), call.body.get("end_time", call.now)
    found = [
        {"config_id": code.config_id}
        for code in call.corp.contact_ways.values()
        if since <= code.created_at <= until and not code.body.get("is_temp")
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"contact_way": rows, "next_cursor": cursor}


def close_temp_chat(call: Call) -> dict[str, Any]:
    """Only medical corps have temporary sessions; this corp has none."""
    raise WireError(40058, "no temporary session")


def _join_body(call: Call) -> dict[str, Any]:
    body = {name: value for name, value in call.body.items() if name != "config_id"}
    for chat_id in body["chat_id_list"]:
        group(call, chat_id)
    return body


def join_way_add(call: Call) -> dict[str, Any]:
    _room_for_one(call)
    code = _new_code(call, _join_body(call), "group")
    call.corp.join_ways[code.config_id] = code
    return {"config_id": code.config_id}


def _join_way(call: Call) -> Code:
    code = call.corp.join_ways.get(call.body["config_id"])
    if code is None:
        raise WireError(301021, call.body["config_id"])
    return code


def join_way_get(call: Call) -> dict[str, Any]:
    code = _join_way(call)
    return {"join_way": {"config_id": code.config_id, **code.body, "qr_code": code.qr_code}}


def join_way_update(call: Call) -> dict[str, Any]:
    _join_way(call).body = _join_body(call)
    return {}


def join_way_delete(call: Call) -> dict[str, Any]:
    del call.corp.join_ways[_join_way(call).config_id]
    return {}


CONFIG = Field(str, required=True)
USERS = Field(list, items=str, max_items=STAFF_PER_WAY)
CONTACT_OPTIONS = {
    "style": Field(int),
    "remark": Field(str, max_chars=30),
    "skip_verify": Field(bool, default=True),
    "state": Field(str, max_chars=30),
    "user": USERS,
    "party": Field(list, items=int),
    "is_temp": Field(bool),
    "expires_in": Field(int, low=1, high=TEMP_LIFE_S),
    "chat_expires_in": Field(int, low=1, high=TEMP_LIFE_S),
    "unionid": Field(str),
    "is_exclusive": Field(bool),
    "mark_source": Field(bool),
    "conclusions": Field(dict),
}
CONTACT_CHANGES = {**CONTACT_OPTIONS, "skip_verify": Field(bool)}
JOIN_BODY = {
    "scene": Field(int, required=True, choices=(1, 2)),
    "remark": Field(str, max_chars=30),
    "auto_create_room": Field(int, choices=(0, 1), default=1),
    "room_base_name": Field(str, max_chars=40),
    "room_base_id": Field(int, low=1),
    "chat_id_list": Field(list, required=True, items=str, max_items=GROUPS_PER_WAY, over_code=41091),
    "state": Field(str, max_chars=30),
    "mark_source": Field(bool),
}

ENDPOINTS = (
    post(
        "externalcontact/add_contact_way",
        "contact_way",
        contact_way_add,
        type=Field(int, required=True, choices=(1, 2)),
        scene=Field(int, required=True, choices=(1, 2)),
        **CONTACT_OPTIONS,
    ),
    post("externalcontact/get_contact_way", "contact_way", contact_way_get, config_id=CONFIG),
    post(
        "externalcontact/update_contact_way",
        "contact_way",
        contact_way_update,
        config_id=CONFIG,
        **CONTACT_CHANGES,
    ),
    post("externalcontact/del_contact_way", "contact_way", contact_way_delete, config_id=CONFIG),
    post(
        "externalcontact/list_contact_way",
        "contact_way",
        contact_way_list,
        start_time=Field(int),
        end_time=Field(int),
        cursor=Field(str),
        limit=Field(int, low=1, high=1000, default=100),
    ),
    post(
        "externalcontact/close_temp_chat",
        "contact_way",
        close_temp_chat,
        userid=Field(str, required=True),
        external_userid=Field(str, required=True),
    ),
    post("externalcontact/groupchat/add_join_way", "groups", join_way_add, **JOIN_BODY),
    post("externalcontact/groupchat/get_join_way", "groups", join_way_get, config_id=CONFIG),
    post(
        "externalcontact/groupchat/update_join_way", "groups", join_way_update, config_id=CONFIG, **JOIN_BODY
    ),
    post("externalcontact/groupchat/del_join_way", "groups", join_way_delete, config_id=CONFIG),
)
