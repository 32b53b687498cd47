"""Lists: what the URL asks for is what is shown, exported and kept."""

import csv
import re
from collections.abc import Callable
from io import BytesIO, StringIO

import pytest
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from console import listing, nav
from console.exports import neutral, xlsx_response
from console.listing import ListPage
from console.models import SavedView
from console.services import clean_query
from console.tables import ConsoleTable
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.contacts.test_views import full_customer
from tests.factories.groups import make_group, make_member
from tests.isolation.routes import routes
from tests.isolation.test_console import WORDS

pytestmark = pytest.mark.integration
LISTED = ("customers", "groups", "team")  # looked into


@pytest.fixture
def client(tenant: Tenant) -> Client:
    made = Client()
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


@pytest.fixture
def trail(tenant: Tenant) -> str:
    """Sixty entries of two people; returns the list's URL."""
    with tenant_scope(tenant):
        for number in range(60):
            who = Actor(kind="user", id=None, name="周岚" if number % 2 else "林晓")
            audit.record(tenant=tenant, actor=who, verb=f"groups.group.change_{number:02}", target=tenant)
    return reverse("console:audit", kwargs={"tenant_slug": tenant.slug})


def test_list_filters_by_the_url_and_shows_each_filter_as_a_chip(client: Client, trail: str) -> None:
    answer = client.get(trail, {"q": "周岚", "verb": "change_0"})

    assert answer.text.count("<tr") == 1 + 5  # the head, and change_01 .. change_09 by 周岚
    assert 'class="q-chip"' in answer.text
    assert "?q=%E5%91%A8%E5%B2%9A" in answer.text  # the chip's way out keeps the other filter


def test_list_with_an_unreadable_filter_shows_nothing_rather_than_everything(
    client: Client, trail: str
) -> None:
    answer = client.get(trail, {"since": "yesterday-ish"})

    assert answer.text.count("<tr") == 2
    assert "没有符合条件的记录" in answer.text


def test_list_sorts_and_says_so_to_screen_readers(client: Client, trail: str) -> None:
    answer = client.get(trail, {"sort": "verb", "size": "100"})

    verbs = re.findall(r'<span title="([a-z_0-9.]+)"', answer.text)
    assert len(verbs) == 61
    assert verbs == sorted(verbs)
    assert 'aria-sort="ascending"' in answer.text


def test_audit_is_found_by_the_words_people_read(client: Client, tenant: Tenant, trail: str) -> None:
    with tenant_scope(tenant):
        audit.record(
            tenant=tenant, actor=Actor(kind="user", id=None, name="周岚"), verb="leads.lead.assigned"
        )

    answer = client.get(trail, {"verb": "改派"})

    assert answer.text.count("<tr") == 2
    assert "改派线索" in answer.text


def test_list_pages_and_counts(client: Client, trail: str) -> None:
    answer = client.get(trail, {"page": "2", "size": "25"})

    assert "第 26–50 条，共 61 条" in answer.text
    assert 'aria-current="page">2</a>' in answer.text


def test_list_asked_by_htmx_is_only_the_table(client: Client, trail: str) -> None:
    answer = client.get(trail, {"q": "周岚"}, headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert "<table" in answer.text


def _rows(answer: object) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(StringIO(text)))


def test_export_holds_the_filtered_rows_and_is_recorded(client: Client, tenant: Tenant, trail: str) -> None:
    rows = _rows(client.get(trail, {"q": "周岚", "export": "csv"}))

    assert len(rows) == 1 + 30
    assert {row[1] for row in rows[1:]} == {"周岚"}
    with tenant_scope(tenant):
        last = audit.AuditEntry.objects.order_by("-pk").first()
    assert last.verb == "console.list.exported"
    assert last.changes["rows"] == [None, 30]


