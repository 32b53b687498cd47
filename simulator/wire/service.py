"""/cgi-bin/service/*: the provider's token chain (PROTOCOL 2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from simulator.runtime import Runtime
from simulator.wire.api.tokens import issue_token
from simulator.wire.checks import Field, check
from simulator.wire.errors import WireError
from simulator.wire.incoming import json_object
from simulator.wire.server import answer_error, answer_ok
from simulator.world.entities import App
from simulator.world.model import Corp, World, stable_id
from simulator.world.provider import (
    AUTH_CODE_LIFE_S,
    TICKET_LIFE_S,
    TOKEN_LIFE_S,
    Authorisation,
    Provider,
    Suite,
)

PRE_AUTH_LIFE_S = 1200


@dataclass
class ServiceCall:
    """A validated provider call; `suite` is set when a suite token was needed."""

    world: World
    body: dict[str, Any]
    now: float
    suite: Suite | None = None


Handler = Callable[[ServiceCall], dict[str, Any]]


@dataclass(frozen=True)
class Row:
    """One service call: its handler, what it needs, and whether a suite token must come along."""

    handler: Handler
    spec: Mapping[str, Field] = field(default_factory=dict)
    needs_suite: bool = True
    method: str = "POST"


def find_suite(world: World, suite_id: str) -> Suite:
    """The suite. Raises 40013 when nobody has it."""
    for provider in world.providers.values():
        if suite_id in provider.suites:
            return provider.suites[suite_id]
    raise WireError(40013, suite_id)


def _suite(call: ServiceCall) -> Suite:
    assert call.suite is not None
    return call.suite


def get_suite_token(call: ServiceCall) -> dict[str, Any]:
    suite = find_suite(call.world, call.body["suite_id"])
    if call.body["suite_secret"] != suite.secret:
        raise WireError(40001, "suite_secret")
    alive = [ticket for ticket, at in suite.tickets if call.now - at < TICKET_LIFE_S]
    if call.body["suite_ticket"] not in alive:
        raise WireError(40085)
    token = stable_id("suite-", f"{suite.secret}|{len(suite.tokens)}|{call.now}", 43)
    suite.tokens[token] = call.now + TOKEN_LIFE_S
    return {"suite_access_token": token, "expires_in": TOKEN_LIFE_S}


def get_provider_token(call: ServiceCall) -> dict[str, Any]:
    provider = call.world.providers.get(call.body["corpid"])
    if provider is None or provider.secret != call.body["provider_secret"]:
        raise WireError(40001, "provider_secret")
    token = stable_id("provider-", f"{provider.secret}|{call.now}", 43)
    provider.tokens[token] = call.now + TOKEN_LIFE_S
    return {"provider_access_token": token, "expires_in": TOKEN_LIFE_S}


def get_pre_auth_code(call: ServiceCall) -> dict[str, Any]:
    code = stable_id("pre-", f"{_suite(call).suite_id}|{call.now}", 40)
    return {"pre_auth_code": code, "expires_in": PRE_AUTH_LIFE_S}


def set_session_info(call: ServiceCall) -> dict[str, Any]:
    return {}


def _agent(app: App, corp: Corp) -> dict[str, Any]:
    users = app.visible_userids if app.visible_userids is not None else list(corp.staff)
    privilege = {"level": 1, "allow_user": users, "allow_party": [], "allow_tag": []}
    return {"agentid": app.agentid, "name": app.name, "privilege": privilege}


def _auth_answer(call: ServiceCall, granted: Authorisation) -> dict[str, Any]:
    corp = call.world.corps[granted.corp_id]
    return {
        "auth_corp_info": {"corpid": corp.corp_id, "corp_name": corp.name, "corp_type": "verified"},
        "auth_info": {"agent": [_agent(corp.apps[granted.agentid], corp)]},
    }


def get_permanent_code(call: ServiceCall) -> dict[str, Any]:
    suite = _suite(call)
    corp_id, issued_at, permanent_code = suite.auth_codes.pop(call.body["auth_code"], ("", 0.0, ""))
    if not corp_id or call.now - issued_at > AUTH_CODE_LIFE_S:
        raise WireError(42007, "auth_code")
    granted = suite.authorisations[corp_id]
    granted.permanent_code = permanent_code
    corp = call.world.corps[corp_id]
    app = corp.apps[granted.agentid]
    app.secret = permanent_code
    answer = {"permanent_code": permanent_code, **_auth_answer(call, granted)}
    if suite.kind == "third":
        token = issue_token(call.world, corp, app, call.now)
        answer |= {"access_token": token.value, "expires_in": int(token.expires_at - call.now)}
    return answer


def _granted(call: ServiceCall) -> Authorisation:
    granted = _suite(call).authorisations.get(call.body["auth_corpid"])
    if granted is None or granted.permanent_code != call.body["permanent_code"]:
        raise WireError(40084)
    return granted


def get_auth_info(call: ServiceCall) -> dict[str, Any]:
    return _auth_answer(call, _granted(call))


def get_corp_token(call: ServiceCall) -> dict[str, Any]:
    granted = _granted(call)
    if _suite(call).kind == "dk":
        raise WireError(48002, "use gettoken with the permanent code")
    corp = call.world.corps[granted.corp_id]
    token = issue_token(call.world, corp, corp.apps[granted.agentid], call.now)
    return {"access_token": token.value, "expires_in": int(token.expires_at - call.now)}


def get_admin_list(call: ServiceCall) -> dict[str, Any]:
    granted = _suite(call).authorisations.get(call.body["auth_corpid"])
    if granted is None:
        raise WireError(48004)
    first = next(iter(call.world.corps[granted.corp_id].staff))
    return {"admin": [{"userid": first, "auth_type": 1}]}


TEXT = Field(str, required=True)
AUTH = {"auth_corpid": TEXT, "permanent_code": TEXT}

SERVICES: dict[str, Row] = {
    "get_suite_token": Row(
        get_suite_token, {"suite_id": TEXT, "suite_secret": TEXT, "suite_ticket": TEXT}, needs_suite=False
    ),
    "get_provider_token": Row(
        get_provider_token, {"corpid": TEXT, "provider_secret": TEXT}, needs_suite=False
    ),
    "get_pre_auth_code": Row(get_pre_auth_code, method="GET"),
    "set_session_info": Row(set_session_info, {"pre_auth_code": TEXT, "session_info": Field(dict)}),
    "get_permanent_code": Row(get_permanent_code, {"auth_code": TEXT}),
    "get_auth_info": Row(get_auth_info, AUTH),
    "get_corp_token": Row(get_corp_token, AUTH),
    "get_admin_list": Row(get_admin_list, {"auth_corpid": TEXT, "agentid": Field(int)}),
}


def _by_token(world: World, value: str, now: float) -> Suite:
    for provider in world.providers.values():
        for suite in provider.suites.values():
            if value in suite.tokens:
                if suite.tokens[value] <= now:
                    raise WireError(42009)
                return suite
    raise WireError(40082)


class ServiceGate:
    """Handles /cgi-bin/service/<name>."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def handle(self, request: Request) -> Response:
        """One provider call. Never raises: a fault becomes errcode."""
        name = request.path_params["name"]
        try:
            answer = await self._answer(request, name)
        except WireError as error:
            self.runtime.count_call(f"service/{name}", error.code)
            return answer_error(error)
        self.runtime.count_call(f"service/{name}", 0)
        return answer_ok(answer)

    async def _answer(self, request: Request, name: str) -> dict[str, Any]:
        row = SERVICES.get(name)
        if row is None:
            raise WireError(40066, name)
        if request.method != row.method:
            raise WireError(40058, f"use {row.method}")
        try:
            body = json_object(await request.body())
        except (ValueError, RecursionError) as error:
            raise WireError(40058, "body is not a JSON object in UTF-8") from error
        world, now = self.runtime.world, self.runtime.clock.now()
        suite = None
        if row.needs_suite:
            suite = _by_token(world, request.query_params.get("suite_access_token", ""), now)
        self.runtime.world.is_dirty = True
        return row.handler(ServiceCall(world, check(body, row.spec), now, suite))


def make_provider(world: World, corp_id: str) -> Provider:
    """The provider with this corpid, made when new."""
    secret = stable_id("", f"provider|{corp_id}", 43)
    return world.providers.setdefault(corp_id, Provider(corp_id, secret))
