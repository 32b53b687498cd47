"""Reading one batch of the event API: pure, the same answer for the same bytes and the same moment.

The batch is stored as it came and read again when it is processed, so what was accepted never differs from
what is handed on.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

KINDS = (
    "message", "link_click", "purchase_click", "pay_click", "order", "refund", "lesson", "assignment", "form",
    "live", "mini_program", "checkin", "draw", "red_packet", "radar", "coupon", "redeem", "join", "leave",
)  # fmt: skip
BATCH_ITEMS = 500
ID_CHARS = 128
TEXT_CHARS = 4000
DATA_BYTES = 8 * 1024
AMOUNT_LIMIT_FEN = 10**12
FUTURE = timedelta(days=1)
PAST = timedelta(days=5 * 365)
DEFAULT_SOURCE = "api"
_SOURCE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,31}$")
_KNOWN = {
    "id", "kind", "occurred_at", "external_userid", "unionid", "chat_id", "object", "amount_fen", "text", "data",
}  # fmt: skip


class BatchInvalid(Exception):
    """The whole body cannot be read. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _ItemInvalid(Exception):
    pass


@dataclass(frozen=True)
class Read:
    """One item as read: `item` is normalised, or None with the `reason`. `id` is what the sender called it."""

    id: str
    item: dict[str, Any] | None
    reason: str = ""


@dataclass(frozen=True)
class Batch:
    """A readable batch. `source` names the sending system; ids are unique within it."""

    source: str
    reads: list[Read]


def read_batch(body: bytes, *, now: datetime) -> Batch:
    """Read a request body. Raises BatchInvalid when the body as a whole is not a batch.

    Items: {"id", "kind", "occurred_at" (aware datetime, UTC), "external_userid", "unionid", "chat_id",
    "object_kind", "object_id", "object_title", "amount_fen" (int or None), "text", "data"}.
    """
    try:
        whole = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BatchInvalid("NOT_UTF8", "The body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise BatchInvalid("NOT_JSON", "The body is not JSON.") from error
    if not isinstance(whole, dict) or not isinstance(whole.get("events"), list):
        raise BatchInvalid("NO_EVENTS", 'The body must be {"events": [...]}.')
    if not whole["events"]:
        raise BatchInvalid("NO_EVENTS", "The batch is empty.")
    if len(whole["events"]) > BATCH_ITEMS:
        raise BatchInvalid("TOO_MANY", f"At most {BATCH_ITEMS} events fit in one request.")
    source = whole.get("source", DEFAULT_SOURCE)
    if not isinstance(source, str) or not _SOURCE.match(source):
        raise BatchInvalid("BAD_SOURCE", "source is 1 to 32 of a-z, 0-9, - and _.")
    return Batch(source, [_read(raw, now) for raw in whole["events"]])


def _read(raw: Any, now: datetime) -> Read:
    if not isinstance(raw, dict):
        return Read("", None, "an event must be an object")
    shown = raw.get("id")
    shown_id = clean(str(shown))[:ID_CHARS] if isinstance(shown, str | int) else ""
    try:
        return Read(shown_id, _item(raw, now))
    except _ItemInvalid as error:
        return Read(shown_id, None, str(error))


def _item(raw: dict[str, Any], now: datetime) -> dict[str, Any]:
    unknown = sorted(clean(str(name)) for name in set(raw) - _KNOWN)
    if unknown:
        raise _ItemInvalid(f"unknown field {unknown[0][:64]}")
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise _ItemInvalid(f"kind must be one of {', '.join(KINDS)}")
    item = {
        "id": _id(raw.get("id")),
        "kind": kind,
        "occurred_at": _moment(raw.get("occurred_at"), now),
        "external_userid": _name(raw, "external_userid", 64),
        "unionid": _name(raw, "unionid", 64),
        "chat_id": _name(raw, "chat_id", 64),
        **_object(raw.get("object")),
        "amount_fen": _amount(raw.get("amount_fen")),
        "text": _text(raw.get("text")),
        "data": _data(raw.get("data")),
    }
    if not item["external_userid"] and not item["unionid"]:
        raise _ItemInvalid("external_userid or unionid is needed")
    if kind in ("order", "refund") and item["amount_fen"] is None:
        raise _ItemInvalid(f"amount_fen is needed for {kind}")
    if kind in ("order", "refund") and not item["object_id"]:
        raise _ItemInvalid(f"object.id, the order number, is needed for {kind}")
    return item


def clean(text: str) -> str:
    """Text that PostgreSQL and JSON can hold: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(key)): _clean_value(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_clean_value(one) for one in value]
    return value


def _id(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise _ItemInvalid("id is needed")
    if value != clean(value):
        raise _ItemInvalid("id holds a character that cannot be stored")
    if len(value) > ID_CHARS:
        raise _ItemInvalid(f"id has more than {ID_CHARS} characters")
    return value


def _name(raw: dict[str, Any], field: str, chars: int) -> str:
    value = raw.get(field)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > chars:
        raise _ItemInvalid(f"{field} must be a text of at most {chars} characters")
    return clean(value).strip()


def _moment(value: Any, now: datetime) -> datetime:
    if not isinstance(value, str):
        raise _ItemInvalid("occurred_at must be a text in ISO 8601 with a zone")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise _ItemInvalid("occurred_at is not ISO 8601") from error
    if moment.tzinfo is None:
        raise _ItemInvalid("occurred_at has no zone: add Z or +08:00")
    try:
        moment = moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise _ItemInvalid("occurred_at is out of range") from error
    if moment > now + FUTURE:
        raise _ItemInvalid("occurred_at is more than a day in the future")
    if moment < now - PAST:
        raise _ItemInvalid("occurred_at is more than five years ago")
    return moment


def _object(value: Any) -> dict[str, str]:
    if value is None:
        value = {}
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, dict) or set(value) - {"kind", "id", "title"}:
        raise _ItemInvalid("object must be {kind, id, title}")
    found = {}
    for name, chars in (("kind", 32), ("id", 128), ("title", 200)):
        part = value.get(name)
        if isinstance(part, int) and not isinstance(part, bool):
            part = str(part)
        if part is not None and not isinstance(part, str):
            raise _ItemInvalid(f"object.{name} must be a text")
        text = clean(part or "").strip()
        if len(text) > chars and name != "title":
            raise _ItemInvalid(f"object.{name} has more than {chars} characters")
        found[f"object_{name}"] = text[:chars]
    return found


def _amount(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise _ItemInvalid("amount_fen must be a whole number of fen")
    if not 0 <= value <= AMOUNT_LIMIT_FEN:
        raise _ItemInvalid("amount_fen must not be negative or beyond 10^12")
    return value


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _ItemInvalid("text must be a text")
    text = clean(value)
    if len(text) > TEXT_CHARS:
        raise _ItemInvalid(f"text has more than {TEXT_CHARS} characters")
    return text


def _data(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _ItemInvalid("data must be an object")
    cleaned = _clean_value(value)
    try:
        size = len(json.dumps(cleaned, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, RecursionError) as error:
        raise _ItemInvalid("data holds a number that JSON does not know") from error
    if size > DATA_BYTES:
        raise _ItemInvalid(f"data has more than {DATA_BYTES} bytes")
    return cleaned
