"""Does the set-up work? Each part is tried at WeCom and its result kept on the app.

Steps: callback (WeCom reached our URL), secret (a token is given), address (this server is trusted), and one
permission for each harmless call we can try. Nothing is changed at WeCom.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from outbox.dispatch import enqueue
from tenants import clock
from tenants.scoping import tenant_scope
from wecom.enums import AppState
from wecom.errors import Permanent, WecomError
from wecom.gateway.client import WecomClient
from wecom.gateway.limits import CorpGate
from wecom.gateway.reactions import Act, reaction_to
from wecom.models import App
from wecom.services import app_set_state

RECHECK_S = 60
NOT_TRUSTED = 60020
# Codes that say the call itself was allowed, although there is nothing to answer.
_ALLOWED_CODES = {84061, 41048}

Probe = Callable[[WecomClient], Any]


@dataclass(frozen=True)
class Step:
    """One line of the check. `needed`: without it the product cannot work; `why` says what for."""

    key: str
    label: str | Promise
    why: str | Promise
    probe: Probe | None = None
    needed: bool = True


def _recent_mass_sends(client: WecomClient) -> Any:
    now_s = int(clock.now().timestamp())
    sends = client.mass_sends.every(chat_type="group", start_time=now_s - 3600, end_time=now_s, limit=1)
    return next(sends, None)


STEPS = (
    Step("secret", _("Corp ID and secret"), _("Every call needs an access token.")),
    Step("address", _("Trusted IP"), _("WeCom answers only servers whose address is listed.")),
    Step("callback", _("Callback"), _("WeCom tells us of joins, leaves and new customers here.")),
    Step(
        "permission.contacts",
        _("Members and departments"),
        _("To know your staff."),
        lambda client: client.contacts.department_list(),
    ),
    Step(
        "permission.customers",
        _("Customer contact"),
        _("To read customers and who serves them."),
        lambda client: client.customers.follow_users(),
    ),
    Step(
        "permission.tags",
        _("Corp tags"),
        _("To read and set tags."),
        lambda client: client.tags.every(),
    ),
    Step(
        "permission.groups",
        _("Customer groups"),
        _("To read groups and their members."),
        lambda client: next(client.groups.every(limit=1), None),
    ),
    Step(
        "permission.mass_send", _("Mass send"), _("To prepare sends that staff confirm."), _recent_mass_sends
    ),
    Step(
        "permission.tickets",
        _("Pages inside WeCom"),
        _("For the sidebar and one-tap forward."),
        lambda client: client.ticket("jsapi"),
        needed=False,
    ),
)


def run(*, tenant_id: int, app_id: int) -> App:
    """Try every step and keep the results; the app becomes connected, or stays and says why.

    Safe to repeat. A paused app stays paused. Raises App.DoesNotExist.
    """
    app = App.objects.get(tenant_id=tenant_id, pk=app_id)
    gate = CorpGate(tenant_id=tenant_id, corp_id=app.corp_id)
    gate.forget()
    found = _try_all(WecomClient.for_probe(app))
    with tenant_scope(tenant_id), transaction.atomic():
        row = App.objects.select_for_update().get(tenant_id=tenant_id, pk=app_id)
        if row.secret_version != app.secret_version:
            return row
        row.checks = {**row.checks, **found}
        row.save(update_fields=["checks"])
        _settle(row, found)
    if row.state == AppState.BROKEN and row.state_code:
        gate.stop(row.state_code)
    if row.state == AppState.CONNECTED:
        enqueue("wecom.run_syncs", tenant_id=tenant_id)
        enqueue("wecom.deliver_sends", tenant_id=tenant_id)
    return row


def _settle(row: App, found: dict[str, dict[str, Any]]) -> None:
    if row.state == AppState.PAUSED:
        return
    failed = next(
        (found[key] for key in ("secret", "address") if key in found and not found[key]["ok"]), None
    )
    if failed is None and found["address"]["ok"]:
        app_set_state(app=row, state=AppState.CONNECTED)
    elif failed and reaction_to(failed["code"]).act is Act.STOP_TENANT:
        app_set_state(
            app=row,
            state=AppState.BROKEN,
            code=failed["code"],
            reason=str(reaction_to(failed["code"]).meaning),
        )
    else:
        row.checked_at = clock.now()
        row.save(update_fields=["checked_at"])


def _try_all(client: WecomClient) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for step in STEPS:
        if step.probe is None:
            continue
        result = _try(client, step)
        found[step.key] = result
        if reaction_to(result["code"]).act is Act.STOP_TENANT or result.get("is_line"):
            part = "address" if result["code"] == NOT_TRUSTED else "secret"
            found = {part: result}
            if part == "address":
                found["secret"] = _ok()
            return found
    return {"secret": _ok(), "address": _ok(), **found}


def _ok() -> dict[str, Any]:
    return {"ok": True, "code": 0, "at": clock.now().isoformat()}


def _try(client: WecomClient, step: Step) -> dict[str, Any]:
    assert step.probe is not None
    try:
        step.probe(client)
    except WecomError as error:
        if error.code in _ALLOWED_CODES:
            return _ok()
        return {
            "ok": False,
            "code": error.code,
            "hint": (error.hint or error.message)[:300],
            "is_line": not isinstance(error, Permanent) and error.code == 0,
            "at": clock.now().isoformat(),
        }
    return _ok()


@dataclass(frozen=True)
class Result:
    """One step as the page shows it. `state`: ok, bad, waiting."""

    step: Step
    state: str
    code: int = 0
    meaning: str | Promise = ""
    todo: str | Promise = ""
    console: str | Promise = ""
    hint: str = ""


def results(app: App) -> list[Result]:
    """Every step with its last result, in order."""
    return [_result(app, step) for step in STEPS]


def _result(app: App, step: Step) -> Result:
    if step.key == "callback":
        return Result(step, "ok" if app.verified_at else "waiting")
    kept = app.checks.get(step.key)
    if not kept:
        return Result(step, "waiting")
    if kept["ok"]:
        return Result(step, "ok")
    if kept.get("is_line"):
        meaning: str | Promise = _("WeCom did not answer")
        return Result(step, "bad", 0, meaning, _("Check this server's way to the internet, then try again."))
    reaction = reaction_to(kept["code"])
    return Result(
        step, "bad", kept["code"], reaction.meaning, reaction.todo, reaction.console, kept.get("hint", "")
    )


def apps_to_check() -> list[tuple[int, int]]:
    """(tenant_id, app_id) of apps that were never checked, or wait for an address to be trusted.

    Runs across tenants: the caller is a tick.
    """
    never = Q(state=AppState.NEW, checked_at=None)
    long_ago = clock.now() - timedelta(seconds=RECHECK_S)
    untrusted = Q(state=AppState.BROKEN, state_code=NOT_TRUSTED, checked_at__lt=long_ago)
    return list(App.objects.filter(never | untrusted).values_list("tenant_id", "pk"))
