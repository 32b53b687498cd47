"""A run moves while eight dispatchers hand its touches over: each step reaches each group once, by one version."""

from datetime import time, timedelta

import pytest
from django.db import transaction

from contacts.models import Exposure
from sop.models import Step, Touch, Version
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.versions import run_move
from team.models import Notice
from team.services.notices import work_tell
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.tenants import make_tenant
from tests.factories.wecom import make_app
from tests.parallel import in_parallel

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
GROUPS, STEPS, DISPATCHERS, MOVERS = 10, 4, 6, 2


def test_a_run_that_moves_under_eight_hands_sends_each_step_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sop.services.dispatch.BATCH", 3)
    tenant = make_tenant()
    Tenant.objects.filter(pk=tenant.pk).update(timezone="UTC")
    tenant.refresh_from_db()
    with tenant_scope(tenant):
        run, version = running_camp(tenant)

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number < MOVERS:
                run_move(run=run, version=version, actor=SYSTEM, reason="改")
            else:
                dispatch_due(tenant_id=tenant.pk)

    in_parallel(MOVERS + DISPATCHERS, work)
    with tenant_scope(tenant):
        dispatch_due(tenant_id=tenant.pk)
        run.refresh_from_db()
        assert run.version == version
        sent = list(Touch.objects.filter(state="handed").values_list("step__key", "group_id"))
        assert len(sent) == len(set(sent))
        assert {key for key, _group in sent} >= {"same", "words"}
        for key in ("same", "words"):
            assert sum(1 for one in sent if one[0] == key) == GROUPS
        assert set(Touch.objects.values_list("state", flat=True)) <= {"handed", "cancelled"}
        work_tell(tenant_id=tenant.pk)
        keys = list(Notice.objects.filter(kind="task").values_list("key", flat=True))
        assert keys
        assert len(keys) == len(set(keys))
        keys = list(Exposure.objects.values_list("touch_key", "customer_id"))
        assert len(keys) == len(set(keys))


def running_camp(tenant: Tenant) -> tuple[object, Version]:
    """A run with forty due touches, and the version it moves to: one step the same, one re-worded, two gone."""
    app = make_app(tenant=tenant)
    staff = make_staff(tenant=tenant, app=app)
    groups = [
        fill_group(
            group=make_group(tenant=tenant, app=app, owner=staff, state="active", kind="delivery"),
            customers=make_customers(tenant=tenant, count=2, app=app),
            staff=[staff],
        )
        for _ in range(GROUPS)
    ]
    values = {"text": "早", "at": time(0, 0), "day": 2, "is_service": True, "window_minutes": 2880}
    first = make_version(
        tenant=tenant, steps=[{"key": key, **values} for key in ("same", "words", "gone", "also_gone")]
    )
    today = clock.local_date(clock.now(), "UTC")
    run = make_run(tenant=tenant, version=first, groups=groups, starts_on=today - timedelta(days=1))
    with transaction.atomic():
        plan_apply(tenant=tenant, run=run)
    second = Version.objects.create(
        tenant=tenant, template=first.template, number=2, days=first.days, phases=first.phases,
        state="published", published_at=clock.now(),
    )  # fmt: skip
    for step in Step.objects.filter(version=first, key__in=["same", "words"]):
        step.pk, step.version = None, second
        step.text = "早安" if step.key == "words" else step.text
        step.save(force_insert=True)
    return run, second
