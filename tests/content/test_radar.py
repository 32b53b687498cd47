"""Radar links: identity by OAuth, one behaviour a click, no way to be led elsewhere."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from contacts.models import Behaviour
from content.models import RadarLink
from content.policies.radar import is_bot, token_make, token_tenant
from content.services import RadarWish, radar_links_put
from content.views import visitors as views
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.wecom import make_app
from wecom.errors import Permanent
from wecom.selectors import Identity

WECHAT = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.40"
TARGET = "https://shop.example.com/p/1?sku=7"

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def link(tenant: Tenant, frozen: MovableClock) -> RadarLink:
    with tenant_scope(tenant):
        make_app(tenant=tenant)
        make_customer(tenant=tenant, external_userid="wm1")
        wish = RadarWish(
            target_url=TARGET,
            title="查看课程",
            kind="purchase",
            source_kind="sop.run",
            source_id=1,
            source_key="s:k:1",
        )
        radar_links_put(tenant_id=tenant.pk, wishes=[wish, wish])
        return RadarLink.objects.get()


@pytest.fixture
def visitor(client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(views, "oauth_identity", lambda app, code: Identity(external_userid=code))
    client.defaults["HTTP_USER_AGENT"] = WECHAT
    return client


def behaviours(tenant: Tenant) -> list[tuple[str, str]]:
    with tenant_scope(tenant):
        return list(Behaviour.objects.order_by("pk").values_list("kind", "external_userid"))


def sign_in(client: Client, link: RadarLink, code: str) -> None:
    asked = client.get(f"/r/{link.token}")
    state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
    back = client.get("/r/oauth", {"code": code, "state": state})
    assert back["Location"] == f"/r/{link.token}"


def test_token_names_its_tenant_and_nothing_else() -> None:
    assert token_tenant(token_make(1294, "abcdefghijkl")) == 1294
    assert [token_tenant(one) for one in ("", "abc", "-abcdefgh", "zz-!bad!bad!", "1-short")] == [None] * 5


def test_click_of_a_known_customer_is_one_behaviour_each(
    tenant: Tenant, visitor: Client, link: RadarLink
) -> None:
    sign_in(visitor, link, "wm1")
    assert behaviours(tenant) == []
    for _ in range(2):
        answer = visitor.get(f"/r/{link.token}")
        assert (answer.status_code, answer["Location"]) == (302, TARGET)
    assert behaviours(tenant) == [("purchase_click", "wm1")] * 2
    with tenant_scope(tenant):
        assert RadarLink.objects.get().clicks == 2


def test_query_parameters_name_nobody_and_lead_nowhere(
    tenant: Tenant, visitor: Client, link: RadarLink
) -> None:
    sign_in(visitor, link, "wm1")
    answer = visitor.get(
        f"/r/{link.token}?external_userid=wm9&next=https://evil.example.com&url=//evil.example.com"
    )
    assert answer["Location"] == TARGET
    assert behaviours(tenant) == [("purchase_click", "wm1")]


def test_forged_cookie_is_nobody(tenant: Tenant, visitor: Client, link: RadarLink) -> None:
    sign_in(visitor, link, "wm1")
    name = next(one for one in visitor.cookies if one.startswith("qr_"))
    visitor.cookies[name] = visitor.cookies[name].value[:-3] + "abc"
    assert "/connect/oauth2/authorize" in visitor.get(f"/r/{link.token}")["Location"]
    assert behaviours(tenant) == []


def test_state_of_another_browser_signs_nobody_in(tenant: Tenant, visitor: Client, link: RadarLink) -> None:
    asked = Client(HTTP_USER_AGENT=WECHAT).get(f"/r/{link.token}")
    state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
    visitor.get("/r/oauth", {"code": "wm1", "state": state})
    assert visitor.get(f"/r/{link.token}")["Location"] == TARGET
    assert behaviours(tenant) == []


def test_forged_or_late_state_is_a_friendly_404(
    visitor: Client, link: RadarLink, frozen: MovableClock
) -> None:
    asked = visitor.get(f"/r/{link.token}")
    state = parse_qs(urlsplit(asked["Location"]).query)["state"][0]
    frozen.move(minutes=11)
    for given in (state, "nonsense", ""):
        assert visitor.get("/r/oauth", {"code": "wm1", "state": given}).status_code == 404


def test_staff_is_redirected_and_not_counted(
    tenant: Tenant, visitor: Client, link: RadarLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "oauth_identity", lambda app, code: Identity(userid=code))
    sign_in(visitor, link, "linxiao")
    assert visitor.get(f"/r/{link.token}")["Location"] == TARGET
    with tenant_scope(tenant):
        assert RadarLink.objects.get().clicks == 0


def test_oauth_that_fails_lets_the_visitor_go_on(
    tenant: Tenant, visitor: Client, link: RadarLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(app: object, code: str) -> Identity:
        raise Permanent("bad code", code=40029, path="auth/getuserinfo")

    monkeypatch.setattr(views, "oauth_identity", refuse)
    sign_in(visitor, link, "x")
    assert visitor.get(f"/r/{link.token}")["Location"] == TARGET
    with tenant_scope(tenant):
        assert RadarLink.objects.get().clicks == 1
    assert behaviours(tenant) == []


@pytest.mark.parametrize("agent", ["", "curl/8.0", "Googlebot/2.1", "facebookexternalhit/1.1"])
def test_bot_is_redirected_and_not_counted(
    tenant: Tenant, client: Client, link: RadarLink, agent: str
) -> None:
    assert client.get(f"/r/{link.token}", HTTP_USER_AGENT=agent)["Location"] == TARGET
    with tenant_scope(tenant):
        assert RadarLink.objects.get().clicks == 0


def test_head_is_not_counted(tenant: Tenant, client: Client, link: RadarLink) -> None:
    assert client.head(f"/r/{link.token}", HTTP_USER_AGENT="Mozilla/5.0 Safari").status_code == 302
    with tenant_scope(tenant):
        assert RadarLink.objects.get().clicks == 0


def test_ordinary_browser_is_counted_without_a_person(
    tenant: Tenant, client: Client, link: RadarLink
) -> None:
    answer = client.get(f"/r/{link.token}", HTTP_USER_AGENT="Mozilla/5.0 (X11) Firefox/130.0")
    assert answer["Location"] == TARGET
    with tenant_scope(tenant):
        assert RadarLink.objects.get().clicks == 1


def test_clicks_over_the_limit_do_not_count(tenant: Tenant, visitor: Client, link: RadarLink) -> None:
    with tenant_scope(tenant):
        Preference.objects.create(tenant=tenant, key="content.clicks_a_minute", value=5)
    sign_in(visitor, link, "wm1")
    for _ in range(8):
        assert visitor.get(f"/r/{link.token}").status_code == 302
    assert len(behaviours(tenant)) == 5


@pytest.mark.parametrize("token", ["nothing", "1-abcdefghijkl", "zzzzzzzzzzzz-abcdefghijkl", "%00-abcdefgh"])
def test_unknown_token_is_a_friendly_404(client: Client, link: RadarLink, token: str) -> None:
    answer = client.get(f"/r/{token}", HTTP_USER_AGENT=WECHAT)
    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()


def test_suspended_tenants_link_is_gone(
    tenant: Tenant, client: Client, link: RadarLink, frozen: MovableClock
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=frozen.moment)
    assert client.get(f"/r/{link.token}", HTTP_USER_AGENT=WECHAT).status_code == 404


def test_browsers_are_told_from_programs() -> None:
    assert not is_bot(WECHAT)
    assert is_bot("python-httpx/0.27")