def test_a_long_list_goes_out_in_slices_and_a_workbook_of_it_is_refused(
    client: Client, trail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "EXPORT_SLICE", 7)
    monkeypatch.setattr(listing, "WORKBOOK_ROWS_MAX", 59)
    answer = client.get(trail, {"sort": "-verb", "export": "csv"})
    first = next(iter(answer.streaming_content))
    assert first
    rows = list(csv.reader(StringIO(b"".join(answer.streaming_content).decode())))
    verbs = [row[2] for row in rows[1:]]
    assert len(verbs) == 61
    assert verbs == sorted(verbs, reverse=True)
    assert sum(row[1] == rows[0][1] for row in rows) == 1  # one head
    refused = client.get(trail, {"export": "xlsx"})
    assert refused.status_code == 409
    assert "EXPORT-01" in refused.text


def test_a_file_is_read_in_the_scope_and_language_of_who_asked(client: Client, trail: str) -> None:
    whole, later = client.get(trail, {"export": "csv"}), client.get(trail, {"export": "csv"})
    rows = _rows(whole)
    with translation.override("en"):
        said = _rows(later)  # the request is over
    assert said[0] == rows[0]
    assert not rows[0][1].isascii()
    assert len(said) == 1 + 62


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+86 138", "'+86 138"), ("-cmd", "'-cmd"), ("@sum", "'@sum"), ("\t=1", "'\t=1"),
        ("＝1", "'＝1"), ("-12.5", "-12.5"), (-3, "-3"), ("林晓", "林晓"), (None, ""),
    ],
)  # fmt: skip
def test_export_never_lets_a_cell_become_a_formula(cell: object, written: str) -> None:
    assert neutral(cell) == written


def test_export_of_a_dangerous_name_is_neutral(client: Client, tenant: Tenant, trail: str) -> None:
    with tenant_scope(tenant):
        audit.record(tenant=tenant, actor=Actor(kind="user", id=None, name="=HYPERLINK(0)"), verb="a.b.c")

    rows = _rows(client.get(trail, {"verb": "a.b.c", "export": "csv"}))

    assert rows[1][1] == "'=HYPERLINK(0)"


def _sheet(response: HttpResponse) -> list[list[object]]:
    book = load_workbook(BytesIO(response.content))
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def test_a_workbook_holds_numbers_as_numbers_and_formulas_as_text() -> None:
    rows = [["名称", "人数"], ["=HYPERLINK(0)", 3], ["林\x01晓", -2.5], [None, "+86 138"]]
    found = _sheet(xlsx_response(rows, "a.xlsx"))
    assert found == [["名称", "人数"], ["'=HYPERLINK(0)", 3], ["林晓", -2.5], [None, "'+86 138"]]


def test_a_list_as_a_workbook_holds_the_filtered_rows_and_is_recorded(
    client: Client, tenant: Tenant, trail: str
) -> None:
    answer = client.get(trail, {"q": "周岚", "export": "xlsx"})
    rows = _sheet(answer)
    assert answer["Content-Disposition"].endswith('.xlsx"')
    assert (len(rows), {row[1] for row in rows[1:]}) == (1 + 30, {"周岚"})
    with tenant_scope(tenant):
        last = audit.AuditEntry.objects.order_by("-pk").first()
    assert last.verb == "console.list.exported"


def test_every_table_of_the_console_looks_like_the_others() -> None:
    """A table takes no Meta from its base by itself; without one it loses its cards on the phone."""
    assert routes()  # every view is read, and its table with it
    waiting, bare = [ConsoleTable], []
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if "q-table" not in str(one._meta.attrs) and not one.__name__.startswith("_"):
            bare.append(one.__name__)
    assert bare == []


def test_every_list_of_the_console_offers_its_rows_as_files() -> None:
    templates = {
        view.view_class.template_name
        for _name, path, view in routes()
        if path.startswith("t/") and issubclass(getattr(view, "view_class", object), ListPage)
    }
    loader = engines["django"].engine

    def names(template: str) -> str:
        source = loader.find_template(template)[0].source
        parent = re.search(r'{% extends "([^"]+)" %}', source)
        main = "{% block main %}" in source and "block.super" not in source
        parts = re.findall(r'{% include "([a-z]+/_list_page\.html)" %}', source)
        above = [] if main or parent is None else [parent.group(1)]
        return source + "".join(names(one) for one in parts + above)

    def offers(template: str) -> bool:
        found = names(template)
        return "console/_filters.html" in found or "qs export='xlsx'" in found

    assert len(templates) > 10
    assert [one for one in sorted(templates) if not offers(one)] == []


