"""Group join ways 客户群「加入群聊」 (PROTOCOL 3.5)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import group, live_codes, own_code, qr_address
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, post
from simulator.wire.errors import WireError
from simulator.world.entities import Code

GROUPS_PER_WAY = 5


def _body(call: Call) -> dict[str, Any]:
    """What the call asks for, every group in sight. Raises 86003 or 60011."""
    body = {name: value for name, value in call.body.items() if name != "config_id"}
    body["chat_id_list"] = list(dict.fromkeys(body["chat_id_list"]))
    for chat_id in body["chat_id_list"]:
        group(call, chat_id)
    return body


def add(call: Call) -> dict[str, Any]:
    body = _body(call)
    live_codes(call)
    config_id = call.corp.new_id("", 32)
    code = Code(config_id, call.app.agentid, int(call.now), body, qr_address(call, "group", config_id))
    call.corp.join_ways[config_id] = code
    return {"config_id": config_id}


def _join_way(call: Call) -> Code:
    code = call.corp.join_ways.get(call.body["config_id"])
    if code is None:
        raise WireError(301021, call.body["config_id"])
    return code


def read(call: Call) -> dict[str, Any]:
    code = _join_way(call)
    return {"join_way": {"config_id": code.config_id, **code.body, "qr_code": code.qr_code}}


def update(call: Call) -> dict[str, Any]:
    """Everything is written anew: what the call leaves out is gone."""
    own_code(call, _join_way(call)).body = _body(call)
    return {}


def delete(call: Call) -> dict[str, Any]:
    del call.corp.join_ways[own_code(call, _join_way(call)).config_id]
    return {}


CONFIG = Field(str, required=True)
BODY = {
    "scene": Field(int, required=True, choices=(1, 2)),
    "remark": Field(str, max_chars=30),
    "auto_create_room": Field(int, choices=(0, 1), default=1),
    "room_base_name": Field(str, max_chars=40),
    "room_base_id": Field(int, low=1),
    "chat_id_list": Field(list, required=True, items=str, max_items=GROUPS_PER_WAY, over_code=41091),
    "state": Field(str, max_chars=30),
    "mark_source": Field(bool),
}
_CHAT = "externalcontact/groupchat/"

ENDPOINTS = (
    post(_CHAT + "add_join_way", "groups", add, **BODY),
    post(_CHAT + "get_join_way", "groups", read, config_id=CONFIG),
    post(_CHAT + "update_join_way", "groups", update, config_id=CONFIG, **BODY),
    post(_CHAT + "del_join_way", "groups", delete, config_id=CONFIG),
)
