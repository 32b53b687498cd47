"""A small HTTP/1.1 sender for callbacks: kept connections, little work per request, plain http only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

IDLE_KEPT = 64
HEAD_BYTES = 64 * 1024


class Unsent(Exception):
    """No answer came back; the message says why."""


@dataclass
class Reply:
    status: int
    body: bytes


@dataclass
class Sender:
    """Connections to one callback host. Safe for many posts at once."""

    host: str
    port: int
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def post(self, path: str, query: dict[str, str], body: bytes) -> Reply:
        """One POST of XML. Raises Unsent; a kept connection that the other side had closed is replaced once."""
        target = f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: text/xml\r\n"
            f"Content-Length: {len(body)}\r\nConnection: keep-alive\r\n\r\n"
        )
        message = head.encode() + body
        while self.idle:
            link = self.idle.pop()
            try:
                return await self._exchange(link, message)
            except Unsent as error:
                if str(error) != "closed":
                    raise
        try:
            link = await asyncio.open_connection(self.host, self.port, limit=HEAD_BYTES)
        except OSError as error:
            raise Unsent("ConnectError") from error
        return await self._exchange(link, message)

    async def _exchange(
        self, link: tuple[asyncio.StreamReader, asyncio.StreamWriter], message: bytes
    ) -> Reply:
        reader, writer = link
        is_kept = False
        try:
            writer.write(message)
            await writer.drain()
            reply, is_kept = await _read(reader)
            return reply
        except asyncio.IncompleteReadError as error:
            raise Unsent("ReadError" if error.partial else "closed") from error
        except (OSError, ValueError, asyncio.LimitOverrunError) as error:
            raise Unsent("closed" if isinstance(error, ConnectionError) else "ReadError") from error
        finally:
            if is_kept and len(self.idle) < IDLE_KEPT:
                self.idle.append(link)
            else:
                writer.close()

    def close(self) -> None:
        while self.idle:
            self.idle.pop()[1].close()


async def _read(reader: asyncio.StreamReader) -> tuple[Reply, bool]:
    """The answer, and whether the connection may be kept. Raises IncompleteReadError, ValueError, OSError."""
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
    version, status = first.split(" ")[:2]
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    asked = headers.get("connection", "keep-alive" if version == "HTTP/1.1" else "close").lower()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Reply(int(status), await _chunks(reader)), asked != "close"
    if "content-length" in headers:
        return Reply(int(status), await reader.readexactly(int(headers["content-length"]))), asked != "close"
    if status in ("204", "304"):
        return Reply(int(status), b""), asked != "close"
    return Reply(int(status), await reader.read()), False


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        part = await reader.readexactly(size + 2)
        if size == 0:
            return body
        body += part[:-2]


def split(url: str) -> tuple[str, int, str] | None:
    """Host, port and path of a plain http address; None for any other."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        return None
    path = parts.path or "/"
    return parts.hostname, parts.port or 80, f"{path}?{parts.query}" if parts.query else path
