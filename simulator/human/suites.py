"""Providers, suites and their installation by a corp: /sim/providers, /sim/suites/..."""

from __future__ import annotations

from simulator.human.answers import Body, need
from simulator.runtime import Runtime
from simulator.wire.service import find_suite, make_provider
from simulator.world import seed
from simulator.world.entities import Callback
from simulator.world.model import World, stable_id
from simulator.world.provider import TICKET_EVERY_S, Authorisation, Suite
from simulator.world.relations import Refused


def push_ticket(suite: Suite, now: float) -> str:
    """A new suite_ticket, sent to the suite's callback; the old ones live out their half hour."""
    ticket = stable_id("ticket-", f"{suite.suite_id}|{len(suite.tickets)}|{now}", 40)
    suite.tickets = [*suite.tickets[-5:], (ticket, now)]
    suite.emit("suite_ticket", now, SuiteTicket=ticket)
    return ticket


def push_due_tickets(world: World, now: float) -> int:
    """Every suite gets a ticket every ten minutes. Returns how many were pushed."""
    pushed = 0
    for provider in world.providers.values():
        for suite in provider.suites.values():
            if not suite.tickets or now - suite.tickets[-1][1] >= TICKET_EVERY_S:
                push_ticket(suite, now)
                pushed += 1
    return pushed


async def create_suite(runtime: Runtime, body: Body) -> Body:
    """A provider's suite with its command callback. Repeating it updates the callback."""
    provider_id, suite_id, url, token, aes_key = need(
        body, "provider_id", "suite_id", "callback_url", "token", "aes_key"
    )
    provider = make_provider(runtime.world, provider_id)
    suite = provider.suites.get(suite_id)
    if suite is None:
        secret = stable_id("", f"suite|{suite_id}", 43)
        suite = Suite(suite_id, secret, provider_id, str(body.get("kind") or "third"))
        provider.suites[suite_id] = suite
    suite.callback = Callback(url, token, aes_key, "suite", suite_id, float(body.get("retry_gap_s") or 1))
    ticket = push_ticket(suite, runtime.clock.now())
    return {"suite_secret": suite.secret, "provider_secret": provider.secret, "suite_ticket": ticket}


def _suite(runtime: Runtime, body: Body) -> Suite:
    return find_suite(runtime.world, body["suite_id"])


async def push(runtime: Runtime, body: Body) -> Body:
    return {"suite_ticket": push_ticket(_suite(runtime, body), runtime.clock.now())}


def _new_code(suite: Suite, corp_id: str, now: float) -> str:
    number = len(suite.ledger.events)
    permanent = stable_id("", f"permanent|{suite.suite_id}|{corp_id}|{number}|{now}", 43)
    code = stable_id("auth-", f"{suite.suite_id}|{corp_id}|{number}|{now}", 40)
    suite.auth_codes[code] = (corp_id, now, permanent)
    return code


async def install(runtime: Runtime, body: Body) -> Body:
    """The corp's administrator installs the suite; the provider gets an auth code."""
    (corp_id,) = need(body, "corp_id")
    suite, corp, now = _suite(runtime, body), runtime.corp(corp_id), runtime.clock.now()
    if corp_id not in suite.authorisations:
        agentid = max(corp.apps) + 1
        seed.add_app(corp, agentid, suite.suite_id)
        suite.authorisations[corp_id] = Authorisation(corp_id, "", agentid, int(now))
    code = _new_code(suite, corp_id, now)
    suite.emit("create_auth", now, AuthCode=code, State=str(body.get("state") or ""))
    return {"auth_code": code}


async def change(runtime: Runtime, body: Body) -> Body:
    """The administrator changes the visible range or permissions."""
    (corp_id,) = need(body, "corp_id")
    suite, corp = _suite(runtime, body), runtime.corp(corp_id)
    granted = suite.authorisations.get(corp_id)
    if granted is None:
        raise Refused("the corp has not installed the suite")
    app = corp.apps[granted.agentid]
    if body.get("visible_userids") is not None:
        app.visible_userids = list(body["visible_userids"])
    if body.get("permissions") is not None:
        app.permissions = list(body["permissions"])
    suite.emit("change_auth", runtime.clock.now(), AuthCorpId=corp_id)
    return {}


async def cancel(runtime: Runtime, body: Body) -> Body:
    """The administrator removes the suite: tokens die, the app is gone."""
    (corp_id,) = need(body, "corp_id")
    suite, corp = _suite(runtime, body), runtime.corp(corp_id)
    granted = suite.authorisations.pop(corp_id, None)
    if granted is None:
        raise Refused("the corp has not installed the suite")
    del corp.apps[granted.agentid]
    tokens = runtime.world.tokens
    for value in [v for v, t in tokens.items() if (t.corp_id, t.agentid) == (corp_id, granted.agentid)]:
        del tokens[value]
    suite.emit("cancel_auth", runtime.clock.now(), AuthCorpId=corp_id)
    return {}


async def reset_permanent_code(runtime: Runtime, body: Body) -> Body:
    """The secret is replaced: the provider exchanges a fresh auth code."""
    (corp_id,) = need(body, "corp_id")
    suite, now = _suite(runtime, body), runtime.clock.now()
    if corp_id not in suite.authorisations:
        raise Refused("the corp has not installed the suite")
    code = _new_code(suite, corp_id, now)
    suite.emit("reset_permanent_code", now, AuthCode=code)
    return {"auth_code": code}
