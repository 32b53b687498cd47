"""Invitations of a campaign: set up, taken part in, and decided by a person (R81)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums.referral import (
    DECISIONS,
    NEEDED_MOST,
    STAY_DAYS_MOST,
    InviteDecision,
    InviteReason,
    InviteSource,
    InviteState,
)
from campaigns.errors import CampaignInvalid, DecisionGone, ReasonMissing
from campaigns.models import Campaign, Invite, Inviter, Prize, Referral
from campaigns.selectors.frame import prize_list
from campaigns.selectors.referral import asked_of, invite_of_person, people_known, referral_of
from campaigns.services.frame import campaign_locked, draft_locked
from campaigns.services.invites import draw_add, invite_count, invite_locked, invite_move, invite_reject
from contacts.selectors import tag_list
from groups.enums import Side
from groups.selectors.codes import join_way_list, rooms_of
from groups.selectors.sides import group_side
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class ReferralWish:
    """Invitations as they are set up. `prize_id` None: draws only. `way_id`: the group code that friends are shown."""

    prize_id: int | None
    needed: int
    stay_days: int
    tag_ids: tuple[int, ...] = ()
    barred_ids: tuple[int, ...] = ()
    way_id: int | None = None


def referral_set(*, tenant: "Tenant", campaign_id: int, wish: ReferralWish, actor: Actor) -> Referral:
    """Give a draft its invitations, or change them. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        _check(tenant, campaign, wish)
        row = referral_of(campaign=campaign) or Referral(tenant=tenant, campaign=campaign)
        before = [row.needed, row.stay_days] if row.pk else [None, None]
        row.prize_id, row.needed, row.stay_days = wish.prize_id, wish.needed, wish.stay_days
        row.tag_ids, row.barred_ids, row.way_id = list(wish.tag_ids), list(wish.barred_ids), wish.way_id
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.referral.set", target=campaign,
            changes={"needed": [before[0], row.needed], "stay_days": [before[1], row.stay_days]},
        )  # fmt: skip
    return row


def _check(tenant: "Tenant", campaign: Campaign, wish: ReferralWish) -> None:
    if not 1 <= wish.needed <= NEEDED_MOST or not 1 <= wish.stay_days <= STAY_DAYS_MOST:
        raise CampaignInvalid(_("At least one invitee and one day, at most %(n)s and %(days)s.")
                              % {"n": NEEDED_MOST, "days": STAY_DAYS_MOST})  # fmt: skip
    prizes = {one.pk for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
    if wish.prize_id is not None and wish.prize_id not in prizes:
        raise CampaignInvalid(_("One of these prizes does not exist any more."))
    tags = {*wish.tag_ids, *wish.barred_ids}
    if tags - set(tag_list(tenant_id=tenant.pk).filter(pk__in=tags).values_list("pk", flat=True)):
        raise CampaignInvalid(_("One of these tags does not exist any more."))
    if set(wish.tag_ids) & set(wish.barred_ids):
        raise CampaignInvalid(_("A tag cannot be asked for and never count."))
    if wish.way_id is not None:
        _check_way(tenant, wish.way_id)


def _check_way(tenant: "Tenant", way_id: int) -> None:
    """Newcomers enter a group of old customers only by a code that says why (R15)."""
    way = join_way_list(tenant_id=tenant.pk).filter(pk=way_id).first()
    if way is None:
        raise CampaignInvalid(_("This group code does not exist any more."))
    rooms = rooms_of(tenant_id=tenant.pk, way_ids=[way_id])[way_id]
    old = [str(one.group) for one in rooms if one.group is not None and group_side(one.group) == Side.OLD]
    if old and not way.mix_reason:
        raise CampaignInvalid(
            _("This code leads into %(groups)s, for old customers. Choose another, or say in the code why.")
            % {"groups": _(", ").join(old)}
        )


def referral_way_set(*, tenant: "Tenant", campaign_id: int, way_id: int | None, actor: Actor) -> None:
    """Show friends another group code; also while it runs, as codes end. Raises CampaignInvalid, NotPermitted,
    Referral.DoesNotExist."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = campaign_locked(tenant, campaign_id)
        row = Referral.objects.get(tenant=tenant, campaign=campaign)
        if way_id is not None:
            _check_way(tenant, way_id)
        before, row.way_id = row.way_id, way_id
        row.save(update_fields=["way"])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.referral.code_changed", target=campaign,
            changes={"code": [before, way_id]},
        )  # fmt: skip


def inviter_way_set(
    *, tenant: "Tenant", campaign_id: int, inviter_id: int, way_id: int | None, actor: Actor
) -> None:
    """A group code of an inviter's own: whoever comes by it came by this person. Raises CampaignInvalid, NotPermitted,
    Inviter.DoesNotExist."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        held = Inviter.objects.select_for_update(of=("self",), no_key=True).select_related(
            "referral__campaign"
        )
        row = held.get(tenant=tenant, referral__campaign_id=campaign_id, pk=inviter_id)
        if way_id is not None:
            _check_way(tenant, way_id)
            others = Inviter.objects.filter(tenant=tenant, referral_id=row.referral_id, way_id=way_id)
            if way_id == row.referral.way_id or others.exclude(pk=row.pk).exists():
                raise CampaignInvalid(
                    _("This code is for everybody, or another inviter's. Make one for this person.")
                )
        before, row.way_id = row.way_id, way_id
        row.save(update_fields=["way"])
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.inviter.code_changed", target=row.referral.campaign,
            changes={"code": [before, way_id]},
        )  # fmt: skip


