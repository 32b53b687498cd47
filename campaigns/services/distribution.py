"""Distribution set up and switched on, and the people who take part in it (R84)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from campaigns.enums import PrizeKind
from campaigns.enums.distribution import BONUS_MOST, DAYS_MOST, NOTE_CHARS, SellerState
from campaigns.errors import CampaignInvalid, DecisionGone, PersonNotInGroups, ReasonMissing
from campaigns.models import Campaign, Distribution, Prize, Seller, SellerTouch
from campaigns.policies.distribution import ALPHABET, CODE_LENGTH
from campaigns.selectors.distribution import distribution_of, seller_of
from campaigns.selectors.frame import group_ids_of, people_in, prize_list
from campaigns.services.frame import draft_locked
from contacts.selectors.identity import as_persons
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

CODE_ONCE = "campaigns_seller_code"
TRIES = 8
# What a colleague may decide of somebody, by where they stand.
DECISIONS: Mapping[str, tuple[str, ...]] = {
    SellerState.ASKED: (SellerState.ACTIVE, SellerState.REFUSED), SellerState.ACTIVE: (SellerState.STOPPED,),
    SellerState.REFUSED: (SellerState.ACTIVE,), SellerState.STOPPED: (SellerState.ACTIVE,),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DistributionWish:
    """The terms as they are set up."""

    commission_id: int | None
    min_order_fen: int
    refund_days: int
    touch_days: int
    bonus_id: int | None
    bonus_orders: int
    takes_requests: bool
    shop_url: str = ""


def distribution_set(
    *, tenant: "Tenant", campaign_id: int, wish: DistributionWish, actor: Actor
) -> Distribution:
    """Give a draft its terms, or change them: a leader has to switch them on, anew after each change. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    days = (wish.refund_days, wish.touch_days)
    if (
        min(days) < 1
        or max(days) > DAYS_MOST
        or not 1 <= wish.bonus_orders <= BONUS_MOST
        or wish.min_order_fen < 0
    ):
        raise CampaignInvalid
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        prizes = {one.pk: one for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
        for prize_id in (wish.commission_id, wish.bonus_id):
            prize = prizes.get(prize_id or 0)
            if prize_id is not None and (prize is None or prize.kind != PrizeKind.RED_PACKET):
                raise CampaignInvalid(_("Commission and bonus are red packets of this campaign."))
        if wish.bonus_id is not None and wish.bonus_id == wish.commission_id:
            raise CampaignInvalid(_("The bonus is another prize than the commission."))
        row = distribution_of(campaign=campaign) or Distribution(tenant=tenant, campaign=campaign)
        row.commission_id, row.min_order_fen = wish.commission_id, wish.min_order_fen
        row.refund_days, row.touch_days = wish.refund_days, wish.touch_days
        row.bonus_id, row.bonus_orders = wish.bonus_id, wish.bonus_orders
        row.takes_requests, row.shop_url = wish.takes_requests, wish.shop_url
        row.note, row.switched_on_by, row.switched_on_at = "", "", None
        row.save()
        audit.record(tenant=tenant, actor=actor, verb="campaigns.distribution.set", target=campaign)
    return row


def distribution_switch_on(
    *, tenant: "Tenant", campaign_id: int, note: str, is_lawful: bool, actor: Actor
) -> Distribution:
    """A leader answers for it: one level, no fee to take part, nothing for recruiting. `note` says why in words.

    Raises CampaignFixed, CampaignInvalid, ReasonMissing, NotPermitted, Distribution.DoesNotExist. Safe to repeat.
    """
    require(actor, Permission.APPROVE)
    if not is_lawful:
        raise CampaignInvalid(_("Confirm each of the three points: without them it is pyramid selling."))
    if len(note.strip()) < NOTE_CHARS:
        raise ReasonMissing
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        row = Distribution.objects.get(tenant=tenant, campaign=campaign)
        row.note, row.switched_on_by, row.switched_on_at = note.strip()[:500], actor.name[:128], clock.now()
        row.save(update_fields=["note", "switched_on_by", "switched_on_at"])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.distribution.switched_on", target=campaign,
            changes={"note": [None, row.note]},
        )  # fmt: skip
    return row


def distribution_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take it out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = Distribution.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.distribution.removed", target=campaign)


