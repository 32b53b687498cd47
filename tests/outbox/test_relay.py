"""Events reach their handlers at least once; their database effect happens exactly once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import transaction

from outbox import registry, relay
from outbox.contracts import DomainEvent
from outbox.models import Delivery, DeliveryState, EventRow
from outbox.services import publish
from tenants.models import Preference
from tenants.scoping import tenant_scope
from tests.parallel import in_parallel


@dataclass(frozen=True, kw_only=True)
class ThingHappened(DomainEvent):
    name: ClassVar[str] = "tests.thing.happened"

    thing_id: int


def _count(*, tenant_id: int, events: list[ThingHappened]) -> None:
    """Counts how often each thing was handled, in a table."""
    for event in events:
        row, _ = Preference.objects.get_or_create(
            tenant_id=tenant_id, key=f"thing.{event.thing_id}", defaults={"value": 0}
        )
        row.value += 1
        row.save()
        if event.thing_id == 13:
            raise ValueError("thirteen")


@pytest.fixture
def counted():
    registry.register(ThingHappened.name, "tests.count", _count)
    yield
    registry.all_handlers().pop(ThingHappened.name)


def _publish(tenant, now, *things: int) -> None:
    with transaction.atomic():
        for thing in things:
            publish(ThingHappened(tenant_id=tenant.pk, occurred_at=now, thing_id=thing))


def _handled() -> dict[str, int]:
    return dict(Preference.objects.filter(key__startswith="thing.").values_list("key", "value"))


@pytest.mark.django_db
def test_event_is_handled_once_however_often_the_relay_runs(tenant, frozen, counted):
    with tenant_scope(tenant):
        _publish(tenant, frozen.moment, 1, 2)
        assert relay.relay_tenant(tenant_id=tenant.pk) == 2
        assert relay.relay_tenant(tenant_id=tenant.pk) == 0
        assert _handled() == {"thing.1": 1, "thing.2": 1}


@pytest.mark.django_db
def test_event_of_a_rolled_back_cause_does_not_exist(tenant, frozen, counted):
    with tenant_scope(tenant):
        with transaction.atomic():
            publish(ThingHappened(tenant_id=tenant.pk, occurred_at=frozen.moment, thing_id=1))
            transaction.set_rollback(True)
        assert EventRow.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_failing_event_does_not_hold_back_its_neighbours_and_leaves_no_half_effect(tenant, frozen, counted):
    with tenant_scope(tenant):
        _publish(tenant, frozen.moment, 12, 13, 14)
        relay.relay_tenant(tenant_id=tenant.pk)
        assert _handled() == {"thing.12": 1, "thing.14": 1}
        left = Delivery.objects.get(state=DeliveryState.PENDING)
        assert left.attempts == 1
        assert left.next_at == frozen.moment + timedelta(seconds=relay.FIRST_PAUSE_S)
        assert "thirteen" in left.error


@pytest.mark.django_db(transaction=True)
def test_event_that_keeps_failing_becomes_a_dead_letter_and_can_be_tried_again(tenant, frozen, counted):
    with tenant_scope(tenant):
        _publish(tenant, frozen.moment, 13)
        for _ in range(relay.MAX_ATTEMPTS):
            relay.relay_tenant(tenant_id=tenant.pk)
            frozen.move(hours=2)
        dead = Delivery.objects.get()
        assert dead.state == DeliveryState.DEAD
        relay.delivery_retry(tenant_id=tenant.pk, delivery_id=dead.pk)
        dead.refresh_from_db()
        assert (dead.state, dead.attempts) == (DeliveryState.PENDING, 0)


@pytest.mark.django_db(transaction=True)
def test_parallel_relays_handle_each_event_once(tenant, frozen, counted):
    things = list(range(100, 160))
    with tenant_scope(tenant):
        _publish(tenant, frozen.moment, *things)

    def work(_number: int) -> None:
        with tenant_scope(tenant):
            relay.relay_tenant(tenant_id=tenant.pk)

    in_parallel(6, work)
    with tenant_scope(tenant):
        relay.relay_tenant(tenant_id=tenant.pk)
        assert _handled() == {f"thing.{thing}": 1 for thing in things}


@pytest.mark.django_db
def test_published_events_are_never_changed(tenant, frozen, counted):
    with tenant_scope(tenant):
        _publish(tenant, frozen.moment, 1)
        row = EventRow.objects.get()
        row.payload = {"thing_id": 2}
        with pytest.raises(Exception, match="never changed"), transaction.atomic():
            row.save()


def test_payload_survives_the_round_trip(frozen):
    event = ThingHappened(tenant_id=1, occurred_at=frozen.moment, thing_id=7)
    assert ThingHappened.from_row(tenant_id=1, occurred_at=frozen.moment, payload=event.to_payload()) == event
