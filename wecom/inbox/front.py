"""A short way for callbacks, in front of the product's WSGI application.

A callback needs no session, user, language, CSRF token, page headers or request object, and WeCom sends thousands
of them. POSTs under /wecom/callback/ go straight to `reception`; everything else takes the whole way.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from wecom.inbox import reception

PREFIX = "/wecom/callback/"
MOST_PARAMETERS = 20
_STATUS = {one.value: f"{one.value} {one.phrase}" for one in HTTPStatus}
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
    return reception.event(
        slug=slug,
        query=query,
        announced=environ.get("CONTENT_LENGTH") or "",
        read=environ["wsgi.input"].read,
    )
