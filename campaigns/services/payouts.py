"""Paying red packets: claim, commit, call, record. What has no answer is asked about, and paid once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from campaigns.enums import AwardState, PayoutState
from campaigns.errors import AwardSettled, PaymentRefused, PaymentUnknown, ReasonMissing
from campaigns.models import Award, Payout
from campaigns.selectors.ledger import payouts_paid
from campaigns.services.ledger import award_move
from campaigns.services.paying import PaymentService, Receipt, payment_service
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

ANSWER_WITHIN = timedelta(seconds=60)  # then a payment that was asked for is asked about
BATCH = 50


def payouts_run(*, tenant: "Tenant") -> int:
    """Pay what is due and ask about what has no answer; how many were settled. Safe to repeat, and at once.

    Not within a transaction: what was asked for is committed before the payment service is called.
    """
    service = payment_service()
    if not service.is_automatic:
        return 0
    settled = 0
    for row in _claim(tenant, service):
        try:
            receipt = _paid(tenant, service, row)
        except PaymentRefused as error:
            settled += _refused(tenant, row, str(error.message))
        except PaymentUnknown:
            continue
        else:
            settled += payout_record(tenant=tenant, payout_id=row.pk, receipt=receipt, actor=SYSTEM)
    return settled


def _claim(tenant: "Tenant", service: PaymentService) -> list[Payout]:
    """Those to be asked for now, and those whose answer is overdue, marked as asked for."""
    now = clock.now()
    waits = Q(state=PayoutState.DUE) | Q(state=PayoutState.ASKED, asked_at__lte=now - ANSWER_WITHIN)
    with transaction.atomic():
        rows = list(
            Payout.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(waits, tenant=tenant)
            .order_by("pk")[:BATCH]
        )
        for row in rows:
            row.state, row.asked_at, row.tries = PayoutState.ASKED, now, row.tries + 1
            row.service = service.code
        Payout.objects.bulk_update(rows, ["state", "asked_at", "tries", "service"])
    return rows


def _paid(tenant: "Tenant", service: PaymentService, row: Payout) -> Receipt:
    """The payment of this number, made now or found: one that was asked for before is looked up first."""
    if row.tries > 1:
        found = service.look_up(tenant=tenant, number=row.number)
        if found is not None:
            return found
    return service.pay(tenant=tenant, number=row.number, amount_fen=row.amount_fen)


def payout_record(*, tenant: "Tenant", payout_id: int, receipt: Receipt, actor: Actor) -> bool:
    """Write down that it was paid: payment, prize and ledger at once. False where that stands already."""
    with transaction.atomic():
        row = (
            Payout.objects.select_for_update(of=("self",), no_key=True)
            .select_related("award__prize")
            .get(tenant=tenant, pk=payout_id)
        )
        if row.state == PayoutState.PAID:
            return False
        award = Award.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=row.award_id)
        row.state, row.reference, row.settled_at, row.error = (
            PayoutState.PAID, receipt.reference[:64], receipt.at, "",
        )  # fmt: skip
        row.save(update_fields=["state", "reference", "settled_at", "error"])
        award.state, award.settled_at, award.settled_by = AwardState.GIVEN, receipt.at, actor.name[:128]
        award.save(update_fields=["state", "settled_at", "settled_by"])
        award_move(tenant=tenant, award=award, verb="spend", actor=actor)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.payout.paid", target=award,
            changes={"amount_fen": [None, row.amount_fen], "reference": [None, row.reference]},
        )  # fmt: skip
    return True


def _refused(tenant: "Tenant", row: Payout, why: str) -> bool:
    return bool(
        Payout.objects.filter(tenant=tenant, pk=row.pk, state=PayoutState.ASKED).update(
            state=PayoutState.REFUSED, error=why[:200]
        )
    )


def payout_by_hand(*, tenant: "Tenant", award_id: int, reference: str, actor: Actor) -> Award:
    """Somebody paid outside and notes how. Raises ReasonMissing, AwardSettled, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    told = reference.strip()[:64]
    if not told:
        raise ReasonMissing
    with transaction.atomic():
        row = Payout.objects.select_for_update(of=("self",), no_key=True).get(
            tenant=tenant, award_id=award_id
        )
        if row.state == PayoutState.PAID and row.reference == told:
            return Award.objects.get(tenant=tenant, pk=award_id)
        is_asked = (
            row.state == PayoutState.ASKED
        )  # a service may have paid: a second payment would be one too many
        if row.state in (PayoutState.PAID, PayoutState.CANCELLED) or is_asked:
            raise AwardSettled
        row.service = "hand"
        row.save(update_fields=["service"])
        receipt = Receipt(row.number, row.amount_fen, told, clock.now())
        payout_record(tenant=tenant, payout_id=row.pk, receipt=receipt, actor=actor)
    return Award.objects.get(tenant=tenant, pk=award_id)


def payout_again(*, tenant: "Tenant", award_id: int, actor: Actor) -> None:
    """Have one that was refused asked for once more, by the same number. Raises AwardSettled, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = Payout.objects.select_for_update(of=("self",), no_key=True).get(
            tenant=tenant, award_id=award_id
        )
        if row.state != PayoutState.REFUSED:
            raise AwardSettled
        row.state, row.error = PayoutState.DUE, ""
        row.save(update_fields=["state", "error"])
        audit.record(tenant=tenant, actor=actor, verb="campaigns.payout.retried", target=row.award)
        enqueue("campaigns.pay_tenant", tenant_id=tenant.pk)


@dataclass(frozen=True)
class Difference:
    """A payment on which our books and the service's do not agree; amounts in fen, None: not there."""

    number: str
    ours: int | None
    theirs: int | None


@dataclass(frozen=True)
class Reconciled:
    """What was compared, and where the two differ."""

    compared: int
    paid_fen: int
    differences: list[Difference]


def reconcile(*, tenant: "Tenant", campaign_id: int) -> Reconciled:
    """Compare the payments of a campaign with the service's own statement. Only those that a service made."""
    service = payment_service()
    rows = Payout.objects.filter(tenant=tenant, award__campaign_id=campaign_id, service=service.code)
    ours = {row.number: row for row in rows}
    theirs = service.statement(tenant=tenant, numbers=ours) if service.is_automatic else {}
    found = []
    for number, row in sorted(ours.items()):
        own = row.amount_fen if row.state == PayoutState.PAID else None
        other = theirs[number].amount_fen if number in theirs else None
        if service.is_automatic and own != other:
            found.append(Difference(number, own, other))
    paid = payouts_paid(tenant_id=tenant.pk, campaign_id=campaign_id)
    total = sum(paid.values_list("amount_fen", flat=True))
    return Reconciled(compared=len(ours), paid_fen=total, differences=found)


def tenants_with_payouts() -> list[int]:
    """Tenants with a payment to make or to ask about. Runs across tenants: the caller is a tick."""
    rows = Payout.objects.filter(state__in=[PayoutState.DUE, PayoutState.ASKED])
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())
