"""A company connected to a corp of the real simulator, read whole; and a hand that lets everything queued happen."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import current_app

from groups.models import Group, Member
from outbox.relay import relay_tenant
from team.models import Staff
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.simulated import Simulator
from tests.wecom.conftest import (  # noqa: F401 - fixtures of the door
    _clean_door,
    live,
    product_url,
    queued,
    simulator,
    simulator_process,
)
from wecom.inbox import ingest
from wecom.models import App, OutboundSend
from wecom.reading import sync
from wecom.sending import outbound

# Tasks that only wake what `World.settle` does anyway.
WAKES = {"wecom.deliver_sends", "wecom.process_inbound", "wecom.run_syncs", "outbox.relay_tenant"}
ROUNDS = 12


class World:
    """The company and its corp. `settle()` lets queued calls, events and tasks happen until nothing is left."""

    def __init__(self, tenant: Tenant, app: App, vendor: Simulator, tasks: list[tuple[str, dict[str, Any]]]):
        self.tenant, self.app, self.vendor, self._tasks = tenant, app, vendor, tasks
        self._before = vendor.calls()

    def connect(self, url: str) -> None:
        """Callbacks of the corp arrive at the product over HTTP."""
        self.vendor.ask(
            "PATCH", f"/sim/corps/{self.app.corp_id}", callback_url=f"{url}/wecom/callback/{self.app.slug}",
            token=self.app.token, aes_key=self.app.aes_key,
        )  # fmt: skip

    def read_all(self) -> None:
        with tenant_scope(self.tenant):
            sync.request(tenant_id=self.tenant.pk)
            for _ in range(ROUNDS):
                sync.run_due(tenant_id=self.tenant.pk)
        self.settle()

    def settle(self) -> None:
        current_app.loader.import_default_modules()
        for _ in range(ROUNDS):
            with tenant_scope(self.tenant):
                busy = outbound.drain(tenant_id=self.tenant.pk)
                busy += ingest.drain(tenant_id=self.tenant.pk)
                busy += relay_tenant(tenant_id=self.tenant.pk)
            waiting, self._tasks[:] = [one for one in self._tasks if one[0] not in WAKES], []
            for name, arguments in waiting:
                current_app.tasks[name](**arguments)
            if not busy and not waiting:
                return

    def hurry(self) -> None:
        """What waits for its next try is tried now."""
        with tenant_scope(self.tenant):
            OutboundSend.objects.filter(state="queued").update(next_at=clock.now())
        self.settle()

    def corp(self) -> dict[str, Any]:
        return self.vendor.ask("GET", f"/sim/corps/{self.app.corp_id}")

    def ledger(self) -> dict[str, Any]:
        return self.vendor.ask("GET", f"/sim/ledger?corp_id={self.app.corp_id}")

    def act(self, name: str, **body: Any) -> dict[str, Any]:
        return self.vendor.act(name, corp_id=self.app.corp_id, **body)

    def strangers(self, count: int) -> list[str]:
        """Customers who are nobody's friends and sit in no group we know."""
        ledger = self.ledger()
        tied = {row["external_userid"] for row in ledger["relations"]}
        with tenant_scope(self.tenant):
            tied |= set(Member.objects.filter(left_at=None).values_list("userid", flat=True))
        free = [row["external_userid"] for row in ledger["customers"] if row["external_userid"] not in tied]
        assert len(free) >= count, "the corp has too few strangers"
        return free[:count]

    def calls(self, path: str) -> int:
        """How often a call was made since this world began, whatever it answered."""
        return sum(
            count - self._before.get(name, 0)
            for name, count in self.vendor.calls().items()
            if name.startswith(f"{path} ")
        )

    def groups_in_scope(self) -> list[Group]:
        with tenant_scope(self.tenant):
            return self.groups

    @property
    def staff(self) -> list[Staff]:
        return list(Staff.objects.filter(tenant=self.tenant, can_contact=True).order_by("pk"))

    @property
    def groups(self) -> list[Group]:
        return list(
            Group.objects.filter(tenant=self.tenant, dismissed_at=None).exclude(chat_id="").order_by("pk")
        )


@pytest.fixture
def world(
    tenant: Tenant,
    live: App,  # noqa: F811
    simulator: Simulator,  # noqa: F811
    queued: list,  # noqa: F811
    product_url: str,  # noqa: F811
) -> World:
    """Read whole, with callbacks arriving."""
    simulator.set_time(clock.now())
    made = World(tenant, live, simulator, queued)
    made.connect(product_url)
    made.read_all()
    return made


@pytest.fixture
def scoped(world: World) -> Iterator[Tenant]:
    with tenant_scope(world.tenant):
        yield world.tenant


Say = Callable[..., Any]
