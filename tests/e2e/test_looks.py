"""Pictures of the console's own pages, in both languages; each asserts what a picture can show."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tenants.models import Tenant, User
from tests.e2e.conftest import look

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = {
    "settings": "settings/", "members": "settings/members/", "invite": "settings/members/invite/",
    "preferences": "settings/preferences/", "api-keys": "settings/api-keys/", "audit": "settings/audit/",
    "me": "me/",
}  # fmt: skip
GATES = {"login": "/accounts/login/", "signup": "/accounts/signup/", "reset": "/accounts/password/reset/"}


@pytest.fixture
def settled(transactional_db: None, tenant: Tenant) -> Tenant:
    """A company whose rows the server's own connections see."""
    return tenant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_settings_pages_look_right_in_every_size_and_theme(
    settled: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))

    for name, path in PAGES.items():
        page.goto(f"/t/{settled.slug}/{path}")
        look(page, f"console-{name}")


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_sign_in_pages_look_right_in_every_size_and_theme(
    transactional_db: None, make_page: Callable[..., Page], language: str
) -> None:
    page = make_page(language=language)

    for name, path in GATES.items():
        page.goto(path)
        look(page, f"gate-{name}")
    page.watch.expect(404)  # type: ignore[attr-defined]
    page.goto("/nowhere")
    look(page, "gate-404")
