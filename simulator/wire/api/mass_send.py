"""Mass sends to customers and groups (PROTOCOL 3.6)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.attachments import ATTACHMENTS, TEXT, check_content
from simulator.wire.api.common import staff, visible
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, page, post
from simulator.wire.errors import WireError
from simulator.world import mass_send
from simulator.world.entities import MassSend
from simulator.world.relations import LISTED

MONTH_S = 31 * 86400
REMINDERS_A_DAY = 3
DAY_S = 86400


def _followers(call: Call, external_userid: str, sender: str | None) -> list[str]:
    """The staff who could send to this customer, the last one who talked first."""
    ties = [
        tie
        for tie in call.corp.relations_of_customer(external_userid)
        if tie.status in LISTED and visible(call, tie.userid) and sender in (None, tie.userid)
    ]
    ties.sort(key=lambda tie: (-tie.talked_at, tie.created_at))
    return [tie.userid for tie in ties]


def _tag_matches(call: Call, external_userid: str, userid: str) -> bool:
    tag_filter = call.body.get("tag_filter") or {}
    wanted = [set(group.get("tag_list") or []) for group in tag_filter.get("group_list") or []]
    tags = set(call.corp.relations[(userid, external_userid)].tag_ids)
    return all(tags & group for group in wanted if group)


def _single_receivers(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    sender = staff(call, call.body["sender"], needs_contact=True).userid if call.body.get("sender") else None
    named = call.body.get("external_userid") or []
    if not named and sender is None:
        raise WireError(40058, "external_userid or sender is required")
    by_staff: dict[str, list[str]] = {}
    failed: list[str] = []
    if not named:
        everyone = mass_send.default_receivers(call.corp, sender or "")
        matching = [ext for ext in everyone if _tag_matches(call, ext, sender or "")]
        return ({sender or "": matching} if matching else {}), []
    for external_userid in dict.fromkeys(named):
        followers = _followers(call, external_userid, sender)
        if followers:
            by_staff.setdefault(followers[0], []).append(external_userid)
        else:
            failed.append(external_userid)
    return by_staff, failed


def _group_receivers(call: Call) -> tuple[dict[str, list[str]], list[str]]:
    sender = staff(call, call.body.get("sender") or "", needs_contact=True).userid
    owned = [g.chat_id for g in call.corp.groups.values() if g.owner == sender and not g.dismissed]
    named = call.body.get("chat_id_list")
    if not named:
        return ({sender: owned} if owned else {}), []
    good = [chat_id for chat_id in dict.fromkeys(named) if chat_id in owned]
    return ({sender: good} if good else {}), [chat_id for chat_id in named if chat_id not in owned]


def add_msg_template(call: Call) -> dict[str, Any]:
    text, attachments = check_content(call)
    chat_type = call.body["chat_type"]
    if chat_type == "group" and not call.body.get("sender"):
        raise WireError(40058, "sender is required for chat_type group")
    if call.body.get("allow_select") and chat_type != "single":
        raise WireError(40058, "allow_select is for chat_type single")
    receivers, failed = _group_receivers(call) if chat_type == "group" else _single_receivers(call)
    if not receivers:
        raise WireError(41048, "no receiver", fail_list=failed)
    mass = mass_send.create(
        call.corp,
        chat_type=chat_type,
        creator=call.body.get("sender") or next(iter(receivers)),
        receivers_by_staff=receivers,
        text=text,
        attachments=attachments,
        at=call.now,
        agentid=call.app.agentid,
    )
    return {"fail_list": failed, "msgid": mass.msgid}


def _mass(call: Call) -> MassSend:
    """The mass send. Raises 40058, or 41063 while the dispatch fault holds it."""
    found = call.corp.mass_sends.get(call.body["msgid"])
    if found is None:
        raise WireError(40058, "unknown msgid")
    if call.now - found.create_time < call.corp.faults.dispatch_s:
        raise WireError(41063)
    return found


def mass_list(call: Call) -> dict[str, Any]:
    body = call.body
    if not 0 <= body["end_time"] - body["start_time"] <= MONTH_S:
        raise WireError(40058, "at most one month")
    kinds = {0: (0,), 1: (1,), 2: (0, 1)}[body["filter_type"]]
    found = [
        {
            "msgid": m.msgid,
            "creator": m.creator,
            "create_time": m.create_time,
            "create_type": m.create_type,
            "text": m.text,
            "attachments": m.attachments,
        }
        for m in call.corp.mass_sends.values()
        if m.chat_type == body["chat_type"]
        and body["start_time"] <= m.create_time <= body["end_time"]
        and m.create_type in kinds
        and body.get("creator") in (None, "", m.creator)
    ]
    rows, cursor = page(found, body.get("cursor", ""), body["limit"])
    return {"group_msg_list": rows, "next_cursor": cursor}


def task_list(call: Call) -> dict[str, Any]:
    found = []
    for task in _mass(call).tasks.values():
        row: dict[str, Any] = {"userid": task.userid, "status": task.status}
        if task.send_time:
            row["send_time"] = task.send_time
        found.append(row)
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"task_list": rows, "next_cursor": cursor}


def send_result(call: Call) -> dict[str, Any]:
    mass = _mass(call)
    task = mass.tasks.get(call.body["userid"].lower())
    if task is None:
        raise WireError(40003, call.body["userid"])
    key = "chat_id" if mass.chat_type == "group" else "external_userid"
    found = []
    for receiver in task.receivers:
        status, at = task.results.get(receiver, (mass_send.UNSENT, 0))
        if mass.chat_type == "group" and status == mass_send.UNSENT:
            continue
        row = {key: receiver, "userid": task.userid, "status": status}
        found.append({**row, "send_time": at} if at else row)
    rows, cursor = page(found, call.body.get("cursor", ""), call.body["limit"])
    return {"send_list": rows, "next_cursor": cursor}


def remind(call: Call) -> dict[str, Any]:
    mass = _mass(call)
    if mass.cancelled:
        raise WireError(41093)
    mass.reminded_at = [at for at in mass.reminded_at if at > call.now - DAY_S]
    if len(mass.reminded_at) >= REMINDERS_A_DAY:
        raise WireError(41094)
    mass.reminded_at.append(int(call.now))
    for task in mass.tasks.values():
        if task.status == mass_send.TASK_WAITING:
            call.corp.fresh.append(("mass_reminder", f"{mass.msgid}|{task.userid}", int(call.now)))
    return {}


def cancel(call: Call) -> dict[str, Any]:
    mass = _mass(call)
    if mass.cancelled:
        raise WireError(41093)
    mass.cancelled = True
    return {}


MSGID = Field(str, required=True)
THOUSAND = Field(int, low=1, high=1000, default=500)
CURSOR = Field(str)

ENDPOINTS = (
    post(
        "externalcontact/add_msg_template",
        "mass_send",
        add_msg_template,
        chat_type=Field(str, choices=("single", "group"), default="single"),
        external_userid=Field(list, items=str, max_items=10_000),
        chat_id_list=Field(list, items=str, max_items=2_000),
        tag_filter=Field(dict, spec={"group_list": Field(list, spec={"tag_list": Field(list, items=str)})}),
        sender=Field(str),
        allow_select=Field(bool),
        text=TEXT,
        attachments=ATTACHMENTS,
    ),
    post(
        "externalcontact/get_groupmsg_list_v2",
        "mass_send",
        mass_list,
        chat_type=Field(str, required=True, choices=("single", "group")),
        start_time=Field(int, required=True),
        end_time=Field(int, required=True),
        creator=Field(str),
        filter_type=Field(int, choices=(0, 1, 2), default=2),
        limit=Field(int, low=1, high=100, default=50),
        cursor=CURSOR,
    ),
    post(
        "externalcontact/get_groupmsg_task",
        "mass_send",
        task_list,
        msgid=MSGID,
        limit=THOUSAND,
        cursor=CURSOR,
    ),
    post(
        "externalcontact/get_groupmsg_send_result",
        "mass_send",
        send_result,
        msgid=MSGID,
        userid=Field(str, required=True),
        limit=THOUSAND,
        cursor=CURSOR,
    ),
    post("externalcontact/remind_groupmsg_send", "mass_send", remind, msgid=MSGID),
    post("externalcontact/cancel_groupmsg_send", "mass_send", cancel, msgid=MSGID),
)
