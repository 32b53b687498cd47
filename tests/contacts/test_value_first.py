"""Not pushy by default (R76): nothing is sold to a new member in private before something of value reached them."""

from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Exposure
from contacts.policies.touch import Ledger, Limits, Person, TouchRequest, screen
from contacts.policies.touch_count import Count
from contacts.services.identity import customers_merge
from contacts.services.touch import Decision, gate_decide, gate_release
from tenants.audit import Actor
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_parallel import own_backend, waits
from tests.contacts.test_policies_touch import LIMITS, NOON
from tests.contacts.test_services_touch import make_group
from tests.factories.contacts import make_customer
from tests.parallel import PATIENCE_S, in_parallel
from tests.waiting import wait_until

integration = [pytest.mark.integration, pytest.mark.django_db]


def sale(*people: Any, key: str = "sale", **fields: Any) -> TouchRequest:
    return TouchRequest(
        key=key, channel="private_mass", customer_ids=tuple(one.pk for one in people), sells=True, **fields
    )


def gift(*people: Any, key: str = "gift", **fields: Any) -> TouchRequest:
    return TouchRequest(
        key=key, channel="private_mass", customer_ids=tuple(one.pk for one in people), is_marketing=False,
        gives_value=True, **fields,
    )  # fmt: skip


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    frozen.move(hours=3)  # Monday 12:00 in Shanghai
    with tenant_scope(tenant):
        yield tenant


def decide(tenant: Tenant, frozen: MovableClock, *requests: TouchRequest) -> list[Decision]:
    with transaction.atomic():
        return gate_decide(tenant_id=tenant.pk, requests=list(requests), now=frozen.moment)


