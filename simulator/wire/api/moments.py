"""Moments tasks 朋友圈 (PROTOCOL 3.8): made by the app, published by each staff member by hand."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.attachments import live_media
from simulator.wire.api.common import visible_staff
from simulator.wire.checks import Field, check
from simulator.wire.endpoint import Call, get, page, post
from simulator.wire.errors import WireError
from simulator.world.entities import Moment

DAY_S = 86400
IMAGES, OTHERS = 9, 1
FOR_MOMENTS = 1
PARTS: dict[str, dict[str, Field]] = {
    "image": {"media_id": Field(str, required=True)},
    "video": {"media_id": Field(str, required=True)},
    "link": {
        "title": Field(str, max_bytes=64),
        "url": Field(str, required=True, max_bytes=2048),
        "media_id": Field(str, required=True),
    },
}


def _check_attachments(call: Call) -> None:
    parts = call.body.get("attachments") or []
    kinds = [part.get("msgtype") for part in parts]
    if any(kind not in ("image", "video", "link") for kind in kinds):
        raise WireError(40008, "image, video or link")
    if len(set(kinds)) > 1 or len(kinds) > (IMAGES if kinds[:1] == ["image"] else OTHERS):
        raise WireError(40058, "attachments: 9 images, or 1 video, or 1 link")
    if not kinds and not (call.body.get("text") or {}).get("content"):
        raise WireError(44004)
    for part in parts:
        kind = part["msgtype"]
        content = check(part.get(kind) or {}, PARTS[kind], prefix=f"{kind}.")
        live_media(call, content["media_id"], purpose=FOR_MOMENTS)


def _senders(call: Call) -> tuple[list[str], dict[str, Any]]:
    """Who is asked to publish, and what of the range is unknown."""
    wanted = (call.body.get("visible_range") or {}).get("sender_list") or {}
    named = [userid.lower() for userid in wanted.get("user_list") or []]
    parties = set(wanted.get("department_list") or [])
    every = [s for s in visible_staff(call) if s.can_contact and s.is_active]
    good = [s.userid for s in every]
    unknown = {
        "user_list": [userid for userid in named if userid not in good],
        "department_list": sorted(parties - {d.id for d in call.corp.departments}),
    }
    if named or parties:
        good = [s.userid for s in every if s.userid in named or set(s.departments) & parties]
    return good, unknown


def _invalid(call: Call, senders: dict[str, Any]) -> dict[str, Any]:
    """The lists of what was not understood, as get_moment_task_result shows them."""
    audience = (call.body.get("visible_range") or {}).get("external_contact_list") or {}
    tags = [tag_id for tag_id in audience.get("tag_list") or [] if tag_id not in call.corp.tags]
    found: dict[str, Any] = {}
    if any(senders.values()):
        found["invalid_sender_list"] = {name: rows for name, rows in senders.items() if rows}
    if tags:
        found["invalid_external_contact_list"] = {"tag_list": tags}
    return found


def add(call: Call) -> dict[str, Any]:
    _check_attachments(call)
    recent = [m for m in call.corp.moments.values() if call.now - m.created_at < 60]
    if len(recent) >= call.corp.limit("moments_a_minute"):
        raise WireError(45009, "10 a minute")
    publishers, unknown = _senders(call)
    moment = Moment(
        moment_id=call.corp.new_id("mom", 28),
        jobid=call.corp.new_id("job", 28),
        creator="",
        created_at=int(call.now),
        body=dict(call.body),
        publishers=dict.fromkeys(publishers, 0),
        invalid=_invalid(call, unknown),
    )
    call.corp.moments[moment.moment_id] = moment
    return {"jobid": moment.jobid}


def _progress(call: Call, moment: Moment) -> dict[str, Any]:
    """1 begun and 2 at work while the dispatch fault lasts, then 3 with the result."""
    age_s, dispatch_s = call.now - moment.created_at, call.corp.faults.dispatch_s
    if age_s < dispatch_s:
        return {"status": 1 if age_s < dispatch_s / 2 else 2}
    if not moment.publishers:
        return {"status": 3, "result": {"errcode": 41048, "errmsg": "no sender", **moment.invalid}}
    done = {"errcode": 0, "errmsg": "ok", "moment_id": moment.moment_id}
    return {"status": 3, "result": {**done, **moment.invalid}}


def task_result(call: Call) -> dict[str, Any]:
    for moment in call.corp.moments.values():
        if moment.jobid == call.query["jobid"] and call.now - moment.created_at < DAY_S:
            return {**_progress(call, moment), "type": "add_moment_task"}
    raise WireError(40058, "unknown or old jobid")


def _moment(call: Call) -> Moment:
    found = call.corp.moments.get(call.body["moment_id"])
    if found is None:
        raise WireError(40058, "unknown moment_id")
    return found


def cancel(call: Call) -> dict[str, Any]:
    """Stops what is not published yet. Raises 41093 the second time."""
    moment = _moment(call)
    if moment.cancelled:
        raise WireError(41093)
    moment.cancelled = True
    return {}


def _parts(moment: Moment) -> dict[str, Any]:
    """Attachments as get_moment_list shows them: images in a list, video and link by themselves."""
    shown: dict[str, Any] = {}
    for part in moment.body.get("attachments") or []:
        kind = part["msgtype"]
        if kind == "image":
            shown.setdefault("image", []).append({"media_id": part["image"]["media_id"]})
        else:
            shown[kind] = part[kind]
    return shown


def _create_type(moment: Moment) -> int:
    """0: given out by the corp, 1: a member's own."""
    return int(bool(moment.creator))


