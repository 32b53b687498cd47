"""From "someone clicked pay" to a logged follow-up, on phone and at the desk: taps counted (R70)."""

import time
from collections.abc import Callable

import httpx
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from leads.models import FollowUp, Lead
from leads.services import leads_recompute
from team.models import Staff
from tenants import clock
from tenants.audit import Actor
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import api_key_create
from tests.e2e.conftest import look
from tests.e2e.test_sidebar import AGENT, CLIENT
from tests.factories.contacts import make_customer, make_follow
from tests.factories.leads import make_camp
from tests.factories.team import make_staff
from tests.phone import phone_session
from wecom.gateway import jssdk
from wecom.inbox import ingest

pytestmark = pytest.mark.django_db(transaction=True)
A_MINUTE_S = 60


class Thumb:
    """A thumb or a mouse that counts what it presses."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, selector: str, *, loads: bool = False) -> None:
        self.taps += 1
        target = self.page.locator(selector).first
        if loads:
            with self.page.expect_navigation():
                target.click()
        else:
            target.click()


@pytest.fixture
def staff(transactional_db: None, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Staff:
    monkeypatch.setattr(jssdk, "page_ticket", lambda *, app, kind: f"ticket-of-{kind}")
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓", membership=Membership.objects.get())


@pytest.fixture
def pays(tenant: Tenant, staff: Staff, owner: Actor, live_server: LiveServer) -> Callable[[], float]:
    """pays() -> when 刘女士, a friend of 林晓 in a running camp, clicked pay: told over the shop's interface."""
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, app=staff.app, name="刘女士")
        make_follow(tenant=tenant, customer=person, staff=staff)
        make_camp(tenant=tenant, customers=[person])
        _row, token = api_key_create(tenant=tenant, name="shop", actor=owner)

    def click() -> float:
        event = {
            "id": "pay-1", "kind": "pay_click", "occurred_at": clock.now().isoformat(),
            "external_userid": person.external_userid,
        }  # fmt: skip
        began = time.monotonic()
        answer = httpx.post(
            f"{live_server.url}/api/v1/events", json={"events": [event]}, trust_env=False, timeout=A_MINUTE_S,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        assert answer.json()["results"][0]["state"] == "accepted", answer.text
        with tenant_scope(tenant):
            ingest.drain(tenant_id=tenant.pk)
            leads_recompute(tenant_id=tenant.pk, customer_ids=[person.pk])  # as the relay would
        return began

    return click


def logged(tenant: Tenant) -> tuple[str, str, bool]:
    with tenant_scope(tenant):
        row = FollowUp.objects.get()
        lead = Lead.objects.get(pk=row.lead_id)
        return row.result, row.tier, lead.next_action_at is not None and lead.next_action_at > row.at


def test_phone_from_the_click_to_a_follow_up_with_its_next_step_in_three_taps(
    pays: Callable[[], float],
    tenant: Tenant,
    staff: Staff,
    make_page: Callable[..., Page],
    live_server: LiveServer,
) -> None:
    page = make_page(width="phone")
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": phone_session(tenant, staff),
        "url": live_server.url,
    }
    page.context.add_cookies([cookie])
    page.add_init_script(
        f"Object.defineProperty(navigator, 'userAgent', {{get: () => '{AGENT}'}}); window.__wecomPlan = {{}};\n{CLIENT}"
    )
    began = pays()
    thumb = Thumb(page)
    page.goto(f"/m/{tenant.slug}/")
    expect(page.locator(".q-todo").first).to_contain_text("刘女士")
    expect(page.locator(".q-todo .q-when b").first).to_be_visible()  # by when
    thumb.tap(".q-todo .q-focus a.btn-primary, .q-todo .q-do a.btn", loads=True)
    look(page, "leads-walk-phone")
    page.locator("#k-log").scroll_into_view_if_needed()
    thumb.tap("label[for=k-r-thinking]")
    thumb.tap("section[aria-labelledby=k-log] button[name=in_minutes]", loads=True)
    assert logged(tenant) == ("thinking", "A+", True)
    assert thumb.taps == 3
    assert time.monotonic() - began < A_MINUTE_S


def test_desk_from_the_click_to_a_follow_up_with_its_next_step_in_two_clicks_or_keys(
    pays: Callable[[], float], tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    began = pays()
    mouse = Thumb(page)
    page.goto(f"/t/{tenant.slug}/leads/")
    expect(page.locator(".q-lead").first).to_contain_text("刘女士")
    expect(page.locator(".q-lead .q-when b").first).to_be_visible()  # by when
    mouse.tap(".q-lead a.btn[data-key=f]", loads=True)
    mouse.tap("button[name=result][value=talked]", loads=True)
    assert logged(tenant) == ("talked", "A+", True)
    assert mouse.taps == 2
    assert time.monotonic() - began < A_MINUTE_S


def test_desk_from_today_with_the_script_copied_a_note_and_a_chosen_next_step(
    pays: Callable[[], float], tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    """The whole way as a salesperson goes it: Today, the lead, copy, find the chat, note, result, when next."""
    page = make_page(User.objects.get(email="lin@example.com"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    began = pays()
    mouse = Thumb(page)
    page.goto(f"/t/{tenant.slug}/")
    expect(page.locator(".q-todo, .q-work, main").first).to_contain_text("刘女士")
    mouse.tap("main a[href*='/leads/']", loads=True)
    expect(page.locator("#say-1")).not_to_be_empty()
    script = page.locator("#say-1").inner_text()
    mouse.tap("button.btn-primary[data-copy='#say-1']")
    expect(page.locator("#q-drawer")).to_contain_text("林晓")
    assert page.evaluate("navigator.clipboard.readText()") == script
    mouse.tap("#q-drawer [data-bs-dismiss]")
    expect(page.locator("#q-drawer")).to_be_hidden()
    page.locator("#f-note").press_sequentially("付款页卡住了，已发新链接")
    mouse.tap("button[name=result][value=talked]", loads=True)
    mouse.tap("section[aria-labelledby=next] .q-times button:nth-of-type(2)")
    mouse.tap("section[aria-labelledby=next] button[type=submit]", loads=True)
    took = time.monotonic() - began
    assert logged(tenant) == ("talked", "A+", True)
    with tenant_scope(tenant):
        assert FollowUp.objects.get().note == "付款页卡住了，已发新链接"
    assert (mouse.taps, took < A_MINUTE_S) == (6, True), took


def test_board_by_keys_alone_with_its_sheet_and_never_over_inputs(
    pays: Callable[[], float], tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    pays()
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/leads/")
    page.keyboard.press("?")
    expect(page.locator("#q-keys")).to_be_visible()
    expect(page.locator("#q-keys")).to_contain_text("分配")
    page.keyboard.press("Escape")
    expect(page.locator("#q-keys")).to_be_hidden()
    page.locator("#q-list-search").focus()
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_hidden()
    page.locator("#q-list-search").fill("")
    page.locator("#q-list-search").blur()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#bulk")).to_be_visible()
    page.keyboard.press("a")
    expect(page.locator("#q-drawer select[name^=to_]")).to_have_count(1)
    look(page, "leads-share")
    with page.expect_navigation():
        page.click("#q-drawer button[type=submit]")
    expect(page.locator(".q-lead .q-own").first).to_contain_text("林晓")
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(page.locator("#q-drawer button[name=in_minutes]").first).to_be_visible()
    look(page, "leads-plan")
    page.keyboard.press("Escape")
    expect(page.locator("#q-drawer button[name=in_minutes]").first).to_be_hidden()
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("f")
    page.wait_for_selector("button[name=result][value=talked]")
