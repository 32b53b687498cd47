"""Reads of the ledger: balances, entries, and whether everything adds up."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from campaigns.enums import AccountKind, PayoutState, Unit
from campaigns.models import Account, Award, Campaign, Entry, Payout, Prize


@dataclass(frozen=True)
class Budget:
    """Where the money of a campaign is, in fen."""

    ceiling: int
    held: int
    spent: int

    @property
    def free(self) -> int:
        return self.ceiling - self.held - self.spent

    @property
    def used(self) -> int:
        return self.held + self.spent


@dataclass(frozen=True)
class PrizeBook:
    """Where the pieces and the money of one prize are."""

    prize: Prize
    left: int
    held: int
    given: int
    held_fen: int
    spent_fen: int

    @property
    def used(self) -> int:
        """Pieces that were promised or given."""
        return self.held + self.given

    @property
    def cost_fen(self) -> int:
        return self.held_fen + self.spent_fen


@dataclass(frozen=True)
class Books:
    """All balances of one campaign."""

    budget: Budget
    prizes: list[PrizeBook]


def books_of(*, tenant_id: int, campaign_id: int, prizes: list[Prize], ceiling_fen: int) -> Books:
    """Budget and prizes by the ledger; before the start, when nothing is written yet, as planned. One query.

    `ceiling_fen` is the campaign's budget: what the ledger holds free, set aside and given out until the review.
    """
    rows = Account.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id)
    found: dict[tuple[str, str, int | None], int] = defaultdict(int)
    is_open = False
    for unit, kind, prize_id, balance in rows.values_list("unit", "kind", "prize_id", "balance"):
        found[unit, kind, prize_id] += balance
        is_open = True
    lines = [_prize_book(one, found, is_open) for one in prizes]
    held, spent = sum(one.held_fen for one in lines), sum(one.spent_fen for one in lines)
    return Books(Budget(ceiling_fen, held, spent), lines)


def _prize_book(prize: Prize, found: dict[tuple[str, str, int | None], int], is_open: bool) -> PrizeBook:
    return PrizeBook(
        prize=prize,
        left=found[Unit.PIECES, AccountKind.FREE, prize.pk] if is_open else prize.stock,
        held=found[Unit.PIECES, AccountKind.HELD, prize.pk],
        given=found[Unit.PIECES, AccountKind.SPENT, prize.pk],
        held_fen=found[Unit.FEN, AccountKind.HELD, prize.pk],
        spent_fen=found[Unit.FEN, AccountKind.SPENT, prize.pk],
    )


def pieces_left(*, tenant_id: int, prizes: Iterable[Prize]) -> dict[int, int]:
    """{prize: pieces still free, before the start what is planned}. A glance: giving one decides. One query."""
    planned = {one.pk: one.stock for one in prizes}
    rows = Account.objects.filter(
        tenant_id=tenant_id, unit=Unit.PIECES, kind=AccountKind.FREE, prize__in=planned
    )
    return {**planned, **dict(rows.values_list("prize_id", "balance"))}


def entry_list(*, tenant_id: int, campaign_id: int) -> QuerySet[Entry]:
    """Every entry of a campaign with both accounts, the prize and the person, newest first."""
    rows = Entry.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id)
    beside = ("source__prize", "source__customer", "target__prize", "target__customer")
    return rows.select_related(*beside).order_by("-pk")


def counts_of(*, campaign: Campaign) -> tuple[int, int]:
    """(prizes given, entries) of a campaign. One query."""

    def count(rows: QuerySet[Any]) -> Subquery:
        of_it = rows.filter(tenant_id=OuterRef("tenant_id"), campaign_id=OuterRef("pk")).order_by()
        return Subquery(of_it.values("campaign_id").annotate(n=Count("pk")).values("n"))

    rows = Campaign.objects.filter(tenant_id=campaign.tenant_id, pk=campaign.pk)
    awards, entries = rows.values_list(count(Award.objects.all()), count(Entry.objects.all())).get()
    return awards or 0, entries or 0


def spent_fen_of(*, tenant_id: int, campaign_id: int) -> int:
    """What the prizes given have cost."""
    rows = Account.objects.filter(
        tenant_id=tenant_id, campaign_id=campaign_id, unit=Unit.FEN, kind=AccountKind.SPENT
    )
    return int(rows.aggregate(found=Sum("balance"))["found"] or 0)


@dataclass(frozen=True)
class Unbalanced:
    """An account whose balance is not what its entries make of it."""

    account_id: int
    balance: int
    entries: int


def unbalanced(*, tenant_id: int, campaign_id: int | None = None) -> list[Unbalanced]:
    """Accounts that do not add up: none, as long as nobody passes by the database's triggers. Three queries."""
    of_one: dict[str, Any] = {} if campaign_id is None else {"campaign_id": campaign_id}
    entries = Entry.objects.filter(tenant_id=tenant_id, **of_one)
    sums: dict[int, int] = defaultdict(int)
    for account_id, amount in entries.order_by().values_list("target_id").annotate(found=Sum("amount")):
        sums[account_id] += amount
    for account_id, amount in entries.order_by().values_list("source_id").annotate(found=Sum("amount")):
        sums[account_id] -= amount
    rows = Account.objects.filter(tenant_id=tenant_id, **of_one).order_by("pk")
    return [
        Unbalanced(pk, balance, sums[pk])
        for pk, balance in rows.values_list("pk", "balance")
        if balance != sums[pk]
    ]


def awards_of(*, tenant_id: int, campaign_id: int) -> QuerySet[Award]:
    """Every prize that was given, with the person and the payment, newest first."""
    rows = Award.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id)
    return rows.select_related("prize", "customer").prefetch_related("payouts").order_by("-pk")


def awards_of_people(*, tenant_id: int, customer_ids: Iterable[int]) -> QuerySet[Award]:
    """Every prize of these records of people, in no order."""
    return Award.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))


def award_get(*, tenant_id: int, campaign_id: int, award_id: int) -> Award:
    """Raises Award.DoesNotExist, also for another campaign's or tenant's id."""
    return awards_of(tenant_id=tenant_id, campaign_id=campaign_id).get(pk=award_id)


def payouts_paid(*, tenant_id: int, campaign_id: int) -> QuerySet[Payout]:
    """Payments that were made, of one campaign."""
    return Payout.objects.filter(tenant_id=tenant_id, award__campaign_id=campaign_id, state=PayoutState.PAID)
