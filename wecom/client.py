"""The thin client: one way through which every WeCom call goes.

    client = client_for(tenant_id)
    client.call("customer_get", external_userid="wm...")

Order of a call: the documented limits, the app's state, a place at the limiter, a token, the wire, the reaction
to the answer (`reactions`). It never sleeps for long and never repeats what must not be repeated.
"""

import json
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
import structlog
from django.conf import settings

from tenants import clock
from wecom import answers, health, standing
from wecom.endpoints import ENDPOINTS, GET, Endpoint, check_request
from wecom.enums import AppState
from wecom.errors import GivenUp, Permanent, Retryable, Stopped, UnknownOutcome
from wecom.limits import CorpGate
from wecom.models import App
from wecom.reactions import RETRY_LIMIT, Act, reaction_to
from wecom.tokens import TokenStore

log = structlog.get_logger(__name__)

SHORT_PAUSE_S = 0.25
ANSWER_BYTES = 32 * 1024 * 1024
PAGES_LIMIT = 100_000
# Failures before a byte of the request can have been acted upon.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@cache
def _http(timeout_s: int) -> httpx.Client:
    """The process's pool. Redirects are refused, proxies of the environment are not asked."""
    return httpx.Client(
        timeout=httpx.Timeout(timeout_s, connect=min(3, timeout_s)),
        limits=httpx.Limits(max_connections=40, max_keepalive_connections=20, keepalive_expiry=30),
        trust_env=False,
        follow_redirects=False,
        headers={"user-agent": "qunce"},
    )


