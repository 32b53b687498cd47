"""However many events are published, one relay is asked for until it begins; without Valkey nothing is lost."""

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from django.core.cache import CacheHandler
from django.db import transaction

from outbox import registry, tasks, wake
from outbox.contracts import DomainEvent
from outbox.models import Delivery, DeliveryState
from outbox.services import publish
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]


@dataclass(frozen=True, kw_only=True)
class BellRang(DomainEvent):
    name: ClassVar[str] = "tests.bell.rang"


class Bells:
    """A handler that hears `BellRang`, and what would have gone to the broker."""

    def __init__(self, tenant: Tenant, moment: MovableClock) -> None:
        self.tenant, self.moment = tenant, moment
        self.heard = 0
        self.asked: list[int] = []
        self.rings_again = False

    def hear(self, *, tenant_id: int, events: list[BellRang]) -> None:
        self.heard += len(events)
        if self.rings_again:
            self.rings_again = False
            self._ring()

    def ring(self, times: int) -> None:
        with tenant_scope(self.tenant):
            for _ in range(times):
                self._ring()

    def _ring(self) -> None:
        with transaction.atomic():
            publish(BellRang(tenant_id=self.tenant.pk, occurred_at=self.moment.moment))


@pytest.fixture
def bells(tenant: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch) -> Any:
    found = Bells(tenant, frozen)
    registry.register(BellRang.name, "tests.hear", found.hear)

    def taken(task: str, arguments: dict[str, Any], countdown_s: float | None) -> None:
        if task == wake.TASK:
            found.asked.append(arguments["tenant_id"])

    monkeypatch.setattr("outbox.dispatch._send", taken)
    yield found
    registry.all_handlers().pop(BellRang.name)


def test_a_burst_asks_for_one_relay_and_what_comes_after_it_began_for_another(bells: Bells) -> None:
    bells.ring(5)
    assert bells.asked == [bells.tenant.pk]
    tasks.relay_tenant(tenant_id=bells.tenant.pk)
    assert bells.heard == 5
    bells.ring(2)
    assert bells.asked == [bells.tenant.pk] * 2


def test_an_event_that_is_published_while_the_relay_works_is_relayed_next(bells: Bells) -> None:
    bells.rings_again = True
    bells.ring(1)
    tasks.relay_tenant(tenant_id=bells.tenant.pk)
    assert bells.asked == [bells.tenant.pk] * 2
    tasks.relay_tenant(tenant_id=bells.tenant.pk)
    assert bells.heard == 2


def test_one_company_s_burst_does_not_hide_another_s_event(bells: Bells, other_tenant: Tenant) -> None:
    bells.ring(3)
    bells.tenant = other_tenant
    bells.ring(1)
    assert bells.asked[-1] == other_tenant.pk


def test_the_tick_asks_once_for_what_was_never_relayed(bells: Bells) -> None:
    bells.ring(3)
    wake.relay_begins(tenant_id=bells.tenant.pk)  # and was killed before it looked
    bells.asked.clear()
    tasks.relay_due()
    tasks.relay_due()
    assert bells.asked == [bells.tenant.pk]


def test_without_valkey_the_event_is_kept_and_relayed_by_the_tick(
    bells: Bells, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9"}
    with monkeypatch.context() as patched:
        patched.setattr("outbox.wake.cache", _cache_at(gone))
        bells.ring(2)
        tasks.relay_tenant(tenant_id=bells.tenant.pk)
        assert bells.heard == 2
        bells.ring(1)
    assert bells.asked == []
    tasks.relay_due()
    assert bells.asked == [bells.tenant.pk]
    with tenant_scope(bells.tenant):
        assert Delivery.objects.filter(state=DeliveryState.PENDING).count() == 1


def _cache_at(config: dict[str, Any]) -> Any:
    return CacheHandler({"default": config})["default"]
