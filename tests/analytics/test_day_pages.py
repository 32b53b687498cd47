"""Overview and league: figures against the days before, unknown ones as dashes, each with exactly its people."""

import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from analytics.services.fills import days_fill
from groups.models import Group
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

pytestmark = pytest.mark.integration


@pytest.fixture
def client(tenant: Tenant) -> Client:
    made = Client()
    User.objects.update(language="en")
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


def fill(tenant: Tenant) -> None:
    with tenant_scope(tenant):
        while days_fill(tenant=tenant):
            pass


@pytest.fixture
def world(tenant: Tenant, frozen: MovableClock) -> Iterable[list[Group]]:
    """Two flash groups of a few weeks: 10 people, one in both; 4 wrote this week, 2 the week before; one bought."""
    with tenant_scope(tenant):
        now = clock.now()
        groups = [
            make_group(
                tenant=tenant, kind="flash", created_at=now - timedelta(days=25), name=f"快闪{number}群"
            )
            for number in range(2)
        ]
        people = make_customers(tenant=tenant, count=10)
        for number, person in enumerate(people):
            joined = now - timedelta(days=20 if number < 7 else 3)
            make_member(group=groups[number % 2], customer=person, joined_at=joined, join_scene="qr")
        make_member(group=groups[1], customer=people[0], joined_at=now - timedelta(days=20))
        gone = make_customers(tenant=tenant, count=1)[0]
        make_member(
            group=groups[0], customer=gone, joined_at=now - timedelta(days=20), left_at=now - timedelta(days=2),
            quit_scene="removed",
        )  # fmt: skip
        make_member(group=groups[0], staff=make_staff(tenant=tenant))
        for person in people[:4]:
            make_behaviour(
                tenant=tenant,
                customer=person,
                group=groups[0],
                kind="message",
                occurred_at=now - timedelta(days=1),
            )
        for person in people[5:7]:
            make_behaviour(
                tenant=tenant,
                customer=person,
                group=groups[1],
                kind="message",
                occurred_at=now - timedelta(days=9),
            )
        make_order(tenant=tenant, customer=people[1], amount_fen=19900, ordered_at=now - timedelta(hours=5))
    fill(tenant)
    return groups


def url(tenant: Tenant, name: str) -> str:
    return reverse(f"analytics:{name}", kwargs={"tenant_slug": tenant.slug})


def tiles(text: str) -> dict[str, tuple[str, str, str]]:
    """{label: (value, unit, how it moved)} of the tiles of a page."""
    found = {}
    for tile in re.findall(r'<article class="q-tile">(.*?)</article>', text, re.S):
        plain = re.sub(r'<span class="dropdown">.*?</div></span>', "", tile, flags=re.S)
        label = re.sub(r"<[^>]+>", "", re.search(r"<header>(.*?)(<|$)", plain, re.S)[1]).strip()  # type: ignore[index]
        value = re.sub(r"<[^>]+>", "", re.search(r'q-val">(.*?)(<small|</div>)', plain, re.S)[1]).strip()  # type: ignore[index]
        unit = re.search(r"<small>(.*?)</small>", plain)
        delta = re.sub(r"<[^>]+>", "", re.search(r'q-delta">(.*?)</div>', plain, re.S)[1]).strip()  # type: ignore[index]
        found[label] = (value, unit[1] if unit else "", delta)
    return found


def test_the_overview_tells_a_week_against_the_week_before(
    client: Client, tenant: Tenant, world: list[Group]
) -> None:
    shown = tiles(client.get(url(tenant, "overview")).text)

    assert shown["Customers in groups"][:2] == ("10", "")
    assert shown["Joined, times"] == ("3", "net +2", "3against the 7 days before")
    assert shown["Left, times"] == ("1", "1 of them removed", "1against the 7 days before")
    assert shown["Active customers"] == ("4", "40.0%", "2against the 7 days before")
    assert shown["Customer messages"][:2] == ("4", "by 4 people")
    assert shown["Buyers"][:2] == ("1", "10.0%")
    assert shown["Sales of members"][:2] == ("¥199", "1 order")


def test_every_figure_opens_exactly_as_many_as_it_says(
    client: Client, tenant: Tenant, world: list[Group]
) -> None:
    opened = 0
    for query in ("", "?days=28", f"?group={world[0].pk}", f"?group={world[1].pk}&days=28"):
        page = client.get(url(tenant, "overview") + query).text
        for tile in re.findall(r'<article class="q-tile">(.*?)</article>', page, re.S):
            link = re.search(r'q-val"><a href="([^"]+)">(\d+)</a>', tile)
            if link is None or "Customer messages" in tile:
                continue
            there = link[1].replace("&amp;", "&")
            lines = client.get(f"{there}&export=csv").getvalue().decode("utf-8-sig").strip().splitlines()
            told = re.search(r"(\d+) (?:person|people|time)", client.get(there).text)
            assert told is not None
            assert int(link[2]) == int(told[1]) == len(lines) - 1
            opened += 1
    assert opened >= 20


