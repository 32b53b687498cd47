"""Does the archive work? Each part is tried and its result kept, in order; nothing is changed at WeCom."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from outbox.dispatch import enqueue
from tenants import clock
from wecom.archive import codes, fetch
from wecom.archive.adapters import archive_port
from wecom.archive.enums import ArchiveState
from wecom.archive.models import ArchiveCursor, ArchiveKey
from wecom.archive.opening import openers_of
from wecom.archive.port import ArchiveError, ArchivePort
from wecom.errors import Retryable, Stopped, WecomError
from wecom.gateway.client import WecomClient
from wecom.gateway.reactions import reaction_to
from wecom.models import App

NO_ADAPTER, NO_KEYS, NOBODY = -10, -11, -12
EVERY_KIND = (1, 2, 3)  # office, service and enterprise editions of the archive


@dataclass(frozen=True)
class Step:
    """One line of the check. `needed`: without it no message comes in."""

    key: str
    label: str | Promise
    why: str | Promise
    needed: bool = True


STEPS = (
    Step("gateway", _("Archive gateway"), _("The process that holds WeCom's archive library.")),
    Step("secret", _("Secret and trusted IP"), _("WeCom lets this server into the archive.")),
    Step("keys", _("Key pair"), _("WeCom locks every message with your public key; only you can open it.")),
    Step("data", _("Reading"), _("One message is fetched and opened, without keeping it.")),
    Step(
        "permitted",
        _("Permitted staff"),
        _("Only conversations of these members are archived."),
        needed=False,
    ),
)
_OWN_WORDS: dict[int, tuple[str | Promise, str | Promise]] = {
    NO_ADAPTER: (
        _("This installation has no archive gateway"),
        _("Whoever runs it sets QUNCE_WECOM_ARCHIVE_GATEWAY. Until then, import chat logs from files."),
    ),
    NO_KEYS: (
        _("No key pair yet"),
        _("Make one here, then enter its public half in the WeCom console under Message archive."),
    ),
    NOBODY: (
        _("No member is permitted"),
        _("In the WeCom console, under Message archive, choose the members whose conversations are kept."),
    ),
}

Found = dict[str, dict[str, Any]]


def _ok() -> dict[str, Any]:
    return {"ok": True, "code": 0, "at": clock.now().isoformat()}


def _bad(code: int, hint: str = "") -> dict[str, Any]:
    return {"ok": False, "code": code, "hint": hint[:300], "at": clock.now().isoformat()}


def run(*, tenant_id: int, app_id: int) -> ArchiveCursor:
    """Try every step and keep the results; the archive runs, or stays stopped and says why.

    Safe to repeat. A paused archive stays paused. Raises ArchiveCursor.DoesNotExist.
    """
    app = App.objects.get(tenant_id=tenant_id, pk=app_id)
    before = ArchiveCursor.objects.get(tenant_id=tenant_id, app_id=app_id)
    found = _try_library(app, before)
    permitted, found["permitted"] = permitted_staff(app, before)
    with transaction.atomic():
        row = ArchiveCursor.objects.select_for_update().get(tenant_id=tenant_id, pk=before.pk)
        if row.secret_version != before.secret_version:
            return row  # entered anew meanwhile: its own check is on the way
        row.checks = found
        if permitted is not None:
            row.permitted, row.permitted_at = permitted, clock.now()
        _settle(row, found)
        row.save(
            update_fields=[
                "checks", "permitted", "permitted_at", "state", "error_code", "error", "attempts", "next_at",
            ]
        )  # fmt: skip
        if row.state == ArchiveState.RUNNING:
            enqueue("wecom.fetch_archive", tenant_id=tenant_id)
    return row


def _settle(row: ArchiveCursor, found: Found) -> None:
    if row.state == ArchiveState.PAUSED:
        return
    failed = next((found[step.key] for step in STEPS if step.needed and not found[step.key]["ok"]), None)
    if failed is None:
        row.state, row.error_code, row.error, row.attempts = ArchiveState.RUNNING, 0, "", 0
    else:
        row.state, row.error_code, row.error = ArchiveState.STOPPED, failed["code"], failed.get("hint", "")
    row.next_at = clock.now()


def _try_library(app: App, cursor: ArchiveCursor) -> Found:
    waiting = {"ok": False, "code": 0, "waits": True, "at": clock.now().isoformat()}
    found: Found = {"gateway": waiting, "secret": waiting, "keys": _keys(app), "data": waiting}
    port = archive_port()
    if port is None:
        return {**found, "gateway": _bad(NO_ADAPTER)}
    handle = ""
    try:
        handle = port.init(corp_id=app.corp_id, secret=cursor.secret)
        found["gateway"] = found["secret"] = _ok()
        found["data"] = _guarded(lambda: _read_one(port, handle, app, cursor))
        if not found["data"]["ok"] and found["data"]["code"] in (
            10009,
            40001,
            codes.NOT_ENABLED,
            codes.LICENCE_OVER,
        ):
            found["secret"] = found["data"]
    except ArchiveError as error:
        found["gateway"] = _bad(0, error.message) if error.code == 0 else _ok()
        if error.code:
            found["secret"] = _bad(error.code, error.message)
    finally:
        if handle:
            port.destroy(handle)
    return found


def _keys(app: App) -> dict[str, Any]:
    return _ok() if ArchiveKey.objects.filter(tenant_id=app.tenant_id, app=app).exists() else _bad(NO_KEYS)


def _guarded(probe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return probe()
    except ArchiveError as error:
        return _bad(error.code, error.message)


def _read_one(port: ArchivePort, handle: str, app: App, cursor: ArchiveCursor) -> dict[str, Any]:
    """The next message, opened. None there yet is fine too; one of a key we lack is kept closed, and said."""
    openers = openers_of(tenant_id=app.tenant_id, app_id=app.pk)
    if not openers:
        return _bad(NO_KEYS)
    page = fetch.fetch_page(port, handle, openers=openers, seq=cursor.seq, limit=1)
    return {**_ok(), "note": "closed" if page.closed else ""}


def archive_client(app: App, cursor: ArchiveCursor) -> WecomClient:
    """A client for the HTTP calls beside the archive, with the archive's secret."""
    return WecomClient(app, archive=(cursor.secret, cursor.secret_version))


