"""The archive gateway: the five native operations over HTTP, POST /archive/... (PROTOCOL 3.14).

`ret` is what the native function would return; 0 is fine. GetChatData's own errors are in errcode, as there.
The RSA step is the vendor's (PKCS#1 v1.5 with the corp's public key); the cipher of the message is ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.runtime import Runtime
from simulator.wire.errors import MESSAGES
from simulator.wire.incoming import json_object
from simulator.world import samples
from simulator.world.archive import KEPT_S, Archive, Row
from simulator.world.model import Corp, stable_id

ARGUMENTS, NETWORK, PARSE, FILE_ID, DECRYPT, ENCRYPT_KEY, IP = 10000, 10001, 10002, 10005, 10006, 10008, 10009
FILE_GONE = 301048
MAX_LIMIT = 1000
CHUNK_BYTES = 512 * 1024
KEY_CHARS = 32
Operation = Callable[[dict[str, Any], Request], dict[str, Any]]


class SdkError(Exception):
    """An operation returned something else than 0."""

    def __init__(self, ret: int) -> None:
        super().__init__(ret)
        self.ret = ret


def load_key(pem: str) -> rsa.RSAPublicKey:
    """An RSA public key of 2048 bits or more. Raises ValueError."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("a public key is not PEM") from error
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < 2048:
        raise ValueError("a public key must be RSA with 2048 bits or more")
    return key


def _cipher(key: str) -> Cipher:
    digest = hashlib.sha256(key.encode()).digest()
    return Cipher(algorithms.AES(digest), modes.CBC(digest[:16]))


def seal(key: str, plain: str) -> str:
    """The message under its random key, base64."""
    pad = PKCS7(128).padder()
    worker = _cipher(key).encryptor()
    body = pad.update(plain.encode()) + pad.finalize()
    return base64.b64encode(worker.update(body) + worker.finalize()).decode()


def open_sealed(key: str, sealed: str) -> str:
    """The message again. Raises SdkError 10008 for a key of another shape, 10006 for a wrong one."""
    if len(key) != KEY_CHARS:
        raise SdkError(ENCRYPT_KEY)
    try:
        worker, unpad = _cipher(key).decryptor(), PKCS7(128).unpadder()
        body = worker.update(base64.b64decode(sealed, validate=True)) + worker.finalize()
        return (unpad.update(body) + unpad.finalize()).decode()
    except (ValueError, binascii.Error) as error:
        raise SdkError(DECRYPT) from error


