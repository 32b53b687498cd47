"""App messages to staff (PROTOCOL 3.11)."""

from __future__ import annotations

from typing import Any

from simulator.wire.api import cards
from simulator.wire.api.attachments import live_media
from simulator.wire.api.common import own_agent, visible
from simulator.wire.checks import Field, check
from simulator.wire.endpoint import Call, post
from simulator.wire.errors import WireError
from simulator.world import mass_send
from simulator.world.entities import AppMessage, ResponseCode

MAX_USERS = 1000
MAX_PARTIES = 100
RECALL_S = 86400
DUPLICATE_CHECK_S = 1800
RESPONSE_CODE_S = 72 * 3600
HOUR_S = 3600
A_STAFF_A_MINUTE = 30
A_STAFF_AN_HOUR = 1000

TEXT_2048 = {"content": Field(str, required=True, max_bytes=2048, missing_code=44004, over_code=45002)}
MEDIA = {"media_id": Field(str, required=True)}
CONTENT: dict[str, dict[str, Field]] = {
    "text": TEXT_2048,
    "markdown": TEXT_2048,
    "image": MEDIA,
    "voice": MEDIA,
    "file": MEDIA,
    "video": {**MEDIA, "title": Field(str, max_bytes=128), "description": Field(str, max_bytes=512)},
    "textcard": {
        "title": Field(str, required=True, max_chars=128),
        "description": Field(str, required=True, max_chars=512),
        "url": Field(str, required=True, max_bytes=2048),
        "btntxt": Field(str, max_chars=4),
    },
    "news": {
        "articles": Field(
            list,
            required=True,
            items=dict,
            max_items=8,
            spec={
                "title": Field(str, required=True, max_bytes=128),
                "description": Field(str, max_bytes=512),
                "url": Field(str, max_bytes=2048),
                "picurl": Field(str, max_bytes=2048),
            },
        )
    },
    "miniprogram_notice": {
        "appid": Field(str, required=True),
        "page": Field(str),
        "title": Field(str, required=True, max_chars=12),
        "description": Field(str, max_chars=12),
        "content_item": Field(list, items=dict, max_items=10),
    },
    "template_card": cards.CARD,
}


def _names(call: Call, field: str, limit: int) -> list[str]:
    """The parts of a list like "a|b". Raises 40058 when they are too many."""
    named = [name for name in (call.body.get(field) or "").split("|") if name]
    if len(named) > limit:
        raise WireError(40058, f"{field}: more than {limit}")
    return named


def _receivers(call: Call) -> tuple[list[str], dict[str, str]]:
    """Who gets it, and the lists of those who cannot: invaliduser, invalidparty, invalidtag."""
    every = [s.userid for s in call.corp.staff.values() if s.is_active and visible(call, s.userid)]
    if call.body.get("touser") == "@all":
        return every, {}
    users = _names(call, "touser", MAX_USERS)
    parties, tags = _names(call, "toparty", MAX_PARTIES), _names(call, "totag", MAX_PARTIES)
    known = {str(d.id) for d in call.corp.departments}
    good = [name.lower() for name in users if name.lower() in every]
    for party in parties:
        inside = [s for s in call.corp.staff.values() if party in {str(d) for d in s.departments}]
        good += [s.userid for s in inside if s.userid in every]
    bad = {
        "invaliduser": [name for name in users if name.lower() not in every],
        "invalidparty": [party for party in parties if party not in known],
        # The simulator's corps have no staff tags.
        "invalidtag": tags,
    }
    return list(dict.fromkeys(good)), {name: "|".join(rows) for name, rows in bad.items() if rows}


def _digest(kind: str, content: dict[str, Any]) -> str:
    return mass_send.content_hash({"type": kind}, [content])


def _sent_before(call: Call, kind: str, content: dict[str, Any], userids: list[str]) -> AppMessage | None:
    """The same message to the same people within the duplicate check's interval; it is not sent again."""
    if not call.body.get("enable_duplicate_check"):
        return None
    since = call.now - call.body.get("duplicate_check_interval", DUPLICATE_CHECK_S)
    digest = _digest(kind, content)
    for message in reversed(call.corp.app_messages.values()):
        if message.sent_at < since:
            return None
        same = message.content_hash == digest and message.userids == userids
        if same and message.agentid == call.app.agentid:
            return message
    return None


def _content(call: Call) -> tuple[str, dict[str, Any]]:
    """The message's type and its checked object. Raises WireError."""
    kind = call.body["msgtype"]
    content: dict[str, Any] = call.body.get(kind) or {}
    if kind == "template_card":
        cards.check_shape(content)
    else:
        check(content, CONTENT[kind], prefix=f"{kind}.")
    if "media_id" in CONTENT[kind] and live_media(call, content["media_id"]).type != kind:
        raise WireError(40007, f"{content['media_id']} is not a {kind}")
    return kind, content


