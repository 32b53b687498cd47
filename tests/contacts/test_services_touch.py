"""The gate on a real database: the golden cases, repeats, and eight callers at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from contacts.models import Exposure, ExposureDay, ExposureWeek
from contacts.services.touch import Decision, TouchRequest, gate_decide, gate_release
from groups.models import Group
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customers, make_order
from tests.factories.team import _app
from wecom.models import QuotaEntry, QuotaRuleChange
from wecom.services import quota_use

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    frozen.move(hours=3)  # Monday 12:00 in Shanghai
    with tenant_scope(tenant):
        yield tenant


def make_group(tenant: Tenant, chat_id: str) -> Group:
    return Group.objects.create(tenant=tenant, app=_app(tenant, None), chat_id=chat_id, name=chat_id)


def setting(tenant: Tenant, key: str, value: Any) -> None:
    Preference.objects.update_or_create(tenant=tenant, key=key, defaults={"value": value})


def decide(tenant: Tenant, frozen: MovableClock, *requests: TouchRequest) -> list[Decision]:
    with transaction.atomic():
        return gate_decide(tenant_id=tenant.pk, requests=list(requests), now=frozen.moment)


def test_person_in_two_groups_gets_one_exposure_and_the_second_group_is_blocked(
    scoped: Tenant, frozen: MovableClock
) -> None:
    setting(scoped, "touch.cap_per_day", 1)
    both, only_a, only_b = make_customers(tenant=scoped, count=3)
    one, two = make_group(scoped, "wrA"), make_group(scoped, "wrB")
    first, second = decide(
        scoped,
        frozen,
        TouchRequest(key="a", channel="group_forward", group_id=one.pk, customer_ids=(both.pk, only_a.pk)),
        TouchRequest(key="b", channel="group_forward", group_id=two.pk, customer_ids=(both.pk, only_b.pk)),
    )
    assert (first.allowed, first.customer_ids) == (True, (both.pk, only_a.pk))
    assert (second.allowed, second.rule_code, second.blocked) == (
        False,
        "CAP-01",
        {both.pk: "CAP-01", 0: "CAP-01"},
    )
    assert second.retry_at == frozen.moment + timedelta(hours=20)  # tomorrow 08:00
    assert list(
        Exposure.objects.values_list("customer_id", "touch_key", "group_id").order_by("customer_id")
    ) == [
        (both.pk, "a", one.pk),
        (only_a.pk, "a", one.pk),
    ]


def test_group_with_a_members_own_send_today_moves_to_tomorrow(scoped: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped)
    group = make_group(scoped, "wrA")
    today = date(2026, 3, 2)
    QuotaRuleChange.objects.create(tenant=scoped, rule="1_day", effective_from=date(2026, 1, 1))
    quota_use(
        tenant_id=scoped.pk,
        receiver_kind="group",
        receiver_ids=["wrA"],
        day=today,
        vendor_msgid="own",
        source="personal",
    )
    request = TouchRequest(
        key="a",
        channel="group_mass",
        group_id=group.pk,
        chat_id="wrA",
        customer_ids=(person.pk,),
        wecom_quota=True,
    )
    (made,) = decide(scoped, frozen, request)
    assert (made.allowed, made.rule_code, made.retry_at) == (
        False, "QUOTA-01", frozen.moment + timedelta(hours=20),
    )  # fmt: skip
    frozen.move(hours=20)
    (made,) = decide(scoped, frozen, request)
    assert made.allowed
    assert list(
        QuotaEntry.objects.filter(local_date=date(2026, 3, 3)).values_list("vendor_msgid", flat=True)
    ) == ["a"]


def test_person_in_three_groups_is_counted_once_for_each_message(
    scoped: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=scoped)
    groups = [make_group(scoped, f"wr{one}") for one in range(3)]
    made = decide(
        scoped,
        frozen,
        *(
            TouchRequest(
                key=f"t{one.pk}", channel="group_forward", group_id=one.pk, customer_ids=(person.pk,)
            )
            for one in groups
        ),
    )
    assert [one.allowed for one in made] == [True, True, True]
    assert ExposureDay.objects.get(customer=person).count == 3


def test_asking_again_counts_nothing_twice(scoped: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped)
    request = TouchRequest(key="t", channel="private_mass", customer_ids=(person.pk,), wecom_quota=True)
    first = decide(scoped, frozen, request)
    assert decide(scoped, frozen, request) == first
    assert (Exposure.objects.count(), ExposureDay.objects.get().count, QuotaEntry.objects.count()) == (
        1,
        1,
        1,
    )


def test_asking_again_after_an_opt_out_is_refused(scoped: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped)
    request = TouchRequest(key="t", channel="private_mass", customer_ids=(person.pk,))
    decide(scoped, frozen, request)
    person.opt_out_at = frozen.moment
    person.save()
    assert decide(scoped, frozen, request)[0].rule_code == "OPT-01"


def test_released_touch_gives_its_place_back_once_and_may_go_out_later(
    scoped: Tenant, frozen: MovableClock
) -> None:
    setting(scoped, "touch.cap_per_day", 1)
    person = make_customer(tenant=scoped)
    first = TouchRequest(key="t", channel="private_mass", customer_ids=(person.pk,))
    decide(scoped, frozen, first)
    with transaction.atomic():
        assert gate_release(tenant_id=scoped.pk, keys=["t"], now=frozen.moment) == 1
        assert gate_release(tenant_id=scoped.pk, keys=["t"], now=frozen.moment) == 0
    assert (ExposureDay.objects.get().count, ExposureWeek.objects.get().count) == (0, 0)
    assert decide(scoped, frozen, first)[0].allowed
    assert ExposureDay.objects.get().count == sum(Exposure.objects.values_list("weight", flat=True)) == 1


def test_caps_count_in_the_tenants_own_days(scoped: Tenant, frozen: MovableClock) -> None:
    setting(scoped, "touch.cap_per_day", 1)
    person = make_customer(tenant=scoped)
    frozen.move(hours=9, minutes=30)  # Monday 21:30 in Shanghai
    touch = [TouchRequest(key=f"t{n}", channel="x", customer_ids=(person.pk,)) for n in range(3)]
    assert decide(scoped, frozen, touch[0])[0].allowed
    frozen.move(hours=11)  # Tuesday 08:30 there, still Tuesday 00:30 in UTC
    assert decide(scoped, frozen, touch[1])[0].allowed
    assert decide(scoped, frozen, touch[2])[0].rule_code == "CAP-01"


def test_buyer_and_late_refund_are_seen_at_send_time(scoped: Tenant, frozen: MovableClock) -> None:
    buyer, refunded = make_customers(tenant=scoped, count=2)
    make_order(tenant=scoped, customer=buyer)
    make_order(tenant=scoped, customer=refunded, state="refunded")
    (made,) = decide(
        scoped,
        frozen,
        TouchRequest(key="t", channel="x", customer_ids=(buyer.pk, refunded.pk), excludes_buyers=True),
    )
    assert (made.customer_ids, made.blocked) == ((refunded.pk,), {buyer.pk: "BUYER-01"})


def test_another_tenants_customer_is_not_known(
    tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_customer(tenant=other_tenant)
    frozen.move(hours=3)
    with tenant_scope(tenant):
        (made,) = decide(tenant, frozen, TouchRequest(key="t", channel="x", customer_ids=(foreign.pk,)))
    assert (made.allowed, made.rule_code) == (False, "GONE-01")


def test_query_count_is_the_same_for_one_and_for_fifty_requests(
    scoped: Tenant, frozen: MovableClock, django_assert_num_queries: Any
) -> None:
    persons = make_customers(tenant=scoped, count=51)
    asks = [TouchRequest(key=f"t{one.pk}", channel="x", customer_ids=(one.pk,)) for one in persons]
    for part in (asks[:1], asks[1:]):
        with transaction.atomic(), django_assert_num_queries(9):
            gate_decide(tenant_id=scoped.pk, requests=part, now=frozen.moment)


@pytest.mark.django_db(transaction=True)
def test_eight_callers_at_once_never_pass_a_cap(tenant: Tenant, frozen: MovableClock) -> None:
    frozen.move(hours=3)
    with tenant_scope(tenant):
        setting(tenant, "touch.cap_per_week", 4)
        people = [one.pk for one in make_customers(tenant=tenant, count=40)]
        group_ids = [make_group(tenant, f"wr{one}").pk for one in range(4)]

    def work(number: int) -> int:
        passed = 0
        try:
            with tenant_scope(tenant):
                for turn in range(6):
                    rotated = people[number:] + people[:number]
                    asks = [
                        TouchRequest(key=f"p{number}.{turn}.{one}", channel="x", customer_ids=(one,))
                        for one in rotated[::2]
                    ]
                    asks.append(
                        TouchRequest(
                            key=f"g{number}.{turn}",
                            channel="y",
                            group_id=group_ids[turn % 4],
                            customer_ids=tuple(rotated[:10]),
                        )
                    )
                    with transaction.atomic():
                        made = gate_decide(tenant_id=tenant.pk, requests=asks, now=frozen.moment)
                    passed += sum(len(one.customer_ids) for one in made)
        finally:
            connection.close()
        return passed

    with ThreadPoolExecutor(8) as pool:
        passed = sum(pool.map(work, range(8)))
    with tenant_scope(tenant):
        days = dict(ExposureDay.objects.values_list("customer_id", "count"))
        raw: dict[int, int] = {}
        for customer_id, weight in Exposure.objects.values_list("customer_id", "weight"):
            raw[customer_id] = raw.get(customer_id, 0) + weight
        assert max(days.values()) == 3
        assert raw == days
        assert passed == sum(raw.values()) == 3 * len(people)


@pytest.mark.django_db(transaction=True)
def test_gate_outside_a_transaction_is_refused(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant), pytest.raises(TransactionManagementError):
        gate_decide(tenant_id=tenant.pk, requests=[], now=frozen.moment)
