"""Points of people: they come from a campaign's books and go back there; no account of a person falls below zero."""

from typing import TYPE_CHECKING
from uuid import uuid4

from django.db import transaction

from campaigns.enums import AccountKind, EntryReason, Unit
from campaigns.models import Account, Award, Entry
from campaigns.services.ledger import entry_write
from contacts.selectors.identity import records_under
from tenants import clock
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant


def points_move(
    *,
    tenant: "Tenant",
    campaign_id: int,
    person_id: int,
    amount: int,
    reason: EntryReason,
    key: str,
    actor: Actor,
    award: Award | None = None,
) -> Entry | None:
    """Give points to a person (above zero), or take some (below zero); zero moves nothing. Safe to repeat by `key`.

    In the caller's transaction, and after whatever pieces and money it moves, so that nobody waits in a circle.
    Raises PointsShort where the person has fewer.
    """
    if amount == 0:
        return None
    outside, person = _accounts(tenant, campaign_id, person_id)
    source, target = (outside, person) if amount > 0 else (person, outside)
    return entry_write(
        Entry(
            tenant=tenant, campaign_id=campaign_id, source_id=source, target_id=target, unit=Unit.POINTS,
            amount=abs(amount), reason=reason, key=key, award_id=award.pk if award else None, at=clock.now(),
            by=actor.name[:128],
        )
    )  # fmt: skip


def points_take_back(
    *, tenant: "Tenant", campaign_id: int, person_id: int, amount: int, key: str, actor: Actor
) -> int:
    """Take points back that were given for something that no longer counts, as far as they were not spent.

    Returns how many were taken. Safe to repeat by `key`.
    """
    known = Entry.objects.filter(tenant=tenant, key=key).first()
    if known is not None:
        return known.amount
    with transaction.atomic():
        ids = _accounts(tenant, campaign_id, person_id)
        rows = Account.objects.filter(tenant=tenant, pk__in=ids).order_by("pk")
        held = {one.pk: one.balance for one in rows.select_for_update(of=("self",), no_key=True)}
        taken = min(amount, held[ids[1]])
        points_move(
            tenant=tenant, campaign_id=campaign_id, person_id=person_id, amount=-taken, reason=EntryReason.VOIDED,
            key=key, actor=actor,
        )  # fmt: skip
    return taken


def points_gather(*, tenant: "Tenant", campaign_id: int, person_id: int) -> None:
    """Points on other records of the same person come to the one that stands for the person. Safe to repeat."""
    others = set(records_under(tenant_id=tenant.pk, person_ids=[person_id])) - {person_id}
    rows = Account.objects.filter(
        tenant=tenant, campaign=None, kind=AccountKind.PERSON, unit=Unit.POINTS, customer_id__in=others,
        balance__gt=0,
    )  # fmt: skip
    if not others or not rows.exists():
        return
    _outside, target = _accounts(tenant, campaign_id, person_id)
    for pk in list(rows.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            held = Account.objects.filter(tenant=tenant, pk__in=(pk, target)).order_by("pk")
            found = {one.pk: one.balance for one in held.select_for_update(of=("self",), no_key=True)}
            if found[pk] > 0:
                entry_write(
                    Entry(
                        tenant=tenant, campaign_id=campaign_id, source_id=pk, target_id=target, unit=Unit.POINTS,
                        amount=found[pk], reason=EntryReason.GATHERED, key=f"gather:{uuid4().hex}", at=clock.now(),
                    )
                )  # fmt: skip


def _accounts(tenant: "Tenant", campaign_id: int, person_id: int) -> tuple[int, int]:
    """(the campaign's side, the person's account), made where they are missing: the campaign's first."""
    found = _known(tenant, campaign_id, person_id)
    if len(found) < 2:
        Account.objects.bulk_create(
            [
                Account(tenant=tenant, campaign_id=campaign_id, kind=AccountKind.OUTSIDE, unit=Unit.POINTS),
                Account(tenant=tenant, customer_id=person_id, kind=AccountKind.PERSON, unit=Unit.POINTS),
            ],
            ignore_conflicts=True,
        )
        found = _known(tenant, campaign_id, person_id)
    return found[AccountKind.OUTSIDE], found[AccountKind.PERSON]


def _known(tenant: "Tenant", campaign_id: int, person_id: int) -> dict[str, int]:
    rows = Account.objects.filter(tenant=tenant, unit=Unit.POINTS, prize=None)
    outside = rows.filter(campaign_id=campaign_id, kind=AccountKind.OUTSIDE, customer=None)
    person = rows.filter(campaign=None, kind=AccountKind.PERSON, customer_id=person_id)
    return dict(outside.values_list("kind", "pk").union(person.values_list("kind", "pk")))
