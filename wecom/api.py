"""The event API: a tenant's own systems tell what customers did (R111)."""

import hashlib
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import clock, preferences
from tenants.models import ApiKey, Tenant
from tenants.scoping import tenant_scope
from tenants.selectors import api_key_by_token
from tenants.services import api_key_used
from wecom.enums import EVENT_API_PER_MINUTE, InboundSource
from wecom.inbox import filing, ingest, items, limits_api, wake
from wecom.serializers import EventBatchSerializer, EventResultsSerializer, ProblemSerializer

log = structlog.get_logger(__name__)

BODY_BYTES = 2 * 1024 * 1024


@dataclass(frozen=True)
class ApiClient:
    """Who calls: one API key of one tenant."""

    tenant: Tenant
    key: ApiKey
    is_authenticated: bool = True


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer qk_...`; 401 otherwise."""

    def authenticate(self, request: Request) -> tuple[ApiClient, ApiKey]:
        parts = get_authorization_header(request).decode("latin-1").split()
        if len(parts) != 2 or parts[0].lower() != "bearer":
            raise AuthenticationFailed("Send the API key as: Authorization: Bearer qk_...")
        key = api_key_by_token(parts[1])
        if key is None:
            raise AuthenticationFailed("This API key does not exist or was revoked.")
        api_key_used(key=key)
        return ApiClient(tenant=key.tenant, key=key), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="qunce"'


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes ApiKeyAuthentication."""

    target_class = "wecom.api.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API key of Settings, API keys."}


def problem(status: int, code: str, message: str, **headers: str) -> Response:
    return Response({"code": code, "message": message}, status=status, headers=headers or None)


EXAMPLE = {
    "source": "shop",
    "events": [
        {
            "id": "order-20261120-1",
            "kind": "order",
            "occurred_at": "2026-11-20T12:30:00+08:00",
            "external_userid": "wmABC",
            "object": {"kind": "sku", "id": "NO-10086", "title": "Reading camp"},
            "amount_fen": 19800,
            "data": {"sku_id": "CAMP"},
        }
    ],
}


class EventsView(APIView):
    """POST a batch; each item is answered by itself."""

    authentication_classes = (ApiKeyAuthentication,)
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="events",
        summary="Send events",
        description=(
            "Up to 500 events a request and 2 MiB. An event counts once: the same id from the same source is "
            "answered `duplicate`, also in another batch. Send again whatever was not answered. Events may "
            "come late and in any order. The batch is stored as it came before anything is made of it."
        ),
        request=EventBatchSerializer,
        responses={
            200: EventResultsSerializer,
            400: ProblemSerializer,
            401: ProblemSerializer,
            413: ProblemSerializer,
            429: ProblemSerializer,
        },
        examples=[OpenApiExample("An order", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        client: ApiClient = request.user  # type: ignore[assignment]
        body = admitted(request, client)
        if isinstance(body, Response):
            return body
        with tenant_scope(client.tenant):
            try:
                results = receive(tenant_id=client.tenant.pk, body=body)
            except items.BatchInvalid as error:
                return problem(400, error.code, error.message)
        return Response({"results": results})


def admitted(request: Request, client: ApiClient) -> bytes | Response:
    """The raw body of a batch; or the answer that refuses it: too large, or more requests than the key may send."""
    body = read_body(request)
    if body is None:
        return problem(413, "TOO_LARGE", f"A request may have {BODY_BYTES} bytes.")
    with tenant_scope(client.tenant):
        per_minute = preferences.value(client.tenant.pk, EVENT_API_PER_MINUTE)
    wait_s = limits_api.over_limit(key_id=client.key.pk, per_minute=per_minute)
    if wait_s:
        message = f"More than {per_minute} requests a minute."
        return problem(429, "TOO_FAST", message, **{"Retry-After": str(wait_s)})
    return body


def read_body(request: Request) -> bytes | None:
    """The raw body, or None when it is larger than the cap."""
    stream = request._request
    announced = stream.META.get("CONTENT_LENGTH") or "0"
    if not announced.isdigit() or int(announced) > BODY_BYTES:
        return None
    body = stream.read(BODY_BYTES + 1)
    return body if len(body) <= BODY_BYTES else None


def receive(*, tenant_id: int, body: bytes) -> list[dict[str, str]]:
    """Store a batch raw, remember its ids, and answer each item: accepted, duplicate or invalid.

    One transaction: an accepted item is durable. Safe to repeat. Raises items.BatchInvalid.
    """
    received_at = clock.now()
    batch = items.read_batch(body, now=received_at)
    wanted = {read.item["id"] for read in batch.reads if read.item}
    accepted: set[str] = set()
    with transaction.atomic():
        stored = filing.store_batch(
            tenant_id=tenant_id,
            source=InboundSource.API.value,
            dedupe_key=hashlib.sha256(body).hexdigest(),
            body=body.decode(),
            received_at=received_at,
        )
        if stored and wanted:
            accepted = ingest.claim_ids(
                tenant_id=tenant_id, inbound_id=stored, source=batch.source, event_ids=sorted(wanted)
            )
    if stored and accepted:
        wake.inbound_batch(tenant_id=tenant_id)
    return [_result(read, accepted) for read in batch.reads]


def _result(read: items.Read, accepted: set[str]) -> dict[str, str]:
    """Takes the id out of `accepted`, so that its second item in one batch is a duplicate."""
    if read.item is None:
        return {"id": read.id, "state": "invalid", "reason": read.reason}
    if read.id in accepted:
        accepted.discard(read.id)
        return {"id": read.id, "state": "accepted", "reason": ""}
    return {"id": read.id, "state": "duplicate", "reason": ""}
