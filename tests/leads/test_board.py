"""The board and the page of a lead: ranked and counted by the database, whatever the number of leads."""

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.enums import SLA_SETTINGS, TIERS, Tier
from leads.models import Lead
from leads.selectors.board import FOREMOST, Board, board
from leads.selectors.neighbours import Neighbours, neighbours_of
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.leads import make_camp
from tests.factories.team import make_staff
from tests.team.work_order import key

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
SLA = dict.fromkeys(SLA_SETTINGS, 10)
MINUTES = (-90, -5, 0, 5, 90)


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def leads(scoped: Tenant, frozen: MovableClock) -> list[Lead]:
    """An open lead of every tier and standing, some with an owner, some that may be S."""
    wanted = list(product(MINUTES, (*TIERS, "")))
    people = make_customers(tenant=scoped, count=len(wanted))
    window, owner = make_camp(tenant=scoped, customers=people), make_staff(tenant=scoped)
    maybe = {"suggestion": {"word": "价", "text": "多少钱"}, "s_suggested_at": frozen.moment}
    made = [
        Lead(
            tenant=scoped, window=window, customer=person, tier=tier, state="open", next_action="call",
            next_action_at=frozen.moment + timedelta(minutes=minutes), owner=owner if number % 3 else None,
            rule_version=number, **({} if number % 7 else maybe),
        )
        for number, (person, (minutes, tier)) in enumerate(zip(people, wanted, strict=True))
    ]  # fmt: skip
    return Lead.objects.bulk_create(made)


def ordered(leads: list[Lead], frozen: MovableClock) -> list[Lead]:
    return sorted(leads, key=lambda one: key(one.next_action_at, one.column, one.pk, frozen.moment))


def shown(found: Board, tier: str) -> list[int]:
    return next([card.lead.pk for card in one.cards] for one in found.columns if one.tier == tier)


