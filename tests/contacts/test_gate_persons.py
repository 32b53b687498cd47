"""The gate counts persons, not records; and keeps the last place for what is more important."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from contacts.models import Exposure, ExposureDay, ExposureWeek
from contacts.selectors.exposures import exposures_now
from contacts.services.identity import customer_split, customers_merge
from contacts.services.touch import Ahead, Coming, Decision, TouchRequest, gate_decide, gate_release
from groups.models import Group
from tenants.audit import SYSTEM
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_customers, make_order
from tests.factories.groups import make_group

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    frozen.move(hours=3)  # Monday 12:00 in Shanghai
    with tenant_scope(tenant):
        yield tenant


def cap(tenant: Tenant, count: int) -> None:
    Preference.objects.update_or_create(tenant=tenant, key="touch.cap_per_day", defaults={"value": count})


def to(*people: Any, key: str, group: Group | None = None, **fields: Any) -> TouchRequest:
    ids = tuple(one.pk for one in people)
    group_id = group.pk if group else None
    return TouchRequest(key=key, channel="x", customer_ids=ids, group_id=group_id, **fields)


def decide(
    tenant: Tenant, frozen: MovableClock, *requests: TouchRequest, ahead: Ahead | None = None
) -> list[Decision]:
    with transaction.atomic():
        return gate_decide(
            tenant_id=tenant.pk, requests=list(requests), now=frozen.moment, ahead=ahead or Ahead()
        )


def merge(tenant: Tenant, goes_on: Any, other: Any) -> None:
    customers_merge(tenant=tenant, goes_on_id=goes_on.pk, other_id=other.pk, actor=SYSTEM, reason="同一个人")


def counts(model: Any) -> dict[int, int]:
    return dict(model.objects.filter(count__gt=0).values_list("customer_id", "count"))


def test_a_cap_of_one_holds_for_the_person_whatever_record_is_used(
    scoped: Tenant, frozen: MovableClock
) -> None:
    cap(scoped, 1)
    one, two = make_customers(tenant=scoped, count=2)
    merge(scoped, one, two)
    first, second = decide(scoped, frozen, to(two, key="a"), to(one, key="b"))
    assert (first.customer_ids, second.rule_code) == ((two.pk,), "CAP-01")
    assert decide(scoped, frozen, to(two, key="c"))[0].rule_code == "CAP-01"
    assert counts(ExposureDay) == counts(ExposureWeek) == {one.pk: 1}


def test_one_private_message_reaches_a_person_once_and_a_group_message_counts_once(
    scoped: Tenant, frozen: MovableClock
) -> None:
    one, two = make_customers(tenant=scoped, count=2)
    merge(scoped, one, two)
    private, group = decide(
        scoped, frozen, to(one, two, key="p"), to(one, two, key="g", group=make_group(tenant=scoped))
    )
    assert (private.customer_ids, private.blocked) == ((one.pk,), {two.pk: "SAME-01"})
    assert group.customer_ids == (one.pk, two.pk)
    assert counts(ExposureDay) == {one.pk: 2}


def test_merging_adds_up_and_splitting_gives_each_record_its_own_again(
    scoped: Tenant, frozen: MovableClock
) -> None:
    cap(scoped, 3)
    one, two = make_customers(tenant=scoped, count=2)
    group = make_group(tenant=scoped)
    decide(scoped, frozen, to(one, two, key="g", group=group), to(one, key="a"), to(two, key="b"))
    merge(scoped, one, two)
    assert counts(ExposureDay) == counts(ExposureWeek) == {one.pk: 3}
    assert exposures_now(tenant=scoped, customer_id=two.pk).today == 3
    assert decide(scoped, frozen, to(two, key="c"))[0].rule_code == "CAP-01"
    customer_split(tenant=scoped, customer_id=two.pk, reason="看错了", actor=SYSTEM)
    assert counts(ExposureDay) == counts(ExposureWeek) == {one.pk: 2, two.pk: 2}
    assert decide(scoped, frozen, to(two, key="c"))[0].allowed


def test_what_is_given_back_after_a_merge_is_taken_from_the_person(
    scoped: Tenant, frozen: MovableClock
) -> None:
    one, two = make_customers(tenant=scoped, count=2)
    group = make_group(tenant=scoped)
    decide(scoped, frozen, to(one, two, key="g", group=group), to(two, key="b"))
    merge(scoped, one, two)
    with transaction.atomic():
        gate_release(tenant_id=scoped.pk, keys=["g"], now=frozen.moment)
    assert counts(ExposureDay) == counts(ExposureWeek) == {one.pk: 1}
    assert decide(scoped, frozen, to(one, two, key="g", group=group))[0].allowed
    assert counts(ExposureDay) == {one.pk: 2}


def test_what_a_person_said_and_bought_with_one_record_holds_for_all(
    scoped: Tenant, frozen: MovableClock
) -> None:
    buyer, other, silent, refused = make_customers(tenant=scoped, count=4)
    make_order(tenant=scoped, customer=buyer)
    refused.consent = {"marketing": "refused"}
    refused.save()
    merge(scoped, other, buyer)
    merge(scoped, silent, refused)
    (made,) = decide(scoped, frozen, to(other, silent, key="t", excludes_buyers=True))
    assert made.blocked == {0: "NOBODY-01", other.pk: "BUYER-01", silent.pk: "CONSENT-01"}


def test_the_last_place_of_a_person_is_kept_for_something_more_important(
    scoped: Tenant, frozen: MovableClock
) -> None:
    cap(scoped, 2)
    one, free = make_customers(tenant=scoped, count=2)
    later = frozen.moment + timedelta(hours=5)
    ahead = Ahead(people={one.pk: [Coming("late", 10, later)]})
    first, second = decide(
        scoped, frozen, to(one, key="a", priority=50), to(one, free, key="b", priority=50), ahead=ahead
    )
    assert first.allowed
    assert (second.customer_ids, second.blocked) == ((free.pk,), {one.pk: "KEPT-01"})
    (alone,) = decide(scoped, frozen, to(one, key="c", priority=50), ahead=ahead)
    assert (alone.rule_code, alone.retry_at) == ("KEPT-01", later + timedelta(seconds=1))
    (late,) = decide(scoped, frozen, to(one, key="late", priority=10), ahead=ahead)
    assert late.allowed


def test_nothing_is_kept_for_what_is_as_important_or_has_gone_out(
    scoped: Tenant, frozen: MovableClock
) -> None:
    cap(scoped, 2)
    person = make_customer(tenant=scoped)
    later = frozen.moment + timedelta(hours=5)
    same = Ahead(people={person.pk: [Coming("late", 50, later)]})
    gone = Ahead(people={person.pk: [Coming("early", 10, later)]})
    assert decide(scoped, frozen, to(person, key="early", priority=10))[0].allowed
    assert decide(scoped, frozen, to(person, key="a", priority=50), ahead=same)[0].allowed
    cap(scoped, 3)
    assert decide(scoped, frozen, to(person, key="b", priority=50), ahead=gone)[0].allowed


def test_places_of_a_group_and_of_its_mass_sends_are_kept_too(scoped: Tenant, frozen: MovableClock) -> None:
    Preference.objects.create(tenant=scoped, key="touch.group_per_day", value=1)
    group, chat = make_group(tenant=scoped), make_group(tenant=scoped)
    person = make_customer(tenant=scoped)
    later = [Coming("late", 1, frozen.moment + timedelta(hours=1))]
    (made,) = decide(scoped, frozen, to(person, key="a", group=group), ahead=Ahead(groups={group.pk: later}))
    assert made.rule_code == "KEPT-01"
    (made,) = decide(scoped, frozen, to(person, key="a", group=chat), ahead=Ahead(groups={group.pk: later}))
    assert made.allowed


def test_people_with_many_records_cost_no_statement_more(
    scoped: Tenant, frozen: MovableClock, django_assert_num_queries: Any
) -> None:
    people = make_customers(tenant=scoped, count=20)
    for one, two in zip(people[::2], people[1::2], strict=True):
        merge(scoped, one, two)
    ahead = Ahead(people={people[0].pk: [Coming("late", 1, frozen.moment)]})
    with transaction.atomic(), django_assert_num_queries(9):
        gate_decide(tenant_id=scoped.pk, requests=[to(*people, key="t")], now=frozen.moment, ahead=ahead)
    assert Exposure.objects.count() == 10
