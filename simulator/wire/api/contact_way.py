"""Contact ways 渠道活码 (PROTOCOL 3.4)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.common import department, live_codes, own_code, qr_address, staff
from simulator.wire.checks import Field, check
from simulator.wire.endpoint import Call, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import Code

STAFF_PER_WAY = 100
TEMP_LIFE_S = 14 * 86400
DAY_S = 86400
ONLY_TEMPORARY = ("expires_in", "chat_expires_in", "unionid", "conclusions")
CONCLUSIONS = {
    "text": Field(dict, spec={"content": Field(str, max_bytes=4000)}),
    "image": Field(dict),
    "link": Field(dict, spec={"title": Field(str, required=True), "url": Field(str, required=True)}),
    "miniprogram": Field(dict),
}


def _check_behind(call: Call, userids: list[str], parties: list[int], kind: int) -> list[str]:
    """The staff behind the code, as the corp spells them. Raises 40058, 60111, 60123, 41054 or 84074."""
    if kind == 1 and (len(userids) != 1 or parties):
        raise WireError(40058, "type 1 needs exactly one user")
    if not userids and not parties:
        raise WireError(40058, "user or party is required")
    found = []
    for userid in userids:
        member = staff(call, userid, needs_contact=True)
        if not (member.is_active and member.is_verified):
            raise WireError(41054, userid)
        found.append(member.userid)
    for party in parties:
        department(call, party)
    inside = {s.userid for s in call.corp.staff.values() if set(s.departments) & set(parties)}
    if len(inside | set(found)) > STAFF_PER_WAY:
        raise WireError(40058, f"more than {STAFF_PER_WAY} staff behind one code")
    return list(dict.fromkeys(found))


def _check_temporary(call: Call, body: dict[str, Any]) -> None:
    """Temporary sessions are for medical corps, for one staff member, and count per day."""
    if not body.get("is_temp"):
        given = [name for name in ONLY_TEMPORARY if body.get(name) is not None]
        if given:
            raise WireError(40058, f"{given[0]} goes with is_temp only")
        return
    if not call.corp.is_medical:
        raise WireError(40058, "temporary sessions are for medical corps")
    if body["type"] != 1:
        raise WireError(40058, "is_temp goes with type 1 only")
    if body.get("conclusions"):
        check(body["conclusions"], CONCLUSIONS, prefix="conclusions.")
    today = [c for c in call.corp.contact_ways.values() if c.body.get("is_temp")]
    if sum(call.now - code.created_at < DAY_S for code in today) >= call.corp.limit("temp_codes_a_day"):
        raise WireError(41045, "temporary codes of a day")


def add(call: Call) -> dict[str, Any]:
    body = dict(call.body)
    body["user"] = _check_behind(call, body.get("user") or [], body.get("party") or [], body["type"])
    _check_temporary(call, body)
    live_codes(call)
    config_id = call.corp.new_id("", 32)
    code = Code(config_id, call.app.agentid, int(call.now), body, qr_address(call, "contact", config_id))
    call.corp.contact_ways[config_id] = code
    answer = {"config_id": config_id}
    return {**answer, "qr_code": code.qr_code} if body["scene"] == 2 else answer


def _contact_way(call: Call) -> Code:
    code = call.corp.contact_ways.get(call.body["config_id"])
    if code is None:
        raise WireError(40058, "unknown config_id")
    return code


def read(call: Call) -> dict[str, Any]:
    code = _contact_way(call)
    shown = {"config_id": code.config_id, **code.body}
    return {"contact_way": {**shown, "qr_code": code.qr_code} if code.body["scene"] == 2 else shown}


def update(call: Call) -> dict[str, Any]:
    """The given fields take the place of the old ones; user and party each as a whole."""
    code = own_code(call, _contact_way(call))
    changes = {name: value for name, value in call.body.items() if name != "config_id"}
    new = {**code.body, **changes}
    new["user"] = _check_behind(call, new.get("user") or [], new.get("party") or [], new["type"])
    given = [name for name in ONLY_TEMPORARY if changes.get(name) is not None]
    if given and not code.body.get("is_temp"):
        raise WireError(40058, f"{given[0]} goes with is_temp only")
    code.body = new
    return {}


def delete(call: Call) -> dict[str, Any]:
    del call.corp.contact_ways[own_code(call, _contact_way(call)).config_id]
    return {}


def listing(call: Call) -> dict[str, Any]:
    since, until = call.body.get("start_time", 0), call.body.get("end_time", call.now)
    if since > until:
        raise WireError(40058, "start_time after end_time")
    found = [
        {"config_id": code.config_id}
        for code in call.corp.contact_ways.values()
        if since <= code.created_at <= until and not code.body.get("is_temp")
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"contact_way": rows, "next_cursor": cursor}


def close_temp_chat(call: Call) -> dict[str, Any]:
    """Ends a temporary session. Only medical corps have any."""
    staff(call, call.body["userid"], needs_contact=True)
    if not call.corp.is_medical:
        raise WireError(40058, "no temporary session")
    return {}


CONFIG = Field(str, required=True)
CHANGES = {
    "style": Field(int, choices=(1, 2, 3)),
    "remark": Field(str, max_chars=30),
    "skip_verify": Field(bool),
    "state": Field(str, max_chars=30),
    "user": Field(list, items=str, max_items=STAFF_PER_WAY),
    "party": Field(list, items=int),
    "expires_in": Field(int, low=1, high=TEMP_LIFE_S),
    "chat_expires_in": Field(int, low=1, high=TEMP_LIFE_S),
    "unionid": Field(str),
    "is_exclusive": Field(bool),
    "mark_source": Field(bool),
    "conclusions": Field(dict),
}
_EC = "externalcontact/"

ENDPOINTS = (
    post(
        _EC + "add_contact_way",
        "contact_way",
        add,
        type=Field(int, required=True, choices=(1, 2)),
        scene=Field(int, required=True, choices=(1, 2)),
        is_temp=Field(bool),
        **{**CHANGES, "skip_verify": Field(bool, default=True)},
    ),
    post(_EC + "get_contact_way", "contact_way", read, config_id=CONFIG),
    post(_EC + "update_contact_way", "contact_way", update, config_id=CONFIG, **CHANGES),
    post(_EC + "del_contact_way", "contact_way", delete, config_id=CONFIG),
    post(
        _EC + "list_contact_way",
        "contact_way",
        listing,
        start_time=Field(int),
        end_time=Field(int),
        cursor=Field(str),
        limit=Field(int, low=1, high=1000, default=100),
    ),
    post(
        _EC + "close_temp_chat",
        "contact_way",
        close_temp_chat,
        userid=Field(str, required=True),
        external_userid=Field(str, required=True),
    ),
)
