"""What machines ask: /healthz (this process lives), /readyz (it can serve), /metrics (Prometheus).

/healthz needs nothing. /readyz tells each part apart and answers 503 while one of them fails. Both say nothing that
a stranger may not know; nginx closes all three to the outside.
"""

import dataclasses
import hmac
import time
from collections.abc import Callable
from functools import cache
from ipaddress import ip_address
from typing import Any

import structlog
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import to_locale
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from health_check.base import HealthCheck
from health_check.exceptions import HealthCheckException, ServiceUnavailable
from redis.exceptions import RedisError

from scrm import metrics
from wecom import valkey

log = structlog.get_logger(__name__)

SHEET = "lib/tabler/css/tabler.min.css"


@dataclasses.dataclass
class Database(HealthCheck):
    """PostgreSQL answers as the application's role."""

    def run(self) -> None:  # type: ignore[override]
        try:
            with connection.cursor() as cursor:
                cursor.execute("select 1")
        except (DatabaseError, InterfaceError) as error:
            raise ServiceUnavailable("no answer") from error


@dataclasses.dataclass
class Valkey(HealthCheck):
    """The shared store of tokens, limits and queues answers."""

    def run(self) -> None:  # type: ignore[override]
        try:
            valkey.client().ping()
        except RedisError as error:
            raise ServiceUnavailable("no answer") from error


@cache
def _migrations_seen_applied() -> dict[str, bool]:
    return {}


@dataclasses.dataclass
class Migrations(HealthCheck):
    """The database has what this version of the code needs. Once seen so, it stays so for this process."""

    def run(self) -> None:  # type: ignore[override]
        seen = _migrations_seen_applied()
        if seen.get(connection.settings_dict["NAME"]):
            return
        try:
            executor = MigrationExecutor(connection)
            missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        except (DatabaseError, InterfaceError) as error:
            raise ServiceUnavailable("cannot be read") from error
        if missing:
            raise ServiceUnavailable(f"{len(missing)} not applied, first {missing[0][0]}")
        seen[connection.settings_dict["NAME"]] = True


@dataclasses.dataclass
class Static(HealthCheck):
    """The pages' files and the compiled translations are there."""

    def run(self) -> None:  # type: ignore[override]
        is_live = settings.DEBUG or getattr(settings, "WHITENOISE_AUTOREFRESH", False)
        if not (finders.find(SHEET) if is_live else staticfiles_storage.exists(SHEET)):
            raise ServiceUnavailable(f"{SHEET} is missing: run collectstatic")
        locale = to_locale(settings.LANGUAGE_CODE)
        if not any((root / locale / "LC_MESSAGES" / "django.mo").is_file() for root in settings.LOCALE_PATHS):
            raise ServiceUnavailable("translations are not compiled: run manage.py messages --compile")


PARTS: dict[str, type[HealthCheck]] = {
    "database": Database,
    "valkey": Valkey,
    "migrations": Migrations,
    "static": Static,
}


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers; nothing else is asked."""
    return HttpResponse(b"ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """{"ready": bool, "parts": {part: {"ok": bool, "ms": n, "why": text}}}; 503 while a part fails."""
    parts = {name: _tried(made()) for name, made in PARTS.items()}
    failing = [name for name, one in parts.items() if not one["ok"]]
    if failing:
        log.warning("not_ready", parts=failing)
    return JsonResponse({"ready": not failing, "parts": parts}, status=503 if failing else 200)


def _tried(check: Any) -> dict[str, Any]:
    began = time.monotonic()
    why = ""
    try:
        check.run()
    except HealthCheckException as error:
        why = str(error.message)
    except Exception as error:  # whatever it is, it is an answer
        log.error("readiness_failed", exc_info=error)
        why = type(error).__name__
    found = {"ok": not why, "ms": round((time.monotonic() - began) * 1000)}
    return {**found, "why": why} if why else found


def _allowed(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """With a token in the settings, only with that token; without one, only from this machine itself."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if _may_read(request):
            return view(request)
        log.warning("metrics_refused", address=request.META.get("REMOTE_ADDR", ""))
        return HttpResponse(b"forbidden\n", status=403, content_type="text/plain; charset=utf-8")

    return guarded


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False  # a proxy on this machine speaks for somebody else
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


@never_cache
@require_safe
@_allowed
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Everything Prometheus reads, in its text format."""
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


PATHS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "healthz": healthz,
    "readyz": readyz,
    "metrics": metrics_page,
}


class ProbesFirst:
    """Answers them before anything else: a machine asks by address, without TLS, cookie or the site's name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = PATHS.get(request.path_info.removeprefix("/"))
        return view(request) if view else self._next(request)
