"""The token in the address of a phone page: which page, until when, and never who. Pure.

"<company in base 36>-<24 letters>": one letter for the kind of page, five bytes for the row, three for the hour in
which it ends, nine of a signature over all of it and the company. It has the shape of every token below /r/, so that
WeCom's sign-in finds its company. The same page has the same token, on a poster and in a message.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from content.policies.radar import token_make, token_tenant

_ROW_BYTES, _HOUR_BYTES, _SIGN_BYTES = 5, 3, 9
_AN_HOUR_S = 3600


@dataclass(frozen=True)
class PageToken:
    """A page of one company: `kind` is one ASCII letter, `until` a whole hour in UTC."""

    tenant_id: int
    kind: str
    row_id: int
    until: datetime


def hour_after(at: datetime) -> datetime:
    """The first whole hour that is not before `at`, in UTC."""
    seconds = -(-int(at.timestamp()) // _AN_HOUR_S) * _AN_HOUR_S
    return datetime.fromtimestamp(seconds, UTC) + (
        timedelta() if seconds >= at.timestamp() else timedelta(hours=1)
    )


def _signature(told: bytes, tenant_id: int, secret: str) -> bytes:
    key = sha256(b"campaigns.page:" + secret.encode()).digest()
    return hmac.new(key, b"%d:" % tenant_id + told, sha256).digest()[:_SIGN_BYTES]


def token_pack(page: PageToken, *, secret: str) -> str:
    """The token. Raises OverflowError for an id or a time that no page has."""
    hours = int(page.until.timestamp()) // _AN_HOUR_S
    told = page.kind.encode() + page.row_id.to_bytes(_ROW_BYTES) + hours.to_bytes(_HOUR_BYTES)
    return token_make(
        page.tenant_id, urlsafe_b64encode(told + _signature(told, page.tenant_id, secret)).decode()
    )


def token_unpack(token: str, *, secrets: Sequence[str]) -> PageToken | None:
    """What a token says, signed with any of these secrets; None for a forged, changed or foreign one.

    Whether its time is over is for the caller to say: a page that has ended says so.
    """
    tenant_id = token_tenant(token)
    if tenant_id is None:
        return None
    try:
        raw = urlsafe_b64decode(token.partition("-")[2])
    except ValueError:
        return None
    told, signature = raw[:-_SIGN_BYTES], raw[-_SIGN_BYTES:]
    if len(told) != 1 + _ROW_BYTES + _HOUR_BYTES or not told[:1].isalpha():
        return None
    if not any(hmac.compare_digest(_signature(told, tenant_id, one), signature) for one in secrets):
        return None
    row_id, hours = told[1 : 1 + _ROW_BYTES], told[1 + _ROW_BYTES :]
    until = datetime.fromtimestamp(int.from_bytes(hours) * _AN_HOUR_S, UTC)
    return PageToken(tenant_id, told[:1].decode(), int.from_bytes(row_id), until)
