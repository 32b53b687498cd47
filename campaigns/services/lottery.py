"""Lotteries: set up, draws granted, draws made."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, DrawOutcome, GrantReason, LotteryKind
from campaigns.errors import (
    BudgetSpent,
    CampaignInvalid,
    NoDrawsLeft,
    StockOut,
)
from campaigns.models import Award, Campaign, Chance, Draw, DrawGrant, Entrant, Lottery, Prize
from campaigns.policies.lottery import WHOLE, code_of, drawn, roll_of, seed_hash
from campaigns.selectors.frame import prize_list
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.lottery import chances_of, draws_left, entrant_of, lottery_of
from campaigns.services.awards import award_make, check_open
from campaigns.services.frame import draft_locked
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

DRAWS_MOST = 999
SEED_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class LotteryWish:
    """A lottery as it is set up. `odds`: {prize id: millionths}; a prize without odds cannot be drawn."""

    kind: str
    free_draws: int
    draws_most: int
    odds: Mapping[int, int]


def lottery_set(*, tenant: "Tenant", campaign_id: int, wish: LotteryWish, actor: Actor) -> Lottery:
    """Give a draft its lottery, or change it. Its seed is made once; the audit trail has its hash from then on.

    Safe to repeat. Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    _check(wish)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        known = {one.pk for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
        if not set(wish.odds) <= known:
            raise CampaignInvalid(_("One of these prizes does not exist any more."))
        row = lottery_of(campaign=campaign)
        if row is None:
            seed = secrets.token_hex(SEED_BYTES)
            row = Lottery(tenant=tenant, campaign=campaign, seed=seed, seed_hash=seed_hash(seed))
        row.kind, row.free_draws, row.draws_most = LotteryKind(wish.kind), wish.free_draws, wish.draws_most
        row.save()
        Chance.objects.filter(tenant=tenant, lottery=row).delete()
        Chance.objects.bulk_create(
            Chance(tenant=tenant, lottery=row, prize_id=prize_id, share=share)
            for prize_id, share in wish.odds.items()
        )
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.lottery.set", target=campaign,
            changes={"seed_hash": [None, row.seed_hash], "draws_most": [None, row.draws_most]},
        )  # fmt: skip
    return row


def _check(wish: LotteryWish) -> None:
    if not 1 <= wish.draws_most <= DRAWS_MOST or not 0 <= wish.free_draws <= wish.draws_most:
        raise CampaignInvalid(_("Free draws are within the limit of a person."))
    if any(share < 1 for share in wish.odds.values()):
        raise CampaignInvalid(_("Odds are above nothing."))
    if sum(wish.odds.values()) > WHOLE:
        raise CampaignInvalid(_("All odds together are 100% at most."))


def lottery_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the lottery out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = Lottery.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.lottery.removed", target=campaign)


