"""The marketing calendar (R79): nodes by date and lunar date, campaigns on them, one press to a draft."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import Theme
from campaigns.errors import CampaignInvalid
from campaigns.models import Campaign
from campaigns.policies.nodes import BIG, lunar_words, node_of, nodes_of, starts_on
from campaigns.selectors.nodes import nodes_ahead
from campaigns.services.nodes import node_begin
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import make_campaign
from tests.factories.deals import make_deal

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(client: Client, owner: Actor) -> Client:
    client.force_login(User.objects.get(pk=owner.id))
    return client


def _day(key: str, year: int) -> date:
    (found,) = [
        one.first for one in nodes_of(date(year, 1, 1), date(year, 12, 31)) if one.festival.key == key
    ]
    return found


@pytest.mark.parametrize(
    ("key", "year", "day", "lunar"),
    [
        ("women", 2026, date(2026, 3, 8), ""),
        ("618", 2026, date(2026, 6, 18), ""),
        ("double_11", 2026, date(2026, 11, 11), ""),
        ("mid_autumn", 2026, date(2026, 9, 25), "八月十五"),
        ("dragon_boat", 2026, date(2026, 6, 19), "五月初五"),
        ("spring", 2027, date(2027, 2, 6), "正月初一"),
        ("goods", 2026, date(2026, 1, 26), "腊月初八"),
    ],
)
def test_nodes_lie_on_their_days(key: str, year: int, day: date, lunar: str) -> None:
    assert _day(key, year) == day
    if lunar:
        assert lunar_words(day) == lunar


@given(start=st.dates(date(2020, 1, 1), date(2060, 12, 31)))
def test_any_year_has_the_big_nodes_and_none_before_its_first_day(start: date) -> None:
    found = nodes_of(start, start + timedelta(days=400))
    assert {one.festival.key for one in found} >= set(BIG)
    assert all(one.first >= start for one in found)
    assert [one.first for one in found] == sorted(one.first for one in found)


@given(today=st.dates(date(2026, 1, 1), date(2026, 3, 8)))
def test_a_campaign_for_a_node_begins_before_it_and_not_in_the_past(today: date) -> None:
    node = node_of("women", date(2026, 3, 8))
    assert node is not None
    begins = starts_on(node, today)
    assert today <= begins <= node.first
    assert begins >= date(2026, 3, 5)


def test_campaigns_stand_on_the_nodes_they_touch_with_their_offers(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, _deal = make_deal(tenant=scope, owner=owner)  # until Monday 9 March, 09:00
    make_campaign(tenant=scope, actor=owner, is_started=False)
    Campaign.objects.exclude(pk=played.campaign.pk).update(
        starts_at=datetime(2026, 3, 8, 16, tzinfo=UTC), ends_at=datetime(2026, 3, 20, tzinfo=UTC)
    )
    lines = {one.node.festival.key: one for one in nodes_ahead(tenant=scope)}
    (planned,) = lines["women"].planned
    assert (planned.campaign.pk, planned.percent_off) == (played.campaign.pk, 33)
    assert (lines["women"].is_big, lines["women"].days_left) == (True, 6)
    assert lines["consumer"].planned[0].campaign.pk != played.campaign.pk
    assert lines["618"].planned == []
    frozen.set(datetime(2026, 3, 8, 16, tzinfo=UTC))  # midnight of the ninth in Shanghai
    assert "women" not in {one.node.festival.key for one in nodes_ahead(tenant=scope) if one.days_left < 9}


def test_one_press_begins_a_campaign_with_the_dates_of_its_node(
    scope: Tenant, owner: Actor, client: Client
) -> None:
    page = reverse("campaigns:calendar", kwargs={"tenant_slug": scope.slug})
    shown = client.get(page).text
    assert "三八妇女节" in shown
    assert "八月十五" in shown
    begin = reverse("campaigns:node_begin", kwargs={"tenant_slug": scope.slug})
    form = {"key": "women", "first": "2026-03-08"}
    for _twice in range(2):
        answer = client.post(begin, form)
    row = Campaign.objects.get()
    assert answer.status_code == 302
    assert f"/campaigns/{row.pk}/" in answer["Location"]
    assert (row.theme, row.state) == (Theme.FESTIVAL, "draft")
    assert clock.local(row.starts_at, scope.timezone).isoformat()[:16] == "2026-03-05T10:00"  # type: ignore[arg-type]
    assert clock.local(row.ends_at, scope.timezone).isoformat()[:16] == "2026-03-09T00:00"  # type: ignore[arg-type]
    assert row.name in client.get(page).text
    for bad in ({"first": "x"}, {"first": ""}):
        assert client.post(begin, {**form, **bad}).status_code == 404
    with pytest.raises(CampaignInvalid):
        node_begin(tenant=scope, key="women", first=date(2026, 3, 9), actor=owner)
    with pytest.raises(CampaignInvalid):
        node_begin(tenant=scope, key="women", first=date(2025, 3, 8), actor=owner)
    assert Campaign.objects.count() == 1
