"""Trust stages: forward by evidence, back by hand with a reason, every move kept."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import ReasonMissing, StageInvalid
from contacts.models import Customer, StageMove
from contacts.policies.stages import DAYS, FRIENDS, LEARNT, ORDERS, SEEN, SPOKE, needs_of, reached
from contacts.selectors.stages import stage_distribution
from contacts.services.stages import stage_set, stages_judge
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_customers, make_follow, make_order
from tests.factories.team import make_staff

NEEDS = needs_of(learnt=3, days=8)
NAMES = [SEEN, FRIENDS, SPOKE, LEARNT, DAYS, ORDERS]
COUNTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 12))
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("counts", "stage"),
    [
        ({}, 1), ({SEEN: 1}, 2), ({FRIENDS: 1}, 3), ({SPOKE: 1}, 3), ({LEARNT: 2, SEEN: 2}, 2), ({LEARNT: 3}, 4),
        ({DAYS: 8}, 1), ({DAYS: 8, SPOKE: 1}, 5), ({DAYS: 7, SPOKE: 1}, 3), ({ORDERS: 1}, 6),
    ],
)  # fmt: skip
def test_each_stage_has_its_evidence(counts, stage):
    assert reached(counts, NEEDS).stage == stage


@given(COUNTS, st.sampled_from(NAMES), st.integers(0, 9))
def test_more_evidence_never_moves_anybody_back(counts, name, more):
    richer = {**counts, name: counts.get(name, 0) + more}
    assert reached(richer, NEEDS).stage >= reached(counts, NEEDS).stage


@given(COUNTS)
def test_the_evidence_named_was_enough(counts):
    found = reached(counts, NEEDS)
    assert all(counted >= least for counted, least in found.evidence.values())
    assert bool(found.evidence) == (found.stage > 1)


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def judge(tenant: Tenant, *people: Customer) -> list[int]:
    stages_judge(tenant_id=tenant.pk, customer_ids=[one.pk for one in people])
    return [Customer.objects.get(pk=one.pk).stage for one in people]


@pytest.mark.django_db
@pytest.mark.integration
def test_acts_move_forward_with_evidence_and_twice_changes_nothing(scoped: Tenant) -> None:
    person = make_customer(tenant=scoped)
    for _number in range(3):
        make_behaviour(tenant=scoped, customer=person, kind="lesson")
    assert judge(scoped, person) == [4]
    assert judge(scoped, person) == [4]
    assert list(StageMove.objects.values_list("from_stage", "to_stage", "evidence")) == [
        (1, 4, {"learnt": [3, 3]})
    ]
    make_order(tenant=scoped, customer=person)
    assert judge(scoped, person) == [6]


@pytest.mark.django_db
@pytest.mark.integration
def test_after_a_move_back_only_later_acts_move_on(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person = make_customer(tenant=scoped)
    make_follow(tenant=scoped, customer=person, staff=make_staff(tenant=scoped))
    make_order(tenant=scoped, customer=person)
    assert judge(scoped, person) == [6]
    who = {"tenant": scoped, "customer_id": person.pk, "actor": owner}
    with pytest.raises(ReasonMissing):
        stage_set(stage=2, reason=" ", **who)
    for wrong in (0, 6, 8):
        with pytest.raises(StageInvalid):
            stage_set(stage=wrong, reason="退款后不再联系", **who)
    frozen.move(hours=1)
    stage_set(stage=2, reason="退款后不再联系", **who)
    assert judge(scoped, person) == [2]
    frozen.move(hours=1)
    make_behaviour(tenant=scoped, customer=person, kind="message")
    assert judge(scoped, person) == [3]
    assert list(StageMove.objects.order_by("pk").values_list("to_stage", "source")) == [
        (6, "rule"), (2, "hand"), (3, "rule"),
    ]  # fmt: skip
    entry = AuditEntry.objects.get(verb="contacts.customer.staged")
    assert (entry.changes["stage"], entry.reason) == ([6, 2], "退款后不再联系")


@pytest.mark.django_db
@pytest.mark.integration
def test_active_days_are_the_companys_days(scoped: Tenant, frozen: MovableClock) -> None:
    """23:30 and 00:30 in Shanghai are two days though one in UTC."""
    person = make_customer(tenant=scoped)
    late = frozen.moment.replace(hour=15, minute=30)
    for day in range(4):
        for hours in (0, 1):
            make_behaviour(
                tenant=scoped, customer=person, kind="message",
                occurred_at=late - timedelta(days=2 * day + 3) + timedelta(hours=hours),
            )  # fmt: skip
    assert judge(scoped, person) == [5]


@pytest.mark.django_db
@pytest.mark.integration
def test_distribution_counts_everyone_once_with_mean_days(scoped: Tenant, frozen: MovableClock) -> None:
    people = make_customers(tenant=scoped, count=4)
    make_order(tenant=scoped, customer=people[0])
    judge(scoped, *people)
    frozen.move(days=3)
    rows = stage_distribution(tenant_id=scoped.pk, now=frozen.moment)
    assert [row.people for row in rows] == [3, 0, 0, 0, 0, 1, 0]
    assert rows[5].days == pytest.approx(3)
    assert rows[6].days is None
    assert rows[0].share == pytest.approx(0.75)


@pytest.mark.django_db
@pytest.mark.integration
@pytest.mark.parametrize("count", [1, 3])
def test_judging_asks_the_same_number_of_queries_for_any_number_of_people(
    scoped: Tenant, count: int, django_assert_num_queries: Any
) -> None:
    people = make_customers(tenant=scoped, count=count)
    for person in people:
        make_order(tenant=scoped, customer=person)
    with django_assert_num_queries(24):
        stages_judge(tenant_id=scoped.pk, customer_ids=[one.pk for one in people])


@pytest.mark.django_db
@pytest.mark.integration
def test_pages_show_who_stands_where_and_take_a_move(tenant: Tenant, frozen: MovableClock) -> None:
    home = f"/t/{tenant.slug}/customers/"
    client = sign_in(tenant)
    assert "Nobody stands anywhere yet" in body(client.get(f"{home}stages/"))
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        make_order(tenant=tenant, customer=person)
        stages_judge(tenant_id=tenant.pk, customer_ids=[person.pk])
    assert f"{home}?stage=6" in body(client.get(f"{home}stages/"))
    assert person.name in body(client.get(f"{home}?stage=6"))
    assert person.name not in body(client.get(f"{home}?stage=5"))
    assert "paid orders: 1, needs 1" in body(client.get(f"{home}{person.pk}/"))
    told = {"stage": "7", "reason": "介绍了两个朋友"}
    assert client.post(f"{home}{person.pk}/stage/", {**told, "reason": ""}, headers=HTMX).status_code == 422
    assert client.post(f"{home}{person.pk}/stage/", told, headers=HTMX).status_code == 204
    page = body(client.get(f"{home}{person.pk}/"))
    assert "介绍了两个朋友" in page
    assert "Trust: Bought from you to Shares you" in page
    assert sign_in(tenant, Role.VIEWER).get(f"{home}{person.pk}/stage/").status_code == 403
