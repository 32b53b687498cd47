"""Event XML in both shapes: with the common head (H) and as a suite event without it (PROTOCOL 2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Fields = Sequence[tuple[str, object]]


class Nest(tuple[tuple[str, object], ...]):
    """Fields inside a field, where a plain list would be repeated <Item>."""

    def text(self) -> str:
        return "".join(_node(name, value) for name, value in self)


def _node(name: str, value: object) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, Nest):
        return f"<{name}>{value.text()}</{name}>"
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Nest) for item in value):
        return f"<{name}>{''.join(item.text() for item in value)}</{name}>"
    if isinstance(value, (list, tuple)):
        items = "".join(_node("Item", item) for item in value)
        return f"<{name}>{items}</{name}>"
    text = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{text}]]></{name}>"


def render(fields: Iterable[tuple[str, object]]) -> str:
    """One <xml> document; strings as CDATA, whole numbers plain, lists as repeated <Item>."""
    return "<xml>" + "".join(_node(name, value) for name, value in fields) + "</xml>"


def head_event(
    *, corp_id: str, from_user: str, at: int, event: str, change_type: str, fields: Fields, agentid: int = 0
) -> str:
    """The H form, used by self-built apps and the data callback of authorised corps."""
    head: list[tuple[str, object]] = [
        ("ToUserName", corp_id),
        ("FromUserName", from_user),
        ("CreateTime", at),
        ("MsgType", "event"),
        ("Event", event),
    ]
    if agentid:
        head.append(("AgentID", agentid))
    if change_type:
        head.append(("ChangeType", change_type))
    return render([*head, *fields])


def suite_event(*, suite_id: str, corp_id: str, at: int, event: str, change_type: str, fields: Fields) -> str:
    """The suite form: InfoType carries the event's name and there is no head."""
    head: list[tuple[str, object]] = [
        ("SuiteId", suite_id),
        ("AuthCorpId", corp_id),
        ("InfoType", event),
        ("TimeStamp", at),
    ]
    if change_type:
        head.append(("ChangeType", change_type))
    return render([*head, *fields])


def envelope(*, to_user: str, agentid: str, encrypted: str) -> str:
    """The outer document of a callback POST."""
    return render([("ToUserName", to_user), ("AgentID", agentid), ("Encrypt", encrypted)])