def permitted_staff(app: App, cursor: ArchiveCursor) -> tuple[list[str] | None, dict[str, Any]]:
    """Asks WeCom whose conversations it archives: (userids or None, result)."""
    client = archive_client(app, cursor)
    found: set[str] = set()
    refusal: WecomError | None = None
    for kind in EVERY_KIND:
        try:
            found |= {one.lower() for one in client.archive.permitted(edition=kind)}
        except WecomError as error:
            refusal = error
            if isinstance(error, Stopped | Retryable):
                break  # another edition's list would not be told either
    if found:
        return sorted(found), _ok()
    if refusal is not None:
        return None, _bad(refusal.code, refusal.hint or refusal.message)
    return [], _bad(NOBODY)


@dataclass(frozen=True)
class Result:
    """One step as the page shows it. `state`: ok, bad, waiting."""

    step: Step
    state: str
    code: int = 0
    what: str | Promise = ""
    todo: str | Promise = ""
    hint: str = ""


def results(row: ArchiveCursor) -> list[Result]:
    """Every step with its last result, in order."""
    return [_result(step, row.checks.get(step.key)) for step in STEPS]


def _result(step: Step, kept: dict[str, Any] | None) -> Result:
    if not kept or kept.get("waits"):
        return Result(step, "waiting")
    if kept["ok"]:
        return Result(step, "ok")
    what, todo = words(kept["code"])
    return Result(step, "bad", max(kept["code"], 0), what, todo, kept.get("hint", ""))


def words(code: int) -> tuple[str | Promise, str | Promise]:
    """What a code means and what to do, in plain words."""
    if code in _OWN_WORDS:
        return _OWN_WORDS[code]
    meaning = codes.of(code)
    if meaning is codes.UNKNOWN:
        reaction = reaction_to(code)
        return (reaction.meaning or meaning.what), (reaction.todo or meaning.todo)
    return meaning.what, meaning.todo
