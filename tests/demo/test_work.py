"""What the driver of demo and smoke waits for."""

from datetime import timedelta

import pytest

from demo.work import work_due, work_next_at
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from wecom.models import SyncState

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_company_that_was_put_aside_is_not_waited_for(tenant: Tenant, frozen: MovableClock) -> None:
    """A demo that was interrupted suspends its companies: their work waits, and the next demo must not wait for it."""
    now = frozen.moment
    with tenant_scope(tenant):
        SyncState.objects.create(tenant=tenant, what="groups", next_at=now)
    assert work_due(now).syncs == 1
    assert work_next_at(now - timedelta(hours=1)) == now
    Tenant.objects.filter(pk=tenant.pk).update(suspended_at=now)
    assert work_due(now).is_done
    assert work_next_at(now - timedelta(hours=1)) is None
