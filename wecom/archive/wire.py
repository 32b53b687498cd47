"""The clear JSON of one archived message -> a Message (PROTOCOL 3.14). Pure.

Control characters stand unescaped inside its strings and are taken out before reading. A msgtype nobody knows is
kept as it came. Nothing here raises for what a sender wrote; only text that is no message at all is Unreadable.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f]")
_HALF = re.compile(r"[\ud800-\udfff]")
_ENVELOPE = {"msgid", "action", "from", "tolist", "roomid", "msgtime", "msgtype", "time", "user", "seq"}
# msgtype -> the key its object stands under, where they differ.
_OBJECT_KEYS = {"docmsg": "doc", "markdown": "info", "news": "info", "external_redpacket": "redpacket"}
KNOWN = frozenset(
    {
        "text", "image", "revoke", "agree", "disagree", "voice", "video", "card", "location", "emotion", "file", "link",
        "weapp", "chatrecord", "todo", "vote", "collect", "redpacket", "external_redpacket", "meeting", "docmsg",
        "markdown", "news", "calendar", "mixed", "meeting_voice_call", "voip_doc_share", "sphfeed",
    }
)  # fmt: skip
CONSENTS = ("agree", "disagree")
ACTIONS = ("send", "recall", "switch")
_MILLISECONDS_FROM = 100_000_000_000  # larger numbers are milliseconds
_DEPTH = 4
ID_CHARS, NAME_CHARS, MSGID_CHARS = 64, 200, 128


class Unreadable(Exception):
    """The text is no message: no JSON object, or without id or time."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What one person said, and when."""

    person_id: str
    agreed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class FileSeen:
    """One file that a message carries. `size` in bytes, 0 when not told."""

    file_id: str
    msgtype: str
    md5: str = ""
    size: int = 0
    name: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.file_id.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `sent_at` is aware, UTC. `raw` is "" but for an unknown msgtype."""

    msgid: str
    action: str
    sender_id: str
    room_id: str
    receiver_ids: list[str]
    msgtype: str
    sent_at: datetime
    content: dict[str, Any] = field(default_factory=dict)
    is_known: bool = True
    raw: str = ""
    recalls: str = ""
    consent: Consent | None = None
    files: list[FileSeen] = field(default_factory=list)


def stripped(text: str) -> str:
    """Without the control characters WeCom leaves inside strings; JSON's own escapes stay."""
    return _CONTROL.sub("", text)


def read(text: str) -> Message:
    """Raises Unreadable."""
    clean = stripped(text)
    try:
        body = json.loads(clean)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Unreadable("not a JSON object")
    body = _storable(body)
    msgid, action = str(body.get("msgid") or "")[:MSGID_CHARS], str(body.get("action") or "send")[:16]
    sent_at = _moment(body.get("msgtime") or body.get("time"))
    if not msgid or sent_at is None:
        raise Unreadable("a message has an id and a time")
    return (
        _switch(body, msgid, sent_at) if action == "switch" else _message(body, msgid, action, sent_at, clean)
    )


def _switch(body: dict[str, Any], msgid: str, sent_at: datetime) -> Message:
    """A staff member changed the company in the client: no sender, no receiver."""
    return Message(
        msgid=msgid,
        action="switch",
        sender_id=_id(body.get("user")),
        room_id="",
        receiver_ids=[],
        msgtype="",
        sent_at=sent_at,
    )


def _message(body: dict[str, Any], msgid: str, action: str, sent_at: datetime, clean: str) -> Message:
    msgtype = str(body.get("msgtype") or "")[:32]
    content = content_of(msgtype, body)
    is_known = msgtype in KNOWN and action in ACTIONS
    receivers = body.get("tolist")
    return Message(
        msgid=msgid,
        action=action,
        sender_id=_id(body.get("from")),
        room_id=_id(body.get("roomid")),
        receiver_ids=[_id(one) for one in receivers] if isinstance(receivers, list) else [],
        msgtype=msgtype,
        sent_at=sent_at,
        content=content,
        is_known=is_known,
        raw="" if is_known else clean.replace("\\u0000", ""),
        recalls=str(content.get("pre_msgid") or "")[:MSGID_CHARS] if msgtype == "revoke" else "",
        consent=_consent(msgtype, content, body, sent_at),
        files=list(files_in(msgtype, content)),
    )


def content_of(msgtype: str, body: dict[str, Any]) -> dict[str, Any]:
    """WeCom's object of the type, with what stands beside it at the top (a vote's fields, a call's id)."""
    rest = {key: value for key, value in body.items() if key not in _ENVELOPE}
    own = rest.pop(_OBJECT_KEYS.get(msgtype, msgtype), None)
    if own is None:
        return rest
    return {**rest, **own} if isinstance(own, dict) else {**rest, msgtype: own}


def _consent(
    msgtype: str, content: dict[str, Any], body: dict[str, Any], sent_at: datetime
) -> Consent | None:
    if msgtype not in CONSENTS:
        return None
    person = _id(content.get("userid")) or _id(body.get("from"))
    if not person:
        return None
    return Consent(person, msgtype == "agree", _moment(content.get("agree_time")) or sent_at)


def files_in(msgtype: str, content: dict[str, Any], depth: int = 0) -> Iterator[FileSeen]:
    """Every file a message carries, also those inside records of chats and mixed messages."""
    if content.get("sdkfileid"):
        yield FileSeen(
            file_id=str(content["sdkfileid"]),
            msgtype=msgtype,
            md5=str(content.get("md5sum") or "").lower()[:32],
            size=_size(content),
            name=str(content.get("filename") or "")[:NAME_CHARS],
        )
    items = content.get("item")
    if not isinstance(items, list) or depth >= _DEPTH:
        return
    for item in items:
        if isinstance(item, dict):
            inner = _inner(item.get("content"))
            # ChatRecordImage in a record, image in a mixed message
            kind = str(item.get("type") or "").removeprefix("ChatRecord").lower()
            yield from files_in(kind[:32], inner, depth + 1)


def _inner(raw: Any) -> dict[str, Any]:
    if isinstance(raw, str):
        try:
            raw = json.loads(stripped(raw))
        except (ValueError, RecursionError):
            return {}
    return raw if isinstance(raw, dict) else {}


def _size(content: dict[str, Any]) -> int:
    for key in ("filesize", "voice_size", "imagesize"):
        raw = content.get(key)
        if isinstance(raw, int | str) and str(raw).isdecimal():
            return min(int(raw), 2**62)
    return 0


def _moment(raw: Any) -> datetime | None:
    """Milliseconds as documented; seconds are taken too."""
    try:
        number = int(raw)
        seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else float(number)
        return datetime.fromtimestamp(seconds, UTC) if number > 0 else None
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _id(raw: Any) -> str:
    return str(raw or "")[:ID_CHARS]


def _storable(value: Any) -> Any:
    """What PostgreSQL takes: no NUL and no half characters in any string, no numbers that are none."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value.replace("\x00", "")) if value else value
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
