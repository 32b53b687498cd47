"""A tenant in scope, a connected app, and the simulated corp behind it."""

from collections.abc import Iterator

import pytest

from groups.enums import State
from groups.models import Group
from groups.services import comparing, reading
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from tests.groups.world import Vendor, deliver, make_vendor


@pytest.fixture
def scoped(tenant: Tenant) -> Iterator[Tenant]:
    """Tenant A with its scope open for the whole test."""
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def vendor(scoped: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Vendor:
    """The corp behind tenant A's app; the product asks it in place of the network."""
    made = make_vendor(make_app(tenant=scoped))
    for module in (reading, comparing):
        monkeypatch.setattr(module, "client_for", lambda tenant_id, app_id=None: made)
    return made


@pytest.fixture
def camp(vendor: Vendor, frozen: MovableClock) -> str:
    """A group of the owner with ten customers invited with it, known to us."""
    people = vendor.add_customers(10)
    chat_id = vendor.group(at=frozen.moment, members=people)
    deliver(vendor.take_events())
    vendor.calls.clear()
    frozen.move(hours=1)
    return chat_id


@pytest.fixture
def groups(tenant: Tenant) -> list[Group]:
    """Three running groups of one owner; no scope stays open."""
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant)
        return [
            make_group(tenant=tenant, state=State.ACTIVE, owner=owner, name=f"小芽启蒙{n}群")
            for n in (1, 2, 3)
        ]
