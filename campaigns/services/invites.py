"""Invitees followed: who came by whom, whose days are over, what the inviter gets for it and loses again (R81, R82)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, AwardState, CampaignState, GrantReason
from campaigns.enums.referral import INVITES_AN_HOUR, InviteReason, InviteSource, InviteState
from campaigns.errors import (
    AwardPaid,
    AwardSettled,
    BudgetSpent,
    CampaignNotRunning,
    CampaignPaused,
    StockOut,
)
from campaigns.models import Award, Invite, Inviter, Referral
from campaigns.policies.referral import (
    Asked,
    gone_before,
    joined_at,
    refused_at_joining,
    refused_at_the_end,
)
from campaigns.selectors.lottery import lottery_of
from campaigns.selectors.referral import Known, asked_of, people_known, referrals_running
from campaigns.services.awards import award_make, award_take_back
from campaigns.services.lottery import draws_grant
from contacts.selectors import customer_ids_by_external
from tenants import clock, preferences
from tenants.audit import SYSTEM
from tenants.models import Tenant

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH = 200  # invitees whose days are over, in one go
_OPEN = (InviteState.OPENED, InviteState.STAYING, InviteState.HELD)


def invites_follow(*, tenant: Tenant, customer_ids: Iterable[int]) -> None:
    """These people joined or left a group: who came by an inviter's word, page or code is written down and judged.

    Everything is read from the records of groups, so it may be called again, late and in any order. A company without
    running invitations pays one query.
    """
    referrals = referrals_running(tenant_id=tenant.pk)
    ids = set(customer_ids)
    if not referrals or not ids:
        return
    people = people_known(tenant_id=tenant.pk, customer_ids=ids)
    for referral in referrals:
        asked = asked_of(referral=referral)
        if asked is not None:
            _follow(tenant, referral, asked, people)


def _follow(tenant: Tenant, referral: Referral, asked: Asked, people: "Mapping[int, Known]") -> None:
    by_record = {record: known.person_id for known in people.values() for record in known.record_ids}
    rows = Invite.objects.filter(tenant=tenant, referral=referral, customer_id__in=list(by_record))
    invites: dict[int, list[int]] = {}
    for pk, record, state in rows.values_list("pk", "customer_id", "state"):
        mine = invites.setdefault(by_record[record], [])
        if state in _OPEN:
            mine.append(pk)
    fresh = [known for known in people.values() if known.person_id not in invites]
    for person_id, (inviter, source, at) in _brought(tenant, referral, asked, fresh).items():
        row = Invite(
            tenant=tenant,
            referral=referral,
            inviter=inviter,
            customer_id=person_id,
            source=source,
            touched_at=at,
        )
        Invite.objects.bulk_create([row], ignore_conflicts=True)
        found = Invite.objects.get(tenant=tenant, referral=referral, customer_id=person_id)
        invites[person_id] = [found.pk]
    for person_id, pks in invites.items():
        for pk in pks:
            invite_move(tenant=tenant, invite_id=pk, asked=asked, known=people[person_id])


def _brought(
    tenant: Tenant, referral: Referral, asked: Asked, people: Iterable[Known]
) -> dict[int, tuple[Inviter, InviteSource, datetime]]:
    """{newcomer: (inviter, how we know, when they joined)} by the code they came by, else by the member WeCom names."""
    came = {}
    for known in people:
        told = (
            one
            for one in known.entries
            if one.group_id in asked.group_ids and (one.state_code or one.invited_by)
        )
        first = next((one for one in told if one.joined_at >= asked.starts_at), None)
        if first is not None:
            came[known.person_id] = first
    if not came:
        return {}
    states = {one.state_code for one in came.values() if one.state_code}
    coded = Inviter.objects.filter(tenant=tenant, referral=referral, way__state__in=states)
    by_code = {one.way.state: one for one in coded.select_related("way") if one.way is not None}
    named = _inviters_named(
        tenant, referral, asked, {one.invited_by for one in came.values() if one.invited_by}
    )
    found = {}
    for person_id, entry in came.items():
        if entry.state_code in by_code:
            found[person_id] = (by_code[entry.state_code], InviteSource.CODE, entry.joined_at)
        elif entry.invited_by in named:
            found[person_id] = (named[entry.invited_by], InviteSource.MEMBER, entry.joined_at)
    return found


def _inviters_named(
    tenant: Tenant, referral: Referral, asked: Asked, userids: set[str]
) -> dict[str, Inviter]:
    """{WeCom id: inviter} of customers who sit in a group of the campaign: colleagues invite for no prize."""
    ids = customer_ids_by_external(tenant_id=tenant.pk, external_userids=userids) if userids else {}
    people = people_known(tenant_id=tenant.pk, customer_ids=ids.values()) if ids else {}
    by_record = {record: known for known in people.values() for record in known.record_ids}
    found = {}
    for userid, record in ids.items():
        known = by_record[record]
        if any(one.group_id in asked.group_ids and one.left_at is None for one in known.entries):
            found[userid] = inviter_open(referral=referral, person_id=known.person_id)
    return found


def inviter_open(*, referral: Referral, person_id: int) -> Inviter:
    """Somebody invites. Safe to repeat, and at once."""
    row = Inviter(tenant_id=referral.tenant_id, referral=referral, customer_id=person_id)
    Inviter.objects.bulk_create([row], ignore_conflicts=True)
    return Inviter.objects.get(tenant_id=referral.tenant_id, referral=referral, customer_id=person_id)


def invite_move(*, tenant: Tenant, invite_id: int, asked: Asked, known: Known) -> Invite:
    """Take one invitee as far as the records of groups allow. Safe to repeat, and at once; what is settled stays.

    The inviter's row is held, so that two of one inviter are counted one after the other.
    """
    with transaction.atomic():
        row = invite_locked(tenant, invite_id)
        person = known.as_person(inviter_person=row.inviter.customer_id)
        joined = joined_at(asked, person.spells)
        if row.state not in _OPEN or joined is None:
            return row
        if row.state == InviteState.OPENED:
            row.joined_at, row.due_at = joined, joined + asked.stay
            refused = refused_at_joining(asked, person, touched_at=row.touched_at)
            if refused is not None:
                return invite_reject(row, refused)
            if _is_rushed(row):
                row.state, row.reason = InviteState.HELD, InviteReason.RUSHED
                row.save()
                return row
            row.state = InviteState.STAYING
            row.save()
            draw_add(row)
        assert row.due_at is not None  # who came has a day
        now = clock.now()
        if gone_before(asked, person.spells, until=row.due_at) is not None:
            return invite_reject(row, InviteReason.LEFT)
        if row.state == InviteState.STAYING and row.due_at <= now:
            refused = refused_at_the_end(asked, person) or _double(row, known)
            return invite_reject(row, refused) if refused is not None else invite_count(row)
    return row


def invite_locked(tenant: Tenant, invite_id: int) -> Invite:
    """The invite with its inviter, campaign and prize, held to the end of the transaction: the inviter first."""
    found = Invite.objects.get(tenant=tenant, pk=invite_id)
    Inviter.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=found.inviter_id)
    rows = Invite.objects.select_for_update(of=("self",), no_key=True).filter(tenant=tenant)
    return rows.select_related("inviter", "referral__campaign", "referral__prize").get(pk=invite_id)


def _is_rushed(row: Invite) -> bool:
    """Whether too many of this inviter joined in the hour up to this one, those who do not count among them."""
    assert row.joined_at is not None
    most = preferences.value(row.tenant_id, INVITES_AN_HOUR)
    rows = Invite.objects.filter(tenant_id=row.tenant_id, inviter_id=row.inviter_id).exclude(pk=row.pk)
    within = rows.filter(joined_at__gt=row.joined_at - timedelta(hours=1), joined_at__lte=row.joined_at)
    return within.count() >= most


def _double(row: Invite, known: Known) -> InviteReason | None:
    """Two records that were joined into one person meanwhile count once."""
    rows = Invite.objects.filter(
        tenant_id=row.tenant_id, referral_id=row.referral_id, customer_id__in=known.record_ids,
        state=InviteState.COUNTED,
    )  # fmt: skip
    return InviteReason.SAME if rows.exclude(pk=row.pk).exists() else None


def invite_count(row: Invite) -> Invite:
    """A locked invite counts: the inviter has a draw for it, and the prize once enough count."""
    row.state, row.reason, row.settled_at = InviteState.COUNTED, "", clock.now()
    row.save()
    draw_add(row)
    inviter_reward(row.inviter, row.referral)
    return row


def invite_reject(row: Invite, reason: InviteReason) -> Invite:
    """A locked invite does not count: a draw that was not made yet is taken back, and so is a prize not handed over."""
    was_counted = row.state == InviteState.COUNTED
    row.state, row.reason, row.settled_at = InviteState.REJECTED, reason, clock.now()
    row.save()
    _draw_take_back(row)
    if was_counted:
        _reward_take_back(row.inviter, row.referral)
    return row


def draw_add(row: Invite) -> None:
    """One more draw for the inviter of a locked invite, where the campaign has a lottery (R82). Safe to repeat."""
    lottery = lottery_of(campaign=row.referral.campaign)
    if lottery is None or row.has_draw:
        return
    draws_grant(
        lottery=lottery, person_id=row.inviter.customer_id, amount=1, reason=GrantReason.INVITEE,
        key=f"invite:{row.pk}:{row.turn}", actor=SYSTEM,
    )  # fmt: skip
    row.has_draw = True
    row.save(update_fields=["has_draw"])


def _draw_take_back(row: Invite) -> None:
    lottery = lottery_of(campaign=row.referral.campaign)
    if lottery is None or not row.has_draw:
        return
    draws_grant(
        lottery=lottery, person_id=row.inviter.customer_id, amount=-1, reason=GrantReason.INVITEE,
        key=f"invite:{row.pk}:{row.turn}:back", actor=SYSTEM,
    )  # fmt: skip
    row.has_draw, row.turn = False, row.turn + 1
    row.save(update_fields=["has_draw", "turn"])


def _counted(inviter: Inviter) -> int:
    rows = Invite.objects.filter(tenant_id=inviter.tenant_id, inviter=inviter, state=InviteState.COUNTED)
    return rows.count()


def inviter_reward(inviter: Inviter, referral: Referral) -> None:
    """The prize for enough invitees, once. What keeps it from being given stands beside the inviter. The inviter's row
    is held by the caller. Safe to repeat."""
    if referral.prize_id is None or inviter.award_id is not None or _counted(inviter) < referral.needed:
        return
    try:
        award = award_make(
            tenant=Tenant.objects.get(pk=inviter.tenant_id), campaign_id=referral.campaign_id,
            prize_id=referral.prize_id, customer_id=inviter.customer_id, source=AwardSource.INVITE,
            key=f"invite:{referral.pk}:{inviter.pk}:{inviter.turn}",
            note=_("%(n)s invitees count") % {"n": referral.needed}, actor=SYSTEM,
        )  # fmt: skip
        inviter.award_id, inviter.stuck = award.pk, ""
    except (StockOut, BudgetSpent, CampaignNotRunning, CampaignPaused) as error:
        inviter.stuck = error.code
    inviter.save(update_fields=["award_id", "stuck"])


def _reward_take_back(inviter: Inviter, referral: Referral) -> None:
    """Fewer count than the prize needs: it goes back unless it was handed over or its payment is under way."""
    if _counted(inviter) >= referral.needed:
        return
    if inviter.award_id is not None:
        words = _("Fewer invitees count than the prize needs.")
        try:
            award_take_back(
                tenant=Tenant.objects.get(pk=inviter.tenant_id),
                award_id=inviter.award_id,
                reason=words,
                actor=SYSTEM,
            )
        except (AwardSettled, AwardPaid):
            held = Award.objects.filter(tenant_id=inviter.tenant_id, pk=inviter.award_id)
            if not held.filter(state=AwardState.RETURNED).exists():
                return  # the person has it
        inviter.award_id, inviter.turn = None, inviter.turn + 1
    inviter.stuck = ""
    inviter.save(update_fields=["award_id", "turn", "stuck"])


def invites_settle(*, tenant: Tenant) -> int:
    """Invitees whose days are over count or not; prizes that a pause kept back are given. Returns how many moved."""
    due = Invite.objects.filter(tenant=tenant, state=InviteState.STAYING, due_at__lte=clock.now())
    rows = list(due.select_related("referral__campaign").order_by("due_at", "pk")[:BATCH])
    people = people_known(tenant_id=tenant.pk, customer_ids=[one.customer_id for one in rows])
    by_record = {record: known for known in people.values() for record in known.record_ids}
    asked = {one.referral_id: asked_of(referral=one.referral) for one in rows}
    for one in rows:
        told = asked[one.referral_id]
        if told is not None:
            invite_move(tenant=tenant, invite_id=one.pk, asked=told, known=by_record[one.customer_id])
    return len(rows) + stuck_try(tenant=tenant, codes=[CampaignPaused.code])


def stuck_try(*, tenant: Tenant, codes: Iterable[str] = (), referral_id: int | None = None) -> int:
    """Give the prizes that could not be given, of some reasons or one campaign's. Returns how many were tried."""
    rows = Inviter.objects.filter(tenant=tenant, referral__campaign__state=CampaignState.RUNNING).exclude(
        stuck=""
    )
    if referral_id is None:
        rows = rows.filter(stuck__in=list(codes), referral__campaign__paused_at=None)
    else:
        rows = rows.filter(referral_id=referral_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    for pk in ids:
        with transaction.atomic():
            held = Inviter.objects.select_for_update(of=("self",), no_key=True).select_related("referral")
            inviter = held.get(tenant=tenant, pk=pk)
            inviter_reward(inviter, inviter.referral)
    return len(ids)


def tenants_with_invites() -> list[int]:
    """Tenants with invitees whose days are over, or a prize that a pause kept back. Runs across tenants: the caller is
    a tick."""
    due = Invite.objects.filter(state=InviteState.STAYING, due_at__lte=clock.now())
    held = Inviter.objects.filter(
        stuck=CampaignPaused.code, referral__campaign__paused_at=None,
        referral__campaign__state=CampaignState.RUNNING,
    )  # fmt: skip
    return sorted(
        {*due.values_list("tenant_id", flat=True).distinct(), *held.values_list("tenant_id", flat=True)}
    )
