"""Reading JSON requests and answering them, shared by the /sim endpoints."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.runtime import Runtime
from simulator.wire.errors import WireError
from simulator.world.relations import Refused

Body = dict[str, Any]
Action = Callable[[Runtime, Body], Awaitable[Body]]


async def read_json(request: Request) -> Body:
    """The body as an object; empty means {}. Raises Refused."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused("the body is not JSON") from error
    if not isinstance(body, dict):
        raise Refused("the body must be an object")
    return body


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
            answer = await action(runtime, body)
        except (Refused, WireError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        if request.method != "GET":
            runtime.world.is_dirty = True
        return JSONResponse(answer)

    return handle