def referral_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the invitations out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = Referral.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.referral.removed", target=campaign)


def referral_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign asks the same of invitees. `prizes`: {old prize id: its copy}."""
    row = referral_of(campaign=old)
    if row is None:
        return
    prize = prizes.get(row.prize_id or 0)
    Referral.objects.create(
        tenant_id=old.tenant_id, campaign=copy, prize=prize, needed=row.needed,
        stay_days=row.stay_days, tag_ids=row.tag_ids, barred_ids=row.barred_ids, way_id=row.way_id,
    )  # fmt: skip


def invite_accept(*, tenant: "Tenant", inviter: Inviter, customer_id: int) -> Invite:
    """Somebody says that they were invited by this person. Whoever was named first stays, a second word is nothing.

    Who sits in a group already is judged at once. Safe to repeat, and at once. Its caller asks whether it may be done.
    """
    people = people_known(tenant_id=tenant.pk, customer_ids=[customer_id])
    (known,) = people.values()
    found = invite_of_person(referral=inviter.referral, record_ids=known.record_ids)
    if found is None:
        row = Invite(
            tenant=tenant, referral=inviter.referral, inviter=inviter, customer_id=known.person_id,
            source=InviteSource.LINK, touched_at=clock.now(),
        )  # fmt: skip
        Invite.objects.bulk_create([row], ignore_conflicts=True)
        found = Invite.objects.get(tenant=tenant, referral=inviter.referral, customer_id=known.person_id)
    asked = asked_of(referral=inviter.referral)
    assert asked is not None  # its page is open: the campaign has begun
    return invite_move(tenant=tenant, invite_id=found.pk, asked=asked, known=known)


def invite_decide(
    *, tenant: "Tenant", campaign_id: int, invite_id: int, decision: str, reason: str, actor: Actor
) -> Invite:
    """A person overrules what the rules said of an invitee, and says why: the words stay with the invitee, the audit
    trail has who decided what. Draws and the prize follow.

    Raises DecisionGone where it stands otherwise by now, ReasonMissing, NotPermitted, Invite.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        Invite.objects.get(tenant=tenant, referral__campaign_id=campaign_id, pk=invite_id)
        row = invite_locked(tenant, invite_id)
        if not reason.strip():
            raise ReasonMissing
        if decision not in DECISIONS[InviteState(row.state)]:
            raise DecisionGone
        before = [row.state, row.reason]
        row.decided_by, row.decided_at, row.note = actor.name[:128], clock.now(), reason.strip()[:200]
        if decision == InviteDecision.COUNT:
            invite_count(row)
        elif decision == InviteDecision.REJECT:
            invite_reject(row, InviteReason.HAND)
        else:
            row.state, row.reason = InviteState.STAYING, ""
            row.save()
            draw_add(row)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.invite.decided", target=row,
            changes={"state": [before[0], row.state], "why": [before[1], row.reason]},
        )  # fmt: skip
    return row


def way_choices(*, tenant_id: int) -> Iterable[tuple[int, str]]:
    """Group codes that friends can be shown: in use at WeCom."""
    rows = join_way_list(tenant_id=tenant_id).exclude(vendor_id="")
    return [(one.pk, f"{one.name} · {one.channel}") for one in rows]