def _dropped(call: Call, userids: list[str]) -> list[str]:
    """Who gets nothing although the answer says nothing of it: over 30 a minute or 1000 an hour (PROTOCOL 4)."""
    if not call.corp.faults.drop_app_messages:
        return []
    over = []
    for userid in userids:
        times = [
            m.sent_at
            for m in call.corp.app_messages.values()
            if m.agentid == call.app.agentid and userid in m.userids and call.now - m.sent_at < HOUR_S
        ]
        if len(times) >= A_STAFF_AN_HOUR or sum(call.now - at < 60 for at in times) >= A_STAFF_A_MINUTE:
            over.append(userid)
    return over


def send(call: Call) -> dict[str, Any]:
    own_agent(call, call.body["agentid"])
    kind, content = _content(call)
    good, bad = _receivers(call)
    if not good:
        raise WireError(81013, "nobody to send to", **bad)
    earlier = _sent_before(call, kind, content, good)
    if earlier is not None:
        return {"msgid": earlier.msgid, **bad}
    task_id = cards.check_task(call, content) if kind == "template_card" else ""
    dropped = _dropped(call, good)
    message = AppMessage(
        msgid=call.corp.new_id("am", 40),
        agentid=call.app.agentid,
        userids=[userid for userid in good if userid not in dropped],
        msgtype=kind,
        body=content,
        content_hash=_digest(kind, content),
        sent_at=int(call.now),
        task_id=task_id,
    )
    call.corp.ledger.counts["app_message_dropped"] += len(dropped)
    answer = {"msgid": message.msgid, **bad}
    if kind == "template_card" and content["card_type"] in cards.INTERACTIVE:
        answer["response_code"] = message.response_code = new_response_code(call, message, None)
    if task_id:
        call.corp.task_ids.add((call.app.agentid, task_id))
    call.corp.app_messages[message.msgid] = message
    for userid in message.userids:
        call.corp.fresh.append(("app_message", f"{message.msgid}|{userid}", int(call.now)))
    return answer


def new_response_code(call: Call, message: AppMessage, userid: str | None) -> str:
    """A code good for one update of the card within 72 h."""
    code = call.corp.new_id("rc", 40)
    call.corp.response_codes[code] = ResponseCode(message.msgid, userid, call.now)
    return code


def update_card(call: Call) -> dict[str, Any]:
    own_agent(call, call.body["agentid"])
    code = call.corp.response_codes.get(call.body["response_code"])
    if code is None or code.used or call.now - code.issued_at > RESPONSE_CODE_S:
        raise WireError(42015)
    message = call.corp.app_messages[code.msgid]
    button = call.body.get("button") or {}
    card = call.body.get("template_card") or {}
    if not button.get("replace_name") and not card:
        raise WireError(40058, "button.replace_name or template_card is required")
    if card:
        cards.check_shape(card)
    if call.body.get("atall"):
        targets = message.userids
    else:
        targets = [userid.lower() for userid in call.body.get("userids") or []]
        if not targets:
            raise WireError(40058, "userids or atall is required")
    shown = button.get("replace_name") or card.get("main_title", {}).get("title", "")
    for userid in targets:
        message.replaced[userid] = shown
    code.used = True
    invalid = [userid for userid in targets if userid not in message.userids]
    return {"invaliduser": invalid} if invalid else {}


def recall(call: Call) -> dict[str, Any]:
    message = call.corp.app_messages.get(call.body["msgid"])
    if message is None or message.agentid != call.app.agentid:
        raise WireError(40058, "unknown msgid")
    if call.now - message.sent_at > RECALL_S:
        raise WireError(40058, "older than 24 hours")
    message.recalled = True
    return {}


AGENT = Field(int, required=True, missing_code=40056)

ENDPOINTS = (
    post(
        "message/send",
        "messages",
        send,
        touser=Field(str),
        toparty=Field(str),
        totag=Field(str),
        agentid=AGENT,
        msgtype=Field(str, required=True, choices=tuple(CONTENT), missing_code=40008),
        safe=Field(int, choices=(0, 1)),
        enable_duplicate_check=Field(int, choices=(0, 1)),
        duplicate_check_interval=Field(int, low=0, high=4 * 3600),
    ),
    post(
        "message/update_template_card",
        "messages",
        update_card,
        agentid=AGENT,
        response_code=Field(str, required=True),
        userids=Field(list, items=str),
        atall=Field(int, choices=(0, 1)),
        button=Field(dict, spec={"replace_name": Field(str, required=True)}),
        template_card=Field(dict),
    ),
    post("message/recall", "messages", recall, msgid=Field(str, required=True)),
)
