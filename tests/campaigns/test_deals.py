"""Flash sales and group-buys (R18, R90, R91): never more than there is, no deadline moved in silence, records only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from campaigns.errors import (
    CampaignFixed,
    CampaignIncomplete,
    CampaignInvalid,
    CampaignNotRunning,
    DealOver,
    DealSoldOut,
    DealTooMany,
    NothingToTell,
    PostTooSoon,
    ReasonMissing,
    StateWrong,
    TeamClosed,
)
from campaigns.handlers import on_orders_of_deals
from campaigns.models import Campaign, DeadlineMove, Deal, GroupPost, PriceStep, Reservation, Team
from campaigns.policies.deals import Step, masked, price_at
from campaigns.selectors.deals import deals_of, deals_shown, price_now, settling, steps_of
from campaigns.services.deals import (
    deadline_move,
    deal_remove,
    deal_save,
    post_make,
    reservation_cancel,
    reservations_lapse,
    reserve,
)
from campaigns.services.frame import campaign_clone
from campaigns.services.life import campaign_start
from contacts.models import Order
from contacts.services.prices import anchor_set
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import Actor
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers, make_order
from tests.factories.deals import PRICE_FEN, deal_wish, make_deal
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scope(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def _reserve(tenant: Tenant, deal: Deal, person: Any, key: str = "a", **fields: Any) -> Reservation:
    values: dict[str, Any] = {"pieces": 1, "wish": "", **fields}
    return reserve(tenant=tenant, deal_id=deal.pk, person_id=person.pk, key=key, **values)


def _left(deal: Deal) -> int:
    deal.refresh_from_db()
    return deal.stock - deal.taken


@pytest.mark.django_db(transaction=True)
def test_fifty_connections_for_two_hundred_people_reserve_ten_pieces_and_no_more(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        played, deal = make_deal(tenant=tenant, owner=owner, people=200)
    refused: list[int] = []

    def take(worker: int) -> None:
        for number in range(worker, 200, 50):
            with tenant_scope(tenant):
                try:
                    _reserve(tenant, deal, played.people[number])
                except DealSoldOut:
                    refused.append(number)

    in_parallel(50, take)
    with tenant_scope(tenant):
        held = list(Reservation.objects.order_by("number").values_list("number", flat=True))
        assert (held, len(refused), _left(deal)) == (list(range(1, 11)), 190, 0)


@pytest.mark.django_db(transaction=True)
def test_one_person_with_forty_taps_at_once_has_what_one_may_have(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        played, deal = make_deal(tenant=tenant, owner=owner)

    def take(number: int) -> None:
        with tenant_scope(tenant):
            try:
                _reserve(tenant, deal, played.people[0], key=f"k{number % 20}")
            except DealTooMany:
                return

    in_parallel(40, take)
    with tenant_scope(tenant):
        assert (Reservation.objects.count(), _left(deal)) == (2, 8)


def test_the_same_form_is_one_reservation_and_what_cannot_be_is_refused(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    person = played.people[0]
    first = _reserve(scope, deal, person, wish="蓝色" * 30)
    assert (first.wish, first.price_fen) == (("蓝色" * 20), PRICE_FEN)
    assert first.until == clock.now() + timedelta(minutes=30)
    assert _reserve(scope, deal, person).pk == first.pk
    for pieces in (0, -1, 100):
        with pytest.raises(CampaignInvalid):
            _reserve(scope, deal, person, key="b", pieces=pieces)
    with pytest.raises(DealTooMany):
        _reserve(scope, deal, person, key="b", pieces=2)
    frozen.move(days=7)
    with pytest.raises(CampaignNotRunning):
        _reserve(scope, deal, person, key="c")


def test_what_is_not_ordered_in_time_is_free_again_and_a_person_may_call_it_off(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    first, second = played.people[:2]
    lapses, called_off = _reserve(scope, deal, first), _reserve(scope, deal, second, pieces=2)
    with pytest.raises(Reservation.DoesNotExist):
        reservation_cancel(tenant=scope, reservation_id=called_off.pk, person_id=first.pk)
    for _twice in range(2):
        reservation_cancel(tenant=scope, reservation_id=called_off.pk, person_id=second.pk)
        assert _left(deal) == 9
    frozen.move(minutes=39, seconds=59)
    assert reservations_lapse(tenant=scope) == 0
    frozen.move(seconds=1)
    assert (reservations_lapse(tenant=scope), reservations_lapse(tenant=scope)) == (1, 0)
    lapses.refresh_from_db()
    assert (lapses.state, _left(deal)) == ("lapsed", 10)


class _Told:
    def __init__(self, *customer_ids: int) -> None:
        self.customer_ids, self.kinds = list(customer_ids), ["order", "refund"]


def _tell(tenant: Tenant, *people: Any) -> None:
    on_orders_of_deals(tenant_id=tenant.pk, events=[_Told(*(one.pk for one in people))])  # type: ignore[list-item]


def test_an_order_closes_a_reservation_a_refund_opens_it_and_a_late_one_takes_what_is_left(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, wish={"stock": 2})
    first, second, third = played.people
    make_order(tenant=scope, customer=first, sku_id=deal.sku.code, ordered_at=clock.now() - timedelta(days=1))
    mine = _reserve(scope, deal, first)
    _tell(scope, first)
    assert Reservation.objects.get(pk=mine.pk).state == "held"
    order = make_order(tenant=scope, customer=first, sku_id=deal.sku.code, order_no="N1")
    for _twice in range(2):
        _tell(scope, first)
    mine.refresh_from_db()
    assert (mine.state, mine.order_no, _left(deal)) == ("ordered", "N1", 1)
    with pytest.raises(StateWrong):
        reservation_cancel(tenant=scope, reservation_id=mine.pk, person_id=first.pk)
    late = _reserve(scope, deal, second)
    frozen.move(hours=1)
    reservations_lapse(tenant=scope)
    make_order(tenant=scope, customer=second, sku_id=deal.sku.code, order_no="N2")
    _reserve(scope, deal, third)
    _tell(scope, second)
    late.refresh_from_db()
    assert (late.state, late.order_no, _left(deal)) == ("lapsed", "N2", 0)
    Order.objects.filter(pk=order.pk).update(state="refunded")
    for _twice in range(2):
        _tell(scope, first)
    mine.refresh_from_db()
    assert (mine.state, _left(deal)) == ("cancelled", 1)


def test_an_order_for_pieces_that_others_have_is_a_task_until_somebody_settles_it(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, wish={"stock": 2, "per_person": 1})
    late = [_reserve(scope, deal, person) for person in played.people[:2]]
    frozen.move(hours=1)
    reservations_lapse(tenant=scope)
    others = make_customers(tenant=scope, count=2)
    for person in others:
        _reserve(scope, deal, person)
    orders = [
        make_order(tenant=scope, customer=person, sku_id=deal.sku.code, order_no=f"N{person.pk}")
        for person in played.people[:2]
    ]
    for _twice in range(2):
        _tell(scope, *played.people)
    items = WorkItem.objects.filter(source_kind="campaigns.late_order").order_by("source_id")
    assert [(one.source_id, one.staff, one.bucket, one.state) for one in items] == [
        (one.pk, played.staff, "must", "open") for one in late
    ]
    assert all(str(deal.sku) in one.title and "?need=settle" in one.url for one in items)
    assert settling(tenant_id=scope.pk) == [one.pk for one in late]
    work_item_act(tenant=scope, item_id=items[0].pk, verb="done", actor=owner)
    assert settling(tenant_id=scope.pk) == [late[1].pk]
    Order.objects.filter(pk=orders[1].pk).update(state="refunded")
    _tell(scope, *played.people)  # the money is back: nothing is left to settle
    assert settling(tenant_id=scope.pk) == []
    assert _left(deal) == 0


def test_a_team_is_together_when_enough_people_are_and_only_then_its_time_runs(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, wish={"kind": "group"})
    first, second, third = played.people
    begun = _reserve(scope, deal, first)
    campaign = Campaign.objects.get(pk=played.campaign.pk)
    assert begun.until == campaign.ends_at
    assert begun.team is not None
    code = begun.team.code
    with pytest.raises(TeamClosed):
        _reserve(scope, deal, first, key="b", team_code=code)
    frozen.move(hours=5)
    joined = _reserve(scope, deal, second, team_code=code)
    begun.refresh_from_db()
    assert begun.until == joined.until == clock.now() + timedelta(minutes=30)
    assert Team.objects.get().full_at == clock.now()
    for wrong in (code, "nobody", "x" * 40):
        with pytest.raises(TeamClosed):
            _reserve(scope, deal, third, team_code=wrong)
    other = _reserve(scope, deal, third)
    reservation_cancel(tenant=scope, reservation_id=other.pk, person_id=third.pk)
    assert Team.objects.get(pk=other.team_id).people == 0


@pytest.mark.django_db(transaction=True)
def test_thirty_who_join_one_team_of_three_at_once_make_one_team(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        wish = {"kind": "group", "people_needed": 3, "stock": 40}
        played, deal = make_deal(tenant=tenant, owner=owner, people=31, wish=wish)
        begun = _reserve(tenant, deal, played.people[30])
        assert begun.team is not None
        code = begun.team.code

    def join(number: int) -> None:
        with tenant_scope(tenant):
            try:
                _reserve(tenant, deal, played.people[number], team_code=code)
            except TeamClosed:
                return

    in_parallel(30, join)
    with tenant_scope(tenant):
        assert Team.objects.get().people == Reservation.objects.count() == 3
        assert _left(deal) == 37


# --- R91


def test_a_deadline_moves_only_with_a_leader_a_reason_and_a_record_that_members_see(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    ends_at = clock.now() + timedelta(hours=3)
    played, deal = make_deal(tenant=scope, owner=owner, wish={"ends_at": ends_at})
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "deal_id": deal.pk}
    later = ends_at + timedelta(hours=2)
    with pytest.raises(ReasonMissing):
        deadline_move(**who, ends_at=later, reason=" ", actor=owner)
    operator = Actor(kind="user", id=owner.id, name="运营", permissions=frozenset({"operate"}))
    with pytest.raises(NotPermitted):
        deadline_move(**who, ends_at=later, reason="补货", actor=operator)
    for wrong in (clock.now(), clock.now() + timedelta(days=8)):
        with pytest.raises(CampaignInvalid):
            deadline_move(**who, ends_at=wrong, reason="补货", actor=owner)
    for _twice in range(2):
        deadline_move(**who, ends_at=later, reason="快递停一天", actor=owner)
    (shown,) = deals_shown(campaign=Campaign.objects.get(pk=played.campaign.pk))
    assert shown.ends_at == later
    assert [(one.before, one.after, one.reason) for one in shown.moves] == [(ends_at, later, "快递停一天")]
    assert AuditEntry.objects.filter(verb="campaigns.deal.deadline_moved").count() == 1
    frozen.move(hours=4)
    assert _reserve(scope, deal, played.people[0]).pk
    frozen.move(hours=1)
    with pytest.raises(DealOver):
        _reserve(scope, deal, played.people[1])


@pytest.mark.parametrize(
    "statement",
    [
        "update campaigns_deal set ends_at = now() + interval '9 days'",
        "update campaigns_deal set stock = 99",
        "update campaigns_deal set price_fen = 1",
        "update campaigns_deal set taken = stock + 1",
        "delete from campaigns_deal",
        "update campaigns_pricestep set price_fen = 1",
        "delete from campaigns_pricestep",
        "update campaigns_deadlinemove set reason = 'x'",
        "delete from campaigns_deadlinemove",
        "update campaigns_grouppost set lines = 9",
    ],
)
def test_the_database_keeps_pieces_prices_deadline_and_records(
    scope: Tenant, owner: Actor, frozen: MovableClock, statement: str
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, wish={"steps": {timedelta(hours=12): 21_900}})
    deadline_move(
        tenant=scope, campaign_id=played.campaign.pk, deal_id=deal.pk, reason="x", actor=owner,
        ends_at=clock.now() + timedelta(days=2),
    )  # fmt: skip
    GroupPost.objects.create(tenant=scope, campaign=played.campaign, kind="relay", lines=1, by="x")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_prices_step_as_published_and_a_reservation_keeps_its_own(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner, wish={"steps": {timedelta(hours=2): 21_900}})
    first = _reserve(scope, deal, played.people[0])
    (shown,) = deals_shown(campaign=deal.campaign)
    assert [one.price_fen for one in shown.steps] == [21_900]
    frozen.move(minutes=59, seconds=59)
    assert price_now(deal) == PRICE_FEN
    frozen.move(seconds=1)
    assert price_now(deal) == 21_900
    assert _reserve(scope, deal, played.people[1]).price_fen == 21_900
    assert Reservation.objects.get(pk=first.pk).price_fen == PRICE_FEN


@given(steps=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), max_size=5), hour=st.integers(0, 60))
def test_the_price_is_that_of_the_latest_step_that_has_come(steps: list[tuple[int, int]], hour: int) -> None:
    start = datetime(2026, 11, 23, tzinfo=UTC)
    unique = dict(steps)
    moments = [Step(start + timedelta(hours=at), fen) for at, fen in unique.items()]
    come = [at for at in unique if at <= hour]
    expected = unique[max(come)] if come else 100
    assert price_at(100, moments, start + timedelta(hours=hour)) == expected


def test_only_a_proven_price_stands_crossed_out(scope: Tenant, owner: Actor, frozen: MovableClock) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    (bare,) = deals_shown(campaign=deal.campaign)
    assert bare.anchor is None
    for person in played.people:
        make_order(
            tenant=scope, customer=person, sku_id=deal.sku.code, amount_fen=29_900,
            ordered_at=clock.now() - timedelta(days=2),
        )  # fmt: skip
    anchor_set(tenant=scope, sku_id=deal.sku_id, price_fen=29_900, reason="原价", actor=owner)
    (proven,) = deals_shown(campaign=deal.campaign)
    assert proven.anchor is not None
    assert (proven.anchor.anchor.price_fen, proven.anchor.facts.sales) == (29_900, 3)
    Order.objects.update(state="refunded")
    (lapsed,) = deals_shown(campaign=deal.campaign)
    assert lapsed.anchor is None


def test_a_draft_changes_a_started_one_does_not_and_a_copy_sells_the_same(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    steps = {timedelta(hours=12): 21_900}
    played, deal = make_deal(tenant=scope, owner=owner, is_started=False, wish={"steps": steps})
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    for bad in (
        {"price_fen": 0}, {"stock": 0}, {"per_person": 0}, {"url": "javascript:alert(1)"}, {"sku_id": 999_999},
        {"kind": "group", "people_needed": 1}, {"steps": {timedelta(): 5}},
        {"steps": {timedelta(hours=3): 5, timedelta(hours=2): 6}},
    ):  # fmt: skip
        with pytest.raises(CampaignInvalid):
            deal_save(**who, deal_id=deal.pk, wish=deal_wish(deal.sku, **bad))
    with pytest.raises(CampaignInvalid):
        deal_save(**who, wish=deal_wish(deal.sku))
    outside = deal_wish(deal.sku, ends_at=clock.now() + timedelta(days=30))
    deal_save(**who, deal_id=deal.pk, wish=outside)
    with pytest.raises(CampaignIncomplete) as lacks:
        campaign_start(**who)
    assert lacks.value.code == "CAMP-34"
    deal_save(**who, deal_id=deal.pk, wish=deal_wish(deal.sku, steps=steps))
    campaign_start(**who)
    with pytest.raises(CampaignFixed):
        deal_save(**who, deal_id=deal.pk, wish=deal_wish(deal.sku))
    with pytest.raises(CampaignFixed):
        deal_remove(**who, deal_id=deal.pk)
    (copy,) = deals_of(campaign=campaign_clone(**who))
    assert (copy.price_fen, copy.stock, copy.taken, copy.ends_at) == (PRICE_FEN, 10, 0, None)
    assert [(one.after, one.price_fen) for one in steps_of(deals=[copy])[copy.pk]] == list(steps.items())
    assert PriceStep.objects.count() == 2
    assert DeadlineMove.objects.count() == 0


# --- R90


@given(name=st.text(max_size=20))
def test_a_masked_name_shows_one_character_at_most(name: str) -> None:
    assert len(masked(name)) == 3
    assert masked(name).replace("*", "") in (name.strip()[:1], "")


def test_texts_for_the_groups_come_from_records_once_masked_and_not_too_often(
    scope: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    played, deal = make_deal(tenant=scope, owner=owner)
    who: dict[str, Any] = {"tenant": scope, "campaign_id": played.campaign.pk, "actor": owner}
    with pytest.raises(NothingToTell):
        post_make(**who, kind="relay")
    _reserve(scope, deal, played.people[0], pieces=2, wish="蓝色")
    called_off = _reserve(scope, deal, played.people[1])
    reservation_cancel(tenant=scope, reservation_id=called_off.pk, person_id=played.people[1].pk)
    _post, text = post_make(**who, kind="relay")
    assert "1. 豆** 绘本礼盒 × 2" in text
    assert "蓝色" in text
    assert "豆豆妈妈" not in text
    assert "2. " not in text
    with pytest.raises(PostTooSoon):
        post_make(**who, kind="relay")
    stranger_buys = {"sku_id": "other", "order_no": "S1"}
    make_order(tenant=scope, customer=played.people[2], **stranger_buys)
    with pytest.raises(NothingToTell):
        post_make(**who, kind="stream")
    make_order(tenant=scope, customer=played.people[0], sku_id=deal.sku.code, order_no="S2")
    make_order(tenant=scope, customer=played.people[1], sku_id=deal.sku.code, order_no="S3", state="refunded")
    _post, told = post_make(**who, kind="stream")
    assert told.count("绘本礼盒") == 1
    assert "豆** 绘本礼盒" in told
    frozen.move(minutes=30)
    with pytest.raises(NothingToTell):
        post_make(**who, kind="relay")
    _reserve(scope, deal, played.people[2])
    _post, news = post_make(**who, kind="relay")
    assert "豆**" not in news
    assert "3. 客** 绘本礼盒" in news
