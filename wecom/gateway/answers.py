"""Reading WeCom's answers, and the log of them with nothing secret in it."""

import json
import re
from typing import Any

import httpx
import structlog

from wecom.endpoints import Endpoint

log = structlog.get_logger("wecom.answer")

LOG_CHARS = 2000
_SECRET_KEYS = {
    "access_token", "corpsecret", "secret", "ticket", "suite_ticket", "suite_access_token", "permanent_code",
    "provider_access_token", "auth_code", "user_ticket", "welcome_code", "code", "session_key",
}  # fmt: skip
_PERSONAL_KEYS = {"mobile", "telephone", "email", "biz_mail", "address", "remark_mobiles", "phone"}
_IN_URL = re.compile(r"((?:access_token|corpsecret|secret|code|ticket)=)[^&\s\"']+")
_HINT = re.compile(r"hint:\s*\[([^\]]*)\]")


class Garbled(Exception):
    """An answer that is not the JSON object WeCom promises, or not HTTP 200, or too big."""


def read(response: httpx.Response, *, limit_bytes: int) -> dict[str, Any]:
    """The JSON object of an answer. Raises Garbled."""
    if response.status_code != 200:
        raise Garbled(f"HTTP {response.status_code}")
    if len(response.content) > limit_bytes:
        raise Garbled("the answer is too big")
    try:
        body = json.loads(response.content.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError) as error:
        raise Garbled("the answer is not JSON") from error
    if not isinstance(body, dict):
        raise Garbled("the answer is not an object")
    return body


def code_of(body: dict[str, Any]) -> int:
    """errcode; an absent one means success (PROTOCOL, conventions)."""
    try:
        return int(body.get("errcode") or 0)
    except (TypeError, ValueError):
        return -2


def hint_of(body: dict[str, Any]) -> str:
    """The support hint of an errmsg, for people who ask the vendor. Never matched on."""
    found = _HINT.search(str(body.get("errmsg") or ""))
    return (found.group(1) if found else str(body.get("errmsg") or ""))[:200]


def without_status(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in ("errcode", "errmsg")}


def redact(text: str) -> str:
    """A text without the tokens and secrets a URL in it may carry."""
    return _IN_URL.sub(r"\1***", text)


def redacted(value: Any) -> Any:
    """A JSON value with secrets replaced and phone numbers and addresses left out."""
    if isinstance(value, dict):
        return {
            key: "***" if key in _SECRET_KEYS or key in _PERSONAL_KEYS else redacted(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [redacted(one) for one in value[:20]]
    return value


def log_answer(
    *, tenant_id: int, app_id: int, endpoint: Endpoint, body: dict[str, Any], took_ms: int
) -> None:
    """One line a call. The body is kept when WeCom refused; a success logs its size only."""
    code = code_of(body)
    about = {
        "tenant_id": tenant_id,
        "app_id": app_id,
        "path": endpoint.path,
        "code": code,
        "took_ms": took_ms,
    }
    if code:
        log.warning(
            "wecom_refused", **about, answer=json.dumps(redacted(body), ensure_ascii=False)[:LOG_CHARS]
        )
    else:
        log.debug("wecom_answered", **about)
