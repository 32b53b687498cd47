"""Each play's page on a phone, and the one that says that it is busy: within its edges, in both languages."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from campaigns.phone import admission
from campaigns.phone.admission import Turnstile
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.campaigns.phones import WECHAT, identity_cookie
from tests.conftest import MovableClock
from tests.e2e.conftest import hear_out
from tests.e2e.test_members_looks import look_at
from tests.factories.plays import PLAYS, UNTIL_FLASH, PlayPage, make_play

pytestmark = pytest.mark.django_db(transaction=True)
PARTS = {
    "checkin": ("prizes", "rules", "points"),
    "lottery": ("prizes", "log"),
    "coupon": ("prizes",),
    "mall": ("prizes",),
}


@pytest.fixture
def plays(transactional_db: None, tenant: Tenant, owner: Actor, frozen: MovableClock) -> dict[str, PlayPage]:
    with tenant_scope(tenant):
        made = {kind: make_play(kind, tenant=tenant, owner=owner) for kind in PLAYS}
    frozen.move(seconds=UNTIL_FLASH.total_seconds())
    return made


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, tenant: Tenant) -> Iterator[Callable[..., Page]]:
    """phone(play, language, scripts) -> a page in which one of its people is known to WeCom."""
    contexts: list[BrowserContext] = []

    def make(play: PlayPage, language: str = "zh-CN", *, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 375, "height": 812}, locale=language, user_agent=WECHAT,
            reduced_motion="reduce", java_script_enabled=scripts,
        )  # fmt: skip
        contexts.append(context)
        with tenant_scope(tenant):
            app = play.played.group.app
        assert app is not None
        cookie = identity_cookie(app, external=play.people[-1].external_userid)
        context.add_cookies([{"name": f"qr_{app.pk}", "value": cookie, "url": live_server.url}])
        return context.new_page()

    yield make
    for one in contexts:
        one.close()
    hear_out(live_server)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_of_a_play_hangs_over_the_edge_of_a_phone(
    plays: dict[str, PlayPage], phone: Callable[..., Page], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, play in plays.items():
        page = phone(play, language)
        page.goto(play.path)
        look_at(page, f"play-{kind}")
        for part in PARTS.get(kind, ()):
            page.goto(f"{play.path}{part}/")
            look_at(page, f"play-{kind}-{part}")
    monkeypatch.setattr(admission, "turnstile", lambda: Turnstile(inside=0, line=0, patience_s=0))
    page = phone(plays["checkin"], language)
    answer = page.goto(plays["checkin"].path)
    assert answer is not None
    assert answer.status == 503
    look_at(page, "play-busy")
