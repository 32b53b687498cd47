"""The points mall: prices set, goods had for points, points back when a redemption is called off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, EntryReason, Unit
from campaigns.enums.checkins import POINTS_MOST
from campaigns.errors import CampaignInvalid, GoodLimit
from campaigns.models import Award, Campaign, Entry, MallGood, Prize
from campaigns.selectors.frame import prize_list
from campaigns.selectors.mall import redeemed_by
from campaigns.services.awards import award_make
from campaigns.services.crowds import patient
from campaigns.services.frame import campaign_locked, draft_locked
from campaigns.services.points import points_gather, points_move
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

LIMIT_MOST = 99


@dataclass(frozen=True)
class GoodWish:
    """What a prize costs in points, and how many one person may have."""

    points: int
    per_person: int


def mall_set(
    *, tenant: "Tenant", campaign_id: int, goods: Mapping[int, GoodWish], actor: Actor
) -> list[MallGood]:
    """What of a draft's prizes can be had for points: {prize id: its price}. Empty: no mall. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if any(
        not 1 <= one.points <= POINTS_MOST or not 1 <= one.per_person <= LIMIT_MOST for one in goods.values()
    ):
        raise CampaignInvalid(_("A good costs one point at least, and each person may have one at least."))
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        known = {one.pk for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
        if not set(goods) <= known:
            raise CampaignInvalid(_("One of these prizes does not exist any more."))
        MallGood.objects.filter(tenant=tenant, prize__campaign=campaign).delete()
        rows = MallGood.objects.bulk_create(
            MallGood(tenant=tenant, prize_id=prize_id, points=one.points, per_person=one.per_person)
            for prize_id, one in goods.items()
        )
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.mall.set", target=campaign,
            changes={"goods": [None, len(rows)]},
        )  # fmt: skip
    return rows


def mall_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign has the same prices. `prizes`: {old prize id: its copy}."""
    rows = MallGood.objects.filter(tenant_id=old.tenant_id, prize_id__in=list(prizes))
    MallGood.objects.bulk_create(
        MallGood(
            tenant_id=old.tenant_id, prize=prizes[one.prize_id], points=one.points, per_person=one.per_person
        )
        for one in rows
    )


def good_redeem(*, tenant: "Tenant", good: MallGood, person_id: int, key: str) -> Award:
    """A piece for points: both or nothing, whoever asks at the same moment. Safe to repeat by `key`, the form's.

    `person_id` was proved by WeCom. Raises GoodLimit, PointsShort, StockOut, BudgetSpent, CampaignNotRunning,
    CampaignPaused, TooManyAtOnce.
    """
    campaign_id = good.prize.campaign_id
    points_gather(tenant=tenant, campaign_id=campaign_id, person_id=person_id)
    with patient():
        campaign_locked(tenant, campaign_id)
        award_key = f"mall:{person_id}:{key}"[:64]
        known = Award.objects.filter(tenant=tenant, campaign_id=campaign_id, key=award_key).first()
        if known is not None:
            return known
        had = redeemed_by(tenant_id=tenant.pk, campaign_id=campaign_id, person_id=person_id)
        if had.get(good.prize_id, 0) >= good.per_person:
            raise GoodLimit
        award = award_make(
            tenant=tenant, campaign_id=campaign_id, prize_id=good.prize_id, customer_id=person_id,
            source=AwardSource.MALL, key=award_key, note="", actor=SYSTEM,
        )  # fmt: skip
        points_move(
            tenant=tenant, campaign_id=campaign_id, person_id=person_id, amount=-good.points,
            reason=EntryReason.PAID, key=f"award:{award.pk}:points", actor=SYSTEM, award=award,
        )  # fmt: skip
    return award


def redemption_undone(award: Award, actor: Actor) -> None:
    """A redemption was called off: its points go back to whom they came from. In the transaction that takes it back."""
    paid = Entry.objects.filter(
        tenant_id=award.tenant_id, award_id=award.pk, unit=Unit.POINTS, reason=EntryReason.PAID
    ).first()
    if paid is None:
        return
    points_move(
        tenant=award.tenant, campaign_id=award.campaign_id, person_id=award.customer_id, amount=paid.amount,
        reason=EntryReason.REPAID, key=f"award:{award.pk}:points:back", actor=actor, award=award,
    )  # fmt: skip
