"""The HTTP calls beside the message archive; they take the archive's own secret (PROTOCOL 3.14)."""

from __future__ import annotations

from typing import Any

from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, post
from simulator.wire.errors import WireError
from simulator.world import archiving
from simulator.world.archive import Consent
from simulator.world.entities import EXTERNAL


def _check_on(call: Call) -> None:
    """Raises 301053 when the archive is off, 301052 when it has run out."""
    archive = call.corp.archive
    if archive.is_expired:
        raise WireError(301052)
    if not archive.is_on:
        raise WireError(301053)


def permitted(call: Call) -> dict[str, Any]:
    """Whose conversations are archived; the editions 1, 2 and 3 share one list here."""
    _check_on(call)
    archive = call.corp.archive
    staff = [s.userid for s in call.corp.staff.values() if s.is_active and archive.covers(s.userid)]
    return {"ids": staff}


def _agree_row(consent: Consent, **who: str) -> dict[str, Any]:
    return {"status_change_time": consent.at, **who, "agree_status": consent.status or "Default_Agree"}


def single_agree(call: Call) -> dict[str, Any]:
    """The customers' consent; the vendor spells exteranalopenid this way."""
    _check_on(call)
    rows = []
    for pair in call.body["info"]:
        userid, ext = pair["userid"].lower(), pair["exteranalopenid"]
        if userid not in call.corp.staff:
            raise WireError(60111, pair["userid"])
        if ext not in call.corp.customers:
            raise WireError(40096, ext)
        consent = call.corp.archive.consents.get(ext)
        if consent is not None:
            rows.append(_agree_row(consent, userid=userid, exteranalopenid=ext))
    return {"agreeinfo": rows}


def room_agree(call: Call) -> dict[str, Any]:
    """The consent of every customer in a customer group."""
    _check_on(call)
    group = call.corp.groups.get(call.body["roomid"])
    if group is None or group.dismissed:
        raise WireError(86003, call.body["roomid"])
    rows = []
    for member in group.members.values():
        consent = call.corp.archive.consents.get(member.id)
        if member.type == EXTERNAL and consent is not None:
            rows.append(_agree_row(consent, exteranalopenid=member.id))
    return {"agreeinfo": rows}


def room_get(call: Call) -> dict[str, Any]:
    """An internal group. Raises 301059 for a customer group."""
    _check_on(call)
    roomid = call.body["roomid"]
    if roomid in call.corp.groups:
        raise WireError(301059, roomid)
    room = archiving.rooms(call.corp).get(roomid)
    if room is None:
        raise WireError(86003, roomid)
    return {
        "roomname": room.name,
        "creator": room.creator,
        "room_create_time": room.created_at,
        "notice": room.notice,
        "members": [{"memberid": userid, "jointime": at} for userid, at in room.members.items()],
    }


ROOM = Field(str, required=True)
PAIR = {"userid": Field(str, required=True), "exteranalopenid": Field(str, required=True)}

ENDPOINTS = (
    post("msgaudit/get_permit_user_list", "msgaudit", permitted, type=Field(int, choices=(1, 2, 3))),
    post(
        "msgaudit/check_single_agree",
        "msgaudit",
        single_agree,
        info=Field(list, required=True, items=dict, max_items=100, spec=PAIR),
    ),
    post("msgaudit/check_room_agree", "msgaudit", room_agree, roomid=ROOM),
    post("msgaudit/groupchat/get", "msgaudit", room_get, roomid=ROOM),
)
