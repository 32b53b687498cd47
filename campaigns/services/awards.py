"""Giving prizes to people: set aside, handed over or paid, or taken back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import transaction

from campaigns.enums import OPEN_AWARDS, AwardSource, AwardState, PayoutState, Phase, PrizeKind
from campaigns.errors import (
    AwardByCode,
    AwardPaid,
    AwardPaidLater,
    AwardSettled,
    CampaignNotRunning,
    CampaignPaused,
    PersonNotInGroups,
    ReasonMissing,
)
from campaigns.models import Award, Campaign, Payout
from campaigns.policies.doors import phase_of
from campaigns.selectors.frame import group_ids_of, people_in, prize_get
from campaigns.services.ledger import award_move
from contacts.selectors.identity import as_persons
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

Made = Callable[[Award, Actor], None]
_made: dict[str, Made] = {}


def register_made(kind: PrizeKind, act: Made) -> None:
    """What else happens whenever a prize of this kind is given, by whatever play: `act(award, actor)`, in the same
    transaction and under the campaign's lock. What it raises undoes the prize. The same kind twice counts once."""
    _made[kind] = act


_taken_back: dict[str, Made] = {}


def register_taken_back(source: AwardSource, act: Made) -> None:
    """What else goes back when a prize that this play gave is taken back: `act(award, actor)`, in the same transaction.
    The same source twice counts once."""
    _taken_back[source] = act


def award_make(
    *,
    tenant: "Tenant",
    campaign_id: int,
    prize_id: int,
    customer_id: int,
    source: AwardSource,
    key: str,
    note: str,
    actor: Actor,
    is_paid_later: bool = False,
) -> Award:
    """One piece for one person: piece and money are set aside, a red packet's payment is put in line, or waits for
    `award_pay` where it `is_paid_later`.

    The one way by which any play gives anything. What people write stays with the prize, not in the audit trail: it
    goes when the person is erased. Safe to repeat by `key`, which is the campaign's own. Raises
    CampaignNotRunning, CampaignPaused, StockOut, BudgetSpent; Prize.DoesNotExist. Asks no permission: its caller does.
    """
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",), no_key=True).get(
            tenant=tenant, pk=campaign_id
        )
        known = Award.objects.filter(tenant=tenant, campaign=campaign, key=key).first()
        if known is not None:
            return known
        check_open(campaign)
        prize = prize_get(tenant_id=tenant.pk, campaign_id=campaign_id, prize_id=prize_id)
        is_paid = prize.kind == PrizeKind.RED_PACKET and not is_paid_later
        award = Award.objects.create(
            tenant=tenant, campaign=campaign, prize=prize, customer_id=customer_id, source=source, key=key,
            amount_fen=prize.unit_fen, state=AwardState.PAYING if is_paid else AwardState.HELD, note=note[:200],
            made_at=clock.now(), made_by=actor.name[:128],
        )  # fmt: skip
        if prize.kind in _made:
            _made[prize.kind](award, actor)
        award_move(tenant=tenant, award=award, verb="hold", actor=actor)
        if is_paid:
            _line_up(tenant, award)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.award.made", target=award,
            changes={"prize": [None, prize.name]},
        )  # fmt: skip
    return award


def _line_up(tenant: "Tenant", award: Award) -> None:
    """A payment is put in line."""
    Payout.objects.create(
        tenant=tenant, award=award, number=f"Q{tenant.pk}A{award.pk}", amount_fen=award.amount_fen
    )
    enqueue("campaigns.pay_tenant", tenant_id=tenant.pk)


def award_pay(*, tenant: "Tenant", award_id: int, actor: Actor) -> bool:
    """A red packet that was to be paid later is put in line, also after the campaign: it was promised while it ran.

    False where it is paid, in line or taken back. Safe to repeat. Asks no permission: its caller does.
    """
    with transaction.atomic():
        row = Award.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=award_id)
        if row.state != AwardState.HELD:
            return False
        row.state = AwardState.PAYING
        row.save(update_fields=["state"])
        _line_up(tenant, row)
        audit.record(tenant=tenant, actor=actor, verb="campaigns.award.paid_later", target=row)
    return True


def check_open(campaign: Campaign) -> None:
    """Whether anything may be won or given now. Raises CampaignNotRunning, CampaignPaused."""
    phase = phase_of(
        state=campaign.state, starts_at=campaign.starts_at, ends_at=campaign.ends_at, paused_at=campaign.paused_at,
        now=clock.now(),
    )  # fmt: skip
    if phase == Phase.PAUSED:
        raise CampaignPaused
    if phase != Phase.OPEN:
        raise CampaignNotRunning


