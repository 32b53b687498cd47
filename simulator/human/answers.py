"""Reading JSON requests and answering them, shared by the /sim endpoints."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.runtime import Runtime
from simulator.wire.checks import Field, check
from simulator.wire.crypto import CryptoError
from simulator.wire.errors import WireError
from simulator.wire.incoming import json_object
from simulator.world.relations import Refused

log = logging.getLogger("simulator")

Body = dict[str, Any]
Action = Callable[[Runtime, Body], Awaitable[Body]]


TEXT = Field(str)
TEXTS = Field(list, items=str)
OBJECT = Field(dict)
OBJECTS = Field(list, items=dict)
# Each of these names means the same wherever it comes.
KINDS: dict[str, Field] = {
    **dict.fromkeys(
        ("corp_id", "userid", "external_userid", "chat_id", "by", "owner", "sender", "from", "to", "msgid", "msgtype"),
        TEXT,
    ),
    **dict.fromkeys(
        ("config_id", "link_id", "moment_id", "tag_id", "suite_id", "provider_id", "camp_id", "name", "timezone"), TEXT
    ),
    **dict.fromkeys(
        ("callback_url", "callback_form", "token", "aes_key", "product_base_url", "api_key", "quota_rule"), TEXT
    ),
    **dict.fromkeys(("person_ids", "external_userids", "chat_ids", "allowed_ips", "manual_staff"), TEXTS),
    **dict.fromkeys(("permissions", "visible_userids", "add_tag", "remove_tag"), TEXTS),
    **dict.fromkeys(("content", "limits", "archive", "selected"), OBJECT),
    **dict.fromkeys(("items", "shop", "attachments"), OBJECTS),
}  # fmt: skip


async def read_json(request: Request) -> Body:
    """The body as an object; empty means {}. Raises Refused."""
    try:
        return json_object(await request.body())
    except (ValueError, RecursionError) as error:
        raise Refused(f"the body is not a JSON object: {error}") from error


def need(body: Body, *names: str) -> list[Any]:
    """The named fields. Raises Refused naming the first that is missing."""
    for name in names:
        if body.get(name) in (None, ""):
            raise Refused(f"{name} is required")
    return [body[name] for name in names]


def json_route(runtime: Runtime, action: Action) -> Callable[[Request], Awaitable[Response]]:
    """Wrap an action: body, query and path parameters in one dict, a refusal becomes HTTP 400."""

    async def handle(request: Request) -> Response:
        try:
            body = {**dict(request.query_params), **await read_json(request), **request.path_params}
            answer = await action(runtime, check(body, KINDS))
        except (Refused, WireError, CryptoError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except (TypeError, AttributeError, LookupError, OverflowError) as error:
            log.warning("%s: a value of the wrong kind", request.url.path, exc_info=True)
            return JSONResponse({"error": f"a value of the wrong kind: {error}"}, status_code=400)
        if request.method != "GET":
            runtime.world.is_dirty = True
        return JSONResponse(answer)

    return handle
