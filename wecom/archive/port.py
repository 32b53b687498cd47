"""The archive's interface: the five operations of the vendor's native library (PROTOCOL 3.14), one to one.

Source: developer.work.weixin.qq.com/document/path/91774 (2026-01). Whatever stands behind it, native library or a
process that holds it, answers in these shapes and raises `ArchiveError` with the library's or the server's code.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from wecom.archive import codes


@dataclass(frozen=True, slots=True)
class MediaChunk:
    """One answer of GetMediaData: at most 512 KB, and where to go on."""

    data: bytes
    next_index: str
    is_finished: bool


class ArchiveError(Exception):
    """A refused or failed operation. `code` is the library's (10000-10011), WeCom's errcode, or 0: no answer."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message

    @property
    def is_passing(self) -> bool:
        """Whether the same call may succeed later without anybody doing anything."""
        return self.code == 0 or codes.of(self.code).is_passing


class ArchivePort(Protocol):
    """What an adapter offers. Calls block; they belong in a worker. Every method may raise ArchiveError."""

    def init(self, *, corp_id: str, secret: str) -> str:
        """NewSdk and Init: a handle for the following calls."""
        ...

    def get_chat_data(self, handle: str, *, seq: int, limit: int) -> list[dict[str, Any]]:
        """GetChatData: sealed messages with numbers above `seq`, lowest first, at most `limit` (<= 1000).

        [{"seq", "msgid", "publickey_ver", "encrypt_random_key" base64, "encrypt_chat_msg"}]. Safe to repeat.
        """
        ...

    def decrypt_data(self, *, random_key: str, sealed: str) -> str:
        """DecryptData: the clear JSON text of one message. `random_key` is already RSA-decrypted."""
        ...

    def get_media_data(self, handle: str, *, file_id: str, index_buf: str) -> MediaChunk:
        """GetMediaData: the chunk at `index_buf` ("": the first). Safe to repeat with the same `index_buf`."""
        ...

    def destroy(self, handle: str) -> None:
        """DestroySdk. Never raises."""
        ...
