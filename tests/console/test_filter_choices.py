"""Choices of a filter among rows of the company: they come when the drop-down opens."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer
from tests.factories.groups import make_group

pytestmark = pytest.mark.integration
PART = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def client(tenant: Tenant) -> Client:
    """Of a company with a customer: an empty list has no filters."""
    with tenant_scope(tenant):
        make_customer(tenant=tenant)
    made = Client()
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


def _customers(tenant: Tenant) -> str:
    return reverse("contacts:list", kwargs={"tenant_slug": tenant.slug})


def test_a_list_does_not_carry_every_group_and_its_drop_down_does(client: Client, tenant: Tenant) -> None:
    with tenant_scope(tenant):
        make_group(tenant=tenant, name="启蒙英语 01")

    page = client.get(_customers(tenant))
    opened = client.get(_customers(tenant), {"choices": "group"}, **PART)

    assert "启蒙英语 01" not in page.text
    assert 'hx-get="?choices=group"' in page.text
    assert "启蒙英语 01" in opened.text
    assert "<html" not in opened.text


def test_the_choice_in_force_is_named_kept_and_ticked(client: Client, tenant: Tenant) -> None:
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, name="启蒙英语 01")

    page = client.get(_customers(tenant), {"group": group.pk})
    opened = client.get(_customers(tenant), {"choices": "group", "group": group.pk}, **PART)

    assert "启蒙英语 01" in page.text  # the chip
    assert f'<input type="hidden" name="group" value="{group.pk}">' in page.text
    assert f'value="{group.pk}" checked' in opened.text


def test_another_companys_group_is_no_choice(client: Client, tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant, name="别人的群")

    opened = client.get(_customers(tenant), {"choices": "group"}, **PART)
    narrowed = client.get(_customers(tenant), {"group": foreign.pk})

    assert "别人的群" not in opened.text
    assert "没有符合条件的记录" in narrowed.text


@pytest.mark.parametrize("name", ["", "nothing", "q", "tenant"])
def test_choices_of_what_is_no_filter_are_not_found(client: Client, tenant: Tenant, name: str) -> None:
    assert client.get(_customers(tenant), {"choices": name}, **PART).status_code == 404


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("contacts:list", "tag"), ("contacts:list", "staff"), ("contacts:list", "channel"), ("contacts:orders", "sku"),
        ("contacts:service", "group"), ("contacts:service", "staff"), ("groups:list", "series"),
        ("groups:list", "owner"), ("groups:list", "group_tag"), ("groups:silent", "group"), ("groups:silent", "owner"),
        ("groups:promises", "owner"), ("leads:board", "camp"), ("leads:board", "group"), ("leads:board", "doubt"),
        ("leads:needs", "camp"), ("console:audit", "who"),
    ],
)  # fmt: skip
def test_every_page_with_late_choices_hands_them_out(
    client: Client, tenant: Tenant, page: str, name: str
) -> None:
    address = reverse(page, kwargs={"tenant_slug": tenant.slug})

    opened = client.get(address, {"choices": name}, **PART)

    assert opened.status_code == 200
    assert f'name="{name}"' in opened.text
    assert "q-table" not in opened.text


def test_more_choices_than_fit_can_be_searched(client: Client, tenant: Tenant) -> None:
    with tenant_scope(tenant):
        for number in range(12):
            make_group(tenant=tenant, name=f"启蒙英语 {number:02}")

    opened = client.get(_customers(tenant), {"choices": "group"}, **PART)
    few = client.get(_customers(tenant), {"choices": "channel"}, **PART)

    assert "data-narrow" in opened.text
    assert "data-narrow" not in few.text


def test_a_page_asks_for_no_choices(
    client: Client, tenant: Tenant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16) as caught:
        client.get(_customers(tenant))

    asked = " ".join(one["sql"] for one in caught.captured_queries)
    assert "contacts_channel" not in asked
    assert "contacts_taggroup" not in asked
