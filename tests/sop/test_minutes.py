"""Minutes of each person: a plan before it starts, a trial flight of it and the started run say the same (R124)."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from groups.models import Group
from sop.models import Flight, Run, RunGroup, Step, Touch
from sop.policies.hands import Work, holders, minutes_by_hand, role_for
from sop.selectors.flights import flight_legs
from sop.selectors.minutes import minutes_ahead
from sop.selectors.preview import run_preview
from sop.services.flights import FlightWish, flight_ask, flight_fly, groups_to_fly
from sop.services.joins import joins_plan
from sop.services.runs import RunWish, run_start
from sop.services.versions import run_move
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Preference, User
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_member
from tests.factories.sop import make_step, make_version
from tests.factories.team import make_staff
from tests.sop.conftest import Camp
from tests.sop.test_pages import page

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MONDAY = date(2026, 3, 9)
Make = Callable[..., Camp]
STEPS = [
    {"key": "hello", "day": 1, "at": time(9), "role": "owner", "cost_minutes": 7},
    {"key": "talk", "day": 1, "at": time(15), "role": "assistant", "channel": "staff_task", "cost_minutes": 31},
    {"key": "post", "day": 1, "at": time(20), "role": "assistant", "channel": "moments", "cost_minutes": 5},
    {"key": "mass", "day": 2, "at": time(9), "role": "sales", "channel": "group_mass", "cost_minutes": 3},
    {"key": "call", "day": 2, "at": time(15), "role": "sales", "channel": "call", "cost_minutes": 43},
    {"key": "count", "day": 3, "at": time(18), "role": "assistant", "channel": "internal", "cost_minutes": 11},
]  # fmt: skip


@pytest.fixture
def crew(camp: Make) -> Camp:
    """Four groups: one has its owner alone, one an assistant too, two all three; one assistant sits in three."""
    made = camp(steps=STEPS, groups=4, days=7)
    RunGroup.objects.all().delete()
    Run.objects.all().delete()
    hand = {
        name: make_staff(tenant=made.tenant, app=made.groups[0].app, userid=name, name=name)
        for name in "乙丙"
    }
    for number, names in enumerate(("", "乙", "乙丙", "乙丙")):
        for name in names:
            make_member(group=made.groups[number], staff=hand[name])
    Group.objects.update(kind="delivery")
    for group in made.groups:
        group.refresh_from_db()
    return made


def planned_minutes(made: Camp) -> dict[str, dict[int, int]]:
    """By name and camp day, from the rows of the started run and nothing else."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    posts = set()
    for touch in Touch.objects.select_related("step", "staff"):
        day = (clock.local_date(touch.planned_at, made.tenant.timezone) - MONDAY).days + 1
        post = touch.staff, touch.step
        if touch.channel != "moments" or post not in posts:
            found[str(touch.staff)][day] += touch.step.cost_minutes
        posts.add(post)
    return {name: dict(days) for name, days in found.items()}


def start(made: Camp) -> None:
    wish = RunWish(
        version_id=made.version.pk, name="第7期", group_ids=[one.pk for one in made.groups], starts_on=MONDAY
    )
    run_start(tenant=made.tenant, wish=wish, actor=SYSTEM)


def flown(made: Camp, **fields: Any) -> Flight:
    asked = {"groups": len(made.groups), "members": 10, "groups_each": 4, **fields}
    flight = flight_ask(
        tenant=made.tenant, wish=FlightWish(made.version, None, MONDAY, **asked), actor=SYSTEM
    )
    flight_fly(tenant_id=made.tenant.pk, flight_id=flight.pk)
    return Flight.objects.get(pk=flight.pk)


