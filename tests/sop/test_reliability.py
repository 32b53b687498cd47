"""Eight dispatchers at once, and processes killed in the middle: no touch twice, none lost."""

import os
import signal
import subprocess
import sys
from datetime import time, timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction

from contacts.models import Customer, Exposure
from sop.models import Touch, TouchRecipient
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers, make_follow
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.tenants import make_tenant
from tests.factories.wecom import make_app
from tests.parallel import in_parallel
from wecom.models import OutboundSend

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
GROUPS, PEOPLE, STEPS = 12, 5, 3


@pytest.fixture
def ground() -> Tenant:
    """A tenant with 36 due private mass sends to five people each, due since this morning."""
    tenant = make_tenant()
    Tenant.objects.filter(pk=tenant.pk).update(timezone="UTC")
    tenant.refresh_from_db()
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        staff = make_staff(tenant=tenant, app=app)
        groups = [
            fill_group(
                group=make_group(tenant=tenant, app=app, owner=staff, state="active", kind="new_user"),
                customers=make_customers(tenant=tenant, count=PEOPLE, app=app),
                staff=[staff],
            )
            for _ in range(GROUPS)
        ]
        for customer in Customer.objects.all():
            make_follow(tenant=tenant, customer=customer, staff=staff)
        steps = [
            {"key": f"s{n}", "channel": "private_mass", "text": "早", "at": time(0, 0), "day": 2, "is_service": True,
             "window_minutes": 2880}
            for n in range(STEPS)
        ]  # fmt: skip
        version = make_version(tenant=tenant, steps=steps)
        yesterday = clock.local_date(clock.now(), "UTC") - timedelta(days=1)
        run = make_run(
            tenant=tenant,
            version=version,
            groups=groups,
            starts_on=yesterday,
        )
        with transaction.atomic():
            plan_apply(tenant=tenant, run=run)
    return tenant


def check_once(tenant: Tenant) -> None:
    """Every touch is handed over exactly once, with one send and one exposure a person."""
    with tenant_scope(tenant):
        assert set(Touch.objects.values_list("state", flat=True)) == {"handed"}
        assert Touch.objects.count() == GROUPS * STEPS
        refs = list(OutboundSend.objects.filter(kind="mass_send").values_list("ref_id", flat=True))
        assert sorted(refs) == sorted(Touch.objects.values_list("pk", flat=True))
        assert TouchRecipient.objects.count() == GROUPS * STEPS * PEOPLE
        assert Exposure.objects.count() == GROUPS * STEPS * PEOPLE


def test_eight_dispatchers_hand_each_touch_over_once(ground: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sop.services.dispatch.BATCH", 4)

    def work(_number: int) -> None:
        with tenant_scope(ground):
            dispatch_due(tenant_id=ground.pk)

    in_parallel(8, work)
    check_once(ground)


CHILD = """
import os, signal, django
django.setup()
from django.db import connections
for alias in connections:
    connections[alias].settings_dict["NAME"] = os.environ["QUNCE_TEST_DATABASE_NAME"]
from sop.services import dispatch
from tenants.scoping import tenant_scope

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

{where}
with tenant_scope({tenant}):
    dispatch.BATCH = 4
    dispatch.dispatch_due(tenant_id={tenant})
"""
KILLS = {
    "after the claim": "dispatch.decide = die",
    "before the gate": "dispatch.gate_decide = die",
    "after the gate": "dispatch.handed_over = die",
    "after the sends": "dispatch.touches_store = die",
    "before the commit": "dispatch.recipients_store = die",
}


@pytest.mark.parametrize("where", KILLS)
def test_dispatcher_killed_midway_loses_and_doubles_nothing(ground: Tenant, where: str) -> None:
    script = CHILD.format(where=KILLS[where], tenant=ground.pk)
    child = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "scrm.settings.test"},
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr
    with tenant_scope(ground):
        assert Touch.objects.filter(state="claimed").count() == 4
        assert not OutboundSend.objects.exists()
        assert not Exposure.objects.exists()
        with connection.cursor() as cursor:  # the lease runs out
            cursor.execute("update sop_touch set claimed_until = due_at where state = 'claimed'")
        dispatch_due(tenant_id=ground.pk)
    check_once(ground)
