"""Planning a campaign: its idea, its place, its prizes and its rules. Once started, only what customers never saw."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from campaigns.enums import (
    MONEY_MOST_FEN,
    STOCK_MOST,
    CampaignState,
    GoalKind,
    PageColour,
    PrizeKind,
    Theme,
)
from campaigns.errors import CampaignFixed, CampaignInvalid
from campaigns.models import Campaign, CampaignGroup, Prize
from groups.selectors import groups_by_id
from team.enums import PlanKind
from team.selectors import staff_by_id
from team.services.goals import goal_note
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True, kw_only=True)
class Idea:
    """What a campaign is and what it is to reach."""

    name: str
    about: str
    theme: str
    goal_kind: str
    goal_target: int | None
    colour: str = PageColour.GREEN
    serves: str = ""  # how it serves the north star (R96)


def campaign_locked(tenant: "Tenant", campaign_id: int) -> Campaign:
    """The row, held to the end of the caller's transaction. Raises Campaign.DoesNotExist."""
    return Campaign.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=campaign_id)


def draft_locked(tenant: "Tenant", campaign_id: int) -> Campaign:
    """The same of a draft. Raises CampaignFixed once it has started, Campaign.DoesNotExist."""
    row = campaign_locked(tenant, campaign_id)
    if row.state != CampaignState.DRAFT:
        raise CampaignFixed
    return row


def campaign_create(*, tenant: "Tenant", idea: Idea, actor: Actor) -> Campaign:
    """A new draft. Not safe to repeat. Raises CampaignInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = Campaign(tenant=tenant, created_by=actor.name[:128])
        _take_idea(row, idea)
        row.save(force_insert=True)
        audit.record(tenant=tenant, actor=actor, verb="campaigns.campaign.created", target=row)
        _note_serves(tenant, row, idea, actor)
    return row


def campaign_set_idea(*, tenant: "Tenant", campaign_id: int, idea: Idea, actor: Actor) -> Campaign:
    """Safe to repeat. Raises CampaignFixed, CampaignInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = draft_locked(tenant, campaign_id)
        before = (row.name, row.theme, row.goal_kind, row.goal_target)
        _take_idea(row, idea)
        row.save()
        after = (row.name, row.theme, row.goal_kind, row.goal_target)
        _changed(tenant, actor, row, ("name", "theme", "goal_kind", "goal_target"), before, after)
        _note_serves(tenant, row, idea, actor)
    return row


def _note_serves(tenant: "Tenant", row: Campaign, idea: Idea, actor: Actor) -> None:
    if idea.serves.strip():
        goal_note(tenant=tenant, kind=PlanKind.CAMPAIGN, plan_id=row.pk, words=idea.serves, actor=actor)


def _take_idea(row: Campaign, idea: Idea) -> None:
    name = idea.name.strip()
    if not name or (idea.goal_target is not None and idea.goal_target < 1):
        raise CampaignInvalid
    row.name, row.about, row.theme = name[:60], idea.about.strip()[:200], Theme(idea.theme)
    row.goal_kind, row.goal_target = GoalKind(idea.goal_kind), idea.goal_target
    row.colour = PageColour(idea.colour)


def _changed(
    tenant: "Tenant",
    actor: Actor,
    row: Campaign,
    names: Iterable[str],
    before: Iterable[Any],
    after: Iterable[Any],
) -> None:
    told = {
        name: [str(was) if was is not None else None, str(now) if now is not None else None]
        for name, was, now in zip(names, before, after, strict=True)
        if was != now
    }
    if told:
        audit.record(tenant=tenant, actor=actor, verb="campaigns.campaign.changed", target=row, changes=told)