# Lists of the people of one figure, and a figure to ask for.
FIGURES = {"leads:rule_people": {"of": "moves", "before": "", "after": "A"}}


def test_every_list_gives_its_rows_as_a_file(client: Client, tenant: Tenant, trail: str) -> None:
    with tenant_scope(tenant):
        person, group = full_customer(tenant, name="刘女士"), make_group(tenant=tenant, name="小芽英语01群")
        make_member(group=group, customer=person)
    lists = {
        name: view.view_class
        for name, path, view in routes()
        if path.startswith("t/") and issubclass(getattr(view, "view_class", object), ListPage)
    }
    asked = []
    for name in lists:
        try:
            url = reverse(name, kwargs={"tenant_slug": tenant.slug, **WORDS.get(name, {})})
        except NoReverseMatch:
            continue  # the rows of one thing, which would have to be there
        if name in (
            "analytics:people",
            "analytics:channel_people",
            "analytics:flow_people",
            "analytics:cohort_people",
            "analytics:day_people",
            "analytics:day_moves",
            "groups:overlap_people",
        ):
            continue  # the people of one figure, whose address has to be signed or names two groups
        answer = client.get(url, {"export": "csv", **FIGURES.get(name, {})})
        assert answer.status_code == 200, name
        assert len(_rows(answer)[0]) > 1, name
        asked.append(name)
    assert len(asked) > 12
    told = {name: str(_rows(client.get(f"/t/{tenant.slug}/{name}/", {"export": "csv"}))) for name in LISTED}
    assert "小芽英语01群" in told["groups"]
    assert all(word in told["customers"] for word in ("刘女士", "高意向", "何静", "1980.00"))
    assert "何静" in told["team"]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SALES, Role.VIEWER, Role.LEADER])
def test_list_of_owners_is_closed_to_other_roles_and_says_why(
    tenant: Tenant, make_user: Callable[..., User], trail: str, role: str
) -> None:
    other = make_user("chen@example.com", "陈")
    with tenant_scope(tenant):
        Membership.objects.create(tenant=tenant, user=other, role=role)
    visitor = Client()
    visitor.force_login(other)

    answer = visitor.get(trail)

    assert answer.status_code == 403
    assert "成员、企微、密钥、参数" in answer.text


def test_view_keeps_filters_and_order_and_nothing_else() -> None:
    assert clean_query("?q=周&page=3&sort=-at&view=2&verb=&export=csv") == "q=%E5%91%A8&sort=-at"


def test_view_is_saved_shown_and_forgotten(client: Client, tenant: Tenant, trail: str) -> None:
    form = {"name": "周岚的操作", "page": "console.audit", "query": "q=周岚&page=2", "path": trail}

    saved = client.post(reverse("console:view_form", kwargs={"tenant_slug": tenant.slug}), form)

    with tenant_scope(tenant):
        view = SavedView.objects.get()
    assert saved.headers["HX-Redirect"] == f"{trail}?q=%E5%91%A8%E5%B2%9A&view={view.pk}"
    tab = f"view={view.pk}"
    assert tab in client.get(trail).text
    client.post(reverse("console:view_delete", kwargs={"tenant_slug": tenant.slug, "pk": view.pk}))
    assert tab not in client.get(trail).text


def test_view_cannot_send_anyone_to_another_site(client: Client, tenant: Tenant, trail: str) -> None:
    form = {"name": "x", "page": "console.audit", "query": "", "path": "//evil.example/"}

    answer = client.post(reverse("console:view_form", kwargs={"tenant_slug": tenant.slug}), form)

    assert answer.status_code == 404


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The frame without what other apps hang into it: their counts have tests of their own."""
    only = {"console": nav._registry.items["console"]}
    monkeypatch.setattr(nav, "_registry", nav._Registry(items=only))


@pytest.mark.usefixtures("bare_shell")
def test_list_page_asks_the_database_a_fixed_number_of_times(
    client: Client, trail: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(trail)
    with django_assert_num_queries(8):
        client.get(trail, {"size": "25"})
    with django_assert_num_queries(8):
        client.get(trail, {"size": "100"})