def distribution_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign has the same terms, switched off. `prizes`: {old prize id: its copy}."""
    row = distribution_of(campaign=old)
    if row is None:
        return
    Distribution.objects.create(
        tenant_id=old.tenant_id, campaign=copy, commission=prizes.get(row.commission_id or 0),
        min_order_fen=row.min_order_fen, refund_days=row.refund_days, touch_days=row.touch_days,
        bonus=prizes.get(row.bonus_id or 0), bonus_orders=row.bonus_orders, takes_requests=row.takes_requests,
        shop_url=row.shop_url,
    )  # fmt: skip


def seller_ask(*, distribution: Distribution, person_id: int) -> Seller:
    """A member asks to take part. Costs nothing, and names nobody above. Safe to repeat, and at once: the first stands.

    Its caller asks whether the person may.
    """
    known = seller_of(distribution=distribution, person_id=person_id)
    return known or _seller_made(distribution, person_id, {"state": SellerState.ASKED})


def seller_name(*, tenant: "Tenant", campaign_id: int, customer_id: int, actor: Actor) -> Seller:
    """A colleague names a member of the campaign's groups, who takes part from now on. Safe to repeat.

    Raises PersonNotInGroups, NotPermitted, Distribution.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    row = Distribution.objects.select_related("campaign").get(tenant=tenant, campaign_id=campaign_id)
    (person_id,) = as_persons(tenant_id=tenant.pk, customer_ids=[customer_id])
    groups = group_ids_of(tenant_id=tenant.pk, campaign_id=campaign_id)
    if person_id not in people_in(tenant_id=tenant.pk, group_ids=groups):
        raise PersonNotInGroups
    with transaction.atomic():
        found = seller_of(distribution=row, person_id=person_id)
        if found is not None and found.state == SellerState.ACTIVE:
            return found
        now = clock.now()
        if found is None:
            values = {"state": SellerState.ACTIVE, "active_from": now, "decided_by": actor.name[:128]}
            found = _seller_made(row, person_id, values)
        else:
            found.state, found.active_from, found.active_until = (
                SellerState.ACTIVE,
                found.active_from or now,
                None,
            )
            found.decided_by = actor.name[:128]
            found.save(update_fields=["state", "active_from", "active_until", "decided_by"])
        audit.record(tenant=tenant, actor=actor, verb="campaigns.seller.named", target=found)
    return found


def seller_decide(
    *, tenant: "Tenant", campaign_id: int, seller_id: int, state: str, reason: str, actor: Actor
) -> Seller:
    """A colleague accepts, refuses or stops somebody, and says why. What was sold before stays theirs.

    Raises DecisionGone where they stand otherwise by now, ReasonMissing, NotPermitted, Seller.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        rows = Seller.objects.select_for_update(of=("self",), no_key=True)
        row = rows.get(tenant=tenant, distribution__campaign_id=campaign_id, pk=seller_id)
        if not reason.strip():
            raise ReasonMissing
        if state not in DECISIONS[row.state]:
            raise DecisionGone
        before, now = row.state, clock.now()
        row.state, row.note, row.decided_by = SellerState(state), reason.strip()[:200], actor.name[:128]
        if state == SellerState.ACTIVE:
            row.active_from, row.active_until = row.active_from or now, None
        elif state == SellerState.STOPPED:
            row.active_until = now
        row.save(update_fields=["state", "note", "decided_by", "active_from", "active_until"])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.seller.decided", target=row,
            changes={"state": [before, row.state]},
        )  # fmt: skip
    return row


def _seller_made(distribution: Distribution, person_id: int, values: Mapping[str, object]) -> Seller:
    """With a code that nobody has. Whoever comes at the same moment gets the same row."""
    for _number in range(TRIES):
        code = "".join(secrets.choice(ALPHABET) for _place in range(CODE_LENGTH))
        try:
            with transaction.atomic():
                return Seller.objects.create(
                    tenant_id=distribution.tenant_id, distribution=distribution, customer_id=person_id, code=code,
                    asked_at=clock.now(), **values,
                )  # fmt: skip
        except IntegrityError as error:
            if CODE_ONCE in str(error):
                continue
            found = seller_of(distribution=distribution, person_id=person_id)
            if found is None:
                raise
            return found
    raise CampaignInvalid


def touch_note(*, seller: Seller, customer_id: int) -> None:
    """Somebody opened a distributor's page. The first time counts; after the window it may count anew. Safe to repeat.

    Nothing is noted of a distributor's own look, nor of one who does not take part.
    """
    now, tenant_id = clock.now(), seller.tenant_id
    (person_id,) = as_persons(tenant_id=tenant_id, customer_ids=[customer_id])
    if seller.state != SellerState.ACTIVE or person_id == seller.customer_id:
        return
    row = SellerTouch(tenant_id=tenant_id, seller=seller, customer_id=person_id, at=now)
    SellerTouch.objects.bulk_create([row], ignore_conflicts=True)
    over = now - _window(seller.distribution)
    SellerTouch.objects.filter(
        tenant_id=tenant_id, seller=seller, customer_id=person_id, at__lte=over
    ).update(at=now)


def _window(distribution: Distribution) -> timedelta:
    return timedelta(days=distribution.touch_days)
