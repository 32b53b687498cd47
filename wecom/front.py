"""A short way for callbacks, in front of the product's WSGI application.

A callback needs no session, user, language, CSRF token or page headers, and WeCom sends thousands of them. This
hands POSTs under /wecom/callback/ straight to the view; everything else takes the whole way. The view is the same,
so what it promises is too.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from django.core.handlers.wsgi import WSGIRequest
from django.db import close_old_connections

from wecom.views.callback import CallbackView

if TYPE_CHECKING:
    from django.http import HttpResponse

PREFIX = "/wecom/callback/"
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def callbacks_first(application: Application) -> Application:
    """Wrap the product's application."""
    view = CallbackView.as_view()

    def handle(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        slug = path[len(PREFIX) :]
        if environ.get("REQUEST_METHOD") != "POST" or not path.startswith(PREFIX) or not slug.isalnum():
            return application(environ, start_response)
        close_old_connections()
        try:
            response = cast("HttpResponse", view(WSGIRequest(environ), slug=slug))
        finally:
            close_old_connections()
        headers = [*response.items(), ("Content-Length", str(len(response.content)))]
        headers.append(("X-Content-Type-Options", "nosniff"))
        start_response(f"{response.status_code} {HTTPStatus(response.status_code).phrase}", headers)
        return [response.content]

    return handle
