"""Retention by join week: every cell against a count by hand, its people, and bit by bit against all at once."""

import re
from collections.abc import Iterable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from analytics.handlers import on_behaviours_recorded, on_persons_changed, on_seats_corrected
from analytics.models import CohortCells, WeekFill
from analytics.selectors.cohort_rows import CELLS
from analytics.selectors.cohorts import cohort_persons, counted_until
from analytics.services.weeks import has_weeks_due, tenants_with_weeks, weeks_fill
from contacts.events import BehavioursRecorded, PersonsChanged
from contacts.models import Customer
from groups.events import SeatsCorrected
from groups.models import Member
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.analytics.retention_by_hand import counted, make_world
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customer, make_customers
from tests.factories.groups import make_group, make_member

pytestmark = pytest.mark.integration


@pytest.fixture
def inside(tenant: Tenant, frozen: MovableClock) -> Iterable[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(tenant: Tenant) -> Client:
    made = Client()
    User.objects.update(language="en")
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


def fill_all(tenant: Tenant) -> None:
    while weeks_fill(tenant=tenant):
        pass


def stored(tenant: Tenant) -> dict[Any, dict[str, int | None]]:
    rows = CohortCells.objects.filter(tenant=tenant).values("of", "of_id", "week", "people", *CELLS)
    return {(row.pop("of"), row.pop("of_id"), row.pop("week")): row for row in rows}


def sizes(tenant: Tenant) -> dict[Any, dict[str, int | None]]:
    return {
        key: {cell: None if who is None else len(who) for cell, who in row.items()}
        for key, row in counted(tenant).items()
    }


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_cell_equals_a_count_by_hand_and_opens_exactly_its_people(inside: Tenant, seed: int) -> None:
    make_world(inside, seed)

    fill_all(inside)

    by_hand = counted(inside)
    assert stored(inside) == sizes(inside)
    assert {of for of, _pk, _week in by_hand} == {"company", "group", "camp", "channel"}
    until = counted_until(tenant_id=inside.pk)
    assert until is not None
    opened = 0
    for (of, of_id, week), row in by_hand.items():
        for cell in ("people", "seat_on_7", "seat_since_30", "act_on_1", "act_since_7"):
            if row[cell] is None:
                continue
            who = cohort_persons(
                tenant_id=inside.pk, of=of, of_id=of_id, week=week, figure=cell, until=until, zone=inside.timezone
            )  # fmt: skip
            assert set(who) == row[cell], (of, of_id, week, cell)
            assert len(who) == len(row[cell])
            opened += len(who)
    assert opened > 50


def test_counting_bit_by_bit_equals_counting_at_once(inside: Tenant, frozen: MovableClock) -> None:
    groups = make_world(inside, 9)
    fill_all(inside)
    before, now = stored(inside), clock.now()
    person, other = Customer.objects.filter(person=None).order_by("pk")[1:3]

    seat = make_member(
        group=groups[2], customer=make_customer(tenant=inside), joined_at=now - timedelta(days=30)
    )
    told = SeatsCorrected(tenant_id=inside.pk, occurred_at=now, group_id=groups[2].pk, since=seat.joined_at)
    on_seats_corrected(tenant_id=inside.pk, events=[told])
    frozen.move(hours=2)
    fill_all(inside)
    assert stored(inside) == sizes(inside)
    late = make_behaviour(
        tenant=inside, customer=seat.customer, group=groups[2], kind="message", occurred_at=now - timedelta(days=29)
    )  # fmt: skip
    recorded = BehavioursRecorded(
        tenant_id=inside.pk, occurred_at=now, customer_ids=[late.customer_id], behaviour_ids=[late.pk],
        kinds=["message"], first_at=late.occurred_at, last_at=late.occurred_at,
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=inside.pk, events=[recorded])
    frozen.move(hours=2)
    fill_all(inside)
    assert stored(inside) == sizes(inside)
    Customer.objects.filter(pk=other.pk).update(person=person)
    joined = PersonsChanged(tenant_id=inside.pk, occurred_at=now, customer_ids=[person.pk, other.pk])
    on_persons_changed(tenant_id=inside.pk, events=[joined])
    frozen.move(hours=2)
    fill_all(inside)

    bit_by_bit = stored(inside)
    assert bit_by_bit != before
    assert bit_by_bit == sizes(inside)
    CohortCells.objects.filter(tenant=inside).delete()
    WeekFill.objects.filter(tenant=inside).update(done=0, until=None)
    fill_all(inside)
    assert bit_by_bit == stored(inside)


def test_a_week_is_counted_once_a_night_and_a_mark_waits_an_hour(
    inside: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=inside)
    make_member(group=make_group(tenant=inside), customer=person, joined_at=clock.now() - timedelta(days=10))
    assert inside.pk in tenants_with_weeks()
    fill_all(inside)
    assert not has_weeks_due(tenant=inside)

    late = make_behaviour(
        tenant=inside, customer=person, kind="message", occurred_at=clock.now() - timedelta(days=9)
    )
    recorded = BehavioursRecorded(
        tenant_id=inside.pk, occurred_at=clock.now(), customer_ids=[person.pk], behaviour_ids=[late.pk],
        kinds=["message"], first_at=late.occurred_at, last_at=late.occurred_at,
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=inside.pk, events=[recorded])
    assert not has_weeks_due(tenant=inside)
    frozen.move(minutes=61)
    assert has_weeks_due(tenant=inside)
    fill_all(inside)
    assert CohortCells.objects.get(tenant=inside, of="company").act_on_1 == 1
    frozen.move(days=1)
    assert inside.pk in tenants_with_weeks()
    assert has_weeks_due(tenant=inside)


@pytest.fixture
def page_world(tenant: Tenant, frozen: MovableClock) -> dict[str, Any]:
    """Ten people of one week, nine weeks ago: three left after three days, four wrote on their seventh day; two more
    came yesterday."""
    with tenant_scope(tenant):
        group, now = make_group(tenant=tenant, name="快闪1群"), clock.now()
        people = make_customers(tenant=tenant, count=12)
        monday = now - timedelta(days=63 + now.weekday())
        for number, person in enumerate(people[:10]):
            left = monday + timedelta(days=3) if number < 3 else None
            make_member(
                group=group,
                customer=person,
                joined_at=monday,
                left_at=left,
                quit_scene="left" if left else "",
            )
        for person in people[6:10]:
            make_behaviour(
                tenant=tenant, customer=person, group=group, kind="message", occurred_at=monday + timedelta(days=7)
            )  # fmt: skip
        for person in people[10:]:
            make_member(group=group, customer=person, joined_at=now - timedelta(days=1))
        fill_all(tenant)
    return {"group": group, "people": people, "monday": monday}


def there(tenant: Tenant, name: str = "cohorts") -> str:
    return reverse(f"analytics:{name}", kwargs={"tenant_slug": tenant.slug})


def cells_of(text: str) -> list[list[str]]:
    """The cells of each row as they are read, without markup."""
    body = text.rpartition("<tbody")[2]
    rows = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)
        for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.S)
    ]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in rows]


