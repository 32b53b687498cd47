"""Rows that are alike in the column a list is sorted by: none is shown twice and none is lost over the pages."""

import re

import pytest
from django.db.models import Count, F, Value
from django.test import Client

from console.tables import tied
from contacts.models import Customer
from groups.models import Group
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import make_group

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MANY = 120


def ids_over_pages(client: Client, url: str, sort: str) -> list[str]:
    found: list[str] = []
    for page in (1, 2, 3):
        text = client.get(url, {"sort": sort, "page": str(page), "size": "50"}).text
        # A name is a link, too: each row tells its id once by its box.
        found += re.findall(r'name="pick" value="(\d+)"', text)
    return found


@pytest.mark.parametrize("sort", ["stage", "-stage", "first_seen_at", "-first_seen_at"])
def test_of_alike_rows_each_stands_on_one_page_whichever_order(
    tenant: Tenant, client: Client, sort: str
) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=MANY)
        Customer.objects.update(stage=3, first_seen_at=people[0].first_seen_at)
        # Rewritten rows lie elsewhere: without a last order the database gives them as it meets them.
        Customer.objects.filter(pk__in=[one.pk for one in people[::3]]).update(name="改")
    found = ids_over_pages(client, f"/t/{tenant.slug}/customers/", sort)
    wanted = [str(one.pk) for one in people]
    assert found == (wanted[::-1] if sort.startswith("-") else wanted)


def test_the_last_order_is_the_key_in_the_direction_of_the_one_before(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        make_group(tenant=tenant)
        rows = Group.objects.all()
        assert tied(rows.order_by("name")).query.order_by == ("name", "pk")
        assert tied(rows.order_by("name", "-kind")).query.order_by == ("name", "-kind", "-pk")
        assert tied(rows.order_by(F("kind").desc(nulls_last=True))).query.order_by[-1] == "-pk"
        for left in (
            rows.order_by("name", "-pk"), rows.order_by("id"), rows.order_by(), rows.order_by("name")[:5],
            rows.order_by("kind").values("kind").annotate(many=Count("pk")),
            rows.order_by("name").distinct("name"), rows.order_by("name").union(rows.filter(pk=0)),
        ):  # fmt: skip
            assert tied(left) is left
        counted = tied(rows.annotate(many=Count("pk"), one=Value(1)).order_by("-many"))
        assert [one.many for one in counted] == [1]
