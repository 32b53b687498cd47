"""A page that is only read asks for the tenant's settings once; whoever changes one reads it anew."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import preferences
from tenants.enums import PreferenceKind
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
FIRST = preferences.declare("tests.first", default=3, kind=PreferenceKind.INTEGER, label="First")
SECOND = preferences.declare("tests.second", default="x", kind=PreferenceKind.TEXT, label="Second")


def statements(ask: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as caught:
        ask()
    return len(caught)


def test_a_page_asks_once_for_all_of_its_settings(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        Preference.objects.create(tenant=tenant, key=FIRST.key, value=7)
        with preferences.read_once():
            assert statements(lambda: preferences.value(tenant.pk, SECOND)) == 1
            assert statements(lambda: preferences.value(tenant.pk, FIRST)) == 0
            assert preferences.values(tenant.pk, FIRST, SECOND) == {FIRST.key: 7, SECOND.key: "x"}


def test_outside_a_page_a_setting_counts_as_soon_as_it_is_set(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        with preferences.read_once():
            assert preferences.value(tenant.pk, FIRST) == 3
        Preference.objects.create(tenant=tenant, key=FIRST.key, value=7)
        assert preferences.value(tenant.pk, FIRST) == 7
        with preferences.read_once():
            assert preferences.value(tenant.pk, FIRST) == 7
