"""Puts the ASGI application together: /cgi-bin, OAuth, /sim and /phone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from simulator.callbacks.deliver import flush
from simulator.human import (
    acts,
    bulk,
    console,
    corps,
    directory,
    links,
    messages,
    office,
    phone,
    record,
    suites,
    truth,
)
from simulator.human.answers import Action, Body, json_route
from simulator.human.oauth import OAuthPage
from simulator.population import camp, tick
from simulator.runtime import Runtime
from simulator.wire import archive
from simulator.wire.server import Gate
from simulator.wire.service import ServiceGate

log = logging.getLogger("simulator")

LIVE_STEP_S = 1.0
SAVING_SHARE = 25


def _then_flush(action: Action) -> Action:
    """Answer only after the callbacks that the act caused have been tried."""

    async def run(runtime: Runtime, body: Body) -> Body:
        answer = await action(runtime, body)
        return {**answer, "callbacks": await flush(runtime)}

    return run


def _bulk_table() -> list[tuple[str, str, Action]]:
    """Changes in bulk, and the ledger."""
    return [
        ("POST", "/sim/bulk/events", bulk.start),
        ("GET", "/sim/bulk/{bulk_id}", bulk.show),
        ("POST", "/sim/bulk/{bulk_id}/stop", bulk.stop),
        ("GET", "/sim/ledger", truth.ledger),
        ("GET", "/sim/ledger/callbacks", record.callbacks),
        ("GET", "/sim/ledger/callbacks/{event_id}", record.callback),
        ("GET", "/sim/ledger/calls", record.calls),
    ]


def _sim_routes(runtime: Runtime) -> list[Route]:
    table: list[tuple[str, str, Action]] = [
        ("GET", "/sim/status", truth.status),
        ("GET", "/sim/endpoints", truth.endpoints),
        ("GET", "/sim/corps", corps.list_corps),
        ("POST", "/sim/corps", corps.create_corp),
        ("GET", "/sim/corps/{corp_id}", corps.show_corp),
        ("PATCH", "/sim/corps/{corp_id}", corps.change_corp),
        ("DELETE", "/sim/corps/{corp_id}", corps.delete_corp),
        ("POST", "/sim/corps/{corp_id}/apps", corps.add_app),
        ("POST", "/sim/corps/{corp_id}/verify-callback", corps.verify_callback),
        ("POST", "/sim/corps/{corp_id}/revoke-tokens", corps.revoke_tokens),
        ("GET", "/sim/faults", corps.show_faults),
        ("POST", "/sim/faults", corps.set_faults),
        ("POST", "/sim/welcome-race", corps.use_welcome_code),
        ("POST", "/sim/suites", _then_flush(suites.create_suite)),
        ("POST", "/sim/suites/{suite_id}/push-ticket", _then_flush(suites.push)),
        ("POST", "/sim/suites/{suite_id}/install", _then_flush(suites.install)),
        ("POST", "/sim/suites/{suite_id}/change", _then_flush(suites.change)),
        ("POST", "/sim/suites/{suite_id}/cancel", _then_flush(suites.cancel)),
        ("POST", "/sim/suites/{suite_id}/reset-permanent-code", _then_flush(suites.reset_permanent_code)),
        ("POST", "/sim/redeliver", _then_flush(corps.redeliver)),
        ("POST", "/sim/camp", camp.declare),
        ("POST", "/sim/tick", tick.tick_action),
    ]
    table += _bulk_table()
    table += [
        ("POST", f"/sim/{path}", _then_flush(action))
        for path, action in {
            **acts.ACTIONS,
            **office.ACTIONS,
            **directory.ACTIONS,
            **messages.ACTIONS,
            **links.ACTIONS,
        }.items()
    ]
    return [Route(path, json_route(runtime, action), methods=[verb]) for verb, path, action in table]


def _media_route(runtime: Runtime) -> Route:
    async def show(request: Request) -> Response:
        corp = runtime.world.corps.get(request.path_params["corp_id"])
        media = corp.media.get(request.path_params["media_id"]) if corp else None
        if media is None:
            return JSONResponse({"error": "no such media"}, status_code=404)
        return Response(media.body, media_type=media.content_type)

    return Route("/sim/media/{corp_id}/{media_id}", show)


async def _keep(runtime: Runtime, snapshot_s: float) -> None:
    pause_s = snapshot_s
    while True:
        await asyncio.sleep(pause_s)
        started = time.perf_counter()
        try:
            await runtime.save_beside()
            # A big world is written seldom: it takes a processor and memory of its own.
            pause_s = max(snapshot_s, SAVING_SHARE * (time.perf_counter() - started))
        except OSError:
            log.exception("the world could not be saved; trying again")


async def _live(runtime: Runtime) -> None:
    while True:
        runtime.live()
        try:
            await tick.run_until(runtime, runtime.clock.now())
        except Exception:
            log.exception("a live step failed; the next one goes on")
        await asyncio.sleep(LIVE_STEP_S)


def create_app(runtime: Runtime, *, snapshot_s: float = 5.0) -> Starlette:
    """The application over one runtime; saves the world while it runs and once at the end."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        jobs = [asyncio.create_task(_keep(runtime, snapshot_s))] if snapshot_s > 0 else []
        if runtime.is_live:
            jobs.append(asyncio.create_task(_live(runtime)))
        yield
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        runtime.save()
        await runtime.close()

    gate = Gate(runtime)
    routes = [
        Route("/cgi-bin/service/{name}", ServiceGate(runtime).handle, methods=["GET", "POST"]),
        Route("/cgi-bin/{path:path}", gate.handle, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        Route("/connect/oauth2/authorize", OAuthPage(runtime).authorize),
        Route("/wwlogin/sso/login", OAuthPage(runtime).qr_login),
        Route("/wwopen/sso/qrConnect", OAuthPage(runtime).qr_login),
        *archive.routes(runtime),
        *_sim_routes(runtime),
        _media_route(runtime),
        Route("/", lambda request: RedirectResponse("/phone/")),
        *phone.routes(runtime),
        *console.routes(runtime),
    ]
    return Starlette(routes=routes, lifespan=lifespan)
