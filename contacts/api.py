"""The SKU API: a tenant's shop tells what it sells (R38). Orders come by the event API and name their SKU."""

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from contacts.serializers import BATCH_SKUS, SkuBatchSerializer, SkuResultsSerializer, SkuSerializer
from contacts.services.skus import skus_tell
from tenants.scoping import tenant_scope
from wecom.api import ApiClient, ApiKeyAuthentication, admitted, problem
from wecom.serializers import ProblemSerializer

EXAMPLE = {"skus": [{"code": "CAMP", "name": "7-day camp", "price_fen": 9900, "kind": "first"}]}


class SkusView(APIView):
    """POST a batch; each SKU is answered by itself."""

    authentication_classes = (ApiKeyAuthentication,)
    parser_classes = (JSONParser,)

    @extend_schema(
        operation_id="skus",
        summary="Tell SKUs",
        description=(
            "Up to 500 SKUs a request. A SKU is known by its code: the first time it is created, later changed "
            "where the batch says otherwise. Sending the same again changes nothing."
        ),
        request=SkuBatchSerializer,
        responses={
            200: SkuResultsSerializer,
            400: ProblemSerializer,
            401: ProblemSerializer,
            413: ProblemSerializer,
            429: ProblemSerializer,
        },
        examples=[OpenApiExample("A SKU", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        client: ApiClient = request.user  # type: ignore[assignment]
        body = admitted(request, client)
        if isinstance(body, Response):
            return body
        with tenant_scope(client.tenant):
            items = _items(body)
            if isinstance(items, str):
                return problem(400, "NO_SKUS", items)
            by = f"API {client.key.name}"
            return Response({"results": receive(tenant_id=client.tenant.pk, items=items, by=by)})


def _items(body: bytes) -> list[Any] | str:
    """The items of a request, or why it is none."""
    try:
        whole = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return "The body is not JSON in UTF-8."
    items = whole.get("skus") if isinstance(whole, dict) else None
    if not isinstance(items, list) or not items:
        return 'The body must be {"skus": [...]}.'
    return items if len(items) <= BATCH_SKUS else f"At most {BATCH_SKUS} SKUs fit in one request."


def receive(*, tenant_id: int, items: list[Any], by: str) -> list[dict[str, str]]:
    """Keep the good ones in one transaction and answer each. Safe to repeat."""
    read = [SkuSerializer(data=one) for one in items]
    good = [one.validated_data for one in read if one.is_valid()]
    states = iter(skus_tell(tenant_id=tenant_id, items=good, by=by))
    return [
        {"code": str(one.validated_data["code"]), "state": next(states), "reason": ""}
        if not one.errors
        else {"code": _code(raw), "state": "invalid", "reason": _reason(one.errors)}
        for raw, one in zip(items, read, strict=True)
    ]


def _code(raw: Any) -> str:
    told = raw.get("code") if isinstance(raw, dict) else ""
    return told[:128] if isinstance(told, str) else ""


def _reason(errors: Any) -> str:
    """The first fault with its field."""
    field, told = next(iter(errors.items()))
    return f"{field}: {told[0]}"
