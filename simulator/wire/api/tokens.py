"""gettoken, tickets and the OAuth code exchange (PROTOCOL 2.4, 3.1, 3.12)."""

from __future__ import annotations

from typing import Any

from simulator.wire.checks import Field
from simulator.wire.endpoint import Call, Endpoint, get, post
from simulator.wire.errors import WireError
from simulator.world.entities import App, Token
from simulator.world.model import Corp, World, stable_id

TOKEN_LIFE_S = 7200
CODE_LIFE_S = 300
USER_TICKET_LIFE_S = 1800
HOUR_S = 3600


def issue_token(world: World, corp: Corp, app: App, now: float) -> Token:
    """The app's running token, or a new one when it is old or the fault asks for it."""
    if not corp.faults.new_token_each_time:
        for token in world.tokens.values():
            is_ours = token.corp_id == corp.corp_id and token.agentid == app.agentid
            if is_ours and not token.revoked and token.expires_at - now > 60:
                return token
    value = stable_id("", f"{corp.new_id('token')}|{app.secret}", 43) + stable_id("", app.secret, 43)
    stale = [v for v, t in world.tokens.items() if t.expires_at < now - TOKEN_LIFE_S]
    for old in stale:
        del world.tokens[old]
    token = Token(value, corp.corp_id, app.agentid, now + TOKEN_LIFE_S)
    world.tokens[value] = token
    return token


def exchange_code(call: Call) -> dict[str, Any]:
    code = call.world.oauth_codes.pop(call.query["code"], None)
    if code is None or code.corp_id != call.corp.corp_id:
        raise WireError(40029, "unknown or used")
    if call.now - code.issued_at > CODE_LIFE_S:
        raise WireError(40029, "older than five minutes")
    member = call.corp.staff_or_none(code.person)
    if member is not None:
        ticket = call.corp.new_id("ut", 40)
        call.corp.user_tickets[ticket] = (member.userid, call.now + USER_TICKET_LIFE_S)
        return {"userid": member.userid, "user_ticket": ticket, "expires_in": USER_TICKET_LIFE_S}
    person = call.corp.customers[code.person]
    return {"openid": person.openid, "external_userid": person.external_userid}


def user_detail(call: Call) -> dict[str, Any]:
    """What the staff member agreed to show; new apps see no phone or address (PROTOCOL 3.1)."""
    userid, expires_at = call.corp.user_tickets.get(call.body["user_ticket"], ("", 0.0))
    if not userid or expires_at <= call.now:
        raise WireError(40029, "user_ticket unknown or expired")
    member = call.corp.staff[userid]
    return {"userid": member.userid, "gender": "0", "avatar": "", "qr_code": ""}


def _count_ticket_call(call: Call, kind: str, limit: str) -> None:
    recent = [at for at in call.corp.ticket_calls.get(kind, []) if call.now - HOUR_S < at <= call.now]
    if len(recent) >= call.corp.limit(limit):
        raise WireError(45009, f"{limit} reached")
    call.corp.ticket_calls[kind] = [*recent, call.now]


def _ticket(call: Call, kind: str) -> dict[str, Any]:
    _count_ticket_call(call, kind, "corp_tickets_an_hour" if kind == "corp" else "agent_tickets_an_hour")
    ticket, expires_at = call.corp.tickets.get(kind, ("", 0.0))
    if expires_at - call.now < 60:
        ticket, expires_at = call.corp.new_id("ticket-", 43), call.now + TOKEN_LIFE_S
        call.corp.tickets[kind] = (ticket, expires_at)
    return {"ticket": ticket, "expires_in": int(expires_at - call.now)}


def jsapi_ticket(call: Call) -> dict[str, Any]:
    return _ticket(call, "corp")


def agent_ticket(call: Call) -> dict[str, Any]:
    return _ticket(call, f"agent:{call.app.agentid}")


def gettoken(call: Call) -> dict[str, Any]:
    token = issue_token(call.world, call.corp, call.app, call.now)
    return {"access_token": token.value, "expires_in": int(token.expires_at - call.now)}


ENDPOINTS = (
    Endpoint(
        "gettoken",
        "GET",
        "",
        gettoken,
        {
            "corpid": Field(str, required=True, missing_code=41002),
            "corpsecret": Field(str, required=True, missing_code=41004),
        },
        needs_token=False,
    ),
    get("auth/getuserinfo", "oauth", exchange_code, code=Field(str, required=True, missing_code=40029)),
    get("user/getuserinfo", "oauth", exchange_code, code=Field(str, required=True, missing_code=40029)),
    post("auth/getuserdetail", "oauth", user_detail, user_ticket=Field(str, required=True)),
    get("get_jsapi_ticket", "tickets", jsapi_ticket),
    get(
        "ticket/get",
        "tickets",
        agent_ticket,
        type=Field(str, required=True, choices=("agent_config",)),
    ),
)
