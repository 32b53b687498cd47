"""Sends that wait for a person: what was to be sent, to whom, and what WeCom says about it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog

from wecom.adapters import mass_sends_like
from wecom.calls.mass_sends import SendRow
from wecom.enums import SendKind
from wecom.errors import WecomError
from wecom.gateway.client import WecomClient, client_for
from wecom.models import OutboundSend

log = structlog.get_logger(__name__)

LISTED = 5
SHOWN = 20
TASK_SENT = 2
Names = Callable[..., dict[str, str]]
_names: list[Names] = []


def register_names(names: Names) -> None:
    """`names(tenant_id, userids=, chat_ids=, external_userids=) -> {WeCom's id: name}` of the product's apps."""
    _names[:] = [names]


@dataclass(frozen=True)
class Content:
    """What a send holds, for people. `receivers` are the first of `count`; `rest` are values without a place."""

    sender: str = ""
    receivers: list[str] = field(default_factory=list)
    count: int = 0
    text: str = ""
    attachments: list[str] = field(default_factory=list)
    rest: dict[str, Any] = field(default_factory=dict)


def content_of(row: OutboundSend) -> Content:
    """The payload in words; one query a kind of name."""
    payload = dict(row.payload)
    userids = [str(one) for one in payload.pop("touser", [])]
    chats = [str(one) for one in payload.pop("chat_ids", None) or []]
    people = [str(one) for one in payload.pop("external_userids", None) or []]
    sender = str(payload.pop("sender", "") or "")
    known = _known(row.tenant_id, [*userids, sender], chats, people)
    receivers = userids + chats + people
    body = payload.pop("content", None) or {}
    text = payload.pop("text", "") or body.get("content") or body.get("description") or ""
    parts = payload.pop("attachments", None) or []
    for name in ("welcome_code", "chat_type", "msgtype"):
        payload.pop(name, None)
    return Content(
        sender=known.get(sender, sender),
        receivers=[known.get(one, one) for one in receivers[:SHOWN]],
        count=len(receivers),
        text="\n".join(str(one) for one in (body.get("title"), text) if one),
        attachments=[_part(part) for part in parts],
        rest=payload,
    )


def _known(tenant_id: int, userids: list[str], chats: list[str], people: list[str]) -> dict[str, str]:
    if not _names:
        return {}
    return _names[0](tenant_id, userids=userids, chat_ids=chats[:SHOWN], external_userids=people[:SHOWN])


def _part(part: dict[str, Any]) -> str:
    kind = str(part.get("msgtype") or "")
    about = part.get(kind)
    title = about.get("title") or about.get("url") if isinstance(about, dict) else ""
    return f"{kind} · {title}" if title else kind


@dataclass(frozen=True)
class Listed:
    """A mass send that WeCom lists and that looks like the one in question. `is_taken`: another row of ours is
    that one. `is_confirmed`: its sender has let it go; None: WeCom does not say."""

    msgid: str
    made_at: datetime
    is_taken: bool
    is_confirmed: bool | None = None


@dataclass(frozen=True)
class Evidence:
    """What WeCom says. `error`: it could not be asked, and why; `is_told` False: WeCom keeps no list of this kind."""

    listed: list[Listed] = field(default_factory=list)
    error: str = ""
    is_told: bool = True


def evidence_of(row: OutboundSend) -> Evidence:
    """Ask WeCom for mass sends like this one around the call. At most a few calls; never raises."""
    if row.kind != SendKind.MASS_SEND or row.called_at is None:
        return Evidence(is_told=False)
    try:
        client = client_for(row.tenant_id, row.app_id)
        found = mass_sends_like(client, row.payload, row.called_at)[:LISTED]
        return Evidence([_listed(client, row, one) for one in found])
    except WecomError as error:
        log.info("send_evidence_missing", send=row.pk, error=str(error))
        return Evidence(error=str(error.message))


def _listed(client: WecomClient, row: OutboundSend, found: SendRow) -> Listed:
    msgid = str(found["msgid"])
    return Listed(
        msgid=msgid,
        made_at=datetime.fromtimestamp(int(found["create_time"]), UTC),
        is_taken=is_taken(row, msgid),
        is_confirmed=_confirmed(client, msgid),
    )


def is_taken(row: OutboundSend, msgid: str) -> bool:
    """Whether another send of ours is that one."""
    return OutboundSend.objects.filter(tenant_id=row.tenant_id, vendor_id=msgid).exclude(pk=row.pk).exists()


def _confirmed(client: WecomClient, msgid: str) -> bool | None:
    try:
        tasks = list(client.mass_sends.tasks(msgid=msgid))
    except WecomError:
        return None
    return bool(tasks) and all(int(task.get("status") or 0) == TASK_SENT for task in tasks)
