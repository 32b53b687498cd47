"""What the WeCom door tells the product."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from outbox.contracts import DomainEvent


@dataclass(frozen=True, kw_only=True)
class SendFinished(DomainEvent):
    """An outbound send reached a state that only a person changes again.

    `state` is done, failed, unknown (parked) or cancelled; a parked send that is decided later is published
    again with its final state. `fail_list` holds receivers WeCom refused although the call succeeded.
    """

    name: ClassVar[str] = "wecom.send.finished"

    send_id: int
    kind: str
    ref_kind: str
    ref_id: int
    state: str
    vendor_id: str = ""
    fail_list: list[str] = field(default_factory=list)
    error: str = ""
    error_code: int = 0


@dataclass(frozen=True, kw_only=True)
class AppStateChanged(DomainEvent):
    """An app was connected, stopped by WeCom's answer, paused or resumed. `code` is WeCom's errcode or 0."""

    name: ClassVar[str] = "wecom.app.state_changed"

    app_id: int
    state: str
    code: int = 0
    reason: str = ""
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OwnSendsReached(DomainEvent):
    """WeCom told whom messages reached that colleagues sent by themselves. Rows of wecom.OwnReach, at most 2,000."""

    name: ClassVar[str] = "wecom.own_sends.reached"

    reach_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class OwnSendsWithdrawn(DomainEvent):
    """Sends that looked like colleagues' own were planned here. `keys` as the exposure log names them."""

    name: ClassVar[str] = "wecom.own_sends.withdrawn"

    keys: list[str]


@dataclass(frozen=True, kw_only=True)
class MessagesArchived(DomainEvent):
    """Messages were stored that were not there before, from the archive or a file. At most 500 ids an event."""

    name: ClassVar[str] = "wecom.archive.stored"

    app_id: int
    message_ids: list[int]


@dataclass(frozen=True, kw_only=True)
class ArchiveConsentChanged(DomainEvent):
    """People said yes or no to having their messages kept.

    `people`: [{"external_userid", "state": "agree" | "disagree", "source", "at": iso}], at most 500.
    """

    name: ClassVar[str] = "wecom.archive.consent_changed"

    app_id: int
    people: list[dict[str, str]]
