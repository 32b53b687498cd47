"""A short way for callbacks, in front of the product's WSGI application.

A callback needs no session, user, language, CSRF token, page headers or request object, and WeCom sends thousands
of them. POSTs under /wecom/callback/ go straight to `reception`; everything else takes the whole way.
"""

import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from django.db import connections

from wecom import reception

PREFIX = "/wecom/callback/"
IDLE_S = 5.0  # a connection that rested longer is asked whether it still lives
MOST_PARAMETERS = 20
_STATUS = {one.value: f"{one.value} {one.phrase}" for one in HTTPStatus}
_own = threading.local()
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def callbacks_first(application: Application) -> Application:
    """Wrap the product's application."""

    def handle(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        slug = path[len(PREFIX) :]
        if environ.get("REQUEST_METHOD") != "POST" or not path.startswith(PREFIX) or not slug.isalnum():
            return application(environ, start_response)
        answer = _event(slug, environ)
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(answer.body))),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response(_STATUS[answer.status], headers)
        return [answer.body]

    return handle


def _event(slug: str, environ: dict[str, Any]) -> reception.Answer:
    try:
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), max_num_fields=MOST_PARAMETERS))
    except ValueError:
        return reception.Answer(400, b"too many parameters")
    _tidy()
    try:
        return reception.event(
            slug=slug,
            query=query,
            announced=environ.get("CONTENT_LENGTH") or "",
            read=environ["wsgi.input"].read,
        )
    finally:
        _own.used_at = time.monotonic()


def _tidy() -> None:
    """Django's check of this thread's connections, without its round trip for one that was used a moment ago.

    One that broke in that moment is made again by `shelf`.
    """
    now = time.monotonic()
    has_rested = now - getattr(_own, "used_at", 0.0) > IDLE_S
    for one in connections.all(initialized_only=True):
        is_old = one.close_at is not None and now >= one.close_at
        if has_rested or is_old or one.errors_occurred:
            one.close_if_unusable_or_obsolete()
