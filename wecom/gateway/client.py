"""The thin client: one way through which every WeCom call goes.

    client = client_for(tenant_id)
    client.customers.get(external_userid="wm...")      # typed: wecom.calls
    client.call("customer_get", external_userid="wm...")  # by its name in the table: for calls kept as data

Order of a call: the documented limits, the app's state, a token, a place at the limiter, the wire, the reaction
to the answer (`reactions`). It never sleeps for long and never repeats what must not be repeated.
"""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import structlog

from tenants import clock
from wecom.calls import Calls
from wecom.endpoints import ENDPOINTS, Endpoint, check_file, check_request
from wecom.enums import AppState
from wecom.errors import GivenUp, MediaGone, Permanent, Retryable, Stopped, TooMuch, UnknownOutcome
from wecom.gateway import answers, health, standing, wire
from wecom.gateway.limits import CorpGate
from wecom.gateway.reactions import RETRY_LIMIT, Act, reaction_to
from wecom.gateway.tokens import Held, TokenStore
from wecom.models import App

log = structlog.get_logger(__name__)

SHORT_PAUSE_S = 0.25
PAGES_LIMIT = 100_000
RENEWALS_LIMIT = 3  # others may renew beside us; the store sees to it that one of us asks
_NOBODY = Held("", 0, 0, "")


