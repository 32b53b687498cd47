"""One sealed entry of the archive, opened: RSA with the key of its version, then the library, then reading."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wecom.archive import wire
from wecom.archive.enums import SealedReason
from wecom.archive.keys import Opener, RandomKeyUnusable
from wecom.archive.models import ArchiveKey
from wecom.archive.port import ArchiveError, ArchivePort
from wecom.archive.store import Opened

NO_KEY, BAD_KEY = 10007, 10008
# The line to the library or to WeCom is bad: nothing is said about the entry itself.
_LINE = {0, 10001, 10003, 10009, 45009}
_WRONG_KEY = {
    10004,
    10006,
    10008,
}  # a private key of another pair opens to nonsense, which the library refuses


@dataclass(frozen=True, slots=True)
class Sealed:
    """One entry as GetChatData gives it."""

    seq: int
    msgid: str
    version: int
    random_key: str
    sealed: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Sealed":
        return cls(
            seq=int(row.get("seq") or 0),
            msgid=str(row.get("msgid") or "")[: wire.MSGID_CHARS],
            version=int(row.get("publickey_ver") or 0),
            random_key=str(row.get("encrypt_random_key") or ""),
            sealed=str(row.get("encrypt_chat_msg") or ""),
        )


@dataclass(frozen=True, slots=True)
class Closed:
    """An entry that stays closed, or could not be read: then `raw` is what opening gave."""

    entry: Sealed
    reason: str
    code: int = 0
    raw: str = ""


def openers_of(*, tenant_id: int, app_id: int) -> dict[int, Opener]:
    """{version: opener} of every key the tenant ever had."""
    rows = ArchiveKey.objects.filter(tenant_id=tenant_id, app_id=app_id)
    return {row.version: Opener(row.private_key) for row in rows}


def open_entry(entry: Sealed, *, openers: Mapping[int, Opener], port: ArchivePort) -> Opened | Closed:
    """Raises ArchiveError only for what may pass by itself: then nothing is decided about the entry."""
    opener = openers.get(entry.version)
    if opener is None:
        return Closed(entry, SealedReason.NO_KEY, NO_KEY)
    try:
        text = port.decrypt_data(random_key=opener.open(entry.random_key), sealed=entry.sealed)
    except RandomKeyUnusable:
        return Closed(entry, SealedReason.BAD_KEY, BAD_KEY)
    except ArchiveError as error:
        if error.code in _LINE:
            raise
        reason = SealedReason.BAD_KEY if error.code in _WRONG_KEY else SealedReason.UNDECRYPTABLE
        return Closed(entry, reason, error.code)
    return read_entry(entry, text)


def read_entry(entry: Sealed, text: str) -> Opened | Closed:
    """Clear text into a message; what nobody can read is kept as text."""
    try:
        message = wire.read(text)
    except wire.Unreadable:
        return Closed(entry, SealedReason.UNREADABLE, 0, wire.stripped(text))
    return Opened(message, entry.seq, entry.version)
