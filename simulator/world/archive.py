"""Message archive 会话内容存档: what a corp with the archive switched on keeps (PROTOCOL 3.14)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

DAY_S = 86400
KEPT_S = 5 * DAY_S
NOTIFY_EVERY_S = 15
AGREE, DISAGREE, UNASKED = "Agree", "Disagree", ""


@dataclass(slots=True)
class Row:
    """One archived message. `plain` is the JSON text that DecryptData gives back, control characters included."""

    seq: int
    msgid: str
    version: int
    key: str
    plain: str
    at: float


@dataclass
class Room:
    """An internal group; customer groups are not told by msgaudit/groupchat/get (301059)."""

    roomid: str
    name: str
    creator: str
    created_at: int
    notice: str = ""
    members: dict[str, int] = field(default_factory=dict)


@dataclass
class ArchivedFile:
    sdkfileid: str
    size: int
    made_at: float


@dataclass
class Consent:
    status: str
    at: int


@dataclass
class Archive:
    """Off until the corp's settings switch it on. `scope` empty means every staff member is archived."""

    is_on: bool = False
    is_expired: bool = False
    secret: str = ""
    public_keys: dict[int, str] = field(default_factory=dict)
    current_version: int = 1
    scope: list[str] = field(default_factory=list)
    allowed_ips: list[str] = field(default_factory=list)
    spice: bool = True
    agree_share: float = 0.92
    file_life_s: float = 5 * DAY_S
    rows: deque[Row] = field(default_factory=deque)
    seq: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    consents: dict[str, Consent] = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)
    files: dict[str, ArchivedFile] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    calls: deque[float] = field(default_factory=deque)
    notified_at: float = 0.0
    is_notify_due: bool = False

    def covers(self, userid: str) -> bool:
        """Whether this staff member's conversations are archived."""
        return self.is_on and (not self.scope or userid in self.scope)
