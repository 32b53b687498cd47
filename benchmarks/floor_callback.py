"""The floor of callback ingest: raw WSGI, wechatpy's decryption, one psycopg2 insert.

Read from the environment: FLOOR_DSN, FLOOR_TOKEN, FLOOR_AES_KEY, FLOOR_CORP_ID.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import psycopg2
import xmltodict
from wechatpy.work.crypto import WeChatCrypto

_crypto = WeChatCrypto(os.environ["FLOOR_TOKEN"], os.environ["FLOOR_AES_KEY"], os.environ["FLOOR_CORP_ID"])
_own = threading.local()


def _link() -> Any:
    if not hasattr(_own, "link"):
        _own.link = psycopg2.connect(os.environ["FLOOR_DSN"])
        _own.link.autocommit = True
    return _own.link


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Verify, decrypt, insert, answer."""
    query = parse_qs(environ["QUERY_STRING"])
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    plain = _crypto.decrypt_message(body, query["msg_signature"][0], query["timestamp"][0], query["nonce"][0])
    text = plain if isinstance(plain, str) else plain.decode()
    event = xmltodict.parse(text)["xml"]
    with _link().cursor() as cursor:
        cursor.execute(
            "insert into floor_event (tenant_id, dedupe_key, event, body) values (1, %s, %s, %s) "
            "on conflict do nothing",
            [hashlib.sha256(text.encode()).hexdigest(), event.get("Event", ""), text],
        )
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "7")])
    return [b"success"]
