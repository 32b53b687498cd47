"""The front door of /cgi-bin: token, rights, faults, validation, handler, answer (always HTTP 200)."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.runtime import NotedCall, Runtime
from simulator.wire import limiter
from simulator.wire.checks import check, check_query
from simulator.wire.endpoint import Call, Endpoint, RawAnswer, Upload
from simulator.wire.errors import MESSAGES, WireError
from simulator.wire.fetching import finish
from simulator.wire.incoming import json_object
from simulator.wire.registry import ENDPOINTS
from simulator.world.entities import App
from simulator.world.model import Corp, World, stable_id
from simulator.world.relations import Refused

BODY_BYTES = 25 * 1024 * 1024


def answer_ok(body: dict[str, Any]) -> Response:
    """HTTP 200 with errcode 0."""
    return JSONResponse({"errcode": 0, "errmsg": MESSAGES[0], **body})


def answer_error(error: WireError) -> Response:
    """HTTP 200 with the code and a hint."""
    message = MESSAGES.get(error.code, "error")
    hint = error.hint or stable_id("", message, 12)
    shown = f"{message}, hint: [{hint}], from ip: 127.0.0.1"
    return JSONResponse({"errcode": error.code, "errmsg": shown, **error.extra})


def _corp_and_app(runtime: Runtime, request: Request, row: Endpoint, now: float) -> tuple[Corp, App]:
    """Whose call this is. Raises 41001, 40014, 42001, 40013 or 40001."""
    world = runtime.world
    if not row.needs_token:
        return _by_secret(world, request, now)
    value = request.query_params.get("access_token", "")
    if not value:
        raise WireError(41001)
    token = world.tokens.get(value)
    if token is None or token.corp_id not in world.corps:
        raise WireError(40014)
    corp = world.corps[token.corp_id]
    if token.revoked or corp.faults.chance(corp.faults.revoke_token_p):
        token.revoked = True
        raise WireError(corp.faults.revoke_code, "revoked early")
    if token.expires_at <= now:
        raise WireError(42001)
    return corp, corp.apps[token.agentid]


def _by_secret(world: World, request: Request, now: float) -> tuple[Corp, App]:
    address = request.client.host if request.client else ""
    limiter.check_address(world, address, now)
    corp_id, secret = request.query_params.get("corpid", ""), request.query_params.get("corpsecret", "")
    if not corp_id:
        raise WireError(41002)
    if not secret:
        raise WireError(41004)
    corp = world.corps.get(corp_id)
    if corp is None:
        raise WireError(40013, corp_id)
    for app in corp.apps.values():
        if app.secret == secret:
            return corp, app
    world.wrong_secrets.setdefault(address, deque()).append(now)
    raise WireError(40001, "wrong secret")


def _check_rights(request: Request, corp: Corp, app: App, row: Endpoint) -> None:
    address = request.client.host if request.client else ""
    if row.needs_token and corp.allowed_ips and address not in corp.allowed_ips:
        raise WireError(60020, address)
    if row.permission and row.permission not in app.permissions:
        raise WireError(48002, row.permission)


class Broken(Exception):
    """An answer that is none: a gateway's error page, or half a JSON document."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(status)
        self.status = status
        self.body = body


def _break(corp: Corp) -> None:
    faults = corp.faults
    if faults.chance(faults.http_error_p):
        raise Broken(502, "<html><body><h1>502 Bad Gateway</h1></body></html>")
    if faults.chance(faults.garbage_p):
        raise Broken(200, '{"errcode": 0, "errm')


async def _read_body(request: Request, row: Endpoint) -> tuple[dict[str, Any], Upload | None]:
    if row.is_upload:
        async with request.form() as form:
            file = form.get("media")
            if not isinstance(file, UploadFile):
                raise WireError(41005, "multipart field media")
            kind = file.content_type or "application/octet-stream"
            return {}, Upload(file.filename or "", kind, await file.read())
    if row.method == "GET":
        return {}, None
    raw = await request.body()
    if len(raw) > BODY_BYTES:
        raise WireError(40058, "body too large")
    try:
        return json_object(raw), None
    except (ValueError, RecursionError) as error:
        raise WireError(40058, "body is not a JSON object in UTF-8") from error


class Gate:
    """Handles /cgi-bin requests and counts those in flight per corp and call."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.in_flight: Counter[tuple[str, str]] = Counter()

    async def handle(self, request: Request) -> Response:
        """One vendor call. Never raises: a fault becomes errcode."""
        path = request.path_params["path"]
        noted = self.runtime.note_call(request, path)
        try:
            answer = await self._answer(request, path, noted)
        except WireError as error:
            self.runtime.end_call(noted, error.code, error.hint)
            return answer_error(error)
        except Refused as error:
            self.runtime.end_call(noted, 40058, str(error))
            return answer_error(WireError(40058, str(error)))
        except Broken as error:
            self.runtime.end_call(noted, error.status, "broken answer")
            return Response(error.body, error.status, media_type="text/html")
        self.runtime.end_call(noted, 0)
        if isinstance(answer, RawAnswer):
            headers = {"Content-Disposition": 'attachment; filename="media"'}
            if answer.content_range:
                headers["Content-Range"] = answer.content_range
            code = 206 if answer.content_range else 200
            return Response(answer.body, code, media_type=answer.content_type, headers=headers)
        return answer_ok(answer)

    async def _answer(self, request: Request, path: str, noted: NotedCall) -> dict[str, Any] | RawAnswer:
        row = ENDPOINTS.get(path)
        if row is None:
            raise WireError(40066, path)
        if request.method != row.method:
            raise WireError(40058, f"use {row.method}")
        now = self.runtime.clock.now()
        corp, app = _corp_and_app(self.runtime, request, row, now)
        noted.corp_id, noted.agentid = corp.corp_id, app.agentid
        _check_rights(request, corp, app, row)
        _break(corp)
        limiter.check(corp, path, now)
        key = (corp.corp_id, path)
        limit = corp.faults.concurrency_limit
        if limit and self.in_flight[key] >= limit:
            raise WireError(45033)
        self.in_flight[key] += 1
        try:
            is_slow = bool(corp.faults.slow_ms) and corp.faults.chance(corp.faults.slow_p)
            if is_slow and not corp.faults.slow_after_effect:
                await asyncio.sleep(corp.faults.slow_ms / 1000)
            answer = await self._run(request, row, corp, app, noted)
            if is_slow and corp.faults.slow_after_effect:
                await asyncio.sleep(corp.faults.slow_ms / 1000)
            return answer
        finally:
            self.in_flight[key] -= 1

    async def _run(
        self, request: Request, row: Endpoint, corp: Corp, app: App, noted: NotedCall
    ) -> dict[str, Any] | RawAnswer:
        query = dict(request.query_params)
        body, upload = await _read_body(request, row)
        noted.keep(body or query)
        if row.method == "GET" or row.is_upload:
            query = check_query(query, row.spec)
        else:
            body = check(body, row.spec)
        call = Call(
            world=self.runtime.world,
            corp=corp,
            app=app,
            query=query,
            body=body,
            now=self.runtime.clock.now(),
            base_url=str(request.base_url).rstrip("/"),
            upload=upload,
            headers=request.headers,
        )
        self.runtime.world.is_dirty = True
        answer = row.handler(call)
        for job in call.later:
            self.runtime.spawn(finish(self.runtime, corp, job))
        return answer
