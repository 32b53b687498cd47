"""The step that came last before an order: of the same person, carried out, within two days."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from contacts.models import Exposure
from sop.models import Touch
from sop.selectors.led import steps_before
from sop.services.planning import plan_apply
from tenants import clock
from tests.conftest import MovableClock
from tests.factories.contacts import make_order
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_the_last_step_that_reached_the_person_within_two_days(
    camp: Callable[..., Camp], frozen: MovableClock
) -> None:
    made = camp(steps=[{"key": "one", "day": 1}, {"key": "two", "day": 2}, {"key": "three", "day": 3}])
    plan_apply(tenant=made.tenant, run=made.run)
    buyer, other = made.people[0][0], made.people[0][1]
    now = clock.now()
    done = {"one": (50, "confirmed"), "two": (5, "confirmed"), "three": (1, "planned")}
    for key, (hours, state) in done.items():
        touch = Touch.objects.get(step__key=key)
        Touch.objects.filter(pk=touch.pk).update(state=state, done_at=now - timedelta(hours=hours))
        Exposure.objects.create(
            tenant=made.tenant, customer=buyer, touch_key=f"sop.touch:{touch.pk}", channel="group_forward",
            at=now - timedelta(hours=hours), local_date=(now - timedelta(hours=hours)).date(),
        )  # fmt: skip
    orders = [
        make_order(tenant=made.tenant, customer=who, ordered_at=now - timedelta(hours=hours))
        for who, hours in ((buyer, 0), (buyer, 20), (buyer, -48), (buyer, 100), (other, 0))
    ]
    keys = dict(Touch.objects.values_list("step_id", "step__key"))
    found = steps_before(tenant_id=made.tenant.pk, order_ids=[one.pk for one in orders])
    assert [keys.get(found.get(one.pk, 0)) for one in orders] == ["two", "one", None, None, None]
