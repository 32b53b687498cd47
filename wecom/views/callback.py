"""`/wecom/callback/<slug>`: verify, store, answer. Nothing is acknowledged before it is durable."""

import hashlib
import re

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from tenants import clock
from wecom import addresses, crypto, envelope, ingest, services, wake
from wecom.addresses import Address
from wecom.enums import InboundSource
from wecom.errors import CallbackRefused

log = structlog.get_logger(__name__)

PLAIN = "text/plain; charset=utf-8"
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


@method_decorator(csrf_exempt, name="dispatch")
class CallbackView(View):
    """GET: WeCom checks the URL. POST: one event. 200 `success` means stored or known; 4xx is not from WeCom;
    503 asks WeCom to try again."""

    http_method_names = ("get", "post")

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:  # type: ignore[override]
        try:
            return super().dispatch(request, slug)
        except CallbackRefused as error:
            log.warning("callback_refused", slug=slug, why=error.why)
            return HttpResponse(error.why, status=error.status, content_type=PLAIN)
        except (DatabaseError, InterfaceError) as error:
            log.error("callback_not_stored", slug=slug, exc_info=error)
            return HttpResponse("try again", status=503, content_type=PLAIN)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        plain, address = _open(request, slug, _parameter(request, "echostr"))
        if not address.is_verified:
            services.app_callback_seen(tenant_id=address.tenant_id, app_id=address.app_id)
            addresses.look(slug)
        return HttpResponse(plain, content_type=PLAIN)

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        outer = envelope.parse_outer(_body(request))
        plain, address = _open(request, slug, outer.ciphertext)
        arrival = _arrival(plain)
        stored = ingest.store_now(
            tenant_id=address.tenant_id,
            app_id=address.app_id,
            source=InboundSource.CALLBACK.value,
            arrival=arrival,
        )
        if stored:
            wake.inbound(tenant_id=address.tenant_id, inbound_id=stored, inner=arrival.inner)
        return HttpResponse(b"success", content_type=PLAIN)


def _parameter(request: HttpRequest, name: str) -> str:
    """A query parameter; a `+` that an intermediary read as a blank is put back."""
    value = request.GET.get(name, "")
    if not value:
        raise CallbackRefused(f"{name} is missing")
    return value.replace(" ", "+")


def _body(request: HttpRequest) -> bytes:
    """The body, up to the cap. Raises CallbackRefused (413) before reading more."""
    cap = settings.CALLBACK_BODY_BYTES
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError as error:
        raise CallbackRefused("Content-Length is not a number") from error
    if announced > cap:
        raise CallbackRefused("the body is too large", status=413)
    body = request.read(cap + 1)
    if len(body) > cap:
        raise CallbackRefused("the body is too large", status=413)
    return body


def _open(request: HttpRequest, slug: str, ciphertext: str) -> tuple[bytes, Address]:
    """The verified plaintext and whose it is. Raises CallbackRefused."""
    signature, nonce = _parameter(request, "msg_signature"), _parameter(request, "nonce")
    timestamp = _parameter(request, "timestamp")
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


def _arrival(plain: bytes) -> ingest.Arrival:
    digest = hashlib.sha256(plain).hexdigest()
    text = plain.decode("utf-8", "backslashreplace")
    try:
        return ingest.Arrival(dedupe_key=digest, body=text, inner=envelope.parse_inner(text))
    except envelope.Unreadable as error:
        return ingest.Arrival(dedupe_key=digest, body=text, inner=None, error=str(error))
