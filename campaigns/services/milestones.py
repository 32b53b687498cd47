"""Milestones of groups: set up, reached once, shared out (R83)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, PrizeKind
from campaigns.enums.milestones import SHARES_MOST
from campaigns.errors import (
    CameTooLate,
    CampaignInvalid,
    NotForThisPerson,
    PersonNotInGroups,
    SharesGone,
)
from campaigns.models import Campaign, MilestoneHit, Milestones, MilestoneShare, Prize
from campaigns.policies.milestones import kind_of, was_there
from campaigns.selectors.barred import barred_among
from campaigns.selectors.frame import prize_list
from campaigns.selectors.milestones import filling_of, milestones_of, milestones_running, prize_of, token_of
from campaigns.selectors.pages import page_url
from campaigns.services.awards import award_make
from campaigns.services.crowds import patient
from campaigns.services.frame import draft_locked
from contacts.selectors.identity import as_persons, records_under
from groups.selectors import groups_by_id
from groups.selectors.members import spells_in
from team.enums import Bucket, WorkKind
from team.selectors import staff_by_userids
from team.services import work_item_put
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

MILESTONE_WORK = "campaigns.milestone"

POST_WITHIN = timedelta(hours=2)  # of the moment it was reached: later nobody remembers what it is for


@dataclass(frozen=True, kw_only=True)
class MilestonesWish:
    """Milestones as they are set up: the prize of one share, and how many shares each red packet has."""

    small_id: int | None
    small_shares: int
    large_id: int | None
    large_shares: int


def milestones_set(*, tenant: "Tenant", campaign_id: int, wish: MilestonesWish, actor: Actor) -> Milestones:
    """Give a draft its milestones, or change them. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    fewest, most = sorted((wish.small_shares, wish.large_shares))
    if fewest < 1 or most > SHARES_MOST:
        raise CampaignInvalid(_("A red packet has at least one share, at most %(n)s.") % {"n": SHARES_MOST})
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        prizes = {one.pk: one for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
        for prize_id, shares in ((wish.small_id, wish.small_shares), (wish.large_id, wish.large_shares)):
            if prize_id is not None:
                _check_prize(prizes.get(prize_id), shares)
        row = milestones_of(campaign=campaign) or Milestones(tenant=tenant, campaign=campaign)
        row.small_id, row.small_shares = wish.small_id, wish.small_shares
        row.large_id, row.large_shares = wish.large_id, wish.large_shares
        row.save()
        audit.record(tenant=tenant, actor=actor, verb="campaigns.milestones.set", target=campaign)
    return row


def _check_prize(prize: Prize | None, shares: int) -> None:
    if prize is None:
        raise CampaignInvalid(_("One of these prizes does not exist any more."))
    if prize.kind != PrizeKind.RED_PACKET:
        raise CampaignInvalid(_("%(name)s is no red packet.") % {"name": prize.name})
    if prize.stock < shares:
        raise CampaignInvalid(
            _("%(name)s has %(n)s pieces: fewer than one red packet has shares.")
            % {"name": prize.name, "n": prize.stock}
        )


def milestones_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the milestones out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = Milestones.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.milestones.removed", target=campaign)


def milestones_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign has the same milestones. `prizes`: {old prize id: its copy}."""
    row = milestones_of(campaign=old)
    if row is None:
        return
    Milestones.objects.create(
        tenant_id=old.tenant_id, campaign=copy, small=prizes.get(row.small_id or 0), small_shares=row.small_shares,
        large=prizes.get(row.large_id or 0), large_shares=row.large_shares,
    )  # fmt: skip


def milestones_look(*, tenant: "Tenant", group_ids: Iterable[int]) -> list[MilestoneHit]:
    """People came into these groups: what was reached since the campaign began is written down, each milestone once,
    and the group's owner gets the task to post the red packet.

    Counted is the most people at once, each once and without staff, from the records of the groups: leaving and coming
    back reaches nothing again, and what was passed before the campaign is no milestone of it. Safe to repeat, at once,
    in any order. Returns what is new.
    """
    made: list[MilestoneHit] = []
    for row, places in milestones_running(tenant_id=tenant.pk, group_ids=group_ids):
        filling = filling_of(campaign=row.campaign, group_ids=places)
        wanted = [(group, at, n) for group, one in sorted(filling.items()) for n, at in one.reached]
        known = set(
            MilestoneHit.objects.filter(tenant=tenant, milestones=row, group_id__in=places).values_list(
                "group_id", "threshold"
            )
        )
        fresh = [_hit(row, *one) for one in wanted if (one[0], one[2]) not in known]
        rows = [one for one in fresh if one is not None]
        if rows:
            made += _written(tenant, row, rows)
    return made


def _hit(row: Milestones, group_id: int, at: datetime, threshold: int) -> MilestoneHit | None:
    """None where nothing is given for it."""
    kind = kind_of(threshold)
    prize, shares = prize_of(row, kind)
    if prize is None:
        return None
    return MilestoneHit(
        tenant_id=row.tenant_id,
        milestones=row,
        group_id=group_id,
        threshold=threshold,
        kind=kind,
        shares=shares,
        at=at,
    )


def _written(tenant: "Tenant", row: Milestones, rows: list[MilestoneHit]) -> list[MilestoneHit]:
    """Those that nobody else wrote at the same moment, each with its task."""
    groups = groups_by_id(tenant_id=tenant.pk, group_ids={one.group_id for one in rows})
    made = []
    for one in rows:
        mine = {"tenant": tenant, "milestones": row, "group_id": one.group_id, "threshold": one.threshold}
        values = {"kind": one.kind, "shares": one.shares, "at": one.at}
        with transaction.atomic():
            hit, is_new = MilestoneHit.objects.get_or_create(**mine, defaults=values)
            if is_new:
                _tell(tenant, row, hit, groups[one.group_id])
                made.append(hit)
    return made


def _tell(tenant: "Tenant", row: Milestones, hit: MilestoneHit, group: "Group") -> None:
    """The group's owner posts the red packet. In a transaction."""
    owner = staff_by_userids(tenant_id=tenant.pk, userids=[group.owner_userid], app_id=group.app_id)
    staff = owner.get(group.owner_userid)
    words = _("This group has %(n)s people now: a red packet of %(shares)s shares, the first come first.") % {
        "n": hit.threshold, "shares": hit.shares,
    }  # fmt: skip
    work_item_put(
        tenant_id=tenant.pk, source_kind=MILESTONE_WORK, source_id=hit.pk,
        staff_id=staff.pk if staff else row.campaign.owner_id, group_id=group.pk, kind=WorkKind.SOP_TASK,
        bucket=Bucket.MUST,
        title=say("%(group)s has %(n)s people: post its red packet") % {"group": str(group), "n": hit.threshold},
        detail=say("Post it in the group while people remember what it is for, then mark this done."),
        script=f"{words}\n{page_url(token_of(row.campaign))}", reason=say("A milestone of the campaign."),
        rule_code="R83", starts_at=clock.now(), due_at=clock.now() + POST_WITHIN,
        url=reverse("campaigns:milestones", args=[tenant.slug, row.campaign_id]),
    )  # fmt: skip


def share_take(*, tenant: "Tenant", hit_id: int, customer_id: int) -> MilestoneShare:
    """Somebody who sat in the group when it was reached, and still does, takes a share, the first come first. Safe to
    repeat: each person has one, by whatever record. What no piece or money is left for takes no share.

    Raises SharesGone, CameTooLate, NotForThisPerson, PersonNotInGroups, TooManyAtOnce, and what award_make raises;
    MilestoneHit.DoesNotExist.
    """
    (person_id,) = as_persons(tenant_id=tenant.pk, customer_ids=[customer_id])
    hit = MilestoneHit.objects.select_related("milestones__campaign").get(tenant=tenant, pk=hit_id)
    known = MilestoneShare.objects.filter(tenant=tenant, hit=hit, customer_id=person_id).first()
    if known is not None:
        return known
    _check_person(tenant, hit, person_id)
    if hit.taken >= hit.shares:
        raise SharesGone  # without waiting in line
    with patient():
        held = MilestoneHit.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=hit_id)
        known = MilestoneShare.objects.filter(tenant=tenant, hit=held, customer_id=person_id).first()
        if known is not None:
            return known
        prize, _shares = prize_of(hit.milestones, held.kind)
        if prize is None or held.taken >= held.shares:
            raise SharesGone
        award = award_make(
            tenant=tenant, campaign_id=hit.milestones.campaign_id, prize_id=prize.pk, customer_id=person_id,
            source=AwardSource.MILESTONE, key=f"milestone:{held.pk}:{person_id}",
            note=_("The group reached %(n)s") % {"n": held.threshold}, actor=SYSTEM,
        )  # fmt: skip
        held.taken += 1
        held.save(update_fields=["taken"])
        return MilestoneShare.objects.create(
            tenant=tenant, hit=held, customer_id=person_id, award_id=award.pk, at=clock.now()
        )


def _check_person(tenant: "Tenant", hit: MilestoneHit, person_id: int) -> None:
    records = {person_id, *records_under(tenant_id=tenant.pk, person_ids=[person_id])}
    spells = spells_in(tenant_id=tenant.pk, group_ids=[hit.group_id], customer_ids=records)
    if not any(left is None for *_who, left in spells):
        raise PersonNotInGroups
    if not was_there([(joined, left) for *_who, joined, left in spells], hit.at):
        raise CameTooLate
    if barred_among(tenant_id=tenant.pk, person_ids=[person_id]):
        raise NotForThisPerson
