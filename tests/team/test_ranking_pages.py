"""The ranking as leaders and colleagues meet it: places, what is not said, the cases behind each figure (R127)."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from leads.models import Lead
from team.models import Staff
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, make_camp
from tests.factories.team import make_staff
from tests.team.test_views import body, sign_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

HARD, EASY = "B", "S"


def give(tenant: Tenant, staff: Staff, tier: str, cases: int, won: int, at: datetime) -> None:
    """Leads of this tier that ended, `won` of them with an order."""
    people = make_customers(tenant=tenant, count=cases)
    window = make_camp(tenant=tenant, customers=people, source_id=1000 * staff.pk + ord(tier), starts_at=at)
    Lead.objects.bulk_create(
        Lead(
            tenant=tenant, window=window, customer=person, owner=staff, tier=tier, closed_at=at,
            state="won" if number < won else "not_buying", close_reason="" if number < won else "price",
        )
        for number, person in enumerate(people)
    )  # fmt: skip


@pytest.fixture
def team(tenant: Tenant, frozen: MovableClock) -> dict[str, Any]:
    """Four with enough: one only with hard leads and twice as good there; one with too few."""
    leader, chief = sign_in(tenant, Role.LEADER)
    seller, own = sign_in(tenant, Role.SALES)
    at = frozen.moment - timedelta(days=3)
    with tenant_scope(tenant):
        Staff.objects.filter(pk=own.pk).update(name="许真")
        others = [make_staff(tenant=tenant, name=name) for name in ("甲一", "乙二", "丙三")]
        for one in others:
            give(tenant, one, EASY, 80, 48, at)
            give(tenant, one, HARD, 80, 8, at)
        give(tenant, own, HARD, 80, 32, at)
        give(tenant, chief, EASY, 12, 12, at)
    return {"leader": leader, "seller": seller, "own": own, "others": others, "chief": chief}


def url(tenant: Tenant, rest: str = "ranking/") -> str:
    return f"/t/{tenant.slug}/team/{rest}"


def flat(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_lowest_rate_stands_first_where_the_leads_were_hardest_and_twelve_of_twelve_stands_nowhere(
    tenant: Tenant, team: dict[str, Any]
) -> None:
    page = body(team["leader"].get(url(tenant)))
    placed, few = page[page.index("<tbody>") :].split("Not enough to compare")
    assert placed.index("许真") < placed.index("甲一")
    assert "何静" not in placed
    assert "何静" in few
    line = flat(placed[: placed.index("甲一")])
    assert re.search(r"1–\d / 4|1 / 4", line)
    assert ("40.0%" in line, "10.0%" in line, "+30.0" in line, "above colleagues" in line) == (
        True, True, True, True,
    )  # fmt: skip
    assert flat(placed).count("above colleagues") == 1


def test_colleagues_see_themselves_and_the_others_only_together(tenant: Tenant, team: dict[str, Any]) -> None:
    seller, own, other = team["seller"], team["own"], team["others"][0]
    page = body(seller.get(url(tenant)))
    assert ("许真" in page, "甲一" in page, "You see yourself" in page) == (True, False, True)
    assert "40.0%" in body(seller.get(url(tenant, f"{own.pk}/ranking/")))
    for pk in (other.pk, 10**12):
        for rest in (f"{pk}/ranking/", f"{pk}/ranking/conversion/"):
            assert seller.get(url(tenant, rest)).status_code == 404
    assert (
        "甲一"
        not in b"".join(team["leader"].get(url(tenant), {"export": "csv"}).streaming_content)
        .decode()
        .split("许真")[0]
    )
    viewer, _staff = sign_in(tenant, Role.VIEWER)
    assert [viewer.get(url(tenant, one)).status_code for one in ("ranking/", f"{own.pk}/ranking/")] == [
        403,
        403,
    ]


def test_each_figure_opens_as_many_cases_as_it_says(tenant: Tenant, team: dict[str, Any]) -> None:
    leader = team["leader"]
    pages = [body(leader.get(url(tenant))), body(leader.get(url(tenant, f"{team['own'].pk}/ranking/")))]
    links = [
        found
        for page in pages
        for found in re.findall(r'<a class="q-link" href="([^"]+/ranking/\w+/\?[^"]*)">([\d,]+)</a>', page)
    ]
    assert len(links) >= 12
    for address, told in links:
        assert f"{int(told.replace(',', ''))} cases" in body(leader.get(address.replace("&amp;", "&")))


def test_nobody_is_placed_among_two(tenant: Tenant, frozen: MovableClock) -> None:
    leader, _chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        for won in (0, 60):
            give(tenant, make_staff(tenant=tenant), EASY, 60, won, frozen.moment - timedelta(days=3))
    page = flat(body(leader.get(url(tenant))))
    assert "at least 3 colleagues with 30 comparable cases" in page
    assert "above colleagues" not in page


def test_differences_of_chance_are_called_so(tenant: Tenant, frozen: MovableClock) -> None:
    leader, _chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        for won in (18, 20, 22, 25):
            give(tenant, make_staff(tenant=tenant), EASY, 40, won, frozen.moment - timedelta(days=3))
    page = flat(body(leader.get(url(tenant))))
    assert "Nobody can be told apart" in page
    assert page.count("1–4 / 4") == 4


def test_days_are_whole_until_yesterday_and_wrong_words_are_harmless(
    tenant: Tenant, team: dict[str, Any], frozen: MovableClock
) -> None:
    leader, own = team["leader"], team["own"]
    with tenant_scope(tenant):
        give(tenant, own, EASY, 40, 40, frozen.moment)  # today
    assert "+30.0" in flat(body(leader.get(url(tenant))))
    assert "+30.0" in flat(body(leader.get(url(tenant), {"days": "7; drop", "page": "-1"})))
    frozen.move(days=31)
    assert "Nothing to compare yet" in body(leader.get(url(tenant), {"days": "30"}))
    cases = url(tenant, f"{own.pk}/ranking/conversion/")
    bad: tuple[tuple[str, dict[str, str]], ...] = (
        (url(tenant), {"figure": "nothing"}), (cases, {"hit": "2"}), (cases, {"stratum": "\x00"}),
        (url(tenant, f"{own.pk}/ranking/nothing/"), {}), (url(tenant), {"export": "exe"}),
    )  # fmt: skip
    assert [leader.get(address, asked).status_code for address, asked in bad] == [404] * len(bad)
    assert "No cases" in body(leader.get(cases, {"stratum": "😀", "page": "99999999999"}))


def test_the_file_holds_places_and_difficulties_and_is_audited(tenant: Tenant, team: dict[str, Any]) -> None:
    answer = team["leader"].get(url(tenant), {"export": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    first = lines[1].split(",")
    assert (first[0], first[1], first[2:6]) == ("许真", "All", ["80", "32", "0.4", "0.1"])
    assert lines[2].split(",")[1].startswith("B")
    assert len(lines) == 1 + 2 * 2 + 3 * 3
    with tenant_scope(tenant):
        assert AuditEntry.objects.filter(verb="console.list.exported").count() == 1
    assert team["seller"].get(url(tenant), {"export": "csv"}).status_code == 403


def test_another_companys_people_are_not_there(
    tenant: Tenant, other_tenant: Tenant, team: dict[str, Any], frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        stranger = make_staff(tenant=other_tenant, name="别家的人")
        give(other_tenant, stranger, EASY, 50, 50, frozen.moment - timedelta(days=3))
    leader = team["leader"]
    assert "别家的人" not in body(leader.get(url(tenant)))
    assert leader.get(url(tenant, f"{stranger.pk}/ranking/")).status_code == 404


@pytest.mark.parametrize("count", [1, 9])
def test_the_pages_ask_the_same_number_of_times_for_any_number_of_people(
    tenant: Tenant, team: dict[str, Any], frozen: MovableClock, count: int, django_assert_max_num_queries: Any
) -> None:
    with tenant_scope(tenant):
        for _ in range(count):
            give(tenant, make_staff(tenant=tenant), EASY, 31, 5, frozen.moment - timedelta(days=3))
    leader: Client = team["leader"]
    own = team["own"].pk
    leader.get(url(tenant))
    for rest in ("ranking/", f"{own}/ranking/", f"{own}/ranking/conversion/", "ranking/?figure=response"):
        with django_assert_max_num_queries(25):
            leader.get(url(tenant, rest))


def test_orders_of_customers_move_the_figure(
    tenant: Tenant, owner: Actor, team: dict[str, Any], frozen: MovableClock
) -> None:
    """From the customer's order to the page, with nothing put into the tables by hand."""
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
        at = frozen.moment - timedelta(days=2)
        make_camp(tenant=tenant, customers=people, source_id=77, starts_at=at)
        act(tenant, *[item(one, "pay_click", at) for one in people])
        Lead.objects.filter(customer__in=people).update(owner=team["chief"])
        act(tenant, *[item(one, "order", at + timedelta(hours=1), fen=99900) for one in people[:2]])
    page = body(team["leader"].get(url(tenant, f"{team['chief'].pk}/ranking/")))
    line = flat(page[page.index("A+ ·") :])[:200]
    assert ("2" in line.split()[:12], "too few to compare" in line) == (True, True)
