"""Staff and work items."""

import itertools
from typing import Any

from team.models import Department, Staff, WorkItem
from tenants.models import Tenant
from tests.factories.wecom import make_app
from wecom.models import App

_numbers = itertools.count(1)


def _app(tenant: Tenant, app: App | None) -> App:
    return app or App.objects.filter(tenant=tenant).order_by("pk").first() or make_app(tenant=tenant)


def make_department(
    *, tenant: Tenant, app: App | None = None, dept_id: int = 1, name: str = "运营部"
) -> Department:
    return Department.objects.create(tenant=tenant, app=_app(tenant, app), dept_id=dept_id, name=name)


def make_staff(*, tenant: Tenant, app: App | None = None, **fields: Any) -> Staff:
    number = next(_numbers)
    values = {"userid": f"staff{number}", "name": f"员工{number}", "can_contact": True}
    return Staff.objects.create(tenant=tenant, app=_app(tenant, app), **{**values, **fields})


def make_work_item(*, tenant: Tenant, staff: Staff | None = None, **fields: Any) -> WorkItem:
    values = {
        "kind": "sop_task",
        "bucket": "must",
        "title": "发早安问候",
        "source_kind": "test.task",
        "source_id": next(_numbers),
    }
    return WorkItem.objects.create(tenant=tenant, staff=staff, **{**values, **fields})