def lottery_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign gets the same lottery with a seed of its own. `prizes`: {old prize id: its copy}."""
    row = lottery_of(campaign=old)
    if row is None:
        return
    seed = secrets.token_hex(SEED_BYTES)
    made = Lottery.objects.create(
        tenant_id=old.tenant_id, campaign=copy, kind=row.kind,
        free_draws=row.free_draws, draws_most=row.draws_most, seed=seed, seed_hash=seed_hash(seed),
    )  # fmt: skip
    Chance.objects.bulk_create(
        Chance(tenant_id=old.tenant_id, lottery=made, prize=prizes[one.prize_id], share=one.share)
        for one in chances_of(lottery=row)
    )


def entrant_open(*, lottery: Lottery, person_id: int) -> Entrant:
    """Somebody takes part, with the free draws. Safe to repeat, and at once."""
    found = entrant_of(lottery=lottery, person_id=person_id)
    if found is not None:
        return found
    with transaction.atomic():
        code = code_of(lottery.seed_hash, person_id)
        row = Entrant(tenant_id=lottery.tenant_id, lottery=lottery, customer_id=person_id, code=code)
        Entrant.objects.bulk_create([row], ignore_conflicts=True)
        return _grant(lottery, person_id, lottery.free_draws, GrantReason.FREE, "free", SYSTEM)


def draws_grant(
    *, lottery: Lottery, person_id: int, amount: int, reason: GrantReason, key: str, actor: Actor
) -> Entrant:
    """More draws for somebody (R82: one for each invitee), or fewer: what was drawn already stays drawn.

    `key` counts it once for this person: safe to repeat. The limit of the lottery holds for whatever is granted.
    """
    entrant_open(lottery=lottery, person_id=person_id)
    with transaction.atomic():
        return _grant(lottery, person_id, amount, reason, key, actor)


def _grant(
    lottery: Lottery, person_id: int, amount: int, reason: GrantReason, key: str, actor: Actor
) -> Entrant:
    """In a transaction; the entrant is held to its end."""
    row = _entrant_locked(lottery, person_id)
    amount = max(amount, row.used - row.granted)
    known = DrawGrant.objects.filter(tenant_id=lottery.tenant_id, entrant=row, key=key).exists()
    if known or not amount:
        return row
    DrawGrant.objects.create(
        tenant_id=lottery.tenant_id, entrant=row, amount=amount, reason=reason, key=key, by=actor.name[:128]
    )
    row.granted += amount
    row.save(update_fields=["granted"])
    return row


def _entrant_locked(lottery: Lottery, person_id: int) -> Entrant:
    rows = Entrant.objects.select_for_update(of=("self",), no_key=True)
    return rows.get(tenant_id=lottery.tenant_id, lottery=lottery, customer_id=person_id)


def draw_make(*, tenant: "Tenant", lottery: Lottery, person_id: int, key: str) -> Draw:
    """One draw of a person, settled at once: the prize is set aside before the draw is told. Safe to repeat by `key`.

    Only the person's own row is held; the campaign's only where the roll fell on a prize of which a piece is left.
    Asks no permission and not whether the person may take part: the page does. Raises NoDrawsLeft,
    CampaignNotRunning, CampaignPaused.
    """
    entrant_open(lottery=lottery, person_id=person_id)
    with transaction.atomic():
        entrant = _entrant_locked(lottery, person_id)
        known = (
            Draw.objects.filter(tenant=tenant, entrant=entrant, key=key[:64]).select_related("prize").first()
        )
        if known is not None:
            return known
        check_open(lottery.campaign)
        if draws_left(lottery=lottery, entrant=entrant) < 1:
            raise NoDrawsLeft
        entrant.used += 1
        entrant.save(update_fields=["used"])
        roll = roll_of(lottery.seed, lottery_id=lottery.pk, code=entrant.code, number=entrant.used)
        chances = chances_of(lottery=lottery)
        prize_id = drawn(roll, [(one.prize_id, one.share) for one in chances])
        prize = next((one.prize for one in chances if one.prize_id == prize_id), None)
        award = _award(tenant, lottery, entrant, prize) if prize else None
        outcome = DrawOutcome.WON if award else DrawOutcome.GONE if prize_id else DrawOutcome.NONE
        return Draw.objects.create(
            tenant=tenant, lottery=lottery, entrant=entrant, number=entrant.used, key=key[:64], roll=roll,
            outcome=outcome, prize_id=prize_id, award_id=award.pk if award else None, at=clock.now(),
        )  # fmt: skip


def _award(tenant: "Tenant", lottery: Lottery, entrant: Entrant, prize: Prize) -> Award | None:
    """The piece, or None where none or no money is left."""
    if not pieces_left(tenant_id=tenant.pk, prizes=[prize])[prize.pk]:
        return None
    try:
        return award_make(
            tenant=tenant, campaign_id=lottery.campaign_id, prize_id=prize.pk, customer_id=entrant.customer_id,
            source=AwardSource.LOTTERY, key=f"draw:{lottery.pk}:{entrant.pk}:{entrant.used}", note="", actor=SYSTEM,
        )  # fmt: skip
    except (StockOut, BudgetSpent):
        return None
