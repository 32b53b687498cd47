"""Check-ins: set up, made once a day, made up with a card, rejected with a reason; what the days give follows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums.checkins import POINTS_MOST, PROOF_CHARS, REACH_MOST, GoalPeriod, MarkKind, ProofKind
from campaigns.errors import (
    CampaignInvalid,
    CheckInRefused,
    CheckInRejected,
    DayOver,
    NoCardLeft,
    ReasonMissing,
)
from campaigns.models import Campaign, CheckIn, CheckInMember, CheckInPlan, Prize
from campaigns.policies.checkins import PERIOD_DAYS, cards_left, days_to_make_up, runs
from campaigns.selectors.checkins import checkin_get, checkin_on, marks_of, plan_of_campaign, terms_of
from campaigns.selectors.frame import prize_list
from campaigns.services.awards import check_open
from campaigns.services.checkin_rewards import Settled, rewards_settle
from campaigns.services.crowds import patient
from campaigns.services.frame import draft_locked
from contacts.enums import BehaviourKind
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

SOURCE = "campaigns"
TASKS_CHARS = 4_000
TEXT_LEAST = 2  # characters of a proof in words


@dataclass(frozen=True, kw_only=True)
class CheckInWish:
    """A check-in as it is set up; see models.checkins.CheckInPlan. `gift_id`: a prize of the campaign, or None."""

    tasks: str
    hint: str
    proof: str
    period: str
    goal_days: int
    day_points: int
    streak_days: int
    streak_points: int
    goal_points: int
    goal_draws: int
    gift_id: int | None
    cards_start: int
    card_days: int
    reach_days: int


_COPIED = (
    "tasks", "hint", "proof", "period", "goal_days", "day_points", "streak_days", "streak_points", "goal_points",
    "goal_draws", "cards_start", "card_days", "reach_days",
)  # fmt: skip


def checkin_set(*, tenant: "Tenant", campaign_id: int, wish: CheckInWish, actor: Actor) -> CheckInPlan:
    """Give a draft its check-in, or change it. Safe to repeat. Raises CampaignFixed, CampaignInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    _check(wish)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        prizes = {one.pk for one in prize_list(tenant_id=tenant.pk, campaign_id=campaign.pk)}
        if wish.gift_id is not None and wish.gift_id not in prizes:
            raise CampaignInvalid(_("One of these prizes does not exist any more."))
        row = plan_of_campaign(campaign=campaign) or CheckInPlan(tenant=tenant, campaign=campaign)
        for name in _COPIED:
            setattr(row, name, getattr(wish, name))
        row.tasks, row.hint, row.gift_id = wish.tasks.strip(), wish.hint.strip(), wish.gift_id
        row.proof, row.period = ProofKind(wish.proof), GoalPeriod(wish.period)
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.checkin.set", target=campaign,
            changes={"goal_days": [None, row.goal_days], "day_points": [None, row.day_points]},
        )  # fmt: skip
    return row


def _check(wish: CheckInWish) -> None:
    points = (wish.day_points, wish.streak_points, wish.goal_points)
    if any(not 0 <= one <= POINTS_MOST for one in points):
        raise CampaignInvalid(_("Points of one reward are between 0 and %(most)s.") % {"most": POINTS_MOST})
    if not wish.tasks.strip() or len(wish.tasks) > TASKS_CHARS:
        raise CampaignInvalid(_("Say what is to be done each day."))
    if not 1 <= wish.goal_days <= PERIOD_DAYS[GoalPeriod(wish.period)]:
        raise CampaignInvalid(_("The goal has more days than its period."))
    if bool(wish.streak_points) != (wish.streak_days > 0) or wish.streak_days == 1 or wish.card_days == 1:
        raise CampaignInvalid(_("A row of days has two days at least, and gives something."))
    small = (wish.streak_days, wish.goal_draws, wish.cards_start, wish.card_days)
    if any(not 0 <= one <= REACH_MOST for one in small) or not 0 <= wish.reach_days <= REACH_MOST:
        raise CampaignInvalid
    if not any(points) and not wish.goal_draws and wish.gift_id is None:
        raise CampaignInvalid(_("A check-in gives something: points, draws or a gift."))


