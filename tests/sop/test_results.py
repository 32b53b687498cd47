"""Who followed the plan with what result, and what followed the touches of each strategy."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Customer, Order
from contacts.services.touch import gate_release
from sop.enums.reviews import Quadrant
from sop.models import Step, Touch
from sop.policies.quadrants import Bars, quadrant
from sop.selectors.quadrants import run_quadrants
from sop.selectors.results import results_by
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants.models import Preference, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_order
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.sop.conftest import Camp
from tests.sop.test_flows import at
from tests.sop.test_pages import page

__all__ = ["page"]
Make = Callable[..., Camp]
BARS = Bars(follows=0.8, works=0.3, touches=5, people=20)


def test_four_quadrants() -> None:
    def place(done: int, won: int) -> Quadrant | None:
        return quadrant(in_window=done, due=10, succeeded=won, people=100, bars=BARS)

    assert place(8, 30) == Quadrant.STANDARD
    assert place(8, 29) == Quadrant.FIX_PLAN
    assert place(7, 30) == Quadrant.LEARN
    assert place(7, 29) == Quadrant.COACH


def test_the_least_that_is_judged_is_judged_and_one_less_is_not() -> None:
    def judged(due: int, people: int, bars: Bars = BARS) -> bool:
        return quadrant(in_window=0, due=due, succeeded=0, people=people, bars=bars) is not None

    assert judged(5, 20)
    assert not judged(4, 20)
    assert not judged(5, 19)
    nothing_asked = replace(
        BARS, touches=0, people=0
    )  # whatever the settings say, nobody is judged by nothing
    assert judged(1, 1, nothing_asked)
    assert not judged(0, 1, nothing_asked)
    assert not judged(1, 0, nothing_asked)


COUNTS = st.integers(0, 200)


@given(COUNTS, COUNTS, st.none() | COUNTS, COUNTS, st.none() | st.floats(0, 1))
def test_too_little_is_never_judged(
    done: int, due: int, won: int | None, people: int, works: float | None
) -> None:
    found = quadrant(
        in_window=done, due=due, succeeded=won, people=people, bars=Bars(0.8, works, touches=5, people=20)
    )
    assert (found is None) == (due < 5 or people < 20 or won is None or works is None)


@pytest.fixture
def camp_done(camp: Make, frozen: MovableClock) -> Camp:
    """Two steps done in one group of five: a herd step at 10:00, an unlabelled one at 15:00."""
    made = camp(
        steps=[
            {"key": "herd", "at": time(10, 0), "text": "晒单", "strategy": "herd", "is_service": True},
            {"key": "plain", "at": time(15, 0), "text": "通知", "is_service": True},
        ],
        people=5,
        key_interaction="live",
    )
    plan_apply(tenant=made.tenant, run=made.run)
    for clock_time in ("10:00", "15:00"):
        frozen.set(at(clock_time))
        dispatch_due(tenant_id=made.tenant.pk)
        Touch.objects.filter(state="handed").update(state="confirmed", done_at=at(clock_time))
    return made


@pytest.mark.integration
@pytest.mark.django_db
def test_whom_a_message_did_not_reach_in_the_end_is_none_of_its_people(camp_done: Camp) -> None:
    herd, left_out = Touch.objects.get(step__key="herd"), camp_done.people[0][0]
    make_behaviour(tenant=camp_done.tenant, customer=left_out, kind="live", occurred_at=at("11:00"))
    gate_release(
        tenant_id=camp_done.tenant.pk, keys=[f"sop.touch:{herd.pk}"], now=at("10:05"), customer_ids=[left_out.pk]
    )  # fmt: skip
    found = {one.key: one for one in results_by(tenant=camp_done.tenant, run=camp_done.run, by="strategy")}
    assert (found["herd"].people, found["herd"].interacted) == (4, 0)


@pytest.mark.integration
@pytest.mark.django_db
def test_results_by_strategy_count_people_once_and_only_what_followed(
    camp_done: Camp, frozen: MovableClock
) -> None:
    tenant, people = camp_done.tenant, camp_done.people[0]
    make_behaviour(
        tenant=tenant, customer=people[0], kind="live", occurred_at=at("09:30")
    )  # before any touch
    make_behaviour(tenant=tenant, customer=people[1], kind="live", occurred_at=at("11:00"))
    make_behaviour(tenant=tenant, customer=people[1], kind="live", occurred_at=at("12:00"))
    Order.objects.create(
        tenant=tenant, customer=people[2], source="shop", order_no="1", state="paid", ordered_at=at("16:00")
    )
    Order.objects.create(
        tenant=tenant,
        customer=people[3],
        source="shop",
        order_no="2",
        state="refunded",
        ordered_at=at("16:00"),
    )
    found = {one.key: one for one in results_by(tenant=tenant, run=camp_done.run, by="strategy")}
    herd, plain = found["herd"], found[""]
    assert (herd.touches, herd.people, herd.interacted, herd.ordered) == (1, 5, 1, 1)
    assert (plain.touches, plain.people, plain.interacted, plain.ordered) == (1, 5, 0, 1)
    assert herd.interaction_rate == 0.2
    by_step = {one.key for one in results_by(tenant=tenant, run=camp_done.run, by="step")}
    assert by_step == {"herd", "plain"}


@pytest.mark.integration
@pytest.mark.django_db
def test_two_records_of_one_person_are_one_and_each_figure_opens_its_people(
    camp_done: Camp, page: Callable[..., Any]
) -> None:
    tenant, people = camp_done.tenant, camp_done.people[0]
    Customer.objects.filter(pk=people[1].pk).update(person=people[0])
    for one in people[:2]:
        make_behaviour(tenant=tenant, customer=one, kind="live", occurred_at=at("11:00"))
        make_order(tenant=tenant, customer=one, ordered_at=at("12:00"))
    make_behaviour(tenant=tenant, customer=people[2], kind="live", occurred_at=at("12:00"))
    (herd,) = [
        one for one in results_by(tenant=tenant, run=camp_done.run, by="strategy") if one.key == "herd"
    ]
    assert (herd.people, herd.interacted, herd.ordered) == (4, 2, 1)
    base = f"/sop/runs/{camp_done.run.pk}"
    shown = page(f"{base}/strategies/").content.decode()
    for figure, who in (
        ("people", people[:1] + people[2:]),
        ("interacted", people[::2][:2]),
        ("ordered", people[:1]),
    ):
        where = f"{base}/strategy-people/?strategy=herd&figure={figure}"
        assert where.replace("&", "&amp;") in shown
        behind = page(where).content.decode()
        assert {one.pk for one in people if f"/customers/{one.pk}/" in behind} == {one.pk for one in who}
    assert page(f"{base}/strategy-people/?strategy=herd&figure=caused").status_code == 404
    assert "/strategies/" in page(f"{base}/results/").content.decode()


@pytest.mark.integration
@pytest.mark.django_db
def test_operators_are_judged_by_their_own_groups_and_not_with_too_few(camp_done: Camp) -> None:
    tenant = camp_done.tenant
    make_behaviour(tenant=tenant, customer=camp_done.people[0][0], kind="live", occurred_at=at("11:00"))
    (few,) = run_quadrants(tenant=tenant, run=camp_done.run, by="interaction").operators
    assert (few.quadrant, few.people, few.succeeded, few.execution.due) == (None, 5, 1, 2)
    for key in ("sop.floor_touches", "sop.floor_people"):
        Preference.objects.create(tenant=tenant, key=key, value=1)
    (one,) = run_quadrants(tenant=tenant, run=camp_done.run, by="interaction").operators
    assert (one.quadrant, one.rate) == (Quadrant.STANDARD, 0.2)
    (unsold,) = run_quadrants(tenant=tenant, run=camp_done.run, by="orders").operators
    assert unsold.quadrant is None


@pytest.mark.integration
@pytest.mark.django_db
def test_the_results_page_opens_its_touches_in_a_bounded_number_of_queries(
    page: Callable[..., Any], camp: Make, tenant: Tenant, frozen: MovableClock
) -> None:
    made = camp(steps=[{"key": f"s{n}", "at": time(10, n), "is_service": True} for n in range(3)], groups=2)
    plan_apply(tenant=tenant, run=made.run)
    frozen.set(at("10:05"))
    dispatch_due(tenant_id=tenant.pk)
    frozen.set(at("12:00"))
    url = f"/sop/runs/{made.run.pk}/results/"
    with CaptureQueriesContext(
        connection,
    ) as few:
        shown = page(url)
    assert f"run={made.run.pk}&amp;step=s0&amp;template=" in shown.content.decode()
    rows = page(f"/sop/touches/?run={made.run.pk}&step=s0&figure=missed").content.decode()
    assert rows.count('hx-target="#q-drawer"') >= 2
    with tenant_scope(tenant):
        for number in range(4):
            staff = make_staff(tenant=tenant, app=made.groups[0].app, userid=f"u{number}", name=f"员{number}")
            group = make_group(tenant=tenant, app=made.groups[0].app, owner=staff, state="active")
            made.run.run_groups.create(tenant=tenant, group=group)
        plan_apply(tenant=tenant, run=made.run)
    with CaptureQueriesContext(connection) as many:
        page(url)
    assert len(many) <= len(few) <= 25
    assert Step.objects.count() == 3
