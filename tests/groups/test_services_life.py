"""Groups begin by the calendar of their company."""

from datetime import UTC, date, datetime

import pytest

from groups.models import Group
from groups.services.life import groups_begin, tenants_with_beginnings
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope, unscoped
from tests.factories.groups import make_group

pytestmark = pytest.mark.django_db


def test_warming_group_becomes_active_at_local_midnight_of_its_first_day(tenant, frozen):
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, state="warming", starts_on=date(2026, 3, 4))
        frozen.set(datetime(2026, 3, 3, 15, 59, tzinfo=UTC))  # 23:59 in Shanghai
        assert groups_begin(tenant_id=tenant.pk) == 0
        frozen.set(datetime(2026, 3, 3, 16, 0, tzinfo=UTC))  # 00:00 in Shanghai
        assert groups_begin(tenant_id=tenant.pk) == 1
        assert Group.objects.get(pk=group.pk).state == "active"
        assert AuditEntry.objects.filter(verb="groups.group.moved", actor_kind="system").count() == 1
        assert groups_begin(tenant_id=tenant.pk) == 0


def test_tick_finds_only_companies_whose_groups_begin(tenant, other_tenant, frozen):
    with tenant_scope(tenant):
        make_group(tenant=tenant, state="warming", starts_on=date(2026, 3, 2))
    with tenant_scope(other_tenant):
        make_group(tenant=other_tenant, state="warming", starts_on=date(2026, 5, 2))
        make_group(tenant=other_tenant, state="planning", starts_on=date(2026, 3, 2))
    with unscoped("a test asks as the tick does"):
        assert tenants_with_beginnings() == [tenant.pk]