def checkin_remove(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Take the check-in out of a draft. Safe to repeat. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        gone, _each = CheckInPlan.objects.filter(tenant=tenant, campaign=campaign).delete()
        if gone:
            audit.record(tenant=tenant, actor=actor, verb="campaigns.checkin.removed", target=campaign)


def checkin_copied(old: Campaign, copy: Campaign, prizes: Mapping[int, Prize]) -> None:
    """The copy of a campaign has the same check-in. `prizes`: {old prize id: its copy}."""
    plan = plan_of_campaign(campaign=old)
    if plan is None:
        return
    CheckInPlan.objects.create(
        tenant_id=old.tenant_id, campaign=copy,
        gift=prizes[plan.gift_id] if plan.gift_id else None, **{name: getattr(plan, name) for name in _COPIED},
    )  # fmt: skip


def proof_checked(kind: str, proof: str) -> str:
    """What a member hands in, as it is kept. Raises CheckInRefused where it is none."""
    text = " ".join(proof.replace("\x00", "").split())
    if kind == ProofKind.TAP:
        return ""
    if len(text) > PROOF_CHARS:
        raise CheckInRefused(_("That is too long: %(most)s characters at most.") % {"most": PROOF_CHARS})
    if kind == ProofKind.TEXT and len(text) < TEXT_LEAST:
        raise CheckInRefused(_("Write a few words about what you did today."))
    if kind == ProofKind.LINK and not text.startswith(("https://", "http://")):
        raise CheckInRefused(_("Paste the whole address, it begins with https://"))
    return text


def checkin_make(*, tenant: "Tenant", plan: CheckInPlan, person_id: int, day: date, proof: str) -> CheckIn:
    """A person checks in for `day`, which has to be today on the company's wall. Once a day, however often it is sent.

    What was rejected today may be handed in anew. Asks no permission and not whether the person may take part: the
    page does. Raises CheckInRefused, DayOver, CampaignNotRunning, CampaignPaused, TooManyAtOnce.
    """
    with patient():
        member = _member_locked(plan, person_id)
        known = checkin_on(plan=plan, person_id=person_id, day=day)
        if known is not None and known.rejected_at is None:
            return known
        check_open(plan.campaign)
        if day != clock.local_date(clock.now(), tenant.timezone):
            raise DayOver
        row = _write(plan, person_id, day, MarkKind.DONE, proof_checked(plan.proof, proof), known)
        _tell(row)
        _settle(tenant, plan, member, SYSTEM)
    return row


def checkin_make_up(*, tenant: "Tenant", plan: CheckInPlan, person_id: int, day: date) -> CheckIn:
    """A missed day counts after all, for one make-up card. Safe to repeat.

    Raises NoCardLeft, CampaignNotRunning, CampaignPaused, TooManyAtOnce.
    """
    with patient():
        member = _member_locked(plan, person_id)
        known = checkin_on(plan=plan, person_id=person_id, day=day)
        if known is not None and known.rejected_at is None:
            return known
        check_open(plan.campaign)
        terms, marks = terms_of(plan, tenant.timezone), marks_of(plan=plan, person_id=person_id)
        today = clock.local_date(clock.now(), tenant.timezone)
        if day not in days_to_make_up(terms, marks, today) or cards_left(terms, marks) < 1:
            raise NoCardLeft
        row = _write(plan, person_id, day, MarkKind.MADE, "", known)
        _settle(tenant, plan, member, SYSTEM)
    return row


def checkin_reject(
    *, tenant: "Tenant", campaign_id: int, checkin_id: int, reason: str, actor: Actor
) -> Settled:
    """A colleague looked at it and it does not count: what it gave goes back, as far as it was not used.

    Raises ReasonMissing, CheckInRejected, NotPermitted; CheckIn.DoesNotExist of a foreign id.
    """
    require(actor, Permission.OPERATE)
    found = checkin_get(tenant_id=tenant.pk, campaign_id=campaign_id, checkin_id=checkin_id)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        member = _member_locked(found.plan, found.customer_id)
        row = CheckIn.objects.get(tenant=tenant, pk=found.pk)
        if row.rejected_at is not None:
            raise CheckInRejected
        row.rejected_at, row.rejected_by = clock.now(), actor.name[:128]
        row.reject_reason = reason.strip()[:200]
        row.save(update_fields=["rejected_at", "rejected_by", "reject_reason"])
        settled = _settle(tenant, found.plan, member, actor)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.checkin.rejected", target=row,
            changes={"day": [row.day.isoformat(), None]},
        )  # fmt: skip
    return settled


def _member_locked(plan: CheckInPlan, person_id: int) -> CheckInMember:
    """The person's row, held to the end of the transaction: whatever changes the days of one person comes in turn."""
    rows = CheckInMember.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(tenant_id=plan.tenant_id, plan=plan, customer_id=person_id).first()
    if found is not None:
        return found
    row = CheckInMember(tenant_id=plan.tenant_id, plan=plan, customer_id=person_id)
    CheckInMember.objects.bulk_create([row], ignore_conflicts=True)
    return rows.get(tenant_id=plan.tenant_id, plan=plan, customer_id=person_id)


def _write(
    plan: CheckInPlan, person_id: int, day: date, kind: MarkKind, proof: str, known: CheckIn | None
) -> CheckIn:
    row = known or CheckIn(tenant_id=plan.tenant_id, plan=plan, customer_id=person_id, day=day)
    row.kind, row.proof, row.made_at = kind, proof, clock.now()
    row.rejected_at, row.rejected_by, row.reject_reason = None, "", ""
    row.save()
    return row


def _settle(tenant: "Tenant", plan: CheckInPlan, member: CheckInMember, actor: Actor) -> Settled:
    """Figures of the person, and what the days give, follow the days that count now."""
    marks = marks_of(plan=plan, person_id=member.customer_id)
    rows = runs(one.day for one in marks)
    member.day_count = len(marks)
    member.last_day, member.streak = rows[-1] if rows else (None, 0)
    member.save(update_fields=["day_count", "last_day", "streak"])
    return rewards_settle(tenant=tenant, plan=plan, person_id=member.customer_id, marks=marks, actor=actor)


def _tell(row: CheckIn) -> None:
    """Into the stream of what people do. Safe to repeat."""
    item = BehaviourItem(
        event_id=f"checkin:{row.pk}", kind=BehaviourKind.CHECKIN, occurred_at=row.made_at,
        customer_id=row.customer_id, object_kind="checkin", object_id=str(row.plan_id),
        object_title=row.plan.campaign.name,
    )  # fmt: skip
    behaviour_record_many(tenant_id=row.tenant_id, source=SOURCE, items=[item])
