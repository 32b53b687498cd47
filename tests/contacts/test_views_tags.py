"""The tag manager as a signed-in person meets it."""

from typing import Any

import pytest
from django.test import Client

from contacts.models import CustomerTag, Tag, TagRule
from contacts.services.tag_rules import rules_judge
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_customer, make_customer_tag, make_order, make_tag

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
HTMX = {"HX-Request": "true"}
LIST_QUERIES = 12  # with the page around it


@pytest.fixture
def home(tenant: Tenant, frozen: MovableClock) -> str:
    return f"/t/{tenant.slug}/customers/tags/"


def rule_of(**changed: Any) -> dict[str, Any]:
    return {"needs_all": "1", "fact_1": "bought", "at_least_1": "1", **changed}


def new_tag(client: Client, tenant: Tenant, home: str) -> Tag:
    assert client.post(f"{home}new/", {"name": "老客户", "group": "来源"}, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        return Tag.objects.get(name="老客户")


def test_an_empty_company_is_taught_and_gets_the_built_in_tags_by_one_press(
    tenant: Tenant, home: str
) -> None:
    client = sign_in(tenant)
    assert "No tag yet" in body(client.get(home))
    assert client.post(f"{home}built-in/").status_code == 302
    page = body(client.get(home))
    assert "Bought again" in page
    assert "Paid orders: at least 2" in page


def test_a_rule_is_tried_without_being_saved_then_saved_and_seen_on_the_customer(
    tenant: Tenant, home: str
) -> None:
    client = sign_in(tenant)
    tag = new_tag(client, tenant, home)
    with tenant_scope(tenant):
        person, _other = make_customer(tenant=tenant), make_customer(tenant=tenant)
        make_order(tenant=tenant, customer=person)
    tried = body(client.post(f"{home}{tag.pk}/rule/", rule_of(**{"try": "1"})))
    assert "Of the 2 people who came last, 1 meet it now." in tried
    with tenant_scope(tenant):
        assert not TagRule.objects.exists()
    assert client.post(f"{home}{tag.pk}/rule/", rule_of()).status_code == 302
    with tenant_scope(tenant):
        rules_judge(tenant_id=tenant.pk, customer_ids=[person.pk])
    shown = body(client.get(f"/t/{tenant.slug}/customers/{person.pk}/"))
    assert "Paid orders: at least 1; counted 1" in shown
    assert "Take off 老客户" not in shown


def test_a_rule_without_a_condition_is_shown_again_with_what_was_typed(tenant: Tenant, home: str) -> None:
    client = sign_in(tenant)
    tag = new_tag(client, tenant, home)
    page = body(client.post(f"{home}{tag.pk}/rule/", rule_of(fact_1="", keeps_days="9")), 422)
    assert 'value="9"' in page
    doubled = rule_of(fact_2="bought", at_least_2="3")
    assert "TAG-04" in body(client.post(f"{home}{tag.pk}/rule/", doubled), 409)


def test_a_tag_is_put_away_and_taken_back(tenant: Tenant, home: str) -> None:
    client = sign_in(tenant)
    tag = new_tag(client, tenant, home)
    assert f"{home}{tag.pk}/archive/" in body(client.get(f"{home}{tag.pk}/", headers=HTMX))
    for _tab in range(2):  # both showed "put it away"
        told = client.post(f"{home}{tag.pk}/archive/", headers=HTMX)
        assert f"{home}{tag.pk}/restore/" in told.headers["HX-Trigger"]
    assert "老客户" not in body(client.get(f"{home}?q=客户"))
    assert "老客户" in body(client.get(f"{home}?ended=1"))
    assert f"{home}{tag.pk}/restore/" in body(client.get(f"{home}{tag.pk}/", headers=HTMX))
    for _tab in range(2):
        client.post(f"{home}{tag.pk}/restore/", headers=HTMX)
        assert "老客户" in body(client.get(home))


def test_a_tag_until_a_day_says_so_on_the_customer(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        person, tag = make_customer(tenant=tenant), make_tag(tenant=tenant)
    client = sign_in(tenant)
    told = {"tag": tag.pk, "until": "2026-03-09"}
    client.post(f"/t/{tenant.slug}/customers/{person.pk}/tags/", told, headers=HTMX)
    with tenant_scope(tenant):
        ends = CustomerTag.objects.get().expires_at
    assert ends is not None
    assert ends.isoformat() == "2026-03-09T16:00:00+00:00"
    assert "until 9 Mar" in body(client.get(f"/t/{tenant.slug}/customers/{person.pk}/"))


@pytest.mark.parametrize("day", ["2020-01-01", "9999-12-31"])
def test_a_last_day_that_is_past_or_a_slip_is_refused(tenant: Tenant, home: str, day: str) -> None:
    with tenant_scope(tenant):
        person, tag = make_customer(tenant=tenant), make_tag(tenant=tenant)
    told = {"tag": tag.pk, "until": day}
    answer = sign_in(tenant).post(f"/t/{tenant.slug}/customers/{person.pk}/tags/", told, headers=HTMX)
    assert answer.status_code == 422
    with tenant_scope(tenant):
        assert not CustomerTag.objects.exists()


def test_only_who_operates_changes_tags(tenant: Tenant, home: str) -> None:
    with tenant_scope(tenant):
        tag = make_tag(tenant=tenant)
    client = sign_in(tenant, Role.SALES)
    assert "高意向" in body(client.get(home))
    for path in ("new/", f"{tag.pk}/", f"{tag.pk}/rule/"):
        assert client.get(f"{home}{path}").status_code == 403
    assert client.post(f"{home}built-in/").status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries_for_any_number_of_tags(
    tenant: Tenant, home: str, count: int, django_assert_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        for number in range(count):
            make_customer_tag(
                tenant=tenant, customer=person, tag=make_tag(tenant=tenant, name=f"标签{number}")
            )
    client = sign_in(tenant)
    client.get(home)
    with django_assert_num_queries(LIST_QUERIES):
        client.get(home)