class TestOnRecord:
    pytestmark = integration

    def test_a_sale_is_refused_until_something_of_value_went_out(
        self, scoped: Tenant, frozen: MovableClock
    ) -> None:
        new = make_customer(tenant=scoped)
        (early,) = decide(scoped, frozen, sale(new))
        assert (early.allowed, early.rule_code, early.blocked[new.pk]) == (False, "VALUE-01", "VALUE-01")
        assert early.retry_at == frozen.moment + timedelta(hours=20)  # tomorrow 08:00
        group = make_group(scoped, "wrA")
        decide(
            scoped,
            frozen,
            TouchRequest(
                key="g", channel="group_mass", group_id=group.pk, customer_ids=(new.pk,), gives_value=True
            ),
        )
        assert Exposure.objects.get(touch_key="g").gives_value
        assert decide(scoped, frozen, sale(new))[0].allowed

    def test_only_the_new_ones_are_left_out(self, scoped: Tenant, frozen: MovableClock) -> None:
        old = make_customer(tenant=scoped, first_seen_at=frozen.moment - timedelta(days=7))
        almost = make_customer(tenant=scoped, first_seen_at=frozen.moment - timedelta(days=7, seconds=-1))
        (made,) = decide(scoped, frozen, sale(old, almost))
        assert (made.allowed, made.customer_ids, made.blocked) == (True, (old.pk,), {almost.pk: "VALUE-01"})

    def test_an_offer_for_newcomers_and_a_group_message_pass(
        self, scoped: Tenant, frozen: MovableClock
    ) -> None:
        new, group = make_customer(tenant=scoped), make_group(scoped, "wrA")
        offer = TouchRequest(key="coupon", channel="private_mass", customer_ids=(new.pk,))
        public = TouchRequest(
            key="g", channel="group_mass", group_id=group.pk, customer_ids=(new.pk,), sells=True
        )
        assert [one.allowed for one in decide(scoped, frozen, offer, public)] == [True, True]
        (still,) = decide(scoped, frozen, sale(new))
        assert still.rule_code == "VALUE-01"  # neither of them gave anything

    def test_what_was_taken_back_gave_nothing(self, scoped: Tenant, frozen: MovableClock) -> None:
        new = make_customer(tenant=scoped)
        assert [one.allowed for one in decide(scoped, frozen, gift(new), sale(new, key="a"))] == [True, True]
        with transaction.atomic():
            gate_release(tenant_id=scoped.pk, keys=["gift"], now=frozen.moment)
        (again,) = decide(scoped, frozen, sale(new, key="b"))
        assert again.rule_code == "VALUE-01"

    def test_one_person_is_new_and_given_to_with_any_record(
        self, scoped: Tenant, owner: Actor, frozen: MovableClock
    ) -> None:
        one, two = make_customer(tenant=scoped), make_customer(tenant=scoped)
        customers_merge(tenant=scoped, goes_on_id=one.pk, other_id=two.pk, actor=owner, reason="同一个人")
        assert decide(scoped, frozen, sale(two))[0].rule_code == "VALUE-01"
        decide(scoped, frozen, gift(one))
        assert decide(scoped, frozen, sale(two))[0].allowed

    def test_the_team_may_ask_for_more_or_for_nothing(self, scoped: Tenant, frozen: MovableClock) -> None:
        new, other = make_customer(tenant=scoped), make_customer(tenant=scoped)
        Preference.objects.create(tenant=scoped, key="touch.value_before_sales", value=2)
        decide(scoped, frozen, gift(new))
        assert decide(scoped, frozen, sale(new))[0].rule_code == "VALUE-01"
        decide(scoped, frozen, gift(new, key="gift2"))
        assert decide(scoped, frozen, sale(new))[0].allowed
        Preference.objects.filter(key="touch.value_before_sales").update(value=0)
        assert decide(scoped, frozen, sale(other))[0].allowed


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["gift", "release"])
def test_a_sale_waits_for_whoever_gives_or_takes_back_at_the_same_moment(
    tenant: Tenant, frozen: MovableClock, first: str
) -> None:
    frozen.move(hours=3)
    with tenant_scope(tenant):
        new = make_customer(tenant=tenant)
        if first == "release":
            decide(tenant, frozen, gift(new))
    done, backends, answers = Event(), [], []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number == 0:
                with transaction.atomic():
                    if first == "gift":
                        gate_decide(tenant_id=tenant.pk, requests=[gift(new)], now=frozen.moment)
                    else:
                        gate_release(tenant_id=tenant.pk, keys=["gift"], now=frozen.moment)
                    done.set()
                    wait_until(lambda: backends and waits(backends[0]), "the sale waits")
                return
            assert done.wait(PATIENCE_S)
            with transaction.atomic():
                backends.append(own_backend())
                answers.extend(gate_decide(tenant_id=tenant.pk, requests=[sale(new)], now=frozen.moment))

    in_parallel(2, work)
    assert answers[0].rule_code == ("" if first == "gift" else "VALUE-01")


@pytest.mark.unit
@given(
    kinds=st.lists(st.sampled_from(["sale", "gift", "offer"]), max_size=12),
    needed=st.integers(0, 3), age=st.integers(0, 14),
)  # fmt: skip
def test_no_order_of_messages_lets_a_sale_come_too_early(kinds: list[str], needed: int, age: int) -> None:
    limits = Limits(
        LIMITS.zone, 99, 99, 99, LIMITS.quiet_from, LIMITS.quiet_until, value_first=needed, new_days=7
    )
    who = {1: Person("wm1", known_since=NOON - timedelta(days=age))}
    count, given_so_far = Count(Ledger(), who, limits, NOON), 0
    for number, kind in enumerate(kinds):
        asked = TouchRequest(
            key=str(number), channel="private_mass", customer_ids=(1,), sells=kind == "sale",
            gives_value=kind == "gift",
        )  # fmt: skip
        made = count.decide(asked, screen(asked, who, limits, NOON), ())
        is_too_early = kind == "sale" and age < 7 and given_so_far < needed
        assert made.allowed is not is_too_early
        given_so_far += kind == "gift"
