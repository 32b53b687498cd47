"""From a stranger to a team: sign-up, invitation, roles, two-step sign-in, lock-out, language and theme."""

import base64
import hashlib
import hmac
import re
import struct
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from playwright.sync_api import Page, expect

from console import nav
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope, unscoped
from tests.e2e.conftest import look, sign_in

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]
PASSWORD = "correct-horse-9"
MOMENT_S = 1_772_413_200.0


def _sign_up(page: Page, name: str, email: str, company: str = "") -> None:
    page.fill("input[name=name]", name)
    if company:
        page.fill("input[name=company]", company)
    page.fill("input[name=email]", email)
    page.fill("input[name=password1]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/t/**")


def _totp(secret: str, at: float) -> str:
    """RFC 6238 by hand: SHA-1, 30 s, six digits."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def test_stranger_makes_a_company_and_a_colleague_joins_by_link(make_page: MakePage) -> None:
    owner = make_page()
    owner.goto("/")
    owner.get_by_text("还没有账号，去注册").click()
    _sign_up(owner, "林晓", "lin@example.com", "小芽英语")
    assert "小芽英语" in owner.inner_text(".q-top")
    tenant_path = "/".join(owner.url.split("/")[:5])

    owner.goto(f"{tenant_path}/settings/members/")
    owner.get_by_role("link", name="发链接邀请").click()
    owner.select_option("select[name=role]", "operator")
    owner.fill("input[name=note]", "周岚")
    owner.get_by_role("button", name="生成链接").click()
    link = owner.inner_text("#q-link")
    look(owner, "journey-invite-link")

    colleague = make_page()
    colleague.goto(link)
    assert "林晓 邀请你加入，角色：运营" in colleague.inner_text("main")
    look(colleague, "journey-invitation")
    colleague.get_by_text("注册并加入").click()
    assert colleague.locator("input[name=company]").count() == 0
    _sign_up(colleague, "周岚", "zhou@example.com")
    assert "小芽英语" in colleague.inner_text(".q-top")

    with unscoped("a test looks at what the journey left"):
        assert Tenant.objects.count() == 1
        assert set(Membership.objects.values_list("user__email", "role")) == {
            ("lin@example.com", "owner"),
            ("zhou@example.com", "operator"),
        }

    stranger = make_page()
    stranger.watch.expect(409)  # type: ignore[attr-defined]
    stranger.goto(link)
    assert "INVITE-01" in stranger.inner_text("main")

    owner.goto(f"{tenant_path}/settings/members/")
    row = owner.locator("tr", has_text="zhou@example.com")
    row.locator("select").select_option("viewer")
    row.get_by_role("button", name="修改").click()
    expect(owner.locator(".q-toast")).to_have_text("周岚 的角色已改为只读")
    look(owner, "journey-members")

    colleague.watch.expect(403)  # type: ignore[attr-defined]
    colleague.goto(f"{tenant_path}/settings/members/")
    assert "成员、企微、密钥、参数" in colleague.inner_text("main")
    look(colleague, "journey-forbidden")


def test_removing_a_member_asks_first_and_the_last_owner_stays(tenant: Tenant, make_page: MakePage) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/settings/members/")
    page.get_by_role("button", name="移除", exact=True).click()
    dialog = page.get_by_role("dialog", name=re.compile("移除|停用"))
    expect(dialog).to_contain_text("林晓 将不能再进入本企业")
    look(page, "journey-confirm")
    page.watch.expect(409)  # type: ignore[attr-defined]

    dialog.get_by_role("button", name="移除").click()

    expect(page.locator("main")).to_contain_text("ROLE-03")
    with tenant_scope(tenant):
        assert Membership.objects.get().ended_at is None


def test_two_step_sign_in_is_turned_on_and_then_asked_for(
    tenant: Tenant, make_page: MakePage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A code lives for 30 seconds: one that is typed in must not end on the way.
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: MOMENT_S))
    user = User.objects.get(email="lin@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    page = make_page(user)
    page.goto("/accounts/2fa/")
    look(page, "mfa-index")
    page.get_by_role("link", name="开启").click()
    look(page, "mfa-confirm")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="继续").click()
    secret = page.inner_text("#q-totp").strip()
    look(page, "mfa-activate")
    page.fill("input[name=code]", _totp(secret, MOMENT_S))
    page.locator("main button[type=submit]").click()
    expect(page.locator("#q-recovery li")).to_have_count(10)
    look(page, "mfa-recovery")
    code = page.locator("#q-recovery li").first.inner_text()

    later = make_page(user)
    assert "/2fa/" in later.url
    look(later, "mfa-authenticate")
    later.fill("input[name=code]", "000000")
    later.locator("main button[type=submit]").click()
    expect(later.locator(".invalid-feedback")).to_be_visible()
    later.fill("input[name=code]", code)
    later.locator("main button[type=submit]").click()
    later.wait_for_url("**/companies/new/")

    cache.clear()  # a code counts once in its 30 seconds, and setting up used this one
    last = make_page(user)
    last.fill("input[name=code]", _totp(secret, MOMENT_S))
    last.locator("main button[type=submit]").click()
    last.wait_for_url("**/companies/new/")


def test_guessing_a_password_locks_the_account_and_says_so(tenant: Tenant, make_page: MakePage) -> None:
    user = User.objects.get(email="lin@example.com")
    page = make_page()
    for _attempt in range(5):
        sign_in(page, user, "not-the-password-1")
    assert "/accounts/login/" in page.url

    sign_in(page, user)

    assert "/accounts/login/" in page.url
    expect(page.get_by_role("alert")).to_contain_text("登录失败")
    look(page, "journey-locked")


def test_language_is_switched_before_and_after_signing_in(tenant: Tenant, make_page: MakePage) -> None:
    page = make_page()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()

    sign_in(page, User.objects.get(email="lin@example.com"), then=f"/t/{tenant.slug}/me/")
    expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")  # the account's own language wins
    page.get_by_role("button", name="林晓的菜单").click()
    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("navigation", name="Main menu")).to_contain_text("Settings")
    assert User.objects.get(email="lin@example.com").language == "en"


def test_theme_is_kept_in_the_browser(tenant: Tenant, make_page: MakePage) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/me/")
    page.get_by_role("button", name="林晓的菜单").click()
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")

    page.reload()

    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


@pytest.fixture
def searchable() -> Iterator[None]:
    """One search provider besides the apps' own."""

    def search(tenant: Tenant, text: str) -> list[nav.Hit]:
        return [nav.Hit("演示", f"命中 {text}", f"/t/{tenant.slug}/settings/", "187 人")]

    nav.register_search(search)
    yield
    nav._registry.searches.remove(search)


