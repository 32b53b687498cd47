"""Parts of a page as their users call them."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import resolve, reverse
from django.utils import translation

from console import nav
from console.nav import Fresh
from console.pages import refuse, with_toasts
from console.preferences_form import GROUP_LABELS
from console.shell import shell, tenant_url
from tenants import preferences
from tenants.errors import DomainError, LastOwner, NotPermitted
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock

pytestmark = pytest.mark.integration


@dataclass
class Item:
    title: str = "王女士"
    detail: str = "问「还送绘本吗？」"
    reason: str = "S 级须 10 分钟内回复"
    rule_code: str = "LEAD-01"
    tier: str = "S"
    url: str = "/x"
    verb_label: str = "打开会话"
    done_url: str = "/done"
    is_focus: bool = False
    due_at: object = None


def test_todo_row_shows_clock_tier_reason_rule_and_one_verb(frozen: MovableClock) -> None:
    item = Item(due_at=frozen.moment - timedelta(seconds=494))

    with translation.override("zh-hans"):
        made = render_to_string("console/_todo.html", {"item": item})

    assert "超时 8:14" in made
    assert "q-when is-late" in made
    assert ">S</span>" in made
    assert "LEAD-01" in made
    assert 'data-key="e"' in made
    assert made.count(">打开会话</a>") == 1


def test_figure_info_names_definition_source_and_time(frozen: MovableClock) -> None:
    @dataclass
    class Metric:
        label: str = "活跃率"
        definition: str = "有活跃的去重客户 ÷ 在群客户"
        denominator: str = "1,067 人"
        source: str = "消息存档"
        freshness: object = frozen.moment

    with translation.override("zh-hans"):
        made = render_to_string("console/_figure_info.html", {"metric": Metric()})

    for text in ("活跃率", "有活跃的去重客户", "1,067 人", "消息存档", "今天"):
        assert text in made


def test_message_preview_escapes_what_a_template_says() -> None:
    parts = [
        {"kind": "text", "text": "<script>1</script>\n两行"},
        {"kind": "link", "title": "课表", "detail": "x"},
    ]

    made = render_to_string(
        "console/_message.html", {"sender": "林晓", "company": "小芽英语", "parts": parts}
    )

    assert "<script>" not in made
    assert "<br>" in made
    assert "is-card" in made


def _request(htmx: bool) -> HttpRequest:
    request = RequestFactory().get("/", headers={"HX-Request": "true"} if htmx else {})
    request.htmx = htmx  # type: ignore[attr-defined]
    return request


def test_refusal_by_htmx_is_a_toast_with_the_code() -> None:
    with translation.override("zh-hans"):
        answer = refuse(_request(htmx=True), LastOwner())

    assert answer.status_code == 409
    assert "ROLE-03" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize(("error", "status"), [(DomainError(), 409), (NotPermitted(), 403)])
def test_refusal_as_a_page_shows_sentence_and_code(tenant: Tenant, error: DomainError, status: int) -> None:
    request = _request(htmx=False)

    answer = refuse(request, error)

    assert answer.status_code == status
    assert error.code in answer.text


def test_toasts_wait_for_the_page_after_a_redirect(tenant: Tenant) -> None:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    url = reverse("console:profile", kwargs={"tenant_slug": tenant.slug})

    moved = client.post(url, {"name": "林", "language": "zh-hans"}, headers={"HX-Request": "true"})

    assert "HX-Trigger" not in moved.headers
    assert "账号信息已保存" in client.get(url).text
    assert with_toasts(_request(htmx=False), moved) is moved


@pytest.mark.parametrize("role", list(PERMISSIONS))
def test_menu_shows_only_what_the_role_may_open(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    registry = nav._Registry()
    monkeypatch.setattr(nav, "_registry", registry)
    for permission in ("view", "operate", "manage"):
        nav.register(
            key=permission,
            label=permission,
            icon="x",
            url_name="console:settings",
            order=1,
            permission=permission,
        )
    request = RequestFactory().get("/")
    request.tenant, request.role = tenant, role  # type: ignore[attr-defined]
    request.user = User.objects.get(email="lin@example.com")

    shown = {one.label for one in shell(request)["menu"]}

    assert shown == {"view", "operate", "manage"} & set(PERMISSIONS[role])


def test_freshness_says_the_worst_of_its_sources(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nav, "_registry", nav._Registry())
    nav.register_freshness(
        lambda request: [Fresh("通讯录", None, "ok"), Fresh("订单", None, "warn", "晚 26 分")]
    )
    request = RequestFactory().get("/")
    request.tenant, request.role = tenant, "owner"  # type: ignore[attr-defined]
    request.user = User.objects.get(email="lin@example.com")

    assert shell(request)["freshness"].tone == "warn"


def test_search_asks_every_provider_and_groups_the_hits(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nav, "_registry", nav._Registry(items=nav._registry.items))
    nav.register_search(lambda tenant, text: [nav.Hit("社群", f"{text}群 {n}", "/g") for n in range(9)])
    nav.register_search(lambda tenant, text: [nav.Hit("客户", "<b>王女士", "/c", tier="S")])
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    url = reverse("console:search", kwargs={"tenant_slug": tenant.slug})

    made = client.get(url, {"q": "启蒙"}, headers={"HX-Request": "true"}).text

    assert made.count("dropdown-item") == 5 + 1
    assert "&lt;b&gt;王女士" in made
    assert "dropdown" not in client.get(url, {"q": " "}, headers={"HX-Request": "true"}).text


@pytest.mark.parametrize(
    ("page", "kwargs", "marked"),
    [
        ("team:today", {}, "team:today"),
        ("team:staff_list", {}, "team:staff_list"),
        ("team:staff_link", {"pk": 1}, "team:staff_list"),
        ("sop:templates", {}, "sop:runs"),
        ("wecom:inbox", {}, "console:settings"),
        ("team:access", {}, "console:settings"),
    ],
)
def test_menu_marks_the_one_item_a_page_stands_under(
    tenant: Tenant, page: str, kwargs: dict[str, int], marked: str
) -> None:
    url = tenant_url(tenant, page, **kwargs)
    request = RequestFactory().get(url)
    request.resolver_match = resolve(url)
    request.tenant, request.role = tenant, "owner"  # type: ignore[attr-defined]
    request.user = User.objects.get(email="lin@example.com")
    with tenant_scope(tenant):
        menu = list(shell(request)["menu"])
    assert [one.url for one in menu if one.is_current] == [tenant_url(tenant, marked)]


def test_every_setting_stands_under_a_heading_in_words():
    """The page of settings groups them by the first part of their key; none may show the key itself."""
    sections = {one.key.split(".")[0] for one in preferences.declared()} - {"tests"}  # what a test declares
    assert sections <= set(GROUP_LABELS)
