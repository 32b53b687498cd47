"""The life of a campaign: draft, running, ended, reviewed. There is no way back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import MONEY_MOST_FEN, OPEN_AWARDS, STATES_NEXT, CampaignState
from campaigns.errors import (
    CampaignIncomplete,
    CampaignInvalid,
    CampaignUnsettled,
    ReasonMissing,
    StateWrong,
)
from campaigns.models import Award, Campaign
from campaigns.selectors.frame import campaigns_due, missing_of, prize_list
from campaigns.services.frame import campaign_locked
from campaigns.services.ledger import budget_move, campaign_close, campaign_fund
from console.templatetags.q import money
from team.services import approval_ask
from tenants import audit, clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

START = "campaigns.start"
BUDGET = "campaigns.budget"


def target_of(campaign_id: int) -> str:
    """What a request about a campaign is filed under."""
    return f"campaign:{campaign_id}"


def _forward(row: Campaign, state: CampaignState) -> None:
    if STATES_NEXT.get(CampaignState(row.state)) != state:
        raise StateWrong
    row.state = state


def _check_whole(row: Campaign) -> None:
    lacking = missing_of(campaign=row)
    if lacking:
        raise CampaignIncomplete(lacking[0].label, code=lacking[0].value)


def campaign_ask_start(*, tenant: "Tenant", campaign_id: int, reason: str, actor: Actor) -> None:
    """Ask a leader to approve the budget and start it (R128). Safe to repeat.

    Raises CampaignIncomplete, StateWrong, ReasonMissing, ApprovalWaits, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        if row.state != CampaignState.DRAFT:
            raise StateWrong
        _check_whole(row)
        approval_ask(
            tenant=tenant, kind=START, target=target_of(row.pk), label=row.name, reason=reason, actor=actor,
            said=_("Start it with a budget of %(money)s") % {"money": money(row.budget_fen or 0)},
            wish={"campaign_id": row.pk, "budget_fen": row.budget_fen or 0},
            url=reverse("campaigns:detail", args=[tenant.slug, row.pk]),
        )  # fmt: skip


def start_granted(*, tenant: "Tenant", wish: Mapping[str, Any], reason: str, actor: Actor) -> None:
    """A leader granted it: it starts, with the budget that was asked for and no other."""
    row = Campaign.objects.get(tenant=tenant, pk=wish["campaign_id"])
    if (row.budget_fen or 0) != wish["budget_fen"]:
        raise StateWrong(_("Its budget was changed after it was asked for. It has to be asked for anew."))
    campaign_start(tenant=tenant, campaign_id=row.pk, actor=actor)


def campaign_start(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> Campaign:
    """Approve the budget and start: its books are opened, its dates and prizes are fixed from now on.

    Raises CampaignIncomplete with the first thing that is missing, StateWrong, NotPermitted.
    """
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        if row.state != CampaignState.DRAFT:
            raise StateWrong
        _check_whole(row)
        _forward(row, CampaignState.RUNNING)
        row.started_at, row.approved_by = clock.now(), actor.name[:128]
        row.save(update_fields=["state", "started_at", "approved_by"])
        prizes = prize_list(tenant_id=tenant.pk, campaign_id=row.pk)
        campaign_fund(tenant=tenant, campaign=row, prizes=prizes, actor=actor)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.campaign.started", target=row,
            changes={"budget_fen": [None, row.budget_fen or 0]},
        )  # fmt: skip
    return row


def campaign_pause(*, tenant: "Tenant", campaign_id: int, is_paused: bool, actor: Actor) -> Campaign:
    """Give no prizes for now, or go on. Raises StateWrong, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        if row.state != CampaignState.RUNNING:
            raise StateWrong
        if is_paused != (row.paused_at is not None):
            row.paused_at = clock.now() if is_paused else None
            row.save(update_fields=["paused_at"])
            verb = "campaigns.campaign.paused" if is_paused else "campaigns.campaign.resumed"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=row)
    return row


def budget_change(
    *, tenant: "Tenant", campaign_id: int, budget_fen: int, reason: str, actor: Actor
) -> Campaign:
    """Another ceiling while it runs. It never falls below what is set aside or given out: BudgetSpent.

    Raises StateWrong, CampaignInvalid, ReasonMissing, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.APPROVE)
    if not 0 <= budget_fen <= MONEY_MOST_FEN:
        raise CampaignInvalid(_("Amounts are never negative."))
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        if row.state != CampaignState.RUNNING:
            raise StateWrong
        before = row.budget_fen or 0
        if before == budget_fen:
            return row
        entry = audit.record(
            tenant=tenant, actor=actor, verb="campaigns.budget.changed", target=row, reason=reason,
            changes={"budget_fen": [before, budget_fen]},
        )  # fmt: skip
        key = f"campaign:{row.pk}:budget:{entry.pk}"
        budget_move(tenant=tenant, campaign=row, by_fen=budget_fen - before, key=key, actor=actor)
        row.budget_fen = budget_fen
        row.save(update_fields=["budget_fen"])
    return row