def test_the_people_behind_active_are_those_who_did_something(
    client: Client, tenant: Tenant, world: list[Group]
) -> None:
    page = client.get(url(tenant, "overview") + f"?group={world[0].pk}").text
    shown = tiles(page)
    links = dict(zip(shown, re.findall(r'q-val">(?:<a href="([^"]+)">)?', page), strict=True))

    people = client.get(links["Active customers"].replace("&amp;", "&") + "&export=csv")

    with tenant_scope(tenant):
        said = {one.customer.name for one in world[0].members.filter(customer__isnull=False)}
    lines = people.getvalue().decode("utf-8-sig").strip().splitlines()[1:]
    assert shown["Active customers"][0] == str(len(lines)) == "2"
    assert all(line.split(",")[0] in said for line in lines)


def test_what_nobody_tells_of_is_a_dash_and_says_so(
    client: Client, tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        person = make_customers(tenant=tenant, count=1)[0]
        make_member(
            group=make_group(tenant=tenant), customer=person, joined_at=clock.now() - timedelta(days=9)
        )
    fill(tenant)

    page = client.get(url(tenant, "overview"))
    shown = tiles(page.text)

    assert shown["Customer messages"][0] == shown["Buyers"][0] == shown["Sales of members"][0] == "–"
    assert shown["Active customers"][0] == "0"
    assert shown["Joined, times"] == ("0", "net 0", "no days before to compare with")
    assert "no chat archive is read" in page.text


def test_before_the_first_count_the_page_says_when(client: Client, tenant: Tenant) -> None:
    assert "Nothing is counted yet" in client.get(url(tenant, "overview")).text
    assert client.get(url(tenant, "league")).status_code == 200


def test_groups_stand_beside_the_middle_of_their_type_and_age(
    client: Client, tenant: Tenant, world: list[Group]
) -> None:
    with tenant_scope(tenant):
        alone = make_group(tenant=tenant, kind="delivery", name="交付群")
        make_member(group=alone, customer=make_customers(tenant=tenant, count=1)[0])
    fill(tenant)

    frozen_rows = (
        client.get(url(tenant, "league"), {"export": "csv"}).getvalue().decode("utf-8-sig").splitlines()
    )

    rows = {line.split(",")[0]: line.split(",") for line in frozen_rows[1:]}
    assert set(rows) == {"快闪0群", "快闪1群"}  # summed ten minutes ago at most: the new one is not there yet
    middle = sum(float(row[4]) for row in rows.values()) / 2
    assert {name: float(row[5]) for name, row in rows.items()} == {
        name: pytest.approx(100 * (float(row[4]) - middle), abs=0.11) for name, row in rows.items()
    }
    assert "middle of 2" in client.get(url(tenant, "league")).text


def test_the_league_narrows_by_type_and_finds_by_name(
    client: Client, tenant: Tenant, world: list[Group]
) -> None:
    there = url(tenant, "league")
    assert "快闪1群" in client.get(there, {"q": "快闪1"}).text
    assert "快闪0群" not in client.get(there, {"q": "快闪1"}).text
    assert "快闪0群" not in client.get(there, {"kind": "delivery"}).text


def test_a_made_up_or_foreign_list_is_refused(
    client: Client, tenant: Tenant, other_tenant: Tenant, world: list[Group]
) -> None:
    page = client.get(url(tenant, "overview")).text
    link = re.search(r'q-val"><a href="([^"]+)"', page)
    assert link is not None
    query = link[1].split("?f=")[1]
    other = Client()
    other.force_login(User.objects.get(email="zhou@example.com"))
    assert client.get(url(tenant, "day_people"), {"f": query + "x"}).status_code == 404
    assert client.get(url(tenant, "day_moves"), {"f": query}).status_code == 404
    assert other.get(url(other_tenant, "day_people"), {"f": query}).status_code == 404
    assert client.get(url(tenant, "overview"), {"group": "99999999"}).status_code == 404
    assert client.get(url(tenant, "overview"), {"group": "x"}).status_code == 404


def test_the_pages_ask_a_constant_number_of_questions(
    client: Client, tenant: Tenant, world: list[Group], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for name in ("overview", "league"):
        client.get(url(tenant, name))
        with django_assert_max_num_queries(25):
            assert client.get(url(tenant, name)).status_code == 200