def award_by_hand(
    *, tenant: "Tenant", campaign_id: int, prize_id: int, customer_id: int, key: str, note: str, actor: Actor
) -> Award:
    """A colleague gives a prize to a member of the campaign's groups, and says what for. Safe to repeat by `key`.

    Raises PersonNotInGroups, ReasonMissing, NotPermitted, and what award_make raises.
    """
    require(actor, Permission.OPERATE)
    if not note.strip():
        raise ReasonMissing
    group_ids = group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
    (person_id,) = as_persons(tenant_id=tenant.pk, customer_ids=[customer_id])
    if person_id not in people_in(tenant_id=tenant.pk, group_ids=group_ids):
        raise PersonNotInGroups
    return award_make(
        tenant=tenant, campaign_id=campaign_id, prize_id=prize_id, customer_id=person_id, source=AwardSource.HAND,
        key=f"hand:{key[:50]}", note=note.strip(), actor=actor,
    )  # fmt: skip


def award_hand_over(*, tenant: "Tenant", award_id: int, proof: str, actor: Actor) -> Award:
    """The person has it: `proof` says how, a parcel number or who took it where.

    Raises AwardSettled, AwardByCode for a coupon, ReasonMissing, NotPermitted.
    """
    require(actor, Permission.WORK)
    if not proof.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = (
            Award.objects.select_for_update(of=("self",), no_key=True)
            .select_related("prize")
            .get(tenant=tenant, pk=award_id)
        )
        if row.prize.kind == PrizeKind.COUPON:
            raise AwardByCode
        if row.prize.kind == PrizeKind.RED_PACKET:
            raise AwardPaidLater
        award_spend(tenant=tenant, award=row, proof=proof, actor=actor)
        audit.record(tenant=tenant, actor=actor, verb="campaigns.award.handed_over", target=row)
    return row


def award_spend(*, tenant: "Tenant", award: Award, proof: str, actor: Actor, turn: int = 0) -> None:
    """A prize that is held by lock is given out. Its caller asks for permission, and audits. Raises AwardSettled."""
    if award.state != AwardState.HELD:
        raise AwardSettled
    award.state, award.proof = AwardState.GIVEN, proof.strip()[:200]
    _settle(award, actor)
    award_move(tenant=tenant, award=award, verb="spend", actor=actor, turn=turn)


def award_reverse(*, tenant: "Tenant", award: Award, actor: Actor, turn: int) -> None:
    """A prize that was given out, and is held by lock, is promised only again. `turn`: how often that happened before.

    Its caller asks for permission, and audits. Raises AwardSettled.
    """
    if award.state != AwardState.GIVEN:
        raise AwardSettled
    award.state, award.proof, award.settled_at, award.settled_by = AwardState.HELD, "", None, ""
    award.save(update_fields=["state", "proof", "settled_at", "settled_by"])
    award_move(tenant=tenant, award=award, verb="reverse", actor=actor, turn=turn)


def award_release(*, tenant: "Tenant", award: Award, proof: str, actor: Actor) -> None:
    """A prize that is held by lock and was not handed over goes back with its money. Raises AwardSettled."""
    if award.state not in OPEN_AWARDS:
        raise AwardSettled
    award.state, award.proof = AwardState.RETURNED, proof.strip()[:200]
    _settle(award, actor)
    award_move(tenant=tenant, award=award, verb="release", actor=actor)


def award_take_back(*, tenant: "Tenant", award_id: int, reason: str, actor: Actor) -> Award:
    """A prize that was not handed over goes back, with its money. What was given stays given.

    Raises AwardSettled, AwardPaid while a payment has no answer, ReasonMissing, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        payout = (
            Payout.objects.select_for_update(of=("self",), no_key=True)
            .filter(tenant=tenant, award_id=award_id)
            .first()
        )
        if payout is not None and payout.state in (PayoutState.ASKED, PayoutState.PAID):
            raise AwardSettled if payout.state == PayoutState.PAID else AwardPaid
        row = Award.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=award_id)
        if row.state not in OPEN_AWARDS:
            raise AwardSettled
        if payout is not None:
            payout.state = PayoutState.CANCELLED
            payout.save(update_fields=["state"])
        award_release(tenant=tenant, award=row, proof=reason, actor=actor)
        if row.source in _taken_back:
            _taken_back[row.source](row, actor)
        audit.record(tenant=tenant, actor=actor, verb="campaigns.award.taken_back", target=row)
    return row


def _settle(row: Award, actor: Actor) -> None:
    row.settled_at, row.settled_by = clock.now(), actor.name[:128]
    row.save(update_fields=["state", "proof", "settled_at", "settled_by"])
