"""The archive over HTTP: a process that holds the vendor's library, so that a crash of native code stays there.

The gateway answers five POSTs under one base address, mirroring the library:

    /archive/init          {corpid, secret}                     -> {"ret": 0, "sdk": "<handle>"}
    /archive/getchatdata   {sdk, seq, limit, timeout}           -> WeCom's {errcode, errmsg, chatdata}, or {"ret": n}
    /archive/decryptdata   {encrypt_key, encrypt_msg}           -> {"ret": 0, "data": "<clear JSON>"}
    /archive/getmediadata  {sdk, indexbuf, sdkfileid, timeout}  -> {"ret": 0, "data": "<base64>", "outindexbuf",
                                                                    "is_finish"}
    /archive/destroy       {sdk}                                -> {"ret": 0}

It is an address of the installation, never one a tenant enters. Clear messages pass through it: keep it on the
machine or on a private network.
"""

import base64
import binascii
from functools import cache
from typing import Any

import httpx
import structlog

from wecom.archive.port import ArchiveError, MediaChunk

log = structlog.get_logger(__name__)

TIMEOUT_S = 10
ANSWER_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024  # twice what the library gives


@cache
def _http() -> httpx.Client:
    return httpx.Client(
        timeout=httpx.Timeout(TIMEOUT_S + 5, connect=3),
        limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30),
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": "qunce"},
    )


class GatewayArchive:
    """Implements ArchivePort. Holds no state but the address."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    def init(self, *, corp_id: str, secret: str) -> str:
        return str(self._ask("init", {"corpid": corp_id, "secret": secret}).get("sdk") or "")

    def get_chat_data(self, handle: str, *, seq: int, limit: int) -> list[dict[str, Any]]:
        body = self._ask("getchatdata", {"sdk": handle, "seq": seq, "limit": limit, "timeout": TIMEOUT_S})
        rows = body.get("chatdata") or []
        if not isinstance(rows, list):
            raise ArchiveError("the gateway's answer has no list of messages", code=10002)
        return rows

    def decrypt_data(self, *, random_key: str, sealed: str) -> str:
        body = self._ask("decryptdata", {"encrypt_key": random_key, "encrypt_msg": sealed})
        return str(body.get("data") or "")

    def get_media_data(self, handle: str, *, file_id: str, index_buf: str) -> MediaChunk:
        asked = {"sdk": handle, "sdkfileid": file_id, "indexbuf": index_buf, "timeout": TIMEOUT_S}
        body = self._ask("getmediadata", asked)
        try:
            data = base64.b64decode(body.get("data") or "", validate=True)
        except (binascii.Error, ValueError) as error:
            raise ArchiveError("a chunk is not base64", code=10002) from error
        if len(data) > CHUNK_BYTES:
            raise ArchiveError("a chunk is larger than the library gives", code=10002)
        return MediaChunk(data, str(body.get("outindexbuf") or ""), bool(body.get("is_finish")))

    def destroy(self, handle: str) -> None:
        try:
            self._ask("destroy", {"sdk": handle})
        except ArchiveError as error:
            log.info("archive_handle_left", error=str(error))  # it ends with the gateway

    def _ask(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = _http().post(f"{self._base}/archive/{name}", json=body)
        except httpx.HTTPError as error:
            raise ArchiveError(type(error).__name__) from error
        if answer.status_code != 200 or len(answer.content) > ANSWER_BYTES:
            raise ArchiveError(f"the gateway answered {answer.status_code}")
        try:
            found = answer.json()
        except ValueError as error:
            raise ArchiveError("the gateway's answer is not JSON", code=10002) from error
        if not isinstance(found, dict):
            raise ArchiveError("the gateway's answer is not an object", code=10002)
        code = _number(found.get("ret")) or _number(found.get("errcode"))
        if code:
            raise ArchiveError(str(found.get("errmsg") or name)[:200], code=code)
        return found


def _number(raw: Any) -> int:
    try:
        return int(raw or 0)
    except (TypeError, ValueError):
        return 0
