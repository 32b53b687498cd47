"""Reading callbacks: the outer document before its signature is checked, the inner one after.

Both envelopes of PROTOCOL section 2 (H and suite) become one shape: event, change type, fields.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import XML, Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from wecom.errors import CallbackRefused

# The head of each form; everything else is the event's own.
_HEAD = {
    "ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "ChangeType", "AgentID",
    "SuiteId", "AuthCorpId", "InfoType", "TimeStamp",
}  # fmt: skip
# Always a list, also when one stands there (PROTOCOL 2.1).
_LIST_PARENTS = {"MemChangeList"}
_MAX_DEPTH = 20


class Unreadable(Exception):
    """A decrypted payload that is not an event document. The row stays for an operator."""


@dataclass(frozen=True)
class Outer:
    """The unverified outer document."""

    to_user: str
    ciphertext: str


@dataclass(frozen=True)
class Inner:
    """One decrypted payload. `fields` keeps WeCom's own names; repeated elements are lists."""

    event: str
    change_type: str
    corp_id: str
    agent_id: str
    occurred_at: datetime | None
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def mailbox(self) -> str:
        """Events of one mailbox are processed in the order they came: one group, one customer, one staff."""
        for name, prefix in (("ChatId", "chat"), ("ExternalUserID", "customer"), ("UserID", "staff")):
            value = self.fields.get(name)
            if isinstance(value, str) and value:
                return f"{prefix}:{value}"[:160]
        return f"event:{self.event}"[:160]


def parse_outer(body: bytes) -> Outer:
    """Read the POST body, XML or JSON. Raises CallbackRefused: nothing in it is trusted yet."""
    if body.lstrip()[:1] == b"{":
        return _outer_json(body)
    try:
        root = _document(body)
    except Unreadable as error:
        raise CallbackRefused(str(error)) from error
    return Outer(_text(root, "ToUserName"), _needed(_text(root, "Encrypt")))


def _outer_json(body: bytes) -> Outer:
    try:
        read = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise CallbackRefused("the body is not JSON in UTF-8") from error
    return Outer(str(read.get("tousername") or ""), _needed(read.get("encrypt")))


def _needed(value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isascii():
        raise CallbackRefused("Encrypt is missing")
    return value


def _document(body: bytes) -> Element:
    """The root element. What could hold a DTD goes to the careful parser, which refuses it; WeCom's own documents
    cannot, and the ordinary one reads them three times as fast."""
    is_plain = body.startswith(b"<xml>") and body.count(b"<!") == body.count(b"<![CDATA[")
    try:
        return XML(body) if is_plain else fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unreadable("not an XML document that we read") from error


def _text(root: Element, name: str) -> str:
    found = root.find(name)
    return (found.text or "").strip() if found is not None else ""


def _value(element: Element, depth: int = 0) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    if depth > _MAX_DEPTH:
        raise Unreadable("nested too deeply")
    if element.tag in _LIST_PARENTS:
        return [_value(child, depth + 1) for child in children]
    return _mapping(children, depth)


def _mapping(children: list[Element], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in children:
        value = _value(child, depth + 1)
        if child.tag in found:
            kept = found[child.tag]
            found[child.tag] = [*kept, value] if isinstance(kept, list) else [kept, value]
        else:
            found[child.tag] = value
    return found


def _seconds(raw: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(raw), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _lists(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        yield name, [value] if name in _LIST_PARENTS and isinstance(value, str) and value else value


def parse_inner(plaintext: str) -> Inner:
    """Normalise one payload. Raises Unreadable when it is neither form; an unknown event is not an error."""
    root = _document(plaintext.encode("utf-8", "replace"))
    whole = _mapping(list(root), 0)
    heads = {name: whole[name] for name in _HEAD if isinstance(whole.get(name), str)}
    own = {name: value for name, value in _lists(whole) if name not in _HEAD}
    for name in _LIST_PARENTS & own.keys():
        own[name] = own[name] if isinstance(own[name], list) else []
    if heads.get("InfoType"):
        event, corp_id, at = heads["InfoType"], heads.get("AuthCorpId", ""), heads.get("TimeStamp")
        own.setdefault("SuiteId", heads.get("SuiteId", ""))
    elif heads.get("MsgType"):
        kind = heads["MsgType"]
        event = heads.get("Event", "") if kind == "event" else f"message.{kind}"
        corp_id, at = heads.get("ToUserName", ""), heads.get("CreateTime")
        own.setdefault("FromUserName", heads.get("FromUserName", ""))
    else:
        raise Unreadable("neither MsgType nor InfoType")
    if not event:
        raise Unreadable("no event name")
    return Inner(
        event=event[:64],
        change_type=heads.get("ChangeType", "")[:64],
        corp_id=corp_id,
        agent_id=heads.get("AgentID", ""),
        occurred_at=_seconds(at),
        fields=own,
    )
