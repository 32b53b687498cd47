"""What lands in a corp's message archive, and consent to it (PROTOCOL 3.14).

Our reading where the vendor is silent: a customer is asked when the archive first meets them; what a customer who
has not agreed writes is not kept, nor is a private chat with them; what staff write into a group is kept.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from simulator.world import samples
from simulator.world.archive import (
    AGREE,
    DISAGREE,
    KEPT_S,
    NOTIFY_EVERY_S,
    UNASKED,
    Consent,
    Room,
    Row,
)
from simulator.world.entities import STAFF, Group
from simulator.world.events import emit
from simulator.world.model import Corp, stable_id


def is_waiting_for_consent(corp: Corp, userid: str, external_userid: str) -> bool:
    """Whether a welcome is refused with 41053: the chat is archived and the customer has not agreed."""
    if not corp.archive.covers(userid):
        return False
    consent = corp.archive.consents.get(external_userid)
    return consent is not None and consent.status != AGREE


def ask(corp: Corp, external_userid: str, at: float) -> str:
    """The customer's consent; decided by the seed when they are first met."""
    archive = corp.archive
    known = archive.consents.get(external_userid)
    if known is not None:
        return known.status
    roll = zlib.crc32(f"{corp.seed}|consent|{external_userid}".encode()) / 2**32
    if roll < archive.agree_share:
        return set_consent(corp, external_userid, AGREE, at)
    status = DISAGREE if roll < archive.agree_share + (1 - archive.agree_share) / 2 else UNASKED
    return set_consent(corp, external_userid, status, at)


def set_consent(corp: Corp, external_userid: str, status: str, at: float) -> str:
    """Keep the answer. Agreeing and refusing leave a row in the archive; nobody was told of the unasked."""
    corp.archive.consents[external_userid] = Consent(status, int(at))
    if status != UNASKED:
        kind = "agree" if status == AGREE else "disagree"
        content = {"userid": external_userid, "agree_time": int(at * 1000)}
        _keep(
            corp, kind, content, sender=external_userid, to=[_somebody(corp, external_userid)], room="", at=at
        )
    return status


def _somebody(corp: Corp, external_userid: str) -> str:
    """A staff member the customer has to do with, for the row's tolist."""
    ties = corp.relations.by_customer.get(external_userid, ())
    return ties[0].userid if ties else next(iter(corp.staff), "")


def group_message(
    corp: Corp, group: Group, sender: str, at: float, kind: str, content: dict[str, Any]
) -> str:
    """A message in a customer group. Returns its msgid, or an empty string when it is not kept."""
    archive = corp.archive
    if not archive.is_on:
        return ""
    covered = any(m.type == STAFF and archive.covers(m.id) for m in group.members.values())
    if not covered or (sender not in corp.staff and ask(corp, sender, at) != AGREE):
        return ""
    to = [member_id for member_id in group.members if member_id != sender]
    return _spiced(corp, kind, content, sender=sender, to=to, room=group.chat_id, at=at)


def private_message(
    corp: Corp, sender: str, receiver: str, at: float, kind: str, content: dict[str, Any]
) -> str:
    """A message between a staff member and a customer, or between two of the staff."""
    archive = corp.archive
    if not archive.is_on:
        return ""
    staff = [person for person in (sender, receiver) if person in corp.staff]
    customers = [person for person in (sender, receiver) if person in corp.customers]
    if not any(archive.covers(userid) for userid in staff):
        return ""
    if any(ask(corp, person, at) != AGREE for person in customers):
        return ""
    return _spiced(corp, kind, content, sender=sender, to=[receiver], room="", at=at)


def parts(corp: Corp, message: dict[str, Any], at: float) -> list[tuple[str, dict[str, Any]]]:
    """A message as the archive sees it: the text, then every attachment as a message of its own."""
    found: list[tuple[str, dict[str, Any]]] = []
    if message["text"]:
        found.append(("text", {"content": message["text"]}))
    for attachment in message["attachments"]:
        kind = attachment.get("msgtype", "")
        if kind == "link":
            link = attachment.get("link") or {}
            shown = {
                "title": link.get("title", ""),
                "description": link.get("desc", ""),
                "link_url": link.get("url", ""),
                "image_url": link.get("picurl", ""),
            }
            found.append(("link", shown))
        elif kind == "miniprogram":
            title = (attachment.get("miniprogram") or {}).get("title", "")
            found.append(("weapp", {"title": title, "description": "", "username": "", "displayname": title}))
        elif kind in samples.SIZES:
            found.append((kind, samples.media(corp, kind, at)))
    return found