def test_a_plan_its_flight_and_its_run_give_everybody_the_same_minutes(
    crew: Camp, frozen: MovableClock
) -> None:
    expected = {
        "林晓": {1: 4 * 7 + 31 + 5, 2: 4 * 3 + 43},
        "乙": {1: 3 * 31 + 5, 2: 43, 3: 3 * 11},
        "丙": {2: 2 * 43},
    }
    expected["林晓"][3] = 11
    own = groups_to_fly(tenant=crew.tenant, version=crew.version, starts_on=MONDAY)
    assert own == crew.groups
    flight = flown(crew, group_ids=[one.pk for one in own])
    names = {f"staff {one.pk}": str(one) for one in Staff.objects.all()}
    days = flight.result["flights"][0]["days"]
    by_flight: dict[str, dict[int, int]] = defaultdict(dict)
    for day in days:
        for who, minutes in day["minutes"].items():
            by_flight[names[who]][day["number"]] = minutes
    preview = run_preview(
        tenant=crew.tenant, version=crew.version, groups=crew.groups, starts_on=MONDAY, offer_ends_at=None
    )
    start(crew)
    assert planned_minutes(crew) == expected == by_flight
    fullest = {name: max(own.items(), key=lambda pair: (pair[1], -pair[0])) for name, own in expected.items()}
    assert {one.name: (one.day, one.minutes) for one in preview.staff} == fullest
    assert {one.name: one.groups for one in preview.staff} == {"林晓": 4, "乙": 3, "丙": 2}
    (leg,) = flight_legs(flight)
    assert {one.name: (one.day, one.minutes, one.total) for one in leg.carriers} == {
        name: (*pair, sum(expected[name].values())) for name, pair in fullest.items()
    }
    assert (leg.busiest, leg.minutes_most) == ("乙", 98)
    frozen.set(clock.day_bounds(MONDAY, crew.tenant.timezone)[0])
    people = {one.pk: str(one) for one in Staff.objects.all()}
    ahead = {people[pk]: minutes for pk, minutes in minutes_ahead(tenant_id=crew.tenant.pk).items()}
    assert ahead == {name: own[1] for name, own in expected.items() if 1 in own}
    alone = Staff.objects.get(name="乙")
    assert minutes_ahead(tenant_id=crew.tenant.pk, staff_ids=[alone.pk]) == {alone.pk: 98}
    Touch.objects.filter(staff=alone).exclude(channel="moments").update(
        state="handed", window_ends_at=clock.now() - timedelta(minutes=1)
    )
    assert minutes_ahead(tenant_id=crew.tenant.pk, staff_ids=[alone.pk]) == {
        alone.pk: 5
    }  # what is over is over


def test_a_groups_mass_send_is_its_owners_whatever_the_step_says(crew: Camp) -> None:
    start(crew)
    assert {str(one.staff) for one in Touch.objects.filter(step__key="mass")} == {"林晓"}


def test_who_joins_later_and_what_a_new_version_adds_are_its_roles_too(
    crew: Camp, frozen: MovableClock
) -> None:
    make_step(
        tenant=crew.tenant, version=crew.version, key="welcome", anchor="member_join", role="assistant",
        channel="staff_task",
    )  # fmt: skip
    start(crew)
    frozen.set(clock.day_bounds(MONDAY, crew.tenant.timezone)[0] + timedelta(hours=9))
    newcomer = make_customers(tenant=crew.tenant, count=1, app=crew.groups[1].app)[0]
    joins_plan(
        tenant_id=crew.tenant.pk,
        group_id=crew.groups[1].pk,
        customer_ids=[newcomer.pk],
        joined_at=clock.now(),
    )
    assert [str(one.staff) for one in Touch.objects.filter(step__key="welcome")] == ["乙"]
    steps = [*STEPS, {"key": "new", "day": 5, "at": time(9), "role": "sales", "channel": "call"}]
    second = make_version(tenant=crew.tenant, template=crew.version.template, number=2, steps=steps)
    run_move(run=Run.objects.get(), version=second, actor=SYSTEM, reason="改")
    assert {str(one.group): str(one.staff) for one in Touch.objects.filter(step__key="new")} == {
        "启蒙01群": "林晓", "启蒙02群": "乙", "启蒙03群": "丙", "启蒙04群": "丙",
    }  # fmt: skip


def test_who_has_too_much_is_named_before_the_run_starts(crew: Camp, page: Callable[..., Any]) -> None:
    Preference.objects.create(tenant=crew.tenant, key="sop.staff_minutes_a_day", value=90)
    User.objects.update(language="en")
    asked = {
        "version": crew.version.pk, "starts_on": MONDAY.isoformat(), "groups": [one.pk for one in crew.groups],
    }  # fmt: skip
    shown = page("/sop/runs/new/preview/", post=asked).content.decode()
    assert "乙 has 98 minutes to do on day 1, the limit is 90" in shown
    assert "林晓 has" not in shown
    assert "丙 has" not in shown  # 86 of 90
    Preference.objects.update(value=98)
    assert "minutes to do on day" not in page("/sop/runs/new/preview/", post=asked).content.decode()
    assert "of whoever runs" not in shown


