"""A small camp on the ground: one connected app, groups with people and staff, and a run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from contacts.models import Customer
from groups.models import Group
from sop.models import Run, Step, Version
from team.models import Staff
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers, make_follow
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.wecom import make_app


@dataclass
class Camp:
    """A running camp and everybody in it."""

    tenant: Tenant
    staff: Staff
    groups: list[Group]
    people: list[list[Customer]]
    version: Version
    run: Run

    @property
    def step(self) -> Step:
        return Step.objects.get(tenant=self.tenant, version=self.version)


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    """Tenant A with its scope open; the clock stands at Monday 2026-03-02 09:00 in Shanghai."""
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def camp(scoped: Tenant) -> Callable[..., Camp]:
    """camp(steps=[...], groups=2, people=3): a run on 2026-03-02 without touches."""

    def make(*, steps: list[dict[str, Any]], groups: int = 1, people: int = 3, **run: Any) -> Camp:
        app = make_app(tenant=scoped)
        staff = make_staff(tenant=scoped, app=app, userid="linxiao", name="林晓")
        seated, everyone = [], []
        for number in range(groups):
            group = make_group(
                tenant=scoped,
                app=app,
                owner=staff,
                state="active",
                name=f"启蒙{number + 1:02d}群",
                kind="new_user",
            )
            crowd = make_customers(tenant=scoped, count=people, app=app)
            seated.append(fill_group(group=group, customers=crowd, staff=[staff]))
            befriend(staff, crowd)
            everyone.append(crowd)
        version = make_version(tenant=scoped, steps=steps, days=7)
        made = make_run(tenant=scoped, version=version, groups=seated, starts_on=date(2026, 3, 2), **run)
        return Camp(scoped, staff, seated, everyone, version, made)

    return make


def befriend(staff: Any, customers: list[Any]) -> None:
    """Private mass sends reach only the sender's friends."""
    for customer in customers:
        make_follow(tenant=staff.tenant, customer=customer, staff=staff)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)
