"""The two ways in: told by the order of events, set by hand with a reason, side by side with their people (R30)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.enums import PathStep, WayIn
from contacts.errors import ReasonMissing
from contacts.policies.paths import STEPS, Walk, way_of
from contacts.selectors.paths import basic_skus, people_on_way, walk_of, walks, way_figures
from contacts.services.identity import customers_merge
from contacts.services.paths import way_in_set
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_follow, make_order
from tests.factories.team import make_staff

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HTMX = {"HX-Request": "true"}
MOMENTS = st.none() | st.integers(0, 100).map(lambda hours: NOW + timedelta(hours=hours))
WALKS = st.lists(
    st.tuples(MOMENTS, MOMENTS, MOMENTS, MOMENTS, st.sampled_from(["", "group", "friend"])), max_size=12
).map(lambda rows: [Walk(n, *row[:4], set_to=row[4]) for n, row in enumerate(rows)])


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a way: who took it, out of how many on that way, and the median seconds since the step before."""

    step: PathStep
    person_ids: tuple[int, ...]
    out_of: int
    median_s: float | None

    @property
    def rate(self) -> float | None:
        return len(self.person_ids) / self.out_of if self.out_of else None


def funnel(walks: Sequence[Walk], way: str) -> list[Step]:
    """The steps of one way over everybody on it. A step counts for who took it, whatever lies before."""
    mine = [one for one in walks if way_of(one) == way]
    made = []
    for number, step in enumerate(STEPS[way]):
        there = tuple(one.person_id for one in mine if one.at(step) is not None)
        waits = _waits(mine, STEPS[way][:number], step)
        made.append(Step(step, there, len(mine), median(waits) if waits else None))
    return made


def _waits(walks: Iterable[Walk], before: Sequence[PathStep], step: PathStep) -> list[float]:
    """Seconds from the latest earlier step on record to this one; who took it before that one is left out."""
    found = []
    for one in walks:
        at, earlier = one.at(step), [when for each in before if (when := one.at(each)) is not None]
        if at is not None and earlier and at >= max(earlier):
            found.append((at - max(earlier)).total_seconds())
    return found


@pytest.mark.parametrize(
    ("joined", "friend", "way"),
    [
        (0, 1, "group"),
        (1, 0, "friend"),
        (0, None, "group"),
        (None, 0, "friend"),
        (1, 1, ""),
        (None, None, ""),
    ],
)
def test_the_first_of_joining_and_befriending_tells_the_way(joined, friend, way):
    def at(hours):
        return None if hours is None else NOW + timedelta(hours=hours)

    assert way_of(Walk(1, at(joined), at(friend), None, None)) == way
    assert way_of(Walk(1, at(joined), at(friend), None, None, set_to="friend")) == "friend"


@given(WALKS)
def test_everybody_is_on_one_way_at_most_and_no_step_has_more_than_its_way(walks):
    on = {way: {one.person_id for one in walks if way_of(one) == way} for way in WayIn.values}
    assert not on["group"] & on["friend"]
    for way in WayIn.values:
        for step in funnel(walks, way):
            assert set(step.person_ids) <= on[way]
            assert step.out_of == len(on[way])
            assert step.median_s is None or step.median_s >= 0


def figures(found: list[Walk], way: str) -> list[tuple[str, int, int, float | None]]:
    """(step, people, out of, median seconds) as a loop over the walks counts them."""
    return [(step.step, len(step.person_ids), step.out_of, step.median_s) for step in funnel(found, way)]


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def walker(tenant: Tenant, at: datetime, *steps: str) -> Any:
    """Somebody who takes the steps an hour apart, in this order."""
    person = make_customer(tenant=tenant, first_seen_at=at)
    for number, step in enumerate(steps):
        then = at + timedelta(hours=number)
        if step == "friend":
            make_follow(
                tenant=tenant,
                customer=person,
                staff=make_staff(tenant=tenant),
                followed_at=then,
                state_code="c1",
            )
        elif step == "order":
            make_order(tenant=tenant, customer=person, ordered_at=then, sku_id="basic")
        else:
            make_behaviour(tenant=tenant, customer=person, kind=step, occurred_at=then)
    return person


