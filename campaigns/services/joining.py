"""Join plays (R80): set up, taken out, copied. What happens when people join is in services.joiners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import PrizeKind
from campaigns.enums.joining import DRAWS_MOST, STAY_DAYS_MOST, TASK_DAYS_MOST, JoinKind, JoinTask
from campaigns.errors import CampaignInvalid
from campaigns.models import Campaign, JoinPlay, Prize
from campaigns.selectors.joining import join_of
from campaigns.services.frame import draft_locked
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class JoinWish:
    """A join play as it is set up; what belongs to another kind is not kept."""

    kind: str
    prize_id: int | None = None
    draws: int = 0
    task: str = ""
    task_words: str = ""
    task_url: str = ""
    task_days: int = 3
    stay_days: int = 3


def join_set(*, tenant: "Tenant", campaign_id: int, wish: JoinWish, actor: Actor) -> JoinPlay:
    """Give a draft its join play, or change it. Safe to repeat. Raises CampaignFixed, CampaignInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    kind = JoinKind(wish.kind)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        prize = Prize.objects.filter(tenant=tenant, campaign=campaign, pk=wish.prize_id).first()
        _check(wish, prize)
        row = join_of(campaign=campaign) or JoinPlay(tenant=tenant, campaign=campaign)
        is_task = kind == JoinKind.TASK
        row.kind, row.stay_days = kind, wish.stay_days
        row.prize = None if kind == JoinKind.DRAWS else prize
        row.draws = wish.draws if kind == JoinKind.DRAWS else 0
        row.task = JoinTask(wish.task) if is_task else ""
        row.task_words, row.task_url = (wish.task_words.strip()[:60], wish.task_url) if is_task else ("", "")
        row.task_days = wish.task_days if is_task else JoinPlay._meta.get_field("task_days").default
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.join.set", target=campaign,
            changes={"kind": [None, kind.value], "stay_days": [None, row.stay_days]},
        )  # fmt: skip
    return row


def _check(wish: JoinWish, prize: Prize | None) -> None:
    if not 0 <= wish.stay_days <= STAY_DAYS_MOST or not 1 <= wish.task_days <= TASK_DAYS_MOST:
        raise CampaignInvalid
    if wish.kind == JoinKind.DRAWS:
        if not 1 <= wish.draws <= DRAWS_MOST:
            raise CampaignInvalid
        return
    if prize is None:
        raise CampaignInvalid(_("Choose one of the prizes of this campaign."))
    if wish.kind == JoinKind.PACKET and prize.kind != PrizeKind.RED_PACKET:
        raise CampaignInvalid(_("What is paid at once has to be a red packet."))
    if wish.kind == JoinKind.TASK and wish.task not in JoinTask.values:
        raise CampaignInvalid(_("Say which task it is."))


def join_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the join play out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = JoinPlay.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.join.removed", target=campaign)


def join_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign gives the same for joining. `prizes`: {old prize id: its copy}."""
    row = join_of(campaign=old)
    if row is None:
        return
    row.campaign = copy
    row.prize = prizes[row.prize_id] if row.prize_id else None
    row.pk = None
    row._state.adding = True
    row.save(force_insert=True)