def campaign_set_place(
    *,
    tenant: "Tenant",
    campaign_id: int,
    group_ids: Iterable[int],
    starts_at: datetime | None,
    ends_at: datetime | None,
    actor: Actor,
) -> Campaign:
    """Groups and dates of a draft; foreign groups are refused. Safe to repeat.

    Raises CampaignFixed, CampaignInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    wanted = set(group_ids)
    if set(groups_by_id(tenant_id=tenant.pk, group_ids=wanted)) != wanted:
        raise CampaignInvalid(_("One of these groups does not exist any more."))
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise CampaignInvalid(_("It has to end after it begins."))
    with transaction.atomic():
        row = draft_locked(tenant, campaign_id)
        before = (row.starts_at, row.ends_at)
        row.starts_at, row.ends_at = starts_at, ends_at
        row.save(update_fields=["starts_at", "ends_at"])
        held = CampaignGroup.objects.filter(tenant=tenant, campaign=row)
        known = set(held.values_list("group_id", flat=True))
        held.exclude(group_id__in=wanted).delete()
        CampaignGroup.objects.bulk_create(
            CampaignGroup(tenant=tenant, campaign=row, group_id=one) for one in sorted(wanted - known)
        )
        names = ("starts_at", "ends_at", "groups")
        _changed(tenant, actor, row, names, (*before, len(known)), (starts_at, ends_at, len(wanted)))
    return row


@dataclass(frozen=True, kw_only=True)
class Costs:
    """The ceiling of all prizes, and what else it costs; fen and minutes."""

    budget_fen: int | None
    media_fen: int
    labour_minutes: int


def campaign_set_costs(*, tenant: "Tenant", campaign_id: int, costs: Costs, actor: Actor) -> Campaign:
    """Budget of a draft; media and work at any time before the review. Safe to repeat.

    Raises CampaignFixed where a started one would get another budget (see budget_change), CampaignInvalid for what is
    negative or absurd, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    figures = (costs.budget_fen or 0, costs.media_fen, costs.labour_minutes)
    if any(one < 0 or one > MONEY_MOST_FEN for one in figures):
        raise CampaignInvalid(_("Amounts are never negative."))
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        is_fixed = row.state != CampaignState.DRAFT and costs.budget_fen != row.budget_fen
        if is_fixed or row.state == CampaignState.REVIEWED:
            raise CampaignFixed
        before = (row.budget_fen, row.media_fen, row.labour_minutes)
        row.budget_fen, row.media_fen, row.labour_minutes = (
            costs.budget_fen, costs.media_fen, costs.labour_minutes,
        )  # fmt: skip
        row.save(update_fields=["budget_fen", "media_fen", "labour_minutes"])
        after = (row.budget_fen, row.media_fen, row.labour_minutes)
        _changed(tenant, actor, row, ("budget_fen", "media_fen", "labour_minutes"), before, after)
    return row


@dataclass(frozen=True, kw_only=True)
class PrizeWish:
    """A prize as it is written down; `unit_fen` is what one piece costs."""

    name: str
    kind: str
    unit_fen: int
    stock: int


def prize_save(
    *, tenant: "Tenant", campaign_id: int, wish: PrizeWish, actor: Actor, prize_id: int | None = None
) -> Prize:
    """Add a prize to a draft, or change one. Raises CampaignFixed, CampaignInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    name = wish.name.strip()[:40]
    is_paid = wish.kind == PrizeKind.RED_PACKET
    if not name or not 0 <= wish.unit_fen <= MONEY_MOST_FEN or not 1 <= wish.stock <= STOCK_MOST:
        raise CampaignInvalid
    if is_paid and wish.unit_fen == 0:
        raise CampaignInvalid(_("A red packet holds at least one fen."))
    with transaction.atomic():
        campaign = draft_locked(tenant, campaign_id)
        rows = Prize.objects.filter(tenant=tenant, campaign=campaign)
        if rows.filter(name=name).exclude(pk=prize_id).exists():
            raise CampaignInvalid(_("There is a prize of this name already."))
        if prize_id is None:
            last = rows.aggregate(last=Max("position"))["last"] or 0
            row = Prize(tenant=tenant, campaign=campaign, position=last + 1)
        else:
            row = rows.get(pk=prize_id)
            if (row.kind == PrizeKind.COUPON) != (wish.kind == PrizeKind.COUPON):
                raise CampaignInvalid(_("A coupon stays a coupon. Remove it and add another prize."))
        row.name, row.kind, row.unit_fen, row.stock = name, PrizeKind(wish.kind), wish.unit_fen, wish.stock
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.prize.saved", target=campaign,
            changes={"prize": [None, name], "unit_fen": [None, row.unit_fen], "stock": [None, row.stock]},
        )  # fmt: skip
    return row


def prize_remove(*, tenant: "Tenant", campaign_id: int, prize_id: int, actor: Actor) -> None:
    """Take a prize out of a draft. Raises Prize.DoesNotExist, CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        prize = Prize.objects.get(tenant=tenant, campaign_id=campaign_id, pk=prize_id)
        campaign = draft_locked(tenant, campaign_id)
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.prize.removed", target=campaign,
            changes={"prize": [prize.name, None]},
        )  # fmt: skip
        prize.delete()