class WecomClient:
    """Calls on behalf of one app. Holds no state but the app; make a new one for each job."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.gate = CorpGate(tenant_id=app.tenant_id, corp_id=app.corp_id)
        self._tokens = TokenStore(
            tenant_id=app.tenant_id, corp_id=app.corp_id, app_id=app.pk, version=app.secret_version
        )
        self._may_probe = False

    @classmethod
    def for_probe(cls, app: App) -> "WecomClient":
        """A client that calls although the app is not connected: for the check of a set-up."""
        made = cls(app)
        made._may_probe = True
        return made

    def call(self, name: str, **values: Any) -> dict[str, Any]:
        """One call by its name in `endpoints`. Returns WeCom's answer without errcode and errmsg.

        Raises InvalidRequest, Stopped, Retryable, UnknownOutcome, GivenUp or Permanent. Safe to repeat when
        the endpoint is; after UnknownOutcome it is not.
        """
        endpoint = ENDPOINTS[name]
        sent = {key: value for key, value in values.items() if value is not None}
        check_request(endpoint, sent, now_s=clock.now().timestamp())
        return self._attempt(endpoint, sent)

    def upload(self, *, kind: str, filename: str, content: bytes) -> str:
        """Upload a file for messages. Returns its media_id, valid 3 days. Safe to repeat: a new id each time."""
        endpoint = ENDPOINTS["media_upload"]
        check_request(endpoint, {"type": kind})
        return self._attempt(endpoint, {"type": kind}, file=(filename, content))["media_id"]

    def pages(self, name: str, items: str, **values: Any) -> Iterator[dict[str, Any]]:
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
            name, values = ("jsapi_ticket", {}) if kind == "jsapi" else ("agent_ticket", {"type": kind})
            answer = self.call(name, **values)
            return answer["ticket"], int(answer.get("expires_in", 7200))

        return self._tokens.get(kind, fetch)

    def _attempt(self, endpoint: Endpoint, values: dict[str, Any], *, file: Any = None) -> dict[str, Any]:
        """Ask until there is something to tell: short repeats only, for busy answers and ended tokens."""
        renewed = tries = 0
        while True:
            token = self._token(endpoint)
            body = self._exchange(endpoint, values, token, file)
            code = answers.code_of(body)
            if code == 0:
                return answers.without_status(body)
            act = reaction_to(code).act
            if act is Act.NEW_TOKEN and not renewed:
                renewed += 1
                self._tokens.drop("access", token)
                continue
            limit = {Act.RETRY: RETRY_LIMIT, Act.RETRY_ONCE: 1}.get(act, 0) if endpoint.is_repeatable else 0
            if tries < limit:
                tries += 1
                time.sleep(SHORT_PAUSE_S * 2 ** (tries - 1) * random.uniform(0.5, 1))
                continue
            return self._react(endpoint, body, code)

    def _token(self, endpoint: Endpoint) -> str:
        self._check_standing()
        return "" if endpoint.token == "none" else self._tokens.get("access", self._fetch_token)

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

    def _fetch_token(self) -> tuple[str, int]:
        self._check_standing()  # another waiter may just have learned that the secret is wrong
        endpoint = ENDPOINTS["gettoken"]
        values = {"corpid": self.app.corp_id, "corpsecret": self.app.secret}
        body = self._exchange(endpoint, values, "", None)
        code = answers.code_of(body)
        if code:
            self._react(endpoint, body, code)
        return str(body["access_token"]), int(body.get("expires_in", 7200))

    def _exchange(self, endpoint: Endpoint, values: dict[str, Any], token: str, file: Any) -> dict[str, Any]:
        """One request on the wire. Returns the JSON object answered. Raises Retryable or UnknownOutcome."""
        request = self._request(endpoint, values, token, file)
        with self.gate.slot(endpoint.path):
            began = time.monotonic()
            try:
                response = _http(settings.WECOM_TIMEOUT_S).send(request)
                body = answers.read(response, limit_bytes=ANSWER_BYTES)
            except (httpx.HTTPError, answers.Garbled) as error:
                self.gate.transport_failed()
                self._note(endpoint, health.NO_ANSWER, type(error).__name__, began)
                raise self._transport_error(endpoint, error) from error
        self.gate.transport_worked()
        answers.log_answer(
            tenant_id=self.app.tenant_id,
            app_id=self.app.pk,
            endpoint=endpoint,
            body=body,
            took_ms=round((time.monotonic() - began) * 1000),
        )
        self._note(endpoint, answers.code_of(body), str(body.get("errmsg") or ""), began)
        return body

    def _note(self, endpoint: Endpoint, code: int, hint: str, began: float) -> None:
        """Count the answer for the operations page."""
        health.note(
            tenant_id=self.app.tenant_id,
            app_id=self.app.pk,
            path=endpoint.path,
            code=code,
            hint=hint if code else "",
            took_ms=round((time.monotonic() - began) * 1000),
        )

    def _request(self, endpoint: Endpoint, values: dict[str, Any], token: str, file: Any) -> httpx.Request:
        url = f"{settings.WECOM_API_BASE}/cgi-bin/{endpoint.path}"
        query = {"access_token": token} if token else {}
        build = _http(settings.WECOM_TIMEOUT_S).build_request
        if endpoint.is_upload:
            return build("POST", url, params={**query, **values}, files={"media": file})
        if endpoint.method == GET:
            return build("GET", url, params={**query, **values})
        raw = json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return build("POST", url, params=query, content=raw, headers={"content-type": "application/json"})

    def _transport_error(self, endpoint: Endpoint, error: Exception) -> Exception:
        why = f"{type(error).__name__}: {answers.redact(str(error))}"
        log.warning("wecom_line", tenant_id=self.app.tenant_id, path=endpoint.path, error=why)
        if endpoint.is_repeatable or isinstance(error, _NEVER_SENT):
            return Retryable(why, retry_at=clock.now() + timedelta(seconds=5), path=endpoint.path)
        return UnknownOutcome(why, path=endpoint.path)

    def _react(self, endpoint: Endpoint, body: dict[str, Any], code: int) -> dict[str, Any]:
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
            case Act.STOP_TENANT:
                self._stop(code, about["hint"])
                raise Stopped(message, **about)
            case Act.STOP_API:
                self.gate.deny(endpoint.path, code)
                standing.note_missing_permission(app=self.app, endpoint=endpoint, code=code)
                raise Permanent(message, **about)
            case Act.GIVE_UP:
                raise GivenUp(message, **about)
        raise Permanent(message, **about)

    def _stop(self, code: int, hint: str) -> None:
        """Stop every worker's calls of this app first, then tell people. A probe stops nobody."""
        if self._may_probe:
            return
        self.gate.stop(code)
        standing.mark_broken(app=self.app, code=code, hint=hint)


def client_for(tenant_id: int, app_id: int | None = None) -> WecomClient:
    """The client of a tenant's app: the named one, else the connected, else the first. Needs the tenant's scope.

    Raises Stopped when the tenant has no app at all.
    """
    found = App.objects.filter(tenant_id=tenant_id)
    rows = list(found.filter(pk=app_id) if app_id else found.order_by("pk"))
    if not rows:
        raise Stopped("no WeCom app is connected")
    return WecomClient(next((row for row in rows if row.is_callable), rows[0]))
