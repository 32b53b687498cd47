"""Welcome messages and group welcome templates (PROTOCOL 3.7)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api.attachments import ATTACHMENTS, TEXT, check_content, check_part
from simulator.wire.api.common import own_agent
from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, post
from simulator.wire.errors import WireError
from simulator.world import archiving, mass_send

CODE_LIFE_S = 20
PART_PRIORITY = ("image", "link", "miniprogram", "file", "video")


def send_welcome(call: Call) -> dict[str, Any]:
    text, attachments = check_content(call)
    code = call.corp.welcome_codes.get(call.body["welcome_code"])
    if code is None or call.now - code.issued_at > CODE_LIFE_S:
        raise WireError(41050)
    if code.used_by is not None:
        raise WireError(41051)
    if call.corp.faults.chance(call.corp.faults.welcome_busy_p):
        raise WireError(41096)
    if archiving.is_waiting_for_consent(call.corp, code.userid, code.external_userid):
        raise WireError(41053)
    tie = call.corp.relations.get((code.userid, code.external_userid))
    if tie is not None and tie.talked_at > code.issued_at:
        raise WireError(41051)
    code.used_by = call.app.agentid
    call.corp.welcomes_sent.append(
        {
            "at": int(call.now),
            "delay_s": round(call.now - code.issued_at, 3),
            "agentid": call.app.agentid,
            "userid": code.userid,
            "external_userid": code.external_userid,
            "content_hash": mass_send.content_hash(text, attachments),
        }
    )
    mass_send.put_in_inbox(
        call.corp,
        external_userid=code.external_userid,
        sender=code.userid,
        at=call.now,
        text=text.get("content", ""),
        attachments=attachments,
        source="welcome",
    )
    return {}


def _checked_template(call: Call, max_bytes: int) -> dict[str, Any]:
    body = call.body
    text = body.get("text") or {}
    if body.get("agentid") is not None:
        own_agent(call, body["agentid"])
    if len(text.get("content", "").encode()) > max_bytes:
        raise WireError(40058, f"text.content: longer than {max_bytes} bytes")
    part = next((kind for kind in PART_PRIORITY if body.get(kind)), None)
    if part is None and not text.get("content"):
        raise WireError(44004)
    if part is not None:
        check_part(call, part, body[part])
    return {
        **({"text": text} if text else {}),
        **({part: body[part]} if part else {}),
        "agentid": call.app.agentid,
        "notify": body.get("notify", 1),
    }


def template_add(call: Call) -> dict[str, Any]:
    templates = call.corp.group_welcome_templates
    if len(templates) >= call.corp.limit("group_welcome_templates"):
        raise WireError(41055)
    template_id = call.corp.new_id("msgtpl", 26)
    templates[template_id] = _checked_template(call, 3000)
    return {"template_id": template_id}


def _owned(call: Call) -> dict[str, Any]:
    found = call.corp.group_welcome_templates.get(call.body["template_id"])
    if found is None:
        raise WireError(40058, "unknown template_id")
    if found["agentid"] != call.app.agentid:
        raise WireError(48002, "made by another app")
    return found


def template_edit(call: Call) -> dict[str, Any]:
    _owned(call)
    call.corp.group_welcome_templates[call.body["template_id"]] = _checked_template(call, 4000)
    return {}


def template_get(call: Call) -> dict[str, Any]:
    return {name: value for name, value in _owned(call).items() if name not in ("agentid", "notify")}


def template_delete(call: Call) -> dict[str, Any]:
    _owned(call)
    del call.corp.group_welcome_templates[call.body["template_id"]]
    return {}


TEMPLATE = Field(str, required=True)
TEMPLATE_BODY = {
    "text": Field(dict, spec={"content": Field(str)}),
    **{kind: Field(dict) for kind in PART_PRIORITY},
    "agentid": Field(int),
    "notify": Field(int, choices=(0, 1)),
}

ENDPOINTS = (
    post(
        "externalcontact/send_welcome_msg",
        "welcome",
        send_welcome,
        welcome_code=Field(str, required=True),
        text=TEXT,
        attachments=ATTACHMENTS,
    ),
    post("externalcontact/group_welcome_template/add", "welcome", template_add, **TEMPLATE_BODY),
    post(
        "externalcontact/group_welcome_template/edit",
        "welcome",
        template_edit,
        template_id=TEMPLATE,
        **TEMPLATE_BODY,
    ),
    post("externalcontact/group_welcome_template/get", "welcome", template_get, template_id=TEMPLATE),
    post(
        "externalcontact/group_welcome_template/del",
        "welcome",
        template_delete,
        template_id=TEMPLATE,
        agentid=Field(int),
    ),
)
