"""Writing the ledger: one entry moves one amount from one account to another, once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from campaigns.enums import AccountKind, EntryReason, Unit
from campaigns.errors import BudgetSpent, LedgerMismatch, PointsShort, StockOut
from campaigns.models import Account, Award, Campaign, Entry, Prize
from tenants import clock
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant

COVERED = "campaigns_account_covered"
_SHORT = {Unit.FEN: BudgetSpent, Unit.PIECES: StockOut, Unit.POINTS: PointsShort}


@dataclass(frozen=True)
class Place:
    """An account by what it is. `prize_id` None: the campaign's own."""

    kind: str
    unit: str
    prize_id: int | None = None


FREE_FEN = Place(AccountKind.FREE, Unit.FEN)
OUTSIDE_FEN = Place(AccountKind.OUTSIDE, Unit.FEN)


def pieces(kind: str, prize_id: int) -> Place:
    return Place(kind, Unit.PIECES, prize_id)


def fen(kind: str, prize_id: int) -> Place:
    return Place(kind, Unit.FEN, prize_id)


def accounts_open(*, tenant: "Tenant", campaign: Campaign, prizes: Iterable[Prize]) -> None:
    """Make every account of a campaign, those of pieces first. Safe to repeat.

    Whoever moves several amounts in one transaction moves pieces before money: all lock in the order of the ids, and
    nobody waits in a circle.
    """
    places = [Place(AccountKind.OUTSIDE, Unit.PIECES)]
    held = list(prizes)
    for kind in (AccountKind.FREE, AccountKind.HELD, AccountKind.SPENT):
        places += [pieces(kind, one.pk) for one in held]
    places += [OUTSIDE_FEN, FREE_FEN]
    for kind in (AccountKind.HELD, AccountKind.SPENT):
        places += [fen(kind, one.pk) for one in held]
    Account.objects.bulk_create(
        [
            Account(tenant=tenant, campaign=campaign, kind=one.kind, unit=one.unit, prize_id=one.prize_id)
            for one in places
        ],
        ignore_conflicts=True,
    )


def entry_post(
    *,
    tenant: "Tenant",
    campaign_id: int,
    source: Place,
    target: Place,
    amount: int,
    reason: EntryReason,
    key: str,
    actor: Actor,
    award: Award | None = None,
) -> Entry | None:
    """Move `amount` from one account to the other, in the caller's transaction. Safe to repeat by `key`.

    Zero moves nothing and is not written: None. Raises ValueError for a negative amount, LedgerMismatch where the key
    stands for something else, BudgetSpent or StockOut where the database says that the source does not cover it.
    """
    if amount < 0:
        raise ValueError("an entry never moves a negative amount")
    if amount == 0:
        return None
    ends = _accounts(tenant.pk, campaign_id, source, target)
    row = Entry(
        tenant=tenant, campaign_id=campaign_id, source_id=ends[source], target_id=ends[target], unit=source.unit,
        amount=amount, reason=reason, key=key, award_id=award.pk if award else None, at=clock.now(),
        by=actor.name[:128],
    )  # fmt: skip
    return entry_write(row)


def entry_write(row: Entry) -> Entry:
    """Write one entry whose accounts are known, in the caller's transaction. Safe to repeat by its key.

    Raises LedgerMismatch where the key stands for something else; BudgetSpent, StockOut or PointsShort where the
    database says that the source does not cover it.
    """
    try:
        with transaction.atomic():
            Entry.objects.bulk_create([row], ignore_conflicts=True)
    except IntegrityError as error:
        if COVERED not in str(error):
            raise
        raise _SHORT[Unit(row.unit)] from error
    found = Entry.objects.get(tenant_id=row.tenant_id, key=row.key)
    same = (row.source_id, row.target_id, row.amount, row.campaign_id)
    if (found.source_id, found.target_id, found.amount, found.campaign_id) != same:
        raise LedgerMismatch
    return found


def _accounts(tenant_id: int, campaign_id: int, *places: Place) -> dict[Place, int]:
    """{place: its account}. One query. Raises Account.DoesNotExist where the campaign never opened it."""
    rows = Account.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id, customer=None)
    found = {
        Place(kind, unit, prize_id): pk
        for pk, kind, unit, prize_id in rows.values_list("pk", "kind", "unit", "prize_id")
    }
    if any(one not in found for one in places):
        raise Account.DoesNotExist
    return {one: found[one] for one in places}


