"""What people do by hand: JSON endpoints under /sim. Each answers after its callbacks were tried."""

from __future__ import annotations

from typing import Any

from simulator.human.answers import Action, Body, need
from simulator.runtime import Runtime
from simulator.wire.xml import Nest
from simulator.world import codes, groups, mass_send, relations
from simulator.world.entities import ResponseCode
from simulator.world.events import emit
from simulator.world.model import Corp
from simulator.world.relations import Refused


def _start(runtime: Runtime, body: Body) -> tuple[Corp, float]:
    (corp_id,) = need(body, "corp_id")
    return runtime.corp(corp_id), runtime.clock.now()


async def scan_contact_way(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    config_id, who = need(body, "config_id", "external_userid")
    tie = codes.scan_contact_way(corp, config_id=config_id, external_userid=who, at=now, now=now)
    return {"userid": tie.userid, "status": tie.status, "state": tie.state}


async def scan_join_way(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    config_id, who = need(body, "config_id", "external_userid")
    group = codes.scan_join_way(corp, config_id=config_id, external_userid=who, at=now, now=now)
    return {"chat_id": group.chat_id, "name": group.name}


async def add_staff(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    userid, who = need(body, "userid", "external_userid")
    tie = relations.add(
        corp,
        userid=userid,
        external_userid=who,
        at=now,
        now=now,
        add_way=int(body.get("add_way") or 1),
        state=str(body.get("state") or ""),
        is_half=bool(body.get("half")),
    )
    return {"status": tie.status}


async def customer_deletes(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    userid, who = need(body, "userid", "external_userid")
    return {"status": relations.customer_deletes(corp, userid=userid, external_userid=who, at=now).status}


async def staff_deletes(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    userid, who = need(body, "userid", "external_userid")
    return {"status": relations.staff_deletes(corp, userid=userid, external_userid=who, at=now).status}


async def edit_customer(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    userid, who = need(body, "userid", "external_userid")
    tie = relations.edit_in_client(
        corp,
        userid=userid,
        external_userid=who,
        at=now,
        remark=body.get("remark"),
        add_tags=body.get("add_tag"),
        remove_tags=body.get("remove_tag"),
    )
    return {"tag_ids": tie.tag_ids, "remark": tie.remark}


async def talk(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    userid, who = need(body, "userid", "external_userid")
    relations.talk(corp, userid=userid, external_userid=who, at=now)
    return {}


def _people(body: Body) -> list[str]:
    listed = body.get("person_ids") or [body.get("person_id") or body.get("external_userid") or ""]
    if not all(listed):
        raise Refused("person_ids or external_userid is required")
    return list(listed)


async def group_create(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    owner, name = need(body, "owner", "name")
    if owner not in corp.staff:
        raise Refused(f"no staff {owner}")
    group = groups.create(corp, owner=owner, name=name, at=now)
    return {"chat_id": group.chat_id}


async def group_join(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    (chat_id,) = need(body, "chat_id")
    joined = groups.join(
        corp,
        chat_id=chat_id,
        person_ids=_people(body),
        at=now,
        now=now,
        scene=int(body.get("scene") or groups.BY_QR),
        invitor=str(body.get("invitor") or ""),
        state=str(body.get("state") or ""),
    )
    return {"joined": joined}


async def group_leave(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    (chat_id,) = need(body, "chat_id")
    return {"left": groups.leave(corp, chat_id=chat_id, person_ids=_people(body), at=now, now=now)}


async def group_kick(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    chat_id, by = need(body, "chat_id", "by")
    gone = groups.leave(corp, chat_id=chat_id, person_ids=_people(body), at=now, now=now, by=by)
    return {"removed": gone}


async def group_rename(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    chat_id, name = need(body, "chat_id", "name")
    groups.rename(corp, chat_id=chat_id, name=name, at=now, now=now)
    return {}


async def group_notice(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    chat_id, notice = need(body, "chat_id", "notice")
    groups.set_notice(corp, chat_id=chat_id, notice=notice, at=now, now=now)
    return {}


async def group_owner(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    chat_id, userid = need(body, "chat_id", "userid")
    groups.change_owner(corp, chat_id=chat_id, userid=userid, at=now, now=now)
    return {}


async def group_dismiss(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    (chat_id,) = need(body, "chat_id")
    groups.dismiss(corp, chat_id=chat_id, at=now)
    return {}


async def forward(runtime: Runtime, body: Body) -> Body:
    """A person sends a message into a group, for instance one prepared by the product."""
    corp, now = _start(runtime, body)
    chat_id, sender = need(body, "chat_id", "sender")
    message = groups.post(
        corp,
        chat_id=chat_id,
        sender=sender,
        at=now,
        text=str(body.get("text") or ""),
        attachments=body.get("attachments") or [],
        source=str(body.get("source") or "forward"),
    )
    return {"message": message}


async def confirm_mass_send(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    msgid, userid = need(body, "msgid", "userid")
    task = mass_send.confirm(corp, msgid=msgid, userid=userid, at=now)
    rows = {receiver: status for receiver, (status, _) in task.results.items()}
    return {"status": task.status, "results": rows}


async def personal_mass_send(runtime: Runtime, body: Body) -> Body:
    corp, now = _start(runtime, body)
    userid, text = need(body, "userid", "text")
    chat_type = str(body.get("chat_type") or "single")
    receivers = body.get("chat_ids") if chat_type == "group" else body.get("external_userids")
    sent = mass_send.personal_send(
        corp, userid=userid, receivers=list(receivers or []), chat_type=chat_type, text=text, at=now
    )
    rows = {receiver: status for receiver, (status, _) in sent.tasks[userid].results.items()}
    return {"msgid": sent.msgid, "results": rows}


async def click_card(runtime: Runtime, body: Body) -> Body:
    """A staff member presses a button of a template card; the app gets a template_card_event."""
    corp, now = _start(runtime, body)
    msgid, userid, key = need(body, "msgid", "userid", "key")
    message = corp.app_messages.get(msgid)
    if message is None or userid not in message.userids or message.msgtype != "template_card":
        raise Refused("no such card for this staff member")
    name = "template_card_menu_event" if body.get("menu") else "template_card_event"
    questions = dict(body.get("selected") or {})
    code = corp.new_id("rc", 40)
    corp.response_codes[code] = ResponseCode(msgid, userid, now)
    fields: list[tuple[str, Any]] = [
        ("EventKey", key),
        ("TaskId", message.task_id),
        ("CardType", message.body.get("card_type", "")),
        ("ResponseCode", code),
    ]
    if questions:
        fields.append(("SelectedItems", [_answer(key, chosen) for key, chosen in questions.items()]))
    emit(
        corp,
        event=name,
        change_type="",
        fields=fields,
        at=now,
        lane=userid,
        from_user=userid,
        agentid=message.agentid,
    )
    return {"clicked": key}


def _answer(question: str, chosen: Any) -> Nest:
    """One question of a vote or multiple-choice card with the options picked."""
    picked = chosen if isinstance(chosen, list) else [chosen]
    options = Nest(("OptionId", option) for option in picked)
    return Nest([("SelectedItem", Nest([("QuestionKey", question), ("OptionIds", options)]))])


ACTIONS: dict[str, Action] = {
    "customer/scan-contact-way": scan_contact_way,
    "customer/scan-join-way": scan_join_way,
    "customer/add-staff": add_staff,
    "customer/delete-staff": customer_deletes,
    "staff/delete-customer": staff_deletes,
    "staff/edit-customer": edit_customer,
    "staff/talk": talk,
    "group/create": group_create,
    "group/join": group_join,
    "group/leave": group_leave,
    "group/kick": group_kick,
    "group/rename": group_rename,
    "group/notice": group_notice,
    "group/owner": group_owner,
    "group/dismiss": group_dismiss,
    "group/forward": forward,
    "staff/confirm-mass-send": confirm_mass_send,
    "staff/personal-mass-send": personal_mass_send,
    "staff/click-card": click_card,
}
