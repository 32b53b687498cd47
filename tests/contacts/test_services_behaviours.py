"""The stream: once each, late and out of order, unknown people kept, orders derived."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction

from contacts.models import Behaviour, Order
from contacts.services.behaviours import BehaviourItem, Outcome, behaviour_record_many
from contacts.services.customers import PersonSeen, customers_ensure
from outbox.models import EventRow
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def item(frozen: MovableClock, event_id: str, kind: str = "link_click", **fields: Any) -> BehaviourItem:
    return BehaviourItem(event_id=event_id, kind=kind, **{"occurred_at": frozen.moment, **fields})


def record(tenant: Tenant, *items: BehaviourItem, source: str = "shop") -> list[Outcome]:
    return behaviour_record_many(tenant_id=tenant.pk, source=source, items=list(items))


def events() -> list[dict[str, Any]]:
    rows = EventRow.objects.filter(name="contacts.behaviours.recorded").order_by("pk")
    return list(rows.values_list("payload", flat=True))


def test_same_event_twice_counts_once(scoped: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped)
    one = item(frozen, "e1", external_userid=person.external_userid)
    assert record(scoped, one, one) == [Outcome("e1", "accepted"), Outcome("e1", "duplicate")]
    assert record(scoped, one) == [Outcome("e1", "duplicate")]
    assert record(scoped, one, source="other") == [Outcome("e1", "accepted")]
    assert list(Behaviour.objects.values_list("source", "customer_id").order_by("pk")) == [
        ("shop", person.pk), ("other", person.pk),
    ]  # fmt: skip
    assert [one["customer_ids"] for one in events()] == [[person.pk], [person.pk]]


def test_what_can_never_be_stored_is_rejected_and_holds_nothing_back(
    scoped: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=scoped)
    made = record(
        scoped,
        item(frozen, "e1", kind="telepathy", customer_id=person.pk),
        item(frozen, "e2", kind="order", customer_id=person.pk),
        item(frozen, "e3", customer_id=person.pk),
    )
    assert [one.state for one in made] == ["rejected", "rejected", "accepted"]


def test_unknown_person_is_kept_and_attached_when_known(scoped: Tenant, frozen: MovableClock) -> None:
    app = make_app(tenant=scoped)
    made = record(
        scoped,
        item(frozen, "e1", external_userid="wmLate"),
        item(frozen, "e2", kind="order", external_userid="wmLate", object_id="o1", amount_fen=9900),
    )
    assert [one.state for one in made] == ["unknown_customer", "unknown_customer"]
    assert (Behaviour.objects.get(event_id="e1").customer_id, events()) == (None, [])
    with transaction.atomic():
        ids = customers_ensure(
            tenant_id=scoped.pk, app_id=app.pk, people=[PersonSeen("wmLate")], seen_at=frozen.moment
        )
    assert set(Behaviour.objects.values_list("customer_id", flat=True)) == {ids["wmLate"]}
    assert Order.objects.get().customer_id == ids["wmLate"]
    assert [(one["customer_ids"], one["kinds"]) for one in events()] == [
        ([ids["wmLate"]], ["link_click", "order"])
    ]


def test_customer_of_another_tenant_is_never_attached(
    tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_customer(tenant=other_tenant)
    with tenant_scope(tenant):
        made = record(tenant, item(frozen, "e1", customer_id=foreign.pk))
        assert [one.state for one in made] == ["unknown_customer"]
        assert Behaviour.objects.get().customer_id is None


def test_order_and_refunds_give_one_row_in_any_order(scoped: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped)
    hour = timedelta(hours=1)
    told = [
        ("order", 0 * hour, 198000),
        ("refund", 2 * hour, 50000),
        ("refund", 3 * hour, 148000),
    ]
    rows = set()
    for number, order in enumerate(permutations(range(3))):
        for index in order:
            kind, after, amount = told[index]
            record(
                scoped,
                item(
                    frozen,
                    f"{number}.{index}",
                    kind=kind,
                    occurred_at=frozen.moment + after,
                    object_id=f"o{number}",
                    object_title="正价课" if kind == "order" else "",
                    amount_fen=amount,
                    customer_id=person.pk,
                    data={"sku_id": "sku1"} if kind == "order" else {},
                ),
            )
        found = Order.objects.get(order_no=f"o{number}")
        rows.add(
            (
                found.state,
                found.ordered_at,
                found.refunded_at,
                found.amount_fen,
                found.refund_fen,
                found.sku_id,
                found.title,
            )
        )
    assert rows == {("refunded", frozen.moment, frozen.moment + 3 * hour, 198000, 198000, "sku1", "正价课")}


def test_part_refund_leaves_the_order_paid(scoped: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped)
    record(scoped, item(frozen, "r", kind="refund", object_id="o1", amount_fen=100, customer_id=person.pk))
    assert Order.objects.get().state == "refunded"
    record(scoped, item(frozen, "o", kind="order", object_id="o1", amount_fen=500, customer_id=person.pk))
    assert (Order.objects.get().state, Order.objects.get().refund_fen) == ("paid", 100)


def test_recording_is_constant_in_queries(
    scoped: Tenant, frozen: MovableClock, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "outbox.registry.handlers_of", lambda name: []
    )  # others' deliveries are theirs to count
    person = make_customer(tenant=scoped)
    for count in (1, 30):
        asks = [item(frozen, f"{count}.{n}", external_userid=person.external_userid) for n in range(count)]
        with django_assert_num_queries(5):
            record(scoped, *asks)