class ArchiveGateway:
    """One runtime's gateway. `keys` caches parsed public keys by their text."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.keys: dict[str, rsa.RSAPublicKey] = {}
        self.operations: dict[str, Operation] = {
            "init": self._init,
            "getchatdata": self._getchatdata,
            "decryptdata": self._decryptdata,
            "getmediadata": self._getmediadata,
            "destroy": self._destroy,
        }

    async def handle(self, request: Request) -> Response:
        """One operation; always HTTP 200."""
        operation = request.path_params["operation"]
        do = self.operations.get(operation)
        if do is None:
            return JSONResponse({"error": "no such operation"}, status_code=404)
        try:
            answer = do(json_object(await request.body()), request)
        except SdkError as error:
            answer = {"ret": error.ret}
        except (ValueError, TypeError, KeyError, RecursionError):
            answer = {"ret": ARGUMENTS}
        code = int(answer.get("ret") or answer.get("errcode") or 0)
        self.runtime.count_call(f"archive/{operation}", code)
        return JSONResponse(answer)

    def _corp(self, body: dict[str, Any], request: Request) -> Corp:
        """Whose handle this is. Raises SdkError."""
        for corp in self.runtime.world.corps.values():
            if body["sdk"] in corp.archive.handles:
                address = request.client.host if request.client else ""
                if corp.archive.allowed_ips and address not in corp.archive.allowed_ips:
                    raise SdkError(IP)
                if corp.faults.chance(corp.faults.archive_network_p):
                    raise SdkError(NETWORK)
                return corp
        raise SdkError(ARGUMENTS)

    def _init(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        """A handle; like the native call it does not look at the secret yet."""
        corp_id, secret = str(body["corpid"]), str(body["secret"])
        corp = self.runtime.world.corps.get(corp_id)
        if not corp_id or not secret or corp is None:
            raise SdkError(ARGUMENTS)
        address = request.client.host if request.client else ""
        if corp.archive.allowed_ips and address not in corp.archive.allowed_ips:
            raise SdkError(IP)
        handle = stable_id("sdk-", f"{corp_id}|{len(corp.archive.handles)}|{self.runtime.clock.now()}", 40)
        corp.archive.handles[handle] = secret
        self.runtime.world.is_dirty = True
        return {"ret": 0, "sdk": handle}

    def _destroy(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        for corp in self.runtime.world.corps.values():
            corp.archive.handles.pop(str(body["sdk"]), None)
        return {"ret": 0}

    def _getchatdata(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        """Rows after seq, at most `limit`, of the last five days."""
        seq, limit = int(body["seq"]), int(body["limit"])
        if seq < 0 or not 1 <= limit <= MAX_LIMIT:
            raise SdkError(ARGUMENTS)
        corp = self._corp(body, request)
        code = self._refusal(corp, corp.archive.handles[body["sdk"]])
        if code:
            return {"errcode": code, "errmsg": MESSAGES.get(code, "error"), "chatdata": []}
        oldest = self.runtime.clock.now() - KEPT_S
        rows = _after(corp.archive, seq, oldest, limit)
        return {"errcode": 0, "errmsg": "ok", "chatdata": [self._sealed(corp.archive, row) for row in rows]}

    def _refusal(self, corp: Corp, secret: str) -> int:
        archive, now = corp.archive, self.runtime.clock.now()
        if secret != archive.secret:
            return 40001
        if archive.is_expired:
            return 301052
        if not archive.is_on:
            return 301053
        while archive.calls and not now - 60 < archive.calls[0] <= now:
            archive.calls.popleft()
        if len(archive.calls) >= corp.limit("archive_calls_a_minute"):
            return 45009
        archive.calls.append(now)
        return 0

    def _sealed(self, archive: Archive, row: Row) -> dict[str, Any]:
        pem = archive.public_keys[row.version]
        key = self.keys.get(pem) or self.keys.setdefault(pem, load_key(pem))
        random_key = key.encrypt(row.key.encode(), padding.PKCS1v15())
        return {
            "seq": row.seq,
            "msgid": row.msgid,
            "publickey_ver": row.version,
            "encrypt_random_key": base64.b64encode(random_key).decode(),
            "encrypt_chat_msg": seal(row.key, row.plain),
        }

    def _decryptdata(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        return {"ret": 0, "data": open_sealed(str(body["encrypt_key"]), str(body["encrypt_msg"]))}

    def _getmediadata(self, body: dict[str, Any], request: Request) -> dict[str, Any]:
        """512 KB of a file from where indexbuf says; an old file answers 301048."""
        corp = self._corp(body, request)
        if self._refusal(corp, corp.archive.handles[body["sdk"]]) in (40001, 301052, 301053):
            raise SdkError(ARGUMENTS)
        file = corp.archive.files.get(str(body["sdkfileid"]))
        if file is None:
            raise SdkError(FILE_ID)
        if self.runtime.clock.now() - file.made_at > corp.archive.file_life_s:
            raise SdkError(FILE_GONE)
        start = _start_of(str(body.get("indexbuf") or ""), file.size)
        data = samples.chunk(file.sdkfileid, file.size, start, CHUNK_BYTES)
        end = start + len(data)
        is_finish = end >= file.size
        following = "" if is_finish else f"Range:bytes={end}-{min(end + CHUNK_BYTES, file.size) - 1}"
        encoded = base64.b64encode(data).decode()
        return {"ret": 0, "data": encoded, "outindexbuf": following, "is_finish": int(is_finish)}


def _start_of(index: str, size: int) -> int:
    """The first byte an indexbuf asks for; an empty one asks for the beginning. Raises SdkError 10000."""
    if not index:
        return 0
    first = index.removeprefix("Range:bytes=").split("-")[0]
    if not first.isdigit() or int(first) >= size:
        raise SdkError(ARGUMENTS)
    return int(first)


def _after(archive: Archive, seq: int, oldest: float, limit: int) -> list[Row]:
    """Rows are numbered without gaps, so the place of a seq is known."""
    rows = archive.rows
    if not rows:
        return []
    first = max(0, seq + 1 - rows[0].seq)
    found = (rows[index] for index in range(first, len(rows)))
    out = []
    for row in found:
        if row.at >= oldest:
            out.append(row)
        if len(out) == limit:
            break
    return out


def routes(runtime: Runtime) -> list[Route]:
    """POST /archive/init, getchatdata, decryptdata, getmediadata, destroy."""
    return [Route("/archive/{operation}", ArchiveGateway(runtime).handle, methods=["POST"])]