def campaign_fund(*, tenant: "Tenant", campaign: Campaign, prizes: list[Prize], actor: Actor) -> None:
    """Open the books of a campaign: its prizes and its budget come in. Safe to repeat."""
    accounts_open(tenant=tenant, campaign=campaign, prizes=prizes)
    for one in prizes:
        entry_post(
            tenant=tenant, campaign_id=campaign.pk, source=Place(AccountKind.OUTSIDE, Unit.PIECES),
            target=pieces(AccountKind.FREE, one.pk), amount=one.stock, reason=EntryReason.STOCKED,
            key=f"campaign:{campaign.pk}:stock:{one.pk}", actor=actor,
        )  # fmt: skip
    entry_post(
        tenant=tenant, campaign_id=campaign.pk, source=OUTSIDE_FEN, target=FREE_FEN,
        amount=campaign.budget_fen or 0, reason=EntryReason.FUNDED, key=f"campaign:{campaign.pk}:budget", actor=actor,
    )  # fmt: skip


def budget_move(*, tenant: "Tenant", campaign: Campaign, by_fen: int, key: str, actor: Actor) -> None:
    """Raise the budget, or lower it by what is still free. Raises BudgetSpent where less is free. Safe to repeat."""
    up = by_fen > 0
    entry_post(
        tenant=tenant, campaign_id=campaign.pk, source=OUTSIDE_FEN if up else FREE_FEN,
        target=FREE_FEN if up else OUTSIDE_FEN, amount=abs(by_fen),
        reason=EntryReason.RAISED if up else EntryReason.LOWERED, key=key, actor=actor,
    )  # fmt: skip


def campaign_close(*, tenant: "Tenant", campaign: Campaign, prizes: list[Prize], actor: Actor) -> None:
    """What is left at the review goes back to the company: pieces, then money. Safe to repeat."""
    rows = Account.objects.filter(tenant=tenant, campaign=campaign, kind=AccountKind.FREE)
    left = {
        (unit, prize_id): balance
        for unit, prize_id, balance in rows.values_list("unit", "prize_id", "balance")
    }
    for one in prizes:
        entry_post(
            tenant=tenant, campaign_id=campaign.pk, source=pieces(AccountKind.FREE, one.pk),
            target=Place(AccountKind.OUTSIDE, Unit.PIECES), amount=left.get((Unit.PIECES, one.pk), 0),
            reason=EntryReason.CLOSED, key=f"campaign:{campaign.pk}:left:{one.pk}", actor=actor,
        )  # fmt: skip
    entry_post(
        tenant=tenant, campaign_id=campaign.pk, source=FREE_FEN, target=OUTSIDE_FEN,
        amount=left.get((Unit.FEN, None), 0), reason=EntryReason.CLOSED, key=f"campaign:{campaign.pk}:left",
        actor=actor,
    )  # fmt: skip


_MOVES = {
    "hold": (AccountKind.FREE, AccountKind.HELD, EntryReason.HELD),
    "spend": (AccountKind.HELD, AccountKind.SPENT, EntryReason.SPENT),
    "release": (AccountKind.HELD, AccountKind.FREE, EntryReason.RELEASED),
    "reverse": (AccountKind.SPENT, AccountKind.HELD, EntryReason.REVERSED),
}


def award_move(*, tenant: "Tenant", award: Award, verb: str, actor: Actor, turn: int = 0) -> None:
    """Move the piece and the money of one prize: "hold", "spend", "release", or "reverse" a "spend".

    Safe to repeat within one `turn`: how many times the prize's spending was reversed before. Raises StockOut and
    BudgetSpent on "hold".
    """
    suffix = f":{turn}" if turn else ""
    source, target, reason = _MOVES[verb]
    for unit, amount in ((Unit.PIECES, 1), (Unit.FEN, award.amount_fen)):
        is_budget = unit == Unit.FEN
        entry_post(
            tenant=tenant, campaign_id=award.campaign_id,
            source=FREE_FEN if is_budget and source == AccountKind.FREE else Place(source, unit, award.prize_id),
            target=FREE_FEN if is_budget and target == AccountKind.FREE else Place(target, unit, award.prize_id),
            amount=amount, reason=reason, key=f"award:{award.pk}:{verb}:{unit}{suffix}", actor=actor,
            award=award,
        )  # fmt: skip
