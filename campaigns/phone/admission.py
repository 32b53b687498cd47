"""How many people are on campaigns' pages at once: some are served, a few wait in line, others are told to come again.

Each page takes a thread, a connection and a share of the processor. Were everybody let in, everybody would wait until
their phones give up, and callbacks and colleagues with them. So each web process serves so many at a time; whoever
waits in line holds no connection, and whoever is turned away is answered at once, before anything was read or written:
503, when to come again, and a page that sends the same form again.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import cast

from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

PREFIX = "/r/c/"
LINE_S = 3.0  # how long somebody waits in line
AGAIN_S = 3  # when whoever was turned away comes again
KEPT_BYTES = 16 * 1024  # of a form that is given back to be sent again, as much as the door takes
_FORM = "<!-- form -->"


class Turnstile:
    """Lets so many in at once; `line` more wait up to `patience_s` seconds. Of one process, for all its threads."""

    def __init__(self, inside: int, line: int, patience_s: float) -> None:
        self._seats = threading.Semaphore(inside)
        self._most, self._patience_s = inside + line, patience_s
        self._present = 0
        self._lock = threading.Lock()

    @contextmanager
    def enter(self) -> Iterator[bool]:
        """Whether the caller is let in; the seat is free again at the end."""
        with self._lock:
            may_wait = self._present < self._most
            self._present += may_wait
        if not may_wait:
            yield False
            return
        try:
            is_inside = self._seats.acquire(timeout=self._patience_s)
            try:
                yield is_inside
            finally:
                if is_inside:
                    self._seats.release()
        finally:
            with self._lock:
                self._present -= 1


@cache
def turnstile() -> Turnstile:
    """That of this process."""
    return Turnstile(settings.PLAYS_AT_ONCE, settings.PLAYS_IN_LINE, LINE_S)


class CrowdFirst:
    """Middleware: nobody comes to a campaign's page past the turnstile."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response
        self._turned_away = CSPMiddleware(XFrameOptionsMiddleware(busy))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self._next(request)
        with turnstile().enter() as is_inside:
            if is_inside:
                return self._next(request)
        return cast("HttpResponse", self._turned_away(request))


def busy(request: HttpRequest) -> HttpResponse:
    """The page that says so, with what was sent, so that one tap sends it again. Asks nothing of the database."""
    with translation.override(translation.get_language_from_request(request)):
        page = _page(translation.get_language() or "")
        made = page.replace(_FORM, _form(request), 1)
    response = HttpResponse(made, status=503)
    response["Retry-After"] = str(AGAIN_S)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    # Django would write a line for each: thousands a second, just when there is no time for it. The figures count them.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


@cache
def _page(language: str) -> str:
    html_lang = "zh-Hans" if language.startswith("zh") else "en"
    return render_to_string(
        "campaigns/h5/busy.html",
        {
            "title": _("Many people are here at this moment"), "html_lang": html_lang, "again_s": AGAIN_S,
            "form": mark_safe(_FORM),
        },
    )  # fmt: skip


def _form(request: HttpRequest) -> str:
    given = request.GET
    if request.method == "POST":
        is_kept = int(request.META.get("CONTENT_LENGTH") or 0) <= KEPT_BYTES
        given = request.POST if is_kept else type(given)()
    fields = format_html_join(
        "",
        '<input type="hidden" name="{}" value="{}">',
        ((name, one) for name, values in given.lists() for one in values if isinstance(one, str)),
    )
    return format_html(
        '<form method="{}" action="{}" data-again="{}">{}'
        '<button class="q-h5-btn is-wide" type="submit" data-once>{}</button></form>',
        "post" if request.method == "POST" else "get", request.path, AGAIN_S, fields, _("Try again"),
    )  # fmt: skip
