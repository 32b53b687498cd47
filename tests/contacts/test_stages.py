"""Trust stages: forward by evidence, back by hand with a reason, every move kept."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.errors import ReasonMissing, StageInvalid
from contacts.models import Customer, StageMove
from contacts.policies.stages import (
    BROUGHT,
    BUILT_IN,
    DAYS,
    FRIENDS,
    LEARNT,
    ORDERS,
    SEEN,
    SPOKE,
    StageRule,
    needs_of,
    reached,
)
from contacts.selectors.stages import stage_distribution, stages_of
from contacts.services.stage_settings import StageWish, stage_configure
from contacts.services.stages import stage_set, stages_judge
from groups.events import MemberJoined
from groups.handlers import on_brought
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_customers, make_follow, make_order
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

NEEDS = needs_of(BUILT_IN)
NAMES = [SEEN, FRIENDS, SPOKE, LEARNT, DAYS, ORDERS, BROUGHT]
COUNTS = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 12))
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("counts", "stage"),
    [
        ({}, 1), ({SEEN: 1}, 2), ({FRIENDS: 1}, 3), ({SPOKE: 1}, 3), ({LEARNT: 2, SEEN: 2}, 2), ({LEARNT: 3}, 4),
        ({DAYS: 8}, 1), ({DAYS: 8, SPOKE: 1}, 5), ({DAYS: 7, SPOKE: 1}, 3), ({ORDERS: 1}, 6),
        ({BROUGHT: 3}, 1), ({BROUGHT: 1, ORDERS: 1}, 7),
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
    with django_assert_num_queries(30):
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


@pytest.mark.django_db
@pytest.mark.integration
def test_a_company_says_in_its_own_words_and_by_its_own_rule(tenant: Tenant, frozen: MovableClock) -> None:
    home = f"/t/{tenant.slug}/customers/"
    client = sign_in(tenant)
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        for _number in range(3):
            make_behaviour(tenant=tenant, customer=person, kind="lesson")
        assert judge(tenant, person) == [4]
    shown = body(client.get(f"{home}stages/"))
    assert "lessons, assignments or views ≥ 3" in shown
    assert "staff as friends ≥ 1 or messages of theirs ≥ 1" in shown
    drawer = body(client.get(f"{home}stages/5/", headers=HTMX))
    assert 'placeholder="Is familiar with you"' in drawer
    assert "Built in: messages of theirs ≥ 1 and active days ≥ 8." in drawer
    told = {"name": "信任你", "need": "看到孩子的变化", "how": "any", "learnt": "2", "orders": "1"}
    assert client.post(f"{home}stages/5/", told, headers=HTMX).status_code == 204
    page = body(client.get(f"{home}stages/"))
    assert "信任你" in page
    assert "看到孩子的变化" in page
    assert "lessons, assignments or views ≥ 2 or paid orders ≥ 1" in page
    assert "Trusts you and waits for a reason." in page
    with tenant_scope(tenant):
        assert judge(tenant, person) == [5]
    told_of_person = body(client.get(f"{home}{person.pk}/"))
    assert "Trust: Understands you to 信任你" in told_of_person
    assert "看到孩子的变化" in told_of_person
    assert "信任你" in body(client.get(home))
    assert "5 信任你" not in body(client.get(f"{home}{person.pk}/stage/", headers=HTMX))
    with tenant_scope(tenant):
        entry = AuditEntry.objects.get(verb="contacts.stages.configured")
    assert entry.changes["rule"] == [None, "learnt 2 | orders 1"]
    assert client.post(f"{home}stages/5/", {"reset": "1"}, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        assert stages_of(tenant_id=tenant.pk)[5].rule == BUILT_IN[5]
    assert "信任你" not in body(client.get(f"{home}stages/"))


@pytest.mark.django_db
@pytest.mark.integration
def test_a_rule_that_means_nothing_is_refused_and_none_means_by_hand(
    tenant: Tenant, frozen: MovableClock, owner: Actor
) -> None:
    home = f"/t/{tenant.slug}/customers/stages/"
    client = sign_in(tenant)
    assert client.get(f"{home}8/", headers=HTMX).status_code == 404
    wrong = client.post(f"{home}4/", {"how": "all", "learnt": "-1"}, headers=HTMX)
    assert wrong.status_code == 422
    taken = client.post(f"{home}4/", {"name": "Met you", "how": "all", "learnt": "3"}, headers=HTMX)
    assert taken.status_code == 204
    same = client.post(f"{home}5/", {"name": "Met you", "how": "all", "days": "8"}, headers=HTMX)
    assert "Another stage has this name" in body(same, 409)
    with tenant_scope(tenant):
        for stage, rule in (
            (1, StageRule({SEEN: 1})),
            (4, StageRule({"luck": 1})),
            (4, StageRule({SEEN: 1001})),
        ):
            with pytest.raises(StageInvalid):
                stage_configure(tenant=tenant, stage=stage, wish=StageWish(rule=rule), actor=owner)
        stage_configure(tenant=tenant, stage=6, wish=StageWish(rule=StageRule({})), actor=owner)
        buyer = make_customer(tenant=tenant)
        make_order(tenant=tenant, customer=buyer)
        assert judge(tenant, buyer) == [1]
    for role, answer in ((Role.SALES, 403), (Role.OPERATOR, 200)):
        assert sign_in(tenant, role).get(f"{home}4/", headers=HTMX).status_code == answer


@pytest.mark.django_db
@pytest.mark.integration
def test_who_bought_and_brought_somebody_shares_you_and_the_first_stage_asks_nothing(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    group = make_group(tenant=scoped)
    buyer, friend = make_customers(tenant=scoped, count=2)
    make_order(tenant=scoped, customer=buyer)
    assert judge(scoped, buyer) == [6]
    make_member(group=group, customer=friend, invited_by=buyer.external_userid, joined_at=frozen.moment)
    joined = MemberJoined(
        tenant_id=scoped.pk, occurred_at=frozen.moment, group_id=group.pk, customer_ids=[friend.pk],
        staff_ids=[], joined_at=frozen.moment,
    )  # fmt: skip
    on_brought(tenant_id=scoped.pk, events=[joined, joined])
    assert Customer.objects.get(pk=buyer.pk).stage == 7
    assert StageMove.objects.get(to_stage=7).evidence == {"orders": [1, 1], "brought": [1, 1]}
    frozen.move(hours=1)
    stage_set(tenant=scoped, customer_id=buyer.pk, stage=3, reason="退款", actor=owner)
    on_brought(tenant_id=scoped.pk, events=[joined])
    assert Customer.objects.get(pk=buyer.pk).stage == 3
    frozen.move(hours=1)
    make_order(tenant=scoped, customer=buyer)
    assert judge(scoped, buyer) == [6]  # bought anew; whom they brought before the move back counts no more
