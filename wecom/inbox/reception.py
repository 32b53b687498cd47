"""One callback, from its query and body to its answer: verify, decrypt, store, acknowledge.

No request object is needed, so the short way (`front`) and the ordinary view say exactly the same.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from tenants import clock
from wecom import services
from wecom.errors import CallbackRefused
from wecom.inbox import addresses, crypto, envelope, shelf, wake
from wecom.inbox.addresses import Address
from wecom.operations.tally import REFUSED, tally

log = structlog.get_logger(__name__)

# What a payload that asks for a welcome holds; it has 20 seconds and goes ahead of all else.
_WELCOME = b"<WelcomeCode>"
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
Query = Mapping[str, str]
Read = Callable[[int], bytes]  # at most so many bytes of the body


@dataclass(frozen=True)
class Answer:
    """What WeCom is told. `body` is plain text in UTF-8."""

    status: int
    body: bytes


SUCCESS = Answer(200, b"success")


def event(*, slug: str, query: Query, announced: str, read: Read) -> Answer:
    """Store one event. 200 `success` means stored or known; 4xx is not from WeCom; 503 asks it to try again.

    `announced` is the Content-Length header. Nothing is acknowledged before it is durable; a repeat is safe.
    """
    return _answered(slug, lambda: _event(slug, query, _body(announced, read)))


def check(*, slug: str, query: Query) -> Answer:
    """WeCom checks the URL: the plaintext of its question alone (PROTOCOL 1.2)."""
    return _answered(slug, lambda: _check(slug, query))


def _answered(slug: str, work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except CallbackRefused as error:
        log.warning("callback_refused", slug=slug, why=error.why)
        _count_refused(slug, error.why)
        return Answer(error.status, error.why.encode())
    except (DatabaseError, InterfaceError) as error:
        log.error("callback_not_stored", slug=slug, exc_info=error)
        return Answer(503, b"try again")


def _count_refused(slug: str, why: str) -> None:
    """For the operations page: a known address's tenant learns of it; nothing is looked up for an unknown one."""
    address = addresses.remembered(slug)
    tally.count(REFUSED, tenant_id=address.tenant_id if address else 0)
    if address:
        tally.mark("refused", tenant_id=address.tenant_id, why=why)


def _event(slug: str, query: Query, body: bytes) -> Answer:
    plain, address = _open(slug, query, envelope.parse_outer(body).ciphertext)
    arrival = shelf.Arrival(hashlib.sha256(plain).hexdigest(), plain.decode("utf-8", "backslashreplace"))
    inbound_id = shelf.put(tenant_id=address.tenant_id, app_id=address.app_id, arrival=arrival)
    wake.waker.ask(address.tenant_id, welcome_id=inbound_id if _WELCOME in plain else None)
    return SUCCESS


def _check(slug: str, query: Query) -> Answer:
    plain, address = _open(slug, query, _parameter(query, "echostr"))
    if not address.is_verified:
        services.app_callback_seen(tenant_id=address.tenant_id, app_id=address.app_id)
        addresses.look(slug)
    return Answer(200, plain)


def _parameter(query: Query, name: str) -> str:
    """A query parameter; a `+` that an intermediary read as a blank is put back."""
    value = query.get(name, "")
    if not value:
        raise CallbackRefused(f"{name} is missing")
    return value.replace(" ", "+")


def _body(announced: str, read: Read) -> bytes:
    """The body, up to the cap. Raises CallbackRefused (413) before reading more."""
    cap = settings.CALLBACK_BODY_BYTES
    try:
        length = int(announced or 0)
    except ValueError as error:
        raise CallbackRefused("Content-Length is not a number") from error
    if length < 0:
        raise CallbackRefused("Content-Length is negative")
    if length > cap:
        raise CallbackRefused("the body is too large", status=413)
    try:
        body = read(length or cap + 1)  # without an announced length, as much as tells that it is too much
    except OSError as error:
        raise CallbackRefused("the body broke off") from error
    if len(body) > cap:
        raise CallbackRefused("the body is too large", status=413)
    return body


def _open(slug: str, query: Query, ciphertext: str) -> tuple[bytes, Address]:
    """The verified plaintext and whose it is. Raises CallbackRefused."""
    signature, nonce = _parameter(query, "msg_signature"), _parameter(query, "nonce")
    timestamp = _parameter(query, "timestamp")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise CallbackRefused("timestamp is not a number")
    address = addresses.find(slug)
    if address is None:
        raise CallbackRefused("no such callback", status=404)
    given = {"signature": signature, "timestamp": timestamp, "nonce": nonce, "ciphertext": ciphertext}
    try:
        crypto.check_signature(address.keys, **given)
    except CallbackRefused:
        newer = addresses.look_again(address, slug)
        if newer is None:
            raise
        crypto.check_signature(newer.keys, **given)
        address = newer
    if abs(clock.now().timestamp() - int(timestamp)) > settings.CALLBACK_SKEW_S:
        raise CallbackRefused("timestamp is too far from now", status=403)
    return crypto.decrypt(address.keys, ciphertext), address
