"""A real browser against a real server: the system's Chromium, driven by Playwright.

Without a Chromium the whole folder is skipped with one line. A console error, a violated content security
policy, a failed request or an answer of 500 and above fails the test that caused it.
"""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from tenants.models import User
from tests.waiting import wait_until

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
SHOTS = Path(settings.BASE_DIR) / ".local" / "shots"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
RAW_TEXT = re.compile(r"\{\{|\{%|%\(\w+\)[sd]")
DEADLINE_MS = 60_000

# Playwright's sync API keeps an event loop in this thread; Django's own guard would refuse the ORM there.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=DEADLINE_MS)


def chromium_path() -> str:
    """The system's Chromium, or an empty string."""
    asked = os.environ.get("QUNCE_CHROMIUM", "")
    found = (shutil.which(name) for name in CHROMIUM_NAMES)
    return asked or next((path for path in found if path), "")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    for item in mine:
        item.add_marker(pytest.mark.e2e)
        item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
    if mine and not chromium_path():
        skip = pytest.mark.skip(reason="no Chromium was found: browser tests did not run")
        for item in mine:
            item.add_marker(skip)


@pytest.fixture(
    scope="package"
)  # while it lives, its loop counts as running: other tests may want one of their own
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=chromium_path(), headless=True, args=FLAGS, timeout=3 * DEADLINE_MS
        )
        yield made
        made.close()


# What htmx says, in two lines, of a request that a newer one replaced. Either line without the other is a fault.
ABANDONED = ("console: htmx:sendAbort", "console: htmx:afterRequest")


def without_abandoned(lines: list[str]) -> list[str]:
    """The lines that are left when each abandoned request's pair is taken out."""
    told = [[line for line in lines if line.startswith(words)] for words in ABANDONED]
    pairs = min(len(one) for one in told)
    left = list(lines)
    for one in told:
        for line in one[:pairs]:
            left.remove(line)
    return left


class Watch:
    """What went wrong in a page. `expect(status)` allows an answer that the journey provokes on purpose."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.wrong: list[str] = []
        self.expected: set[int] = set()

    def expect(self, *statuses: int) -> None:
        self.expected.update(statuses)

    def on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if any(f"status of {status}" in message.text for status in self.expected):
            return
        self.wrong.append(f"console: {message.text}")

    def on_failed(self, request: Request) -> None:
        if request.failure and "ERR_ABORTED" not in request.failure:
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def on_response(self, response: Response) -> None:
        if not response.url.startswith(self.base):
            self.wrong.append(f"left this machine: {response.url}")
        if response.status >= 400 and response.status not in self.expected:
            self.wrong.append(f"{response.status}: {response.url}")


class AtWork:
    """Which threads of the live server are at a request. The test's own requests are not counted."""

    def __init__(self) -> None:
        self._threads: set[int] = set()
        request_started.connect(self._begin)
        request_finished.connect(self._end)

    def _begin(self, **_told: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            self._threads.add(threading.get_ident())

    def _end(self, **_told: Any) -> None:
        self._threads.discard(threading.get_ident())

    def is_anybody(self) -> bool:
        alive = {one.ident for one in threading.enumerate()}
        return bool(self._threads & alive)


at_work = AtWork()


def hear_out(live_server: LiveServer) -> None:
    """Wait until the server has done with what closed browsers had asked.

    A page asks while one types; such a question may come after the last line of a test, and its thread would then
    read tables while they are emptied for the next. Connections are taken up in their order, so that behind a
    request of our own none is left unseen.
    """
    httpx.get(f"{live_server.url}/healthz", trust_env=False, timeout=DEADLINE_MS / 1000)
    wait_until(lambda: not at_work.is_anybody(), "the server is done with a closed browser's requests")


@pytest.fixture
def make_page(browser: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """make_page(user=None, width="wide", theme="light", language="zh-CN") -> a watched page."""
    contexts: list[tuple[BrowserContext, Watch]] = []

    def make(
        user: User | None = None, width: str = "wide", theme: str = "light", language: str = "zh-CN"
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport=WIDE if width == "wide" else PHONE, color_scheme=theme,
            locale=language, reduced_motion="reduce",
        )  # fmt: skip
        context.set_default_timeout(DEADLINE_MS)
        page = context.new_page()
        watch = Watch(live_server.url)
        page.on("console", watch.on_console)
        page.on("pageerror", lambda error: watch.wrong.append(f"script: {error}"))
        page.on("requestfailed", watch.on_failed)
        page.on("response", watch.on_response)
        page.watch = watch  # type: ignore[attr-defined]
        contexts.append((context, watch))
        if user is not None:
            sign_in(page, user)
        return page

    yield make
    wrong = [line for _context, watch in contexts for line in without_abandoned(watch.wrong)]
    for context, _watch in contexts:
        context.close()
    hear_out(live_server)
    assert wrong == []


def sign_in(page: Page, user: User, password: str = "correct-horse-9", then: str = "/companies/new/") -> None:
    """By the form, as a person does; `then` is the page to come to."""
    page.goto(f"/accounts/login/?next={then}")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", password)
    with page.expect_navigation():
        page.click("main button[type=submit]")


def look(page: Page, name: str) -> None:
    """Take pictures of the present page: wide and phone, light and dark; and check what a picture shows.

    Asserts at each size that nothing hangs over the edge and that no template text is left raw.
    """
    SHOTS.mkdir(parents=True, exist_ok=True)
    language = page.evaluate("document.documentElement.lang")[:2]
    before = page.viewport_size
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page.evaluate("theme => window.Qunce.setTheme(theme)", theme)
            page.screenshot(path=SHOTS / f"{name}-{size['width']}-{theme}-{language}.png", full_page=True)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, f"{name} hangs {over} px over the edge at {size['width']} px"
    page.evaluate("theme => window.Qunce.setTheme(theme)", "light")
    raw = RAW_TEXT.findall(page.inner_text("body"))
    assert raw == [], f"{name} shows raw template text: {raw}"
    if before:
        page.set_viewport_size(before)
