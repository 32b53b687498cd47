"""The ledger: nothing changes it, everything adds up, and the database refuses what is not covered."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.enums import AccountKind, AwardSource, EntryReason, PrizeKind, Unit
from campaigns.errors import AwardSettled, BudgetSpent, LedgerMismatch, StockOut
from campaigns.models import Account, Award, Entry
from campaigns.selectors.frame import prize_list
from campaigns.selectors.ledger import books_of, unbalanced
from campaigns.services.awards import award_by_hand, award_hand_over, award_make, award_take_back
from campaigns.services.ledger import FREE_FEN, OUTSIDE_FEN, entry_post
from campaigns.services.life import budget_change
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.factories.campaigns import Played, make_campaign
from tests.parallel import in_parallel

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def played(tenant: Tenant, owner: Actor) -> Iterator[Played]:
    with tenant_scope(tenant):
        yield make_campaign(tenant=tenant, actor=owner)


def _give(tenant: Tenant, played: Played, key: str, number: int = 0) -> Award:
    return award_make(
        tenant=tenant, campaign_id=played.campaign.pk, prize_id=played.prizes[0].pk,
        customer_id=played.people[number].pk, source=AwardSource.HAND, key=key, note="答得好", actor=SYSTEM,
    )  # fmt: skip


def _balance(kind: str, unit: str = Unit.FEN) -> int:
    return sum(Account.objects.filter(kind=kind, unit=unit).values_list("balance", flat=True))


def _books(tenant: Tenant, played: Played) -> Any:
    prizes = prize_list(tenant_id=tenant.pk, campaign_id=played.campaign.pk)
    return books_of(
        tenant_id=tenant.pk, campaign_id=played.campaign.pk, prizes=prizes,
        ceiling_fen=played.campaign.budget_fen or 0,
    )  # fmt: skip


def test_a_start_brings_budget_and_pieces_in(played: Played) -> None:
    assert (_balance(AccountKind.FREE), _balance(AccountKind.OUTSIDE)) == (600_000, -600_000)
    assert (_balance(AccountKind.FREE, Unit.PIECES), _balance(AccountKind.OUTSIDE, Unit.PIECES)) == (5, -5)


def test_a_prize_is_set_aside_then_given_out_or_taken_back(
    tenant: Tenant, owner: Actor, played: Played
) -> None:
    first, second = _give(tenant, played, "1"), _give(tenant, played, "2", 1)
    assert (_books(tenant, played).budget.held, _books(tenant, played).prizes[0].left) == (19_200, 3)
    award_hand_over(tenant=tenant, award_id=first.pk, proof="SF123", actor=owner)
    award_take_back(tenant=tenant, award_id=second.pk, reason="地址不对", actor=owner)
    books = _books(tenant, played)
    assert (books.budget.spent, books.budget.held, books.budget.free) == (9_600, 0, 590_400)
    assert (books.prizes[0].given, books.prizes[0].held, books.prizes[0].left) == (1, 0, 4)
    assert _balance(AccountKind.FREE) == books.budget.free


@pytest.mark.parametrize(
    "statement",
    [
        "update campaigns_entry set amount = amount + 1",
        "delete from campaigns_entry",
        "update campaigns_account set balance = balance + 1 where kind = 'free'",
        "update campaigns_account set kind = 'outside' where kind = 'free'",
        "delete from campaigns_account where balance = 0",
        "insert into campaigns_account (tenant_id, kind, unit, balance) select tenant_id, 'person', 'points', 5"
        " from campaigns_account limit 1",
    ],
)
def test_the_database_refuses_to_change_the_books(played: Played, statement: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert unbalanced(tenant_id=played.campaign.tenant_id) == []


@pytest.mark.parametrize("amount", [0, -5])
def test_the_database_refuses_an_entry_of_nothing_or_less(played: Played, amount: int) -> None:
    ends = list(Account.objects.filter(unit=Unit.FEN).order_by("pk")[:2])
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            tenant=played.campaign.tenant, campaign=played.campaign, source=ends[0], target=ends[1], unit=Unit.FEN,
            amount=amount, reason=EntryReason.RAISED, key="x",
        )  # fmt: skip


def test_an_entry_between_units_or_campaigns_is_refused(tenant: Tenant, owner: Actor, played: Played) -> None:
    other = make_campaign(tenant=tenant, actor=owner)
    mine, theirs = (
        Account.objects.get(campaign=one.campaign, kind=AccountKind.OUTSIDE, unit=Unit.FEN)
        for one in (played, other)
    )
    pieces = Account.objects.get(campaign=played.campaign, kind=AccountKind.OUTSIDE, unit=Unit.PIECES)
    for target in (theirs, pieces):
        with pytest.raises(IntegrityError, match="own unit and campaign"), transaction.atomic():
            Entry.objects.create(
                tenant=tenant, campaign=played.campaign, source=mine, target=target, unit=Unit.FEN, amount=1,
                reason=EntryReason.RAISED, key="x",
            )  # fmt: skip


def test_the_same_key_moves_once_and_other_figures_under_it_are_refused(
    tenant: Tenant, owner: Actor, played: Played
) -> None:
    def post(amount: int) -> Entry | None:
        return entry_post(
            tenant=tenant, campaign_id=played.campaign.pk, source=OUTSIDE_FEN, target=FREE_FEN, amount=amount,
            reason=EntryReason.RAISED, key="again", actor=owner,
        )  # fmt: skip

    first, second = post(100), post(100)
    assert first is not None
    assert second is not None
    assert first.pk == second.pk
    assert _balance(AccountKind.FREE) == 600_100
    with pytest.raises(LedgerMismatch):
        post(200)
    with pytest.raises(ValueError, match="negative"):
        post(-1)


def test_no_piece_left_and_no_money_left_are_said_apart(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        poor = make_campaign(tenant=tenant, actor=owner, budget_fen=10_000)
        _give(tenant, poor, "1")
        with pytest.raises(BudgetSpent):
            _give(tenant, poor, "2", 1)
        rare = make_campaign(tenant=tenant, actor=owner, prizes=[("笔", PrizeKind.GOODS, 100, 1)])
        _give(tenant, rare, "1")
        with pytest.raises(StockOut):
            _give(tenant, rare, "2", 1)
        assert Award.objects.count() == 2
        assert unbalanced(tenant_id=tenant.pk) == []


def test_the_budget_never_falls_below_what_was_promised(tenant: Tenant, owner: Actor, played: Played) -> None:
    _give(tenant, played, "1")
    who: dict[str, Any] = {
        "tenant": tenant,
        "campaign_id": played.campaign.pk,
        "actor": owner,
        "reason": "少花",
    }
    with pytest.raises(BudgetSpent):
        budget_change(**who, budget_fen=9_599)
    budget_change(**who, budget_fen=9_600)
    budget_change(**who, budget_fen=9_600)
    assert _balance(AccountKind.FREE) == 0
    budget_change(**who, budget_fen=20_000)
    assert _balance(AccountKind.FREE) == 10_400


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(["give", "hand", "back"]), st.integers(0, 4)), max_size=14))
def test_whatever_is_done_in_whatever_order_everything_adds_up(
    tenant: Tenant, owner: Actor, acts: list[tuple[str, int]]
) -> None:
    with tenant_scope(tenant), transaction.atomic():
        played = make_campaign(tenant=tenant, actor=owner, budget_fen=30_000, people=5)
        for verb, number in acts:
            held = Award.objects.filter(campaign=played.campaign, key=f"hand:{number}").first()
            with suppress(BudgetSpent, AwardSettled):
                if verb == "give":
                    award_by_hand(
                        tenant=tenant, campaign_id=played.campaign.pk, prize_id=played.prizes[0].pk,
                        customer_id=played.people[number].pk, key=str(number), note="好", actor=owner,
                    )  # fmt: skip
                elif held is not None and verb == "hand":
                    award_hand_over(tenant=tenant, award_id=held.pk, proof="好", actor=owner)
                elif held is not None:
                    award_take_back(tenant=tenant, award_id=held.pk, reason="好", actor=owner)
        accounts = Account.objects.filter(campaign=played.campaign)
        assert unbalanced(tenant_id=tenant.pk) == []
        for unit in (Unit.FEN, Unit.PIECES):
            assert sum(one.balance for one in accounts if one.unit == unit) == 0
        assert all(one.balance >= 0 for one in accounts if one.kind != AccountKind.OUTSIDE)
        open_or_given = Award.objects.filter(campaign=played.campaign).exclude(state="returned").count()
        free = next(one for one in accounts if one.kind == AccountKind.FREE and one.unit == Unit.FEN)
        assert free.balance == 30_000 - 9_600 * open_or_given
        transaction.set_rollback(True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("stock", "budget_fen"), [(10, 100_000_00), (60, 96_000)])
def test_sixty_at_once_get_ten_by_stock_or_by_budget(
    tenant: Tenant, owner: Actor, stock: int, budget_fen: int
) -> None:
    prizes = [("点读笔", PrizeKind.GOODS.value, 9_600, stock)]
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner, prizes=prizes, budget_fen=budget_fen, people=60)
    refused: list[str] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                _give(tenant, played, f"{number}", number)
            except (StockOut, BudgetSpent) as error:
                refused.append(error.code)

    in_parallel(60, work)
    with tenant_scope(tenant):
        assert Award.objects.count() == 10
        assert len(refused) == 50
        assert set(refused) == {"LEDGER-02" if stock == 10 else "LEDGER-01"}
        assert _balance(AccountKind.HELD) == 96_000
        assert unbalanced(tenant_id=tenant.pk) == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_one_prize_asked_for_by_thirty_retries_is_given_once(tenant: Tenant, owner: Actor) -> None:
    with tenant_scope(tenant):
        played = make_campaign(tenant=tenant, actor=owner)

    def work(_number: int) -> None:
        with tenant_scope(tenant):
            _give(tenant, played, "the same")

    in_parallel(30, work)
    with tenant_scope(tenant):
        assert Award.objects.count() == 1
        assert _balance(AccountKind.HELD) == 9_600
