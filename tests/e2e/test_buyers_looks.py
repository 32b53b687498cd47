"""Pictures of why customers bought and of who they are, in both languages; each asserts what a picture can show."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Order, ProfileFact
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers, make_order
from tests.factories.leads import make_camp

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sold(transactional_db: None, tenant: Tenant) -> Tenant:
    """A camp of forty people, twelve of whom bought; most said who they are."""
    with tenant_scope(tenant):
        start = clock.now() - timedelta(days=2)
        people = make_customers(tenant=tenant, count=40)
        make_camp(tenant=tenant, customers=people, starts_at=start)
        for number, one in enumerate(people[:34]):
            values = {
                "gender": "male" if number % 4 == 0 else "female",
                "birth_year": str(1984 + number % 20),
                "education": ("high_school", "junior_college", "bachelor", "above")[number % 4],
                "occupation": ("教师", "全职妈妈", "互联网产品经理", "医生", "会计")[number % 5],
            }
            for field, value in values.items():
                ProfileFact.objects.create(
                    tenant=tenant, customer=one, field=field, value=value, source="form", said_at=start
                )
        for number, one in enumerate(people[:36:3]):
            kind = ("active", "stimulated", "unknown")[number % 3]
            made = make_order(tenant=tenant, customer=one, ordered_at=start + timedelta(hours=number + 1))
            Order.objects.filter(pk=made.pk).update(
                order_class=kind, class_confirmed_by="林晓" if number % 2 else ""
            )
    return tenant


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_buyers_pages_look_right_in_every_size_and_theme(
    sold: Tenant, make_page: Callable[..., Page], language: str
) -> None:
    User.objects.update(language=language)
    page = make_page(User.objects.get(email="lin@example.com"))

    for name, path in {"order-classes": "insights/orders/?state=all", "persona": "leads/persona/"}.items():
        page.goto(f"/t/{sold.slug}/{path}")
        if name == "persona":  # its figures come after the page
            expect(page.locator(".q-chart canvas, .q-chart svg")).to_have_count(4)
        look(page, f"buyers-{name}")
