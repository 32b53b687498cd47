"""Customer pages as a signed-in person meets them, and the customer in the phone's sidebar."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contacts.models import Behaviour, Customer, CustomerTag, ImportBatch
from contacts.services.imports import import_write
from groups.models import Group
from team.phone.base import Panel, register_customer_panel
from tenants import clock
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import (
    make_behaviour,
    make_customer,
    make_customer_tag,
    make_follow,
    make_order,
    make_tag,
)
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def home(tenant: Tenant, frozen: MovableClock) -> str:
    return f"/t/{tenant.slug}/customers/"


@pytest.fixture
def bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page without what other apps put into its frame: their queries are counted in their own tests."""
    for part in ("items", "freshness", "bells"):
        monkeypatch.setattr(f"console.nav.{part}", list)
    monkeypatch.setattr("contacts.selectors.timeline._providers", [])


def sign_in(tenant: Tenant, role: str = Role.OPERATOR) -> Client:
    user = make_user()
    user.language = "en"
    user.save()
    with tenant_scope(tenant):
        make_member(tenant=tenant, role=role, user=user)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def body(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode()


def full_customer(tenant: Tenant, **fields: Any) -> Customer:
    person = make_customer(tenant=tenant, **fields)
    make_follow(
        tenant=tenant, customer=person, staff=make_staff(tenant=tenant, name="何静"), remark="果果妈妈"
    )
    make_customer_tag(tenant=tenant, customer=person, tag=make_tag(tenant=tenant))
    make_behaviour(tenant=tenant, customer=person, object_title="第16课", kind="lesson")
    make_order(tenant=tenant, customer=person)
    return person


def test_list_shows_tags_staff_and_money_and_says_when_there_is_no_name(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        full_customer(tenant, name="刘女士")
        make_customer(tenant=tenant, name="")
    page = body(sign_in(tenant).get(home))
    assert all(word in page for word in ("刘女士", "高意向", "何静", "¥1,980", "No name known"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=刘", {"刘女士"}), ("?q=果果", {"刘女士"}), ("?buyer=yes", {"刘女士"}), ("?buyer=no", {"陈先生"}),
        ("?opt_out=yes", {"陈先生"}), ("?tag={tag}", {"刘女士"}), ("?staff={staff}", {"刘女士"}), ("?tag=junk", set()),
    ],
)  # fmt: skip
def test_list_narrows_by_each_filter(
    tenant: Tenant, home: str, frozen: MovableClock, query: str, found: set[str]
) -> None:
    with tenant_scope(tenant):
        person = full_customer(tenant, name="刘女士")
        make_customer(tenant=tenant, name="陈先生", opt_out_at=frozen.moment)
        ids = {"tag": person.tags.get().tag_id, "staff": person.follows.get().staff_id}
    page = body(sign_in(tenant).get(home + query.format(**ids), headers=HTMX))
    assert {name for name in ("刘女士", "陈先生") if name in page} == found


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_number_of_queries_for_any_number_of_rows(
    tenant: Tenant, home: str, count: int, django_assert_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        for _ in range(count):
            full_customer(tenant)
    client = sign_in(tenant)
    client.get(home)
    with django_assert_num_queries(11):
        client.get(home)


def test_export_needs_the_right_and_is_audited(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        full_customer(tenant, name="=cmd()")
    assert sign_in(tenant).get(f"{home}?export=csv").status_code == 403
    assert "'=cmd()" in body(sign_in(tenant, Role.LEADER).get(f"{home}?export=csv"))
    with tenant_scope(tenant):
        assert AuditEntry.objects.filter(verb="console.list.exported").count() == 1


def test_detail_shows_the_story_and_masks_the_phone_by_role(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person = full_customer(tenant, name="刘女士", phone="13800136027", gender=2)
    seen = [body(sign_in(tenant, role).get(f"{home}{person.pk}/")) for role in (Role.SALES, Role.VIEWER)]
    assert [("13800136027" in page, "138****6027" in page) for page in seen] == [(True, False), (False, True)]
    assert all(word in seen[0] for word in ("第16课", "果果妈妈", "高意向", "正价课", "Female"))


def test_timeline_facet_keeps_one_sort(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person = full_customer(tenant)
        make_behaviour(tenant=tenant, customer=person, kind="purchase_click", object_title="年课链接")
    part = body(sign_in(tenant).get(f"{home}{person.pk}/?only=click", headers=HTMX))
    assert ("年课链接" in part, "第16课" in part) == (True, False)


@pytest.mark.usefixtures("bare_shell")
@pytest.mark.parametrize("count", [1, 3])
def test_detail_asks_the_same_number_of_queries_for_any_story(
    tenant: Tenant, home: str, count: int, django_assert_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        person = full_customer(tenant)
        for _ in range(count):
            make_behaviour(tenant=tenant, customer=person)
            make_order(tenant=tenant, customer=person)
    client = sign_in(tenant)
    client.get(f"{home}{person.pk}/")
    with django_assert_num_queries(20):
        client.get(f"{home}{person.pk}/")


def test_foreign_customer_is_not_found(tenant: Tenant, other_tenant: Tenant, home: str) -> None:
    with tenant_scope(other_tenant):
        foreign = make_customer(tenant=other_tenant)
    client = sign_in(tenant)
    for url in (f"{home}{foreign.pk}/", f"{home}{foreign.pk}/opt-out/", f"{home}{foreign.pk}/tags/"):
        assert client.get(url).status_code == 404


def test_opt_out_needs_a_reason_and_is_audited(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
    client, url = sign_in(tenant), f"{home}{person.pk}/opt-out/"
    assert client.post(url, {"opted_out": "1", "reason": ""}, headers=HTMX).status_code == 422
    assert client.post(url, {"opted_out": "1", "reason": "微信里说别再发"}, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        assert Customer.objects.get(pk=person.pk).opt_out_reason == "微信里说别再发"
        assert AuditEntry.objects.get(verb="contacts.customer.opted_out").reason == "微信里说别再发"
    assert "OPT-01" in body(client.get(f"{home}{person.pk}/"))
    assert sign_in(tenant, Role.VIEWER).post(url, {}).status_code == 403


def test_tag_is_put_on_and_taken_off(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person, tag = make_customer(tenant=tenant), make_tag(tenant=tenant)
    client = sign_in(tenant)
    for _ in range(2):
        client.post(f"{home}{person.pk}/tags/", {"tag": tag.pk}, headers=HTMX)
    with tenant_scope(tenant):
        assert CustomerTag.objects.filter(customer=person).count() == 1
    client.post(f"{home}{person.pk}/tags/{tag.pk}/remove/")
    with tenant_scope(tenant):
        assert CustomerTag.objects.filter(customer=person).count() == 0


def upload(client: Client, home: str, text: str, encoding: str = "utf-8") -> Any:
    sent = SimpleUploadedFile("课程.csv", text.encode(encoding), content_type="text/csv")
    return client.post(f"{home}import/", {"file": sent, "source": "school"})


GOOD = "event_id,kind,occurred_at,external_userid,object_title\ne1,lesson,2026-03-02 08:00,wm1,第16课\n"


def test_file_is_checked_then_written_when_a_person_says_so(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, external_userid="wm1")
    client = sign_in(tenant)
    text = GOOD + "e2,telepathy,2026-03-02 08:00,wm1,\ne3,lesson,2026-03-02 08:05,wmNew,\n"
    answer = upload(client, home, text, "gb18030")
    page = body(client.get(answer.headers["location"]))
    assert ("telepathy" in page, "Write the 2 good rows" in page) == (True, True)
    with tenant_scope(tenant):
        assert Behaviour.objects.count() == 0
        batch = ImportBatch.objects.get()
        assert (batch.total, batch.error_count, batch.unknown_count) == (3, 1, 1)
    assert client.post(answer.headers["location"]).status_code == 302
    assert client.post(answer.headers["location"]).status_code == 409
    with tenant_scope(tenant):
        for _ in range(2):
            import_write(tenant=tenant, batch_id=batch.pk)
        row = Behaviour.objects.get(event_id="e1")
        assert (row.source, row.customer_id, row.object_title) == ("school", person.pk, "第16课")
        assert row.occurred_at.isoformat() == "2026-03-02T00:00:00+00:00"
        assert ImportBatch.objects.get().outcome == {"accepted": 1, "unknown_customer": 1}
    again = upload(client, home, text)
    client.post(again.headers["location"])
    with tenant_scope(tenant):
        import_write(tenant=tenant, batch_id=batch.pk + 1)
        assert ImportBatch.objects.get(pk=batch.pk + 1).outcome == {"duplicate": 2}
    assert "2 known already" in body(client.get(again.headers["location"]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("event_id,kind\ne1,lesson\n", "Columns are missing: occurred_at, external_userid"),
        ("PK\x03\x04", "spreadsheet"),
        ("", "cannot be read|empty"),
        (GOOD.splitlines()[0] + "\n", "cannot be read"),
    ],
)
def test_file_that_is_no_table_is_refused_with_the_reason(
    tenant: Tenant, home: str, text: str, said: str
) -> None:
    page = upload(sign_in(tenant), home, text).content.decode()
    assert any(word in page for word in said.split("|"))
    with tenant_scope(tenant):
        assert ImportBatch.objects.count() == 0


def test_template_can_be_uploaded_as_it_is(tenant: Tenant, home: str, frozen: MovableClock) -> None:
    frozen.move(days=300)
    client = sign_in(tenant)
    text = body(client.get(f"{home}import/template.csv"))
    upload(client, home, text)
    with tenant_scope(tenant):
        assert (ImportBatch.objects.get().total, ImportBatch.objects.get().error_count) == (2, 0)


def test_sales_cannot_import(tenant: Tenant, home: str) -> None:
    assert sign_in(tenant, Role.SALES).get(f"{home}import/").status_code == 403


def hold(client: Client, tenant: Tenant, staff_id: int) -> None:
    """Put the session entry there that WeCom's sign-in leaves."""
    session = client.session
    session[f"phone.{tenant.pk}"] = {"staff_id": staff_id, "until": "2027-01-01T00:00:00+00:00"}
    session.save()


def test_sidebar_shows_only_ones_own_friend_with_panels_of_other_apps(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        person = full_customer(tenant, name="刘女士", external_userid="wmL")
        stranger = make_customer(tenant=tenant, external_userid="wmS", name="陌生人")
        staff_id = person.follows.get().staff_id
    client = Client(headers={"accept-language": "en"})
    where = f"/m/{tenant.slug}/customer/"
    assert client.get(f"{where}wmL/").status_code == 302
    hold(client, tenant, staff_id)
    asked: list[int] = []

    def panel(*, request: Any, customer_id: int) -> Panel | None:
        asked.append(customer_id)
        return None

    register_customer_panel(panel)
    page = body(client.get(f"{where}wmL/"))
    assert all(word in page for word in ("刘女士", "果果妈妈", "第16课"))
    assert asked == [person.pk]
    refused = body(client.get(f"{where}{stranger.external_userid}/"), 404)
    assert "陌生人" not in refused
    assert client.get(f"{where}nobody/").status_code == 404


def test_group_filter_and_group_links_use_what_groups_tell(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        group = make_group(tenant=tenant)
        assert isinstance(group, Group)
        make_customer(tenant=tenant, name="刘女士")
    page = body(sign_in(tenant).get(f"{home}?group={group.pk}", headers=HTMX))
    assert "刘女士" not in page


def test_timeline_tells_how_much_it_shows_and_goes_further_back(
    tenant: Tenant, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.views.customers.LIMIT", 5)
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        for number in range(12):
            at = clock.now() - timedelta(hours=number)
            make_behaviour(
                tenant=tenant, customer=person, kind="lesson", object_title=f"第{number:02}课", occurred_at=at
            )
    client = sign_in(tenant)
    first = body(client.get(f"{home}{person.pk}/"))
    assert "the latest 5" in first
    assert "第04课" in first
    assert "第05课" not in first
    assert "pages=2" in first
    second = body(client.get(f"{home}{person.pk}/?pages=2"))
    assert "第09课" in second
    assert "第10课" not in second
    last = body(client.get(f"{home}{person.pk}/?pages=3"))
    assert "第11课" in last
    assert "Show older entries" not in last
    assert "12 entries" in last
    for odd in ("0", "-3", "999999999999999", "x"):
        assert "第04课" in body(client.get(f"{home}{person.pk}/?pages={odd}"))