def test_of_two_days_alike_the_first_is_the_fullest(crew: Camp) -> None:
    Step.objects.filter(key="count").update(cost_minutes=31)
    Step.objects.filter(key="post").update(cost_minutes=0)
    preview = run_preview(
        tenant=crew.tenant, version=crew.version, groups=crew.groups, starts_on=MONDAY, offer_ends_at=None
    )
    assert {one.name: one.day for one in preview.staff}["乙"] == 1  # 93 minutes on day 1 and on day 3
    (leg,) = flight_legs(flown(crew, group_ids=[one.pk for one in crew.groups]))
    assert {one.name: one.day for one in leg.carriers}["乙"] == 1


def test_a_step_whose_window_is_over_costs_nobody_a_minute(crew: Camp, frozen: MovableClock) -> None:
    frozen.set(clock.day_bounds(MONDAY + timedelta(days=2), crew.tenant.timezone)[0] + timedelta(hours=12))
    Step.objects.update(window_minutes=60)
    preview = run_preview(
        tenant=crew.tenant, version=crew.version, groups=crew.groups, starts_on=MONDAY, offer_ends_at=None
    )
    start(crew)
    assert {one.name: {one.day: one.minutes} for one in preview.staff} == planned_minutes(crew)
    assert planned_minutes(crew) == {"乙": {3: 33}, "林晓": {3: 11}}


def test_the_flight_is_offered_with_the_groups_a_run_could_start_in(crew: Camp, client: Client) -> None:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    away, other = crew.groups[2], crew.groups[3]
    Group.objects.filter(pk=away.pk).update(state="planning")
    Group.objects.filter(pk=other.pk).update(kind="super_user")
    crew.version.template.group_kind = "delivery"
    crew.version.template.save(update_fields=["group_kind"])
    ask = f"/t/{crew.tenant.slug}/sop/versions/{crew.version.pk}/flight/"
    page = client.get(ask).content.decode()
    assert 'name="groups" value="2"' in page
    assert 'name="colleagues" value="1"' in page  # of one group with one and one with two colleagues
    assert "checked" in page[page.index('name="as_staffed"') - 120 : page.index('name="as_staffed"') + 120]
    asked = {"starts_on": MONDAY.isoformat(), "groups": 3, "members": 5, "groups_each": 1, "colleagues": 2}
    client.post(ask, {**asked, "as_staffed": "on", "beside": ""})
    flight = Flight.objects.get()
    flight_fly(tenant_id=crew.tenant.pk, flight_id=flight.pk)
    (leg,) = flight_legs(Flight.objects.get())
    assert {one.name for one in leg.carriers} == {"林晓", "乙", "Group owner 3", "Assistant 3"}
    page = client.get(f"/t/{crew.tenant.slug}/sop/flights/{flight.pk}/").content.decode()
    assert "Assistant 3" in page
    client.post(ask, {**asked, "beside": ""})
    invented = Flight.objects.latest("pk")
    flight_fly(tenant_id=crew.tenant.pk, flight_id=invented.pk)
    (leg,) = flight_legs(Flight.objects.get(pk=invented.pk))
    assert {one.name for one in leg.carriers} == {
        f"{role} {number}" for role in ("Group owner", "Assistant") for number in (1, 2, 3)
    }


def test_a_lone_owner_carries_every_role_and_each_colleague_takes_one() -> None:
    assert holders(owner=1, others=[]) == {"owner": 1, "assistant": 1, "sales": 1}
    assert holders(owner=1, others=[2]) == {"owner": 1, "assistant": 2, "sales": 2}
    assert holders(owner=1, others=[2, 3, 4]) == {"owner": 1, "assistant": 2, "sales": 3}
    assert holders(owner=None, others=[2]) == {"owner": 2, "assistant": 2, "sales": 2}
    assert set(holders(owner=None, others=[]).values()) == {None}
    assert role_for(role="sales", channel="group_mass") == "owner"
    assert role_for(role="sales", channel="private_mass") == "sales"


@given(
    st.lists(
        st.builds(
            Work, st.integers(1, 3), st.integers(1, 3), st.sampled_from("ab"),
            st.sampled_from(["moments", "call"]), st.integers(0, 9),
        )
    )
)  # fmt: skip
def test_minutes_add_up_but_for_posts_that_are_one(works: list[Work]) -> None:
    found = minutes_by_hand(works)
    posts = {
        (one.who, one.day, one.step_key): one.minutes for one in reversed(works) if one.channel == "moments"
    }
    rest = sum(one.minutes for one in works if one.channel != "moments")
    assert sum(sum(days.values()) for days in found.values()) == rest + sum(posts.values())