def test_the_page_tells_seats_and_acts_apart_and_leaves_what_is_not_due_empty(
    client: Client, tenant: Tenant, page_world: dict[str, Any]
) -> None:
    newest, oldest = cells_of(client.get(there(tenant)).text)

    assert newest[1:] == ["2", "", "", "", "", "", ""]
    assert oldest[1:] == ["10", "100.0% 10", "70.0% 7", "70.0% 7", "0.0% 0", "40.0% 4", "0.0% 0"]
    since = cells_of(client.get(there(tenant), {"by": "since"}).text)[1]
    assert since[5:] == ["40.0% 4", "40.0% 4", "0.0% 0"]


def test_a_cell_opens_its_people_and_the_grid_is_a_file(
    client: Client, tenant: Tenant, page_world: dict[str, Any]
) -> None:
    asked = {"of": "group", "id": page_world["group"].pk}
    page = client.get(there(tenant), asked).text
    links = re.findall(r'href="([^"]*cohorts/people/[^"]*)"', page)
    opened = client.get(links[-1].replace("&amp;", "&")).text
    assert "Active in group, day 7" in opened
    assert "4 people" in opened
    assert all(str(person) in opened for person in page_world["people"][6:10])

    lines = b"".join(client.get(there(tenant), {**asked, "export": "csv"}).streaming_content).decode(
        "utf-8-sig"
    )
    assert lines.splitlines()[2].split(",")[1:] == ["10", "10", "7", "7", "0", "4", "0"]
    book = client.get(there(tenant), {**asked, "export": "xlsx"})
    rows = list(load_workbook(BytesIO(book.getvalue())).active.iter_rows(values_only=True))
    assert rows[2][1:] == (10, 10, 7, 7, 0, 4, 0)


def test_a_group_of_another_company_and_a_made_up_cell_are_not_found(
    client: Client, tenant: Tenant, other_tenant: Tenant, page_world: dict[str, Any]
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_group(tenant=other_tenant)
    assert client.get(there(tenant), {"of": "group", "id": foreign.pk}).status_code == 404
    assert client.get(there(tenant), {"of": "camp", "id": 10**17}).status_code == 404
    assert client.get(there(tenant), {"of": "channel", "id": 4}).status_code == 404
    assert client.get(there(tenant), {"of": "planet"}).status_code == 404
    assert client.get(there(tenant, "cohort_people"), {"f": "made-up"}).status_code == 404


def test_groups_are_found_by_name_and_the_empty_page_says_when(
    client: Client, tenant: Tenant, frozen: MovableClock
) -> None:
    assert "counted here after midnight" in client.get(there(tenant)).text
    with tenant_scope(tenant):
        make_member(
            group=make_group(tenant=tenant, name="小芽英语01群"), customer=make_customer(tenant=tenant)
        )
        make_group(tenant=tenant, name="别的群")
        Member.objects.update(joined_at=clock.now() - timedelta(days=8))
        fill_all(tenant)
    found = client.get(there(tenant), {"of": "group", "q": "小芽"}).text
    assert "小芽英语01群" in found
    assert "别的群" not in found