class WecomClient(Calls):
    """Calls on behalf of one app. Holds no state but the app; make a new one for each job.

    `archive` is the archive's own secret and its version, for the calls of the message archive.
    """

    def __init__(self, app: App, *, archive: tuple[str, int] | None = None) -> None:
        self.app = app
        self.gate = CorpGate(tenant_id=app.tenant_id, corp_id=app.corp_id)
        self._tokens = TokenStore(
            tenant_id=app.tenant_id, corp_id=app.corp_id, app_id=app.pk, version=app.secret_version
        )
        self._secrets: dict[str, tuple[str, str]] = {"access": ("access", app.secret)}
        if app.contacts_secret:
            self._secrets["contact_sync"] = ("contact_sync", app.contacts_secret)
        if archive:
            self._secrets["archive"] = (f"archive.{archive[1]}", archive[0])
        self._may_probe = False

    @classmethod
    def for_probe(cls, app: App) -> "WecomClient":
        """A client that calls although the app is not connected: for the check of a set-up."""
        made = cls(app)
        made._may_probe = True
        made._tokens.lift("access")
        return made

    def call(self, name: str, /, **values: Any) -> dict[str, Any]:
        """One call by its name in `endpoints`. Returns WeCom's answer without errcode and errmsg.

        Raises InvalidRequest, Stopped, Retryable, UnknownOutcome, GivenUp or Permanent. Safe to repeat when
        the endpoint is; after UnknownOutcome it is not.
        """
        endpoint, sent = _checked(name, values)
        return self._attempt(endpoint, sent)

    def upload_to(self, name: str, /, *, filename: str, content: bytes, **values: Any) -> dict[str, Any]:
        """One upload by its name in `endpoints`. Raises like `call`."""
        endpoint, sent = _checked(name, values)
        check_file(endpoint, sent, filename=filename, content=content)
        return self._attempt(endpoint, sent, file=(filename, content))

    def download(self, name: str, /, *, span: tuple[int, int] | None = None, **values: Any) -> wire.Download:
        """One file by its name in `endpoints`, or its bytes `span` (first, last, both counted). Raises like `call`."""
        endpoint, sent = _checked(name, values)
        file: wire.Download = self._attempt(endpoint, sent, span=span)[wire.FILE]
        return file

    def pages(self, name: str, items: str, /, **values: Any) -> Iterator[Any]:
        """Every entry of `items` over all pages of a cursor call."""
        cursor = ""
        for _ in range(PAGES_LIMIT):
            answer = self.call(name, **values, cursor=cursor or None)
            yield from answer.get(items) or []
            following = answer.get("next_cursor") or ""
            if not following or following == cursor:
                return
            cursor = following

    def ticket(self, kind: str) -> str:
        """The JS-SDK ticket: `jsapi` of the corp or `agent_config` of the app."""

        def fetch() -> tuple[str, int]:
            answer = self.tickets.corp() if kind == "jsapi" else self.tickets.agent()
            return answer["ticket"], int(answer.get("expires_in", 7200))

        return self._tokens.get(kind, fetch)

    def _attempt(self, endpoint: Endpoint, values: dict[str, Any], **parts: Any) -> dict[str, Any]:
        """Ask until there is something to tell: short repeats only, for busy answers and ended tokens."""
        tries = renewals = 0
        while True:
            held = self._token(endpoint)
            body = self._exchange(endpoint, values, held.value, **parts)
            code = answers.code_of(body)
            if code == 0:
                self._note_worked(endpoint, held)
                return answers.without_status(body)
            act = reaction_to(code).act
            if act is Act.NEW_TOKEN and held is not _NOBODY and renewals < RENEWALS_LIMIT:
                renewals += 1
                self._replace(endpoint, held, body)
                continue
            limit = {Act.RETRY: RETRY_LIMIT, Act.RETRY_ONCE: 1}.get(act, 0) if endpoint.is_repeatable else 0
            if tries < limit:
                tries += 1
                time.sleep(SHORT_PAUSE_S * 2 ** (tries - 1) * random.uniform(0.5, 1))
                continue
            return self._react(endpoint, body, code)

    def _token(self, endpoint: Endpoint) -> Held:
        self._check_standing()
        if endpoint.token == "none":
            return _NOBODY
        kind, _ = self._secret(endpoint.token)
        return self._tokens.hold(kind, lambda: self._fetch_token(endpoint.token))

    def _secret(self, token: str) -> tuple[str, str]:
        """The name in the token store and the secret that this kind of call needs."""
        found = self._secrets.get(token)
        if found is None or not found[1]:
            raise Permanent(f"no secret for {token} is set")
        return found

    def _replace(self, endpoint: Endpoint, held: Held, body: dict[str, Any]) -> None:
        """WeCom refused the token. Returns when another may be asked for; raises Retryable in a back-off window."""
        code = answers.code_of(body)
        wait_until = self._tokens.refused(self._secret(endpoint.token)[0], held)
        if wait_until is not None:
            raise Retryable(
                str(reaction_to(code).meaning),
                retry_at=wait_until,
                code=code,
                path=endpoint.path,
                hint=answers.hint_of(body),
                counts=False,
            )

    def _note_worked(self, endpoint: Endpoint, held: Held) -> None:
        if held is not _NOBODY:
            self._tokens.worked(self._secret(endpoint.token)[0], held)

    def _check_standing(self) -> None:
        """Raises Stopped or Retryable when this app must not be called now."""
        if self._may_probe:
            return
        code = self.gate.stopped_by()
        if code or self.app.state in (AppState.BROKEN, AppState.NEW):
            reason = (
                str(reaction_to(code or self.app.state_code).meaning) if code or self.app.state_code else ""
            )
            raise Stopped(reason or "the app is not connected", code=code or self.app.state_code)
        if self.app.state == AppState.PAUSED:
            raise Retryable("the app is paused", retry_at=clock.now() + timedelta(minutes=1), counts=False)

    def _fetch_token(self, token: str) -> tuple[str, int]:
        self._check_standing()  # another waiter may just have learned that the secret is wrong
        endpoint = ENDPOINTS["gettoken"]
        kind, secret = self._secret(token)
        path = endpoint.path if token == "access" else f"{endpoint.path}/{kind}"
        values = {"corpid": self.app.corp_id, "corpsecret": secret}
        body = self._exchange(endpoint, values, "", place=path)
        code = answers.code_of(body)
        if code:
            self._react(endpoint, body, code, token=token, place=path)
        return str(body["access_token"]), int(body.get("expires_in", 7200))

    def _exchange(
        self,
        endpoint: Endpoint,
        values: dict[str, Any],
        token: str,
        *,
        file: Any = None,
        span: tuple[int, int] | None = None,
        place: str = "",
    ) -> dict[str, Any]:
        """One request on the wire. Returns the JSON object answered. Raises Retryable or UnknownOutcome."""
        request = wire.build(endpoint, values, token=token, file=file, span=span)
        with self.gate.slot(place or endpoint.path):
            began = time.monotonic()
            try:
                body = wire.send(endpoint, request)
            except wire.LINE_ERRORS as error:
                self.gate.transport_failed()
                raise self._transport_error(endpoint, error, began) from error
        self.gate.transport_worked()
        took_ms = round((time.monotonic() - began) * 1000)
        answers.log_answer(
            tenant_id=self.app.tenant_id, app_id=self.app.pk, endpoint=endpoint, body=body, took_ms=took_ms
        )
        self._note(endpoint, answers.code_of(body), str(body.get("errmsg") or ""), took_ms)
        return body

    def _note(self, endpoint: Endpoint, code: int, hint: str, took_ms: int) -> None:
        health.note(
            tenant_id=self.app.tenant_id,
            app_id=self.app.pk,
            path=endpoint.path,
            code=code,
            hint=hint,
            took_ms=took_ms,
        )

    def _transport_error(self, endpoint: Endpoint, error: Exception, began: float) -> Exception:
        why = f"{type(error).__name__}: {answers.redact(str(error))}"
        log.warning("wecom_line", tenant_id=self.app.tenant_id, path=endpoint.path, error=why)
        self._note(endpoint, health.NO_ANSWER, why, round((time.monotonic() - began) * 1000))
        if endpoint.is_repeatable or isinstance(error, wire.NEVER_SENT):
            return Retryable(why, retry_at=clock.now() + timedelta(seconds=5), path=endpoint.path)
        return UnknownOutcome(why, path=endpoint.path)

    def _react(
        self, endpoint: Endpoint, body: dict[str, Any], code: int, *, token: str = "", place: str = ""
    ) -> dict[str, Any]:
        """Turn an error code into what the caller must know, by the table. Returns only for EMPTY."""
        reaction = reaction_to(code)
        about: dict[str, Any] = {"code": code, "path": endpoint.path, "hint": answers.hint_of(body)}
        message = str(reaction.meaning)
        match reaction.act:
            case Act.EMPTY:
                return {**answers.without_status(body), "is_empty": True}
            case Act.RETRY | Act.RETRY_ONCE:
                if not endpoint.is_repeatable and code == -1:
                    raise UnknownOutcome(message, **about)
                raise Retryable(message, retry_at=clock.now() + timedelta(seconds=10), **about)
            case Act.SLOW_DOWN:
                raise Retryable(message, retry_at=self.gate.slow_down(endpoint.path), counts=False, **about)
            case Act.NARROW:
                self.gate.narrow(endpoint.path)
                wait = timedelta(seconds=1 + reaction.wait_s * random.random())
                raise Retryable(message, retry_at=clock.now() + wait, counts=False, **about)
            case Act.LATER:
                wait = timedelta(seconds=reaction.wait_s)
                raise Retryable(message, retry_at=clock.now() + wait, **about)
            case Act.STOP_TENANT | Act.STOP_API:
                self._stop(endpoint, reaction.act, about, token=token or endpoint.token, place=place)
            case Act.GIVE_UP:
                raise GivenUp(message, **about)
            case Act.REUPLOAD:
                raise MediaGone(message, **about)
            case Act.SPLIT:
                raise TooMuch(message, **about)
        raise Permanent(message, **about)

    def _stop(self, endpoint: Endpoint, act: Act, about: dict[str, Any], *, token: str, place: str) -> None:
        """Stop what WeCom refuses for good: the app first for every worker, then tell people. A probe stops nobody.

        A secret beside the app's own (archive, contact sync) closes its own calls only.
        """
        code, message = about["code"], str(reaction_to(about["code"]).meaning)
        if act is Act.STOP_TENANT and token in ("access", "none"):
            if not self._may_probe:
                self.gate.stop(code)
                standing.mark_broken(app=self.app, code=code, hint=about["hint"])
            raise Stopped(message, **about)
        self.gate.deny(place or endpoint.path, code)
        if endpoint.permission:
            standing.note_missing_permission(app=self.app, endpoint=endpoint, code=code)


def _checked(name: str, values: dict[str, Any]) -> tuple[Endpoint, dict[str, Any]]:
    """The row and what to send, held against the documented limits. Raises InvalidRequest."""
    endpoint = ENDPOINTS[name]
    sent = {key: value for key, value in values.items() if value is not None}
    check_request(endpoint, sent, now_s=clock.now().timestamp())
    return endpoint, sent


def client_for(tenant_id: int, app_id: int | None = None) -> WecomClient:
    """The client of a tenant's app: the named one, else the connected, else the first. Needs the tenant's scope.

    Raises Stopped when the tenant has no app at all.
    """
    found = App.objects.filter(tenant_id=tenant_id)
    rows = list(found.filter(pk=app_id) if app_id else found.order_by("pk"))
    if not rows:
        raise Stopped("no WeCom app is connected")
    return WecomClient(next((row for row in rows if row.is_callable), rows[0]))
