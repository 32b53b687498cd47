"""Addresses that name a day no plan is of answer like those that name none."""

import pytest
from django.test import Client
from django.urls import reverse

from tenants.models import Tenant, User
from tests.conftest import MovableClock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30"])
def test_a_day_beyond_the_calendar_shows_the_usual_week(
    tenant: Tenant, frozen: MovableClock, client: Client, day: str
) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    where = {"tenant_slug": tenant.slug}
    pages = [client.get(reverse(f"sop:{name}", kwargs=where), {"week": day, "starts_on": day})
             for name in ("planner", "run_new", "calendar")]  # fmt: skip
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert client.get(reverse("sop:week", kwargs=where), {"week": day}).status_code == 404