def campaign_set_rules(
    *, tenant: "Tenant", campaign_id: int, rules_text: str, owner_id: int | None, actor: Actor
) -> Campaign:
    """The rules of a draft, and who answers for it at any time. Safe to repeat.

    Raises CampaignFixed where a started one would get other rules, CampaignInvalid for an unknown colleague,
    NotPermitted.
    """
    require(actor, Permission.OPERATE)
    owners = staff_by_id(tenant_id=tenant.pk, staff_ids=[owner_id]) if owner_id else {}
    if owner_id and owner_id not in owners:
        raise CampaignInvalid(_("This colleague is not there any more."))
    with transaction.atomic():
        row = campaign_locked(tenant, campaign_id)
        text = rules_text.strip()
        if row.state != CampaignState.DRAFT and text != row.rules_text:
            raise CampaignFixed
        before = (row.rules_text[:80], row.owner_id)
        row.rules_text, row.owner_id = text, owner_id
        row.save(update_fields=["rules_text", "owner_id"])
        _changed(tenant, actor, row, ("rules", "owner"), before, (text[:80], owner_id))
    return row


Copied = Callable[[Campaign, Campaign, Mapping[int, Prize]], None]
_copied: list[Copied] = []


def register_copied(act: Copied) -> None:
    """What a play copies along with a campaign: `act(old, copy, {old prize id: its copy})`, in the same transaction."""
    if act not in _copied:
        _copied.append(act)


def campaign_clone(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> Campaign:
    """A new draft with everything but the dates and what came of it. Not safe to repeat. Raises NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        old = Campaign.objects.get(tenant=tenant, pk=campaign_id)
        row = Campaign.objects.create(
            tenant=tenant, name=_("%(name)s, copy") % {"name": old.name[:50]}, about=old.about, theme=old.theme,
            colour=old.colour, goal_kind=old.goal_kind, goal_target=old.goal_target,
            budget_fen=old.budget_fen, media_fen=old.media_fen,
            labour_minutes=old.labour_minutes, rules_text=old.rules_text, owner_id=old.owner_id, cloned_from=old,
            created_by=actor.name[:128],
        )  # fmt: skip
        prizes = list(Prize.objects.filter(tenant=tenant, campaign=old).order_by("pk"))
        copies = Prize.objects.bulk_create(
            Prize(tenant=tenant, campaign=row, name=one.name, kind=one.kind, unit_fen=one.unit_fen, stock=one.stock,
                  position=one.position)
            for one in prizes
        )  # fmt: skip
        for act in _copied:
            act(old, row, {one.pk: copy for one, copy in zip(prizes, copies, strict=True)})
        CampaignGroup.objects.bulk_create(
            CampaignGroup(tenant=tenant, campaign=row, group_id=one)
            for one in CampaignGroup.objects.filter(tenant=tenant, campaign=old).values_list(
                "group_id", flat=True
            )
        )
        audit.record(
            tenant=tenant, actor=actor, verb="campaigns.campaign.cloned", target=row,
            changes={"from": [None, old.name]},
        )  # fmt: skip
    return row


def campaign_discard(*, tenant: "Tenant", campaign_id: int, actor: Actor) -> None:
    """Throw a draft away: nobody has seen it. Raises CampaignFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = draft_locked(tenant, campaign_id)
        audit.record(tenant=tenant, actor=actor, verb="campaigns.campaign.discarded", target=row)
        row.delete()
