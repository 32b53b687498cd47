"""A corp of the simulator with its archive switched on, and our side of it set up."""

from typing import Any

import pytest
from django.db import connection

from tenants import clock
from tenants.audit import Actor
from tenants.models import Preference, Tenant
from tenants.preferences import Declared
from tenants.scoping import tenant_scope
from tests.simulated import Simulator
from wecom.archive import checkup, fetch, services
from wecom.archive.keys import Pair, make
from wecom.models import App, ArchiveCursor

SECRET = "archive-secret-0123456789"


@pytest.fixture(scope="session")
def pairs() -> list[Pair]:
    """Three key pairs; making one takes a while."""
    return [make() for _ in range(3)]


class World:
    """A hand on one archived corp: what people do there, and what we have of it."""

    def __init__(
        self, simulator: Simulator, app: App, tenant: Tenant, owner: Actor, pairs: list[Pair]
    ) -> None:
        self.simulator, self.app, self.tenant, self.owner, self.pairs = simulator, app, tenant, owner, pairs
        ledger = simulator.ask("GET", f"/sim/ledger?corp_id={app.corp_id}")
        self.group = max(ledger["groups"], key=lambda one: len(one["customers"]))
        self.chat_id, self.staff = self.group["chat_id"], self.group["staff"][0]

    @property
    def customers(self) -> list[str]:
        return self.group["customers"]

    def switch_on(self, version: int = 1, **settings: Any) -> None:
        """The vendor's console: archive on, the public half of this version entered."""
        keys = {str(version): self.pairs[version - 1].public_key}
        plan = {
            "is_on": True,
            "secret": SECRET,
            "public_keys": keys,
            "current_version": version,
            "spice": False,
        }
        self.simulator.ask(
            "PATCH", f"/sim/corps/{self.app.corp_id}", archive={**plan, "agree_share": 1.0, **settings}
        )

    def has_key(self, version: int) -> None:
        services.key_paste(
            tenant=self.tenant, app_id=self.app.pk, version=version, private_key=self.pairs[version - 1].private_key,
            actor=self.owner,
        )  # fmt: skip

    def connect(self) -> ArchiveCursor:
        services.archive_connect(tenant=self.tenant, app_id=self.app.pk, secret=SECRET, actor=self.owner)
        return checkup.run(tenant_id=self.tenant.pk, app_id=self.app.pk)

    def say(self, sender: str, text: str = "", **more: Any) -> str:
        """Somebody says something in the group. Returns the msgid."""
        body = {"corp_id": self.app.corp_id, "chat_id": self.chat_id, "from": sender, "text": text, **more}
        return self.simulator.ask("POST", "/sim/message/send", **body)["msgid"]

    def act(self, name: str, **body: Any) -> dict[str, Any]:
        return self.simulator.act(f"message/{name}", corp_id=self.app.corp_id, **body)

    def fetch(self) -> bool:
        """What the worker does, now."""
        self.cursor_set(next_at=clock.now())
        return fetch.run(tenant_id=self.tenant.pk, app_id=self.app.pk)

    def cursor(self) -> ArchiveCursor:
        return ArchiveCursor.objects.get(tenant=self.tenant, app=self.app)

    def cursor_set(self, **values: Any) -> None:
        ArchiveCursor.objects.filter(tenant=self.tenant, app=self.app).update(**values)

    def tenant_sets(self, setting: Declared, value: Any) -> None:
        Preference.objects.update_or_create(tenant=self.tenant, key=setting.key, defaults={"value": value})

    def lease_ends(self) -> None:
        """A killed worker's claim runs out."""
        with connection.cursor() as cursor:
            cursor.execute("update wecom_archivecursor set leased_until = clock_timestamp() - interval '1 s'")


@pytest.fixture
def world(simulator: Simulator, live: App, tenant: Tenant, owner: Actor, pairs: list[Pair], queued: list):  # type: ignore[no-untyped-def]
    """An archived corp with its first key on both sides, connected and checked, nothing fetched yet."""
    with tenant_scope(tenant):
        made = World(simulator, live, tenant, owner, pairs)
        made.switch_on()
        made.has_key(1)
        made.connect()
        yield made
