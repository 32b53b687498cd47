"""What people say: /sim/message/... ; it lands in chats, on phones and, where it is on, in the archive."""

from __future__ import annotations

from typing import Any

from simulator.human.answers import Action, Body, need
from simulator.runtime import Runtime
from simulator.world import archiving, groups, samples
from simulator.world.acquisition import LinkCustomer
from simulator.world.archive import AGREE, DISAGREE
from simulator.world.events import emit
from simulator.world.model import Corp
from simulator.world.relations import Refused


async def send(runtime: Runtime, body: Body) -> Body:
    """One message of any type into a group, an internal room or a private chat. `content` is the type's object.

    For text a plain `text` is enough; other types fill what is missing from a sample.
    """
    corp_id, sender = need(body, "corp_id", "from")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    kind = str(body.get("msgtype") or "text")
    given = dict(body.get("content") or {})
    if body.get("text"):
        given.setdefault("content", str(body["text"]))
    if kind == "text" and not given.get("content"):
        raise Refused("text is required")
    content = samples.body(corp, kind, now, given)
    if body.get("chat_id"):
        return _to_group(corp, str(body["chat_id"]), sender, now, kind, content)
    (receiver,) = need(body, "to")
    return _in_private(corp, sender, str(receiver), now, kind, content)


def _to_group(corp: Corp, chat_id: str, sender: str, now: float, kind: str, content: dict[str, Any]) -> Body:
    room = archiving.rooms(corp).get(chat_id)
    if room is not None:
        if sender not in room.members:
            raise Refused("only members speak in a group")
        return {"msgid": archiving.room_message(corp, room, sender, now, kind, content)}
    shown = [] if kind == "text" else [{"msgtype": kind, kind: content}]
    message = groups.post(
        corp,
        chat_id=chat_id,
        sender=sender,
        at=now,
        text=content["content"] if kind == "text" else "",
        attachments=shown,
        kind=kind,
        content=content,
    )
    return {"msgid": message.get("msgid", ""), "message": message}


def _in_private(
    corp: Corp, sender: str, receiver: str, now: float, kind: str, content: dict[str, Any]
) -> Body:
    """Between a staff member and a customer who know each other, or two of the staff."""
    if sender in corp.staff and receiver in corp.staff:
        return {"msgid": archiving.private_message(corp, sender, receiver, now, kind, content)}
    userid, who = (sender, receiver) if sender in corp.staff else (receiver, sender)
    tie = corp.relations.get((userid, who))
    if tie is None or tie.status != "full":
        raise Refused("the two do not have each other as contacts")
    if sender == who:
        _tell_of_link(corp, userid, who, now, is_first=not tie.talked_at)
    tie.talked_at = int(now)
    text = content["content"] if kind == "text" else ""
    shown = [] if kind == "text" else [{"msgtype": kind, kind: content}]
    message = {"at": int(now), "from": sender, "text": text, "attachments": shown, "source": "person"}
    if sender == userid:
        corp.fresh.append(("private_message", who, len(corp.customers[who].inbox)))
    corp.customers[who].inbox.append({**message, "with": userid})
    msgid = archiving.private_message(corp, sender, receiver, now, kind, content)
    return {"msgid": msgid, "message": message}


def _tell_of_link(corp: Corp, userid: str, who: str, now: float, *, is_first: bool) -> None:
    """Who came by an acquisition link writes, as the first of the two or once more (PROTOCOL 2.3)."""
    for row in corp.acquisition.customers:
        if (row.userid, row.external_userid) == (userid, who):
            row.has_chatted = row.has_chatted or is_first
            change_type, fields = _said_first(row) if is_first else _said_more(corp)
            emit(
                corp,
                event="customer_acquisition",
                change_type=change_type,
                fields=[("LinkId", row.link_id), *fields],
                at=now,
                lane=who,
            )
            return


def _said_first(row: LinkCustomer) -> tuple[str, list[tuple[str, object]]]:
    return "customer_start_chat", [
        ("State", row.state),
        ("UserID", row.userid),
        ("ExternalUserID", row.external_userid),
    ]


def _said_more(corp: Corp) -> tuple[str, list[tuple[str, object]]]:
    return "message_from_customer", [("ChatKey", corp.new_id("ck", 40))]


async def recall(runtime: Runtime, body: Body) -> Body:
    """The sender takes a message back; the archive gets a revoke row."""
    corp_id, msgid = need(body, "corp_id", "msgid")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    made = archiving.recall(corp, str(msgid), now)
    if not made:
        raise Refused("no such message in the archive")
    for group in corp.groups.values():
        for message in group.messages[-200:]:
            if message.get("msgid") == msgid:
                message["text"], message["attachments"] = "", []
                message["recalled"] = True
    return {"msgid": made}


async def consent(runtime: Runtime, body: Body) -> Body:
    """The customer agrees to being archived, or no longer does; agreeing sends msg_audit_approved."""
    corp_id, who = need(body, "corp_id", "external_userid")
    corp, now = runtime.corp(corp_id), runtime.clock.now()
    if who not in corp.customers:
        raise Refused(f"no customer {who}")
    agrees = bool(body.get("agree", True))
    archiving.set_consent(corp, who, AGREE if agrees else DISAGREE, now)
    for tie in corp.relations_of_customer(who):
        if agrees and tie.status == "full" and corp.archive.covers(tie.userid):
            emit(
                corp,
                event="change_external_contact",
                change_type="msg_audit_approved",
                fields=[("UserID", tie.userid), ("ExternalUserID", who)],
                at=now,
                lane=who,
                from_user=tie.userid,
            )
    return {"status": corp.archive.consents[who].status}


async def switch(runtime: Runtime, body: Body) -> Body:
    """A staff member switches to another corp in the client."""
    corp_id, userid = need(body, "corp_id", "userid")
    return {"msgid": archiving.switch(runtime.corp(corp_id), userid, runtime.clock.now())}


async def rooms(runtime: Runtime, body: Body) -> Body:
    """The corp's internal groups."""
    (corp_id,) = need(body, "corp_id")
    found = archiving.rooms(runtime.corp(corp_id)).values()
    return {"rooms": [{"roomid": r.roomid, "name": r.name, "members": list(r.members)} for r in found]}


ACTIONS: dict[str, Action] = {
    "message/send": send,
    "message/recall": recall,
    "message/consent": consent,
    "message/switch": switch,
    "message/rooms": rooms,
}
