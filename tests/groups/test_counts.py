"""Who counts where in the figures of one group: entries, departures, who was there before, who did what."""

from datetime import timedelta

import pytest

from groups.enums import QuitScene
from groups.selectors import active_counts, counts, group_facts, people_total
from groups.selectors.figures import book_of, members_behind, net_of, range_of_days, rates_of
from tests.factories.contacts import make_behaviour, make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def group(scoped, frozen):
    return make_group(
        tenant=scoped, state="active", kind="new_user", created_at=frozen.moment - timedelta(days=90)
    )


def book(group, frozen, days=7):
    chosen = range_of_days(days=days, zone=group.tenant.timezone, now=frozen.moment)
    return book_of(group=group, zone=group.tenant.timezone, chosen=chosen, active_hours=168)


def names(found, people):
    known = {one.pk: number for number, one in enumerate(people)}
    return {known[row.customer_id] for row in found}


def test_entries_departures_and_who_was_there_before(scoped, group, frozen):
    people = make_customers(tenant=scoped, count=7, app=group.app)
    now, day = frozen.moment, timedelta(days=1)
    make_member(group=group, customer=people[0], joined_at=now - day)
    make_member(group=group, customer=people[1], joined_at=now - day, is_creation_invitee=True)
    make_member(group=group, customer=people[2], joined_at=now - day, joined_is_estimate=True)
    make_member(
        group=group, customer=people[3], joined_at=now - 20 * day, left_at=now - day, quit_scene="left"
    )
    make_member(
        group=group, customer=people[4], joined_at=now - 20 * day, left_at=now - day,
        quit_scene=QuitScene.DISSOLVED,
    )  # fmt: skip
    make_member(
        group=group, customer=people[5], joined_at=now - 40 * day, left_at=now - 30 * day, quit_scene="left"
    )
    make_member(group=group, customer=people[6], joined_at=now - 20 * day)
    made = book(group, frozen)
    assert names(members_behind(made, "joined", "range"), people) == {0}
    assert names(members_behind(made, "joined", "ever"), people) == {0, 3, 4, 5, 6}
    assert names(members_behind(made, "left", "range"), people) == {3}
    assert names(members_behind(made, "left", "ever"), people) == {3, 5}
    assert names(members_behind(made, "start", "range"), people) == {3, 4, 6}
    assert net_of(made, made.range) == 0
    left = next(one for one in rates_of(made) if one.key == "left")
    assert (left.count, left.of) == (1, 3)


def test_only_what_those_now_in_the_group_did_here_or_nowhere_counts(scoped, group, frozen):
    here, gone, elsewhere = people = make_customers(tenant=scoped, count=3, app=group.app)
    other = make_group(tenant=scoped, state="active")
    now = frozen.moment
    for one in people:
        make_member(group=group, customer=one, joined_at=now - timedelta(days=20))
    make_member(group=other, customer=elsewhere, joined_at=now - timedelta(days=20))
    group.members.filter(customer=gone).update(left_at=now - timedelta(hours=1), quit_scene="left")
    make_behaviour(
        tenant=scoped, customer=here, kind="checkin", group=None, occurred_at=now - timedelta(hours=2)
    )
    make_behaviour(
        tenant=scoped, customer=gone, kind="message", group=group, occurred_at=now - timedelta(hours=2)
    )
    make_behaviour(
        tenant=scoped, customer=elsewhere, kind="message", group=other, occurred_at=now - timedelta(hours=2)
    )
    made = book(group, frozen)
    assert names(members_behind(made, "active", "range"), people) == {0}
    assert names(members_behind(made, "active", "ever"), people) == {0}
    active = next(one for one in rates_of(made) if one.key == "active")
    assert (active.count, active.of) == (1, 2)
    spans = {"before": now - timedelta(days=14), "since": now - timedelta(days=7), "until": now}
    listed = active_counts(tenant_id=scoped.pk, group_ids=[group.pk, other.pk], **spans)
    assert (listed[group.pk].now, listed[other.pk].now) == (1, 1)


def test_a_day_ends_where_the_next_begins(scoped, group, frozen):
    one, two = people = make_customers(tenant=scoped, count=2, app=group.app)
    made = book(group, frozen, days=1)
    for person, at in (
        (one, made.range.before.until),
        (two, made.range.before.until - timedelta(microseconds=1)),
    ):
        make_member(group=group, customer=person, joined_at=at)
    made = book(group, frozen, days=1)
    assert names(made.joined(made.range), people) == {0}
    assert names(made.joined(made.range.before), people) == {1}


def test_five_staff_among_a_hundred_customers_are_in_no_denominator(scoped, group, frozen):
    people = make_customers(tenant=scoped, count=4, app=group.app)
    other = make_group(tenant=scoped, state="active")
    for one in people:
        make_member(group=group, customer=one, joined_at=frozen.moment - timedelta(days=3))
    make_member(group=other, customer=people[0], joined_at=frozen.moment - timedelta(days=3))
    crew = [make_staff(tenant=scoped, app=group.app) for _number in range(5)]
    for one in crew:
        make_member(group=group, staff=one)
    gone = make_staff(tenant=scoped, app=group.app)
    make_member(group=group, staff=gone, left_at=frozen.moment)
    found = counts(tenant_id=scoped.pk, group_ids=[group.pk, other.pk])
    assert (found[group.pk].customers, found[group.pk].staff, found[group.pk].seats) == (4, 5, 9)
    assert people_total(tenant_id=scoped.pk, group_ids=[group.pk, other.pk]) == (5, 4)
    facts = group_facts(tenant=scoped, group=group)
    assert (facts.customer_count, facts.staff_count, facts.members) == (4, 5, 9)
    assert {one.of for one in rates_of(book(group, frozen)) if one.key != "left"} == {4}
    assert len(book(group, frozen).crew) == 5