def room_message(corp: Corp, room: Room, sender: str, at: float, kind: str, content: dict[str, Any]) -> str:
    """A message in an internal group."""
    if not corp.archive.is_on or not any(corp.archive.covers(userid) for userid in room.members):
        return ""
    to = [userid for userid in room.members if userid != sender]
    return _keep(corp, kind, content, sender=sender, to=to, room=room.roomid, at=at)


def recall(corp: Corp, msgid: str, at: float) -> str:
    """The sender takes a kept message back: a revoke row with action recall. Returns the new msgid or nothing."""
    for row in reversed(corp.archive.rows):
        if row.msgid == msgid:
            old = json.loads(row.plain, strict=False)
            return _keep(
                corp,
                "revoke",
                {"pre_msgid": msgid},
                sender=old["from"],
                to=old["tolist"],
                room=old["roomid"],
                at=at,
                action="recall",
            )
    return ""


def switch(corp: Corp, userid: str, at: float) -> str:
    """A staff member switches to another corp in the client; the row has four fields only."""
    archive = corp.archive
    if not archive.covers(userid):
        return ""
    msgid = _next_msgid(corp)
    _append(corp, {"msgid": msgid, "action": "switch", "time": int(at * 1000), "user": userid}, at)
    return msgid


def _spiced(corp: Corp, kind: str, content: dict[str, Any], **where: Any) -> str:
    """Keep a message and, now and then by its number, what real archives hold too."""
    archive, at = corp.archive, where["at"]
    roll = zlib.crc32(f"{corp.seed}|spice|{archive.seq}".encode()) % 1000 if archive.spice else 1000
    if roll < 20 and kind == "text":
        content = {**content, "content": samples.with_control_character(content["content"])}
    msgid = _keep(corp, kind, content, **where)
    if 20 <= roll < 90:
        extra, body = samples.pick(corp, roll, at)
        _keep(corp, extra, body, **where)
    elif 90 <= roll < 100:
        recall(corp, msgid, at)
    elif roll == 100 and where["sender"] in corp.staff:
        switch(corp, where["sender"], at)
    return msgid


def _next_msgid(corp: Corp) -> str:
    return stable_id("", f"{corp.corp_id}|{corp.seed}|msg|{corp.archive.seq + 1}", 20) + "_external"


def _keep(
    corp: Corp,
    kind: str,
    content: dict[str, Any],
    *,
    sender: str,
    to: list[str],
    room: str,
    at: float,
    action: str = "send",
) -> str:
    msgid = _next_msgid(corp)
    head = {
        "msgid": msgid,
        "action": action,
        "from": sender,
        "tolist": to,
        "roomid": room,
        "msgtime": int(at * 1000),
        "msgtype": kind,
    }
    body = content if kind in samples.TOP_LEVEL else {samples.KEYS.get(kind, kind): content}
    _append(corp, {**head, **body}, at)
    return msgid


def _append(corp: Corp, message: dict[str, Any], at: float) -> None:
    archive = corp.archive
    archive.seq += 1
    key = stable_id("", f"{corp.corp_id}|{corp.seed}|key|{archive.seq}", 32)
    plain = samples.encoded(message)
    archive.rows.append(Row(archive.seq, message["msgid"], archive.current_version, key, plain, at))
    kind = message.get("msgtype", "switch")
    archive.counts[kind] = archive.counts.get(kind, 0) + 1
    while archive.rows and archive.rows[0].at < at - KEPT_S:
        archive.rows.popleft()
    archive.is_notify_due = True
    notify(corp, at)


def notify(corp: Corp, at: float) -> bool:
    """Say that there is traffic, at most once in 15 s; what comes in between is told by the next one."""
    archive = corp.archive
    if not archive.is_notify_due or (archive.notified_at and at - archive.notified_at < NOTIFY_EVERY_S):
        return False
    archive.is_notify_due, archive.notified_at = False, at
    agentid = next(iter(corp.apps), 0)
    emit(
        corp,
        event="msgaudit_notify",
        change_type="",
        fields=[],
        at=at,
        lane="archive",
        agentid=agentid,
    )
    return True


def rooms(corp: Corp) -> dict[str, Room]:
    """The corp's internal groups; the first is made when somebody looks."""
    known = corp.archive.rooms
    if not known and corp.staff:
        members = list(corp.staff)[:12]
        at = min((g.create_time for g in corp.groups.values()), default=0)
        roomid = stable_id("wr", f"{corp.corp_id}|{corp.seed}|room", 30)
        known[roomid] = Room(roomid, "运营内部群", members[0], at, "", dict.fromkeys(members, at))
    return known
