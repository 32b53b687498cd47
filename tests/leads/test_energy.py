"""Where work goes and where orders come from, by tier, with the people behind each figure (R71)."""

import re
from datetime import timedelta

import pytest

from leads.models import FollowUp, Lead
from leads.selectors.board import lead_list, tab_counts
from leads.selectors.energy import EnergySplit, energy_split
from leads.services import lead_close, lead_follow_up
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def leads(tenant: Tenant, owner, frozen: MovableClock) -> list[Lead]:
    """Two A+ and two A; one A+ took 10 minutes and bought, both A took 20 and 10, one talk was not timed."""
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=4)
        for person, name in zip(people, ("刘女士", "陈先生", "何女士", "吴女士"), strict=True):
            person.name = name
            person.save()
        make_camp(tenant=tenant, customers=people, starts_at=frozen.moment - timedelta(days=1))
        early = frozen.moment - timedelta(hours=2)
        act(tenant, *[item(one, "pay_click", early) for one in people[:2]])
        act(tenant, *[click for one in people[2:] for click in purchase_clicks(one, 3, early)])
        made = [lead_of(one) for one in people]
        for lead, minutes in zip(made, (10, None, 20, 10), strict=True):
            lead_follow_up(
                tenant=tenant,
                lead_id=lead.pk,
                result="talked",
                minutes=minutes,
                key=f"k{lead.pk}",
                actor=owner,
            )
        frozen.move(minutes=1)
        lead_close(tenant=tenant, lead_id=made[0].pk, state="won", actor=owner)
        return made


def split(tenant: Tenant, frozen: MovableClock) -> EnergySplit:
    rows = lead_list(tenant_id=tenant.pk)
    counts = tab_counts(rows, now=frozen.moment, day_ends_at=frozen.moment)
    won = {key.removeprefix("won:"): n for key, n in counts.items() if key.startswith("won:")}
    return energy_split(rows, now=frozen.moment, won=won)


def test_minutes_and_orders_are_shared_by_tier_and_what_nobody_timed_is_said(
    tenant: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    with tenant_scope(tenant):
        found = split(tenant, frozen)
    assert [(one.tier, one.minutes, one.touches, one.won) for one in found.tiers] == [
        ("S", 0, 0, 0), ("A+", 10, 2, 1), ("A", 30, 2, 0), ("B", 0, 0, 0),
    ]  # fmt: skip
    a_plus, a = found.tiers[1], found.tiers[2]
    assert (a_plus.work_share, a_plus.won_share, a_plus.min_per_order) == (0.25, 1.0, 10)
    assert (a.work_share, a.won_share, a.min_per_order) == (0.75, 0.0, None)
    assert (found.unmeasured, found.is_few, found.heaviest) == (1, True, a)


@pytest.mark.parametrize(("minutes", "is_heaviest"), [(9, False), (13, False), (16, True), (40, True)])
def test_a_tier_is_named_heaviest_from_a_tenth_more_of_the_work_than_of_the_orders(
    tenant: Tenant, owner: Actor, frozen: MovableClock, leads: list[Lead], minutes: int, is_heaviest: bool
) -> None:
    """A+ and A have one order each; of 10 + `minutes` minutes A takes the second part."""
    with tenant_scope(tenant):
        lead_close(tenant=tenant, lead_id=leads[2].pk, state="won", actor=owner)
        FollowUp.objects.filter(lead=leads[2]).update(minutes=minutes)
        FollowUp.objects.filter(lead=leads[3]).delete()
        found = split(tenant, frozen)
    assert [one.won for one in found.tiers] == [0, 1, 1, 0]
    assert (found.heaviest is not None) is is_heaviest
    assert found.heaviest is None or found.heaviest.tier == "A"


def test_work_of_more_than_a_week_ago_is_not_counted(
    tenant: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    frozen.move(days=7, minutes=1)
    with tenant_scope(tenant):
        found = split(tenant, frozen)
    assert (found.touches, found.won, found.heaviest) == (0, 0, None)
    assert {one.work_share for one in found.tiers} == {None}


def test_each_figure_on_the_board_opens_its_people(client, tenant: Tenant, leads: list[Lead]) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    page = client.get(f"/t/{tenant.slug}/leads/").content.decode()
    links = [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]*list/all/[^"]*)"', page)]
    bought = next(one for one in links if "bought=A%2B" in one)
    touched = next(one for one in links if "touched=A" in one and "A%2B" not in one)
    buyers, talked = client.get(bought).content.decode(), client.get(touched).content.decode()
    assert [name in buyers for name in ("刘女士", "陈先生", "何女士")] == [True, False, False]
    assert [name in talked for name in ("刘女士", "何女士", "吴女士")] == [False, True, True]