def test_slash_searches_and_arrows_reach_the_hits(
    tenant: Tenant, make_page: MakePage, searchable: None
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/me/")
    page.keyboard.press("/")
    page.keyboard.type("启蒙")
    hit = page.locator("#q-search-hits .dropdown-item", has_text="命中 启蒙")
    expect(hit).to_be_visible()
    look(page, "journey-search")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url("**/settings/")


def test_api_key_is_shown_once_and_revoked_by_typing_its_name(tenant: Tenant, make_page: MakePage) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/settings/api-keys/")
    page.fill("input[name=name]", "教务系统")
    page.get_by_role("button", name="新建密钥").click()
    assert page.inner_text("#q-key").startswith("qk_")
    look(page, "journey-api-key")
    page.goto(f"/t/{tenant.slug}/settings/api-keys/")
    assert page.locator("#q-key").count() == 0

    page.get_by_role("button", name="停用").click()
    dialog = page.get_by_role("dialog", name=re.compile("移除|停用"))
    stop = dialog.get_by_role("button", name="停用")
    expect(stop).to_be_disabled()
    dialog.get_by_label("输入以下内容以确认").fill("教务系统")
    stop.click()

    expect(page.locator(".q-toast")).to_have_text("密钥已失效。")
    assert "还没有密钥" in page.inner_text("main")