def budget_ask(*, tenant: "Tenant", campaign_id: int, budget_fen: int, reason: str, actor: Actor) -> None:
    """Ask a leader for another ceiling (R128). Safe to repeat. Raises StateWrong, CampaignInvalid, ApprovalWaits."""
    require(actor, Permission.OPERATE)
    if not 0 <= budget_fen <= MONEY_MOST_FEN:
        raise CampaignInvalid(_("Amounts are never negative."))
    row = Campaign.objects.get(tenant=tenant, pk=campaign_id)
    if row.state != CampaignState.RUNNING:
        raise StateWrong
    words = {"before": money(row.budget_fen or 0), "after": money(budget_fen)}
    approval_ask(
        tenant=tenant, kind=BUDGET, target=target_of(row.pk), label=row.name, reason=reason, actor=actor,
        said=_("A budget of %(after)s instead of %(before)s") % words,
        wish={"campaign_id": row.pk, "budget_fen": budget_fen},
        url=reverse("campaigns:detail", args=[tenant.slug, row.pk]),
    )  # fmt: skip


def budget_granted(*, tenant: "Tenant", wish: Mapping[str, Any], reason: str, actor: Actor) -> None:
    """A leader granted it: the campaign has the other ceiling."""
    budget_change(
        tenant=tenant,
        campaign_id=wish["campaign_id"],
        budget_fen=wish["budget_fen"],
        reason=reason,
        actor=actor,
    )


def campaign_end(*, tenant: "Tenant", campaign_id: int, reason: str, actor: Actor) -> Campaign:
    """End it before its time: no prize is given any more, those set aside are still handed over.

    Raises StateWrong, ReasonMissing, NotPermitted.
    """
    require(actor, Permission.APPROVE)
    if not reason.strip():
        raise ReasonMissing
    return _end(tenant, campaign_id, reason.strip()[:200], actor)


def _end(tenant: "Tenant", campaign_id: int, reason: str, actor: Actor) -> Campaign:
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        _forward(row, CampaignState.ENDED)
        row.ended_at, row.end_reason, row.paused_at = clock.now(), reason, None
        row.save(update_fields=["state", "ended_at", "end_reason", "paused_at"])
        audit.record(tenant=tenant, actor=actor, verb="campaigns.campaign.ended", target=row, reason=reason)
    return row


def campaigns_end_due(*, tenant: "Tenant") -> int:
    """End those whose time has come; how many. Safe to repeat."""
    ended = 0
    for campaign_id in campaigns_due(tenant_id=tenant.pk):
        try:
            _end(tenant, campaign_id, "", SYSTEM)
        except StateWrong:
            continue
        ended += 1
    return ended


def campaign_review(*, tenant: "Tenant", campaign_id: int, kept: str, changed: str, actor: Actor) -> Campaign:
    """Close the books and write down what stays and what is done otherwise next time. What is left goes back.

    Raises StateWrong before the end, CampaignUnsettled while a prize is open, ReasonMissing, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not kept.strip() or not changed.strip():
        raise ReasonMissing
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        _forward(row, CampaignState.REVIEWED)
        if Award.objects.filter(tenant=tenant, campaign=row, state__in=OPEN_AWARDS).exists():
            raise CampaignUnsettled
        prizes = prize_list(tenant_id=tenant.pk, campaign_id=row.pk)
        campaign_close(tenant=tenant, campaign=row, prizes=prizes, actor=actor)
        row.reviewed_at, row.reviewed_by = clock.now(), actor.name[:128]
        row.review_kept, row.review_changed = kept.strip(), changed.strip()
        row.save(update_fields=["state", "reviewed_at", "reviewed_by", "review_kept", "review_changed"])
        audit.record(tenant=tenant, actor=actor, verb="campaigns.campaign.reviewed", target=row)
    return row


def tenants_with_ended() -> list[int]:
    """Tenants with a campaign whose time has come. Runs across tenants: the caller is a tick."""
    rows = Campaign.objects.filter(state=CampaignState.RUNNING, ends_at__lte=clock.now())
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())
