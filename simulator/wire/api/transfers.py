"""Handing customers and groups over (PROTOCOL 3.2, 3.5). A transfer of a customer completes after 24 h."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import customer, group, relation, staff, visible
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, page, post
from simulator.wire.errors import WireError
from simulator.world import archiving, groups
from simulator.world.entities import Transfer
from simulator.world.transfers import WAIT_S, WAITING, settle

DAY_S = 86400
WINDOW_S = 90 * DAY_S


def _start(call: Call, *, is_resigned: bool) -> dict[str, Any]:
    settle(call.corp, call.now)
    body = call.body
    takeover = staff(call, body["takeover_userid"], needs_contact=True).userid
    handover = body["handover_userid"].lower()
    if handover not in call.corp.staff:
        raise WireError(60111, handover)
    if handover == takeover:
        raise WireError(40058, "handover_userid and takeover_userid are the same")
    if is_resigned and handover not in call.corp.resigned:
        raise WireError(90500, handover)
    rows = []
    for external_userid in body["external_userid"]:
        try:
            if is_resigned:
                _left_behind(call, handover, external_userid)
            else:
                relation(call, handover, external_userid)
            _check_window(call, external_userid)
        except WireError as error:
            rows.append({"external_userid": external_userid, "errcode": error.code})
            continue
        call.corp.transfers.append(Transfer(handover, takeover, external_userid, call.now, is_resigned))
        rows.append({"external_userid": external_userid, "errcode": 0})
    return {"customer": rows}


def _left_behind(call: Call, handover: str, external_userid: str) -> None:
    """The customer still waits for somebody after the staff member left. Raises 40096 or 84061."""
    customer(call, external_userid)
    tie = call.corp.relations.get((handover, external_userid))
    if tie is None or tie.status != "full":
        raise WireError(84061, external_userid)


def _check_window(call: Call, external_userid: str) -> None:
    recent = [
        one
        for one in call.corp.transfers
        if one.external_userid == external_userid and call.now - one.started_at < WINDOW_S
    ]
    if any(one.status == WAITING for one in recent):
        raise WireError(40129, external_userid)
    if len(recent) >= call.corp.limit("transfers_in_90_days"):
        raise WireError(40128, external_userid)


def transfer(call: Call) -> dict[str, Any]:
    return _start(call, is_resigned=False)


def transfer_resigned(call: Call) -> dict[str, Any]:
    return _start(call, is_resigned=True)


def _result(call: Call, *, is_resigned: bool) -> dict[str, Any]:
    settle(call.corp, call.now)
    found = [
        {
            "external_userid": one.external_userid,
            "status": one.status,
            "takeover_time": one.done_at or int(one.started_at + WAIT_S),
        }
        for one in call.corp.transfers
        if one.handover == call.body["handover_userid"].lower()
        and one.takeover == call.body["takeover_userid"].lower()
        and one.is_resigned == is_resigned
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), 1000)
    return {"customer": rows, "next_cursor": cursor}


def result(call: Call) -> dict[str, Any]:
    return _result(call, is_resigned=False)


def result_resigned(call: Call) -> dict[str, Any]:
    return _result(call, is_resigned=True)


def unassigned(call: Call) -> dict[str, Any]:
    found = [
        {
            "handover_userid": tie.userid,
            "external_userid": tie.external_userid,
            "dimission_time": call.corp.resigned[tie.userid],
        }
        for tie in call.corp.relations.values()
        if tie.userid in call.corp.resigned and tie.status == "full"
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["page_size"])
    return {"info": rows, "is_last": not cursor, "next_cursor": cursor}


def _move_groups(call: Call, *, needs_resigned: bool) -> dict[str, Any]:
    new_owner = staff(call, call.body["new_owner"], needs_contact=True).userid
    failed = []
    for chat_id in call.body["chat_id_list"]:
        try:
            _move_group(call, chat_id, new_owner, needs_resigned=needs_resigned)
        except WireError as error:
            failed.append({"chat_id": chat_id, "errcode": error.code, "errmsg": error.hint})
    return {"failed_chat_list": failed}


def _move_group(call: Call, chat_id: str, new_owner: str, *, needs_resigned: bool) -> None:
    found = group(call, chat_id)
    moves = call.corp.group_transfers
    if needs_resigned and found.owner not in call.corp.resigned:
        is_inherited = any(c == chat_id for c, _, _ in moves)
        raise WireError(90508 if is_inherited else 90500, "the owner has not left")
    today = sum(owner == new_owner and call.now - at < DAY_S for _, owner, at in moves)
    if today >= call.corp.limit("group_transfers_a_day"):
        raise WireError(90504, "so many a day for one owner")
    recent = sum(c == chat_id and call.now - at < WINDOW_S for c, _, at in moves)
    if not needs_resigned and recent >= call.corp.limit("transfers_in_90_days"):
        raise WireError(90508, "twice in 90 days")
    if new_owner not in found.members:
        found.members[new_owner] = groups.staff_member(new_owner, call.now)
    found.owner, found.status = new_owner, 0
    moves.append((chat_id, new_owner, call.now))


def group_transfer(call: Call) -> dict[str, Any]:
    return _move_groups(call, needs_resigned=True)


def group_onjob_transfer(call: Call) -> dict[str, Any]:
    return _move_groups(call, needs_resigned=False)


def opengid_to_chatid(call: Call) -> dict[str, Any]:
    """The simulated opengid is "open-" and the group's id."""
    opengid = call.body["opengid"]
    chat_id = opengid.removeprefix("open-")
    if chat_id in archiving.rooms(call.corp):
        raise WireError(90501, opengid)
    found = call.corp.groups.get(chat_id)
    if opengid == chat_id or found is None or found.dismissed:
        raise WireError(90511, opengid)
    if not visible(call, found.owner):
        raise WireError(90509, opengid)
    return {"chat_id": chat_id}


ID = Field(str, required=True)
HAND_OVER = {
    "handover_userid": ID,
    "takeover_userid": ID,
    "external_userid": Field(list, required=True, items=str, max_items=100),
}
RESULT = {"handover_userid": ID, "takeover_userid": ID, "cursor": Field(str)}
CHATS = {"chat_id_list": Field(list, required=True, items=str, max_items=100), "new_owner": ID}

ENDPOINTS = (
    post(
        "externalcontact/transfer_customer",
        "transfers",
        transfer,
        **HAND_OVER,
        transfer_success_msg=Field(str, max_chars=200),
    ),
    post("externalcontact/transfer_result", "transfers", result, **RESULT),
    post("externalcontact/resigned/transfer_customer", "transfers", transfer_resigned, **HAND_OVER),
    post("externalcontact/resigned/transfer_result", "transfers", result_resigned, **RESULT),
    post(
        "externalcontact/get_unassigned_list",
        "transfers",
        unassigned,
        cursor=Field(str),
        page_size=Field(int, low=1, high=1000, default=1000),
    ),
    post("externalcontact/groupchat/transfer", "transfers", group_transfer, **CHATS),
    post("externalcontact/groupchat/onjob_transfer", "transfers", group_onjob_transfer, **CHATS),
    post("externalcontact/opengid_to_chatid", "groups", opengid_to_chatid, opengid=ID),
)