def test_the_board_is_what_a_loop_over_the_leads_makes(
    scoped: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    order = ordered(leads, frozen)
    found = board(Lead.objects.all(), tenant_id=scoped.pk, now=frozen.moment, sla_min=SLA, cards=3)
    late = [one for one in order if one.next_action_at <= frozen.moment]  # type: ignore[operator]
    assert [card.lead for card in found.suggested] == order[:5]
    assert [card.lead for card in found.overdue] == late[:8]
    assert (found.total, found.rule_number) == (len(leads), len(leads) - 1)
    assert found.late == sum(one.column != "" for one in late)
    for column in found.columns:
        mine = [one for one in order if one.column == column.tier]
        assert [card.lead for card in column.cards] == mine[:3]
        assert [card.rank for card in column.cards] == [order.index(one) + 1 for one in mine[:3]]
        assert (column.total, column.hidden) == (len(mine), len(mine) - 3)
        assert column.maybe == sum(one.is_maybe_s for one in mine)
        assert column.late == sum(one in late for one in mine)
        assert column.unassigned == sum(one.owner_id is None for one in mine)


def test_by_waiting_time_who_has_waited_longest_comes_first_and_who_waits_for_nothing_last(
    scoped: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    for number, one in enumerate(leads):
        one.waiting_since = frozen.moment - timedelta(minutes=number * 37 % 11) if number % 4 else None
    Lead.objects.bulk_update(leads, ["waiting_since"])
    asked = {"tenant_id": scoped.pk, "now": frozen.moment, "sla_min": SLA, "sort": "wait"}
    found = board(Lead.objects.all(), **asked, cards=3)

    def rank(one: Lead) -> tuple[bool, object, object, int]:
        since = one.waiting_since
        return since is None, since or one.next_action_at, one.next_action_at, one.pk

    for tier in TIERS:
        mine = [one.pk for one in sorted(leads, key=rank) if one.column == tier]
        assert shown(found, tier) == mine[:3]
        pages = [board(Lead.objects.all(), **asked, cards=2, only=tier, page=page) for page in (1, 2)]
        assert [shown(page, tier) for page in pages] == [mine[:2], mine[2:4]]
    told = [(card.waited_min, card.lead.waiting_since) for one in found.columns for card in one.cards]
    assert all(
        since is not None and since == frozen.moment - timedelta(minutes=waited) for waited, since in told
    )
    by_rank = board(Lead.objects.all(), **{**asked, "sort": "rank"}, cards=3)
    assert [card.lead for card in found.suggested] == [card.lead for card in by_rank.suggested]
    assert [card.rank for card in found.suggested] == [1, 2, 3, 4, 5]
    assert [card.lead for card in found.overdue] == [card.lead for card in by_rank.overdue]


def test_by_next_action_all_tiers_stand_in_one_list_by_time(
    client: Client, scoped: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    home = f"/t/{scoped.slug}/leads/"
    board_page = client.get(f"{home}?tier=A&sort=wait&owner=none").content.decode()
    assert f'href="{home}list/next/?owner=none"' in board_page
    page = client.get(f"{home}list/next/").content.decode()
    by_time = sorted(leads, key=lambda one: (one.next_action_at, one.pk))
    assert by_time != ordered(leads, frozen)  # which puts tiers before times
    told = [int(one) for one in re.findall(rf'class="q-link" href="{home}(\d+)/"', page)]
    assert told == [one.pk for one in by_time]


def test_a_tier_alone_is_paged_and_its_last_page_answers_for_those_behind_it(
    scoped: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    Lead.objects.filter(tier__in=["", Tier.B]).update(tier=Tier.A)
    mine = [one.pk for one in ordered(list(Lead.objects.all()), frozen) if one.column == Tier.A]
    assert len(mine) > FOREMOST + 2
    asked = {"tenant_id": scoped.pk, "now": frozen.moment, "sla_min": SLA, "cards": 2, "only": str(Tier.A)}
    pages = [board(Lead.objects.all(), **asked, page=page) for page in (1, 2, 5, 99)]
    assert [shown(page, Tier.A) for page in pages[:3]] == [mine[:2], mine[2:4], mine[8:10]]
    assert shown(pages[3], Tier.A) == mine[(len(mine) - 1) // 2 * 2 :]
    assert shown(pages[0], Tier.S) == []
    empty = board(Lead.objects.none(), **asked)
    assert (empty.total, empty.rule_number, shown(empty, Tier.A)) == (0, None, [])


def test_a_lead_knows_its_place_and_its_neighbours(
    scoped: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    order = ordered(leads, frozen)
    last = len(order) - 1
    for place in (0, 1, 7, last):
        found = neighbours_of(order[place], now=frozen.moment)
        assert (found.place, found.total) == (place + 1, len(order))
        before, after = order[place - 1] if place else None, order[place + 1] if place < last else None
        assert found.before == (before and (before.pk, before.customer.name))
        assert found.after == (after and (after.pk, after.customer.name))


def test_the_only_lead_is_the_first_and_a_closed_one_has_no_place(
    scoped: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    one, other = leads[0], leads[1]
    Lead.objects.exclude(pk=one.pk).update(state="won", closed_at=frozen.moment)
    other.refresh_from_db()
    assert neighbours_of(one, now=frozen.moment) == Neighbours(total=1, place=1)
    assert neighbours_of(other, now=frozen.moment) == Neighbours(total=1)


def test_board_lists_and_lead_cost_the_same_for_few_and_many(
    client, tenant: Tenant, frozen: MovableClock, leads: list[Lead]
) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    base = f"/t/{tenant.slug}/leads/"
    pages = [
        base,
        f"{base}?sort=wait",
        f"{base}?tier=A&sort=wait",
        f"{base}?tier=A",
        f"{base}list/today/",
        f"{base}list/overdue/",
        f"{base}{leads[12].pk}/",
    ]

    def cost(url: str) -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len([one for one in seen if "set_config" not in one["sql"]])

    many = [cost(url) for url in pages]
    waiting = next(one.pk for one in leads if one.next_action_at > frozen.moment)  # type: ignore[operator]
    few = Lead.objects.exclude(pk__in=[waiting, *(one.pk for one in leads[10:15])])
    few.update(state="won", closed_at=frozen.moment)
    assert [cost(url) for url in pages] == many
    assert max(many) <= 25