def moment_list(call: Call) -> dict[str, Any]:
    body = call.body
    if not 0 <= body["end_time"] - body["start_time"] <= 30 * DAY_S:
        raise WireError(40058, "at most 30 days")
    kinds = {0: {0}, 1: {1}, 2: {0, 1}}[body.get("filter_type", 2)]
    found = [
        {
            "moment_id": m.moment_id,
            "creator": m.creator,
            "create_time": m.created_at,
            "create_type": _create_type(m),
            "visible_type": 1,
            "text": m.body.get("text") or {},
            **_parts(m),
        }
        for m in call.corp.moments.values()
        if body["start_time"] <= m.created_at <= body["end_time"]
        and body.get("creator") in (None, "", m.creator)
        and _create_type(m) in kinds
    ]
    rows, cursor = page(found, body.get("cursor", ""), body["limit"])
    return {"moment_list": rows, "next_cursor": cursor}


def publishers(call: Call) -> dict[str, Any]:
    found = [
        {"userid": userid, "publish_status": int(bool(at))} for userid, at in _moment(call).publishers.items()
    ]
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"task_list": rows, "next_cursor": cursor}


def _audience(call: Call) -> list[dict[str, Any]]:
    userid = call.body["userid"].lower()
    moment = _moment(call)
    if userid not in moment.publishers:
        raise WireError(40003, call.body["userid"])
    if not moment.publishers[userid]:
        return []
    audience = (moment.body.get("visible_range") or {}).get("external_contact_list") or {}
    wanted = set(audience.get("tag_list") or [])
    ties = [
        tie
        for tie in call.corp.relations_of_staff(userid)
        if tie.status == "full" and (not wanted or wanted & set(tie.tag_ids))
    ]
    return [{"userid": userid, "external_userid": tie.external_userid} for tie in ties]


def customers(call: Call) -> dict[str, Any]:
    rows, cursor = page(_audience(call), call.body.get("cursor", ""), call.body["limit"])
    return {"customer_list": rows, "next_cursor": cursor}


def send_result(call: Call) -> dict[str, Any]:
    rows, cursor = page(_audience(call), call.body.get("cursor", ""), call.body["limit"])
    listed = [{"external_userid": row["external_userid"]} for row in rows]
    return {"customer_list": listed, "next_cursor": cursor}


def comments(call: Call) -> dict[str, Any]:
    moment, userid = _moment(call), call.body["userid"].lower()
    return {
        "comment_list": _under(moment.comments, userid),
        "like_list": _under(moment.likes, userid),
    }


def _under(rows: list[dict[str, Any]], userid: str) -> list[dict[str, Any]]:
    """What customers left below this staff member's moment."""
    names = ("external_userid", "create_time")
    return [{name: row[name] for name in names} for row in rows if row["under"] == userid]


MOMENT = Field(str, required=True)
USER = Field(str, required=True)
CURSOR = Field(str)

ENDPOINTS = (
    post(
        "externalcontact/add_moment_task",
        "moments",
        add,
        text=Field(dict, spec={"content": Field(str, max_chars=2000)}),
        attachments=Field(list, items=dict),
        visible_range=Field(
            dict,
            spec={
                "sender_list": Field(
                    dict,
                    spec={
                        "user_list": Field(list, items=str),
                        "department_list": Field(list, items=int),
                    },
                ),
                "external_contact_list": Field(dict, spec={"tag_list": Field(list, items=str)}),
            },
        ),
    ),
    get("externalcontact/get_moment_task_result", "moments", task_result, jobid=Field(str, required=True)),
    post("externalcontact/cancel_moment_task", "moments", cancel, moment_id=MOMENT),
    post(
        "externalcontact/get_moment_list",
        "moments",
        moment_list,
        start_time=Field(int, required=True),
        end_time=Field(int, required=True),
        creator=Field(str),
        filter_type=Field(int, choices=(0, 1, 2)),
        cursor=CURSOR,
        limit=Field(int, low=1, high=20, default=20),
    ),
    post(
        "externalcontact/get_moment_task",
        "moments",
        publishers,
        moment_id=MOMENT,
        cursor=CURSOR,
        limit=Field(int, low=1, high=1000, default=500),
    ),
    post(
        "externalcontact/get_moment_customer_list",
        "moments",
        customers,
        moment_id=MOMENT,
        userid=USER,
        cursor=CURSOR,
        limit=Field(int, low=1, high=1000, default=500),
    ),
    post(
        "externalcontact/get_moment_send_result",
        "moments",
        send_result,
        moment_id=MOMENT,
        userid=USER,
        cursor=CURSOR,
        limit=Field(int, low=1, high=5000, default=3000),
    ),
    post("externalcontact/get_moment_comments", "moments", comments, moment_id=MOMENT, userid=USER),
)
