"""One request to WeCom and its answer: building it, sending it, bounded in time and size. No decision is made here."""

import json
from dataclasses import dataclass
from email.message import Message
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from wecom.endpoints import GET, Endpoint
from wecom.gateway import answers

ANSWER_BYTES = 32 * 1024 * 1024
# Failures before a byte of the request can have been acted upon.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
FILE = "file"  # where a download lies in the object answered
LINE_ERRORS = (httpx.HTTPError, answers.Garbled)


@dataclass(frozen=True)
class Download:
    """A file as WeCom gives it. `total_bytes` is the whole file's size, also when a part was asked for."""

    content: bytes
    content_type: str
    filename: str
    total_bytes: int


@cache
def _http(timeout_s: int) -> httpx.Client:
    """The process's pool. Redirects are refused, proxies of the environment are not asked."""
    return httpx.Client(
        timeout=httpx.Timeout(timeout_s, connect=min(3, timeout_s)),
        limits=httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=30),
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": "qunce"},
    )


def build(
    endpoint: Endpoint,
    values: dict[str, Any],
    *,
    token: str,
    file: Any = None,
    span: tuple[int, int] | None = None,
) -> httpx.Request:
    """The request of a call. Bodies are raw UTF-8, as WeCom counts bytes. `span` asks for a part of a file."""
    url = f"{settings.WECOM_API_BASE}/cgi-bin/{endpoint.path}"
    query = {"access_token": token} if token else {}
    make = _http(settings.WECOM_TIMEOUT_S).build_request
    if endpoint.is_upload:
        return make("POST", url, params={**query, **values}, files={"media": file})
    if endpoint.method == GET:
        headers = {"range": f"bytes={span[0]}-{span[1]}"} if span else {}
        return make("GET", url, params={**query, **values}, headers=headers)
    raw = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return make("POST", url, params=query, content=raw, headers={"content-type": "application/json"})


def send(endpoint: Endpoint, request: httpx.Request) -> dict[str, Any]:
    """The JSON object answered; of a download {FILE: Download}. Raises one of LINE_ERRORS."""
    response = _http(settings.WECOM_TIMEOUT_S).send(request)
    if endpoint.is_download and _is_file(response):
        return {FILE: _download(response)}
    return answers.read(response, limit_bytes=ANSWER_BYTES)


def _is_file(response: httpx.Response) -> bool:
    """A refusal comes as JSON without a file's name."""
    is_named = "content-disposition" in response.headers
    is_json = response.headers.get("content-type", "").startswith("application/json")
    return response.status_code in (200, 206) and (is_named or not is_json)


def _download(response: httpx.Response) -> Download:
    if len(response.content) > ANSWER_BYTES:
        raise answers.Garbled("the file is too big")
    about = Message()
    about["content-disposition"] = response.headers.get("content-disposition", "attachment")
    whole = response.headers.get("content-range", "").rpartition("/")[2]
    return Download(
        content=response.content,
        content_type=response.headers.get("content-type", "").partition(";")[0],
        filename=about.get_filename() or "",
        total_bytes=int(whole) if whole.isdigit() else len(response.content),
    )
