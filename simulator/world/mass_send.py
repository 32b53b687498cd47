"""Mass sends: a task per staff, a row per receiver, and the vendor's quota (PROTOCOL 3.6, 4)."""

from __future__ import annotations

import calendar
import datetime as dt
import hashlib
import json
from typing import Any
from zoneinfo import ZoneInfo

from simulator.world import archiving, groups
from simulator.world.entities import MassSend, MassTask
from simulator.world.model import Corp
from simulator.world.relations import LISTED, Refused

UNSENT, SENT, NOT_FRIEND, OVER_LIMIT = 0, 1, 2, 3
TASK_WAITING, TASK_SENT = 0, 2


def quota_period(corp: Corp, at: float) -> tuple[str, int]:
    """The running period's name and how many sends a receiver may get in it."""
    local = dt.datetime.fromtimestamp(at, ZoneInfo(corp.timezone))
    if corp.quota_rule == "day":
        return local.strftime("%Y-%m-%d"), 1
    if corp.quota_rule == "week":
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02d}", 7
    return local.strftime("%Y-%m"), calendar.monthrange(local.year, local.month)[1]


def quota_left(corp: Corp, receiver: str, at: float) -> int:
    """Sends this receiver may still get in the running period."""
    period, limit = quota_period(corp, at)
    return limit - corp.quota_used.get((receiver, f"{corp.quota_rule}:{period}"), 0)


def _spend(corp: Corp, receiver: str, at: float) -> None:
    period, _ = quota_period(corp, at)
    key = (receiver, f"{corp.quota_rule}:{period}")
    corp.quota_used[key] = corp.quota_used.get(key, 0) + 1


def content_hash(text: dict[str, Any], attachments: list[dict[str, Any]]) -> str:
    """A digest of the content alone, so that a doubled effect is visible."""
    packed = json.dumps([text, attachments], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(packed.encode()).hexdigest()[:24]


def create(
    corp: Corp,
    *,
    chat_type: str,
    creator: str,
    receivers_by_staff: dict[str, list[str]],
    text: dict[str, Any],
    attachments: list[dict[str, Any]],
    at: float,
    agentid: int = 0,
) -> MassSend:
    """Ask each staff member to send; nothing goes out before they confirm."""
    mass = MassSend(
        msgid=corp.new_id("msg", 28),
        agentid=agentid,
        chat_type=chat_type,
        creator=creator,
        create_time=int(at),
        create_type=0 if agentid else 1,
        text=text,
        attachments=attachments,
        content_hash=content_hash(text, attachments),
        tasks={uid: MassTask(uid, list(ids)) for uid, ids in receivers_by_staff.items()},
    )
    corp.mass_sends[mass.msgid] = mass
    if agentid:
        for userid in mass.tasks:
            corp.fresh.append(("mass_task", f"{mass.msgid}|{userid}", int(at)))
    return mass


def confirm(corp: Corp, *, msgid: str, userid: str, at: float) -> MassTask:
    """The staff member taps send. A second tap changes nothing."""
    mass = corp.mass_sends.get(msgid)
    task = mass.tasks.get(userid) if mass else None
    if mass is None or task is None:
        raise Refused("no such task for this staff member")
    if task.status == TASK_SENT:
        return task
    if mass.cancelled:
        raise Refused("the task was cancelled")
    for receiver in task.receivers:
        task.results[receiver] = (_send_one(corp, mass, userid, receiver, at), int(at))
    task.status = TASK_SENT
    task.send_time = int(at)
    return task


def _send_one(corp: Corp, mass: MassSend, userid: str, receiver: str, at: float) -> int:
    if mass.chat_type == "group":
        group = corp.groups.get(receiver)
        if group is None or group.dismissed or userid not in group.members:
            return NOT_FRIEND
    else:
        relation = corp.relations.get((userid, receiver))
        if relation is None or relation.status != "full":
            return NOT_FRIEND
    if quota_left(corp, receiver, at) <= 0:
        return OVER_LIMIT
    _spend(corp, receiver, at)
    _deliver(corp, mass, userid, receiver, at)
    return SENT


def _deliver(corp: Corp, mass: MassSend, userid: str, receiver: str, at: float) -> None:
    text = mass.text.get("content", "")
    if mass.chat_type == "group":
        groups.post(
            corp,
            chat_id=receiver,
            sender=userid,
            at=at,
            text=text,
            attachments=mass.attachments,
            source=f"mass:{mass.msgid}",
        )
        return
    put_in_inbox(
        corp,
        external_userid=receiver,
        sender=userid,
        at=at,
        text=text,
        attachments=mass.attachments,
        source=f"mass:{mass.msgid}",
    )


def put_in_inbox(
    corp: Corp,
    *,
    external_userid: str,
    sender: str,
    at: float,
    text: str,
    attachments: list[dict[str, Any]],
    source: str,
) -> None:
    """A private message reaches the customer's phone."""
    inbox = corp.customers[external_userid].inbox
    message: dict[str, Any] = {"at": int(at), "from": sender, "text": text, "attachments": attachments}
    inbox.append({**message, "source": source})
    if corp.archive.is_on:
        for kind, content in archiving.parts(corp, message, at):
            archiving.private_message(corp, sender, external_userid, at, kind, content)
    corp.fresh.append(("private_message", external_userid, len(inbox) - 1))


def personal_send(
    corp: Corp,
    *,
    userid: str,
    receivers: list[str],
    chat_type: str,
    text: str,
    at: float,
) -> MassSend:
    """A staff member's own mass send: at once, and it spends the same quota."""
    mass = create(
        corp,
        chat_type=chat_type,
        creator=userid,
        receivers_by_staff={userid: receivers},
        text={"content": text},
        attachments=[],
        at=at,
    )
    confirm(corp, msgid=mass.msgid, userid=userid, at=at)
    return mass


def default_receivers(corp: Corp, userid: str) -> list[str]:
    """All customers of a staff member who can be reached."""
    return [r.external_userid for r in corp.relations_of_staff(userid) if r.status in LISTED]