@pytest.mark.django_db
@pytest.mark.integration
def test_ways_are_read_from_what_happened_with_both_records_of_a_person(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    start = frozen.moment - timedelta(days=2)
    first = walker(scoped, start, "join", "friend", "lesson", "order")
    walker(scoped, start, "friend", "join")
    other = walker(scoped, start + timedelta(minutes=1), "message")
    other_record = walker(scoped, start + timedelta(hours=5), "friend")
    customers_merge(
        tenant=scoped, goes_on_id=other.pk, other_id=other_record.pk, reason="同一个人", actor=owner
    )
    found = walks(tenant_id=scoped.pk, since=start, until=frozen.moment)
    assert [way_of(one) for one in found] == ["group", "friend", "friend"]
    a = funnel(found, "group")
    assert [step.person_ids for step in a] == [(first.pk,)] * 4
    assert [step.median_s for step in a] == [None, 3600, 3600, 3600]
    b = funnel(found, "friend")
    assert [len(step.person_ids) for step in b] == [2, 1, 0, 0]


@pytest.mark.django_db
@pytest.mark.integration
def test_the_database_counts_what_a_loop_over_the_walks_counts(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    start = frozen.moment - timedelta(days=4)
    ways: list[tuple[str, ...]] = [
        ("join", "friend", "lesson", "order"), ("join", "friend", "order", "lesson"), ("friend", "order", "join"),
        ("friend", "join", "message"), ("join",), ("order", "join", "friend"), ("message",), (), ("friend",),
        ("join", "join", "join", "friend", "radar"),
    ]  # fmt: skip
    people = [walker(scoped, start + timedelta(minutes=n * n), *steps) for n, steps in enumerate(ways)]
    at_once = walker(scoped, start, "join")
    make_follow(tenant=scoped, customer=at_once, staff=make_staff(tenant=scoped), followed_at=start)
    for person, way in ((people[0], "friend"), (people[6], "group")):
        way_in_set(tenant=scoped, customer_id=person.pk, way=way, reason="她说的", actor=owner)
    asked = {"tenant_id": scoped.pk, "since": start, "until": frozen.moment}
    found, counted = walks(**asked), way_figures(**asked)
    for way in ("", *WayIn.values):
        mine = [one for one in found if way_of(one) == way]
        told = counted[way]
        assert told.people == len(mine)
        assert told.sourced == sum(one.has_source for one in mine)
        assert told.by_hand == sum(bool(one.set_to) for one in mine)
        assert sorted(people_on_way(**asked, way=way)) == [one.person_id for one in mine]
    for way in WayIn.values:
        told = [(one.step, one.people, one.out_of, one.median_s) for one in counted[way].steps]
        assert told == figures(found, way)
        for step in funnel(found, way):
            assert sorted(people_on_way(**asked, way=way, step=step.step)) == sorted(step.person_ids)


@pytest.mark.django_db
@pytest.mark.integration
def test_a_way_set_by_hand_holds_with_its_reason_until_it_is_taken_back(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person = walker(scoped, frozen.moment - timedelta(days=1), "join", "friend")
    who = {"tenant": scoped, "customer_id": person.pk, "actor": owner}

    def way() -> str:
        walk = walk_of(tenant_id=scoped.pk, customer_id=person.pk, skus=basic_skus(tenant_id=scoped.pk))
        assert walk is not None
        return way_of(walk)

    with pytest.raises(ReasonMissing):
        way_in_set(way="friend", reason="", **who)
    way_in_set(way="friend", reason="她先加了何静", **who)
    way_in_set(way="friend", reason="她先加了何静", **who)
    assert way() == "friend"
    way_in_set(way="", reason="记错了", **who)
    assert way() == "group"
    changes = AuditEntry.objects.filter(verb="contacts.customer.way_set").order_by("pk")
    assert [one.changes["way_in"] for one in changes] == [[None, "friend"], ["friend", None]]


@pytest.mark.django_db
@pytest.mark.integration
def test_the_page_shows_both_ways_and_each_figure_opens_its_people(
    tenant: Tenant, frozen: MovableClock
) -> None:
    home, client = f"/t/{tenant.slug}/insights/paths/", sign_in(tenant)
    assert "Nobody new in this time" in body(client.get(home))
    with tenant_scope(tenant):
        person = walker(tenant, frozen.moment - timedelta(days=3), "join", "friend", "lesson")
        watcher = walker(tenant, frozen.moment - timedelta(days=3), "friend")
        make_customer(tenant=tenant, first_seen_at=frozen.moment - timedelta(days=200))
    page = body(client.get(home))
    assert "A: joins a group" in page
    assert "way=group&amp;step=nurtured&amp;days=90" in page
    people = f"{home}people/?way=group&step=nurtured&days=90"
    listed = body(client.get(people))
    assert person.name in listed
    assert watcher.name not in listed
    assert client.get(f"{home}people/?way=x").status_code == 404
    detail = f"/t/{tenant.slug}/customers/{person.pk}/"
    assert "told by the order of events" in body(client.get(detail))
    told = {"way": "friend", "reason": "她先加了何静"}
    assert client.post(f"{detail}way-in/", told, headers=HTMX).status_code == 204
    assert "她先加了何静" in body(client.get(detail))
    assert "Nobody came this way in this time" in body(client.get(home))
    assert sign_in(tenant, Role.VIEWER).get(f"{detail}way-in/").status_code == 403


@pytest.mark.django_db
@pytest.mark.integration
def test_of_very_many_people_the_figures_come_after_the_page(
    tenant: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, client = f"/t/{tenant.slug}/insights/paths/", sign_in(tenant)
    with tenant_scope(tenant):
        for _ in range(3):
            walker(tenant, frozen.moment - timedelta(days=3), "join", "friend", "lesson")
    at_once = body(client.get(home))
    monkeypatch.setattr("analytics.views.paths.AT_ONCE", 2)
    page, part = body(client.get(home)), body(client.get(f"{home}?part=figures", headers=HTMX))
    assert ("3 people" in page, "A: joins a group" in page, "part=figures" in page) == (True, False, True)
    assert ("A: joins a group" in part, "<html" in part) == (True, False)
    assert "way=group&amp;step=nurtured&amp;days=90" in part
    assert "A: joins a group" in body(client.get(f"{home}?figures=1"))
    assert "part=figures" not in at_once


@pytest.mark.django_db
@pytest.mark.integration
def test_of_very_many_people_those_of_a_step_come_after_the_page(
    tenant: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(tenant)
    people = f"/t/{tenant.slug}/insights/paths/people/?way=group&step=nurtured&days=90"
    with tenant_scope(tenant):
        names = [
            walker(tenant, frozen.moment - timedelta(days=3), "join", "friend", "lesson").name
            for _ in range(3)
        ]
    monkeypatch.setattr("analytics.views.paths.AT_ONCE", 2)
    page, part = body(client.get(people)), body(client.get(people, headers=HTMX))
    assert ("Looking for the people" in page, any(one in page for one in names)) == (True, False)
    assert ("<html" in part, all(one in part for one in names)) == (False, True)
    assert all(one in body(client.get(f"{people}&rows=1")) for one in names)
    assert client.get(people.replace("nurtured", "x")).status_code == 404
