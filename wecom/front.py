"""A short way for callbacks, in front of the product's WSGI application.

A callback needs no session, user, language, CSRF token or page headers, and WeCom sends thousands of them. This
hands POSTs under /wecom/callback/ straight to the view; everything else takes the whole way. The view is the same,
so what it promises is too.
"""

import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from django.core.handlers.wsgi import WSGIRequest
from django.db import connections

from wecom.views.callback import CallbackView

if TYPE_CHECKING:
    from django.http import HttpResponse

PREFIX = "/wecom/callback/"
IDLE_S = 5.0  # a connection that rested longer is asked whether it still lives
_own = threading.local()
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def callbacks_first(application: Application) -> Application:
    """Wrap the product's application."""
    view = CallbackView.as_view()

    def handle(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        slug = path[len(PREFIX) :]
        if environ.get("REQUEST_METHOD") != "POST" or not path.startswith(PREFIX) or not slug.isalnum():
            return application(environ, start_response)
        _tidy()
        try:
            response = cast("HttpResponse", view(WSGIRequest(environ), slug=slug))
        finally:
            _own.used_at = time.monotonic()
        headers = [*response.items(), ("Content-Length", str(len(response.content)))]
        headers.append(("X-Content-Type-Options", "nosniff"))
        start_response(f"{response.status_code} {HTTPStatus(response.status_code).phrase}", headers)
        return [response.content]

    return handle


def _tidy() -> None:
    """Django's check of this thread's connections, without its round trip for one that was used a moment ago.

    One that broke in that moment is made again by `ingest.store_now`.
    """
    now = time.monotonic()
    has_rested = now - getattr(_own, "used_at", 0.0) > IDLE_S
    for one in connections.all(initialized_only=True):
        is_old = one.close_at is not None and now >= one.close_at
        if has_rested or is_old or one.errors_occurred:
            one.close_if_unusable_or_obsolete()
