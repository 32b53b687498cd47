"""Somebody to tell, at an hour when one may be told."""

from datetime import UTC, datetime

import pytest

from team.models import Staff
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import make_member, make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ZONE = "Asia/Shanghai"


@pytest.fixture
def noon(frozen: MovableClock) -> MovableClock:
    """A Wednesday, 12:00 in Shanghai."""
    frozen.moment = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
    return frozen


@pytest.fixture
def lin(tenant: Tenant, noon: MovableClock) -> Staff:
    """An operator with a login, an address and an account in WeCom, in the tenant's scope."""
    with tenant_scope(tenant):
        member = make_member(tenant=tenant, user=make_user(name="林晓", email="xiao@example.com"))
        return make_staff(tenant=tenant, membership=member, name="林晓", userid="linxiao")
