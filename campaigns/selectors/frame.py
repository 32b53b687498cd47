"""Reads of campaigns, their groups and prizes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from campaigns.enums import PRIZE_YUAN_MOST, AccountKind, CampaignState, Missing, Unit
from campaigns.models import Account, Award, Campaign, CampaignGroup, Prize
from campaigns.policies.readiness import Plan, PrizePlan, missing
from campaigns.selectors.plays import plays_lack
from contacts.selectors.identity import as_persons
from groups.selectors import groups_by_id, members_current
from team.enums import PlanKind
from team.selectors.goals import goal_now, goals_served
from tenants import clock, preferences

if TYPE_CHECKING:
    from groups.models import Group


def campaign_list(*, tenant_id: int) -> QuerySet[Campaign]:
    """Every campaign with its owner, the newest first; `group_count`, `people`, `held_fen` and `spent_fen` beside."""
    places = CampaignGroup.objects.filter(tenant_id=tenant_id, campaign=OuterRef("pk"))
    people = Award.objects.filter(tenant_id=tenant_id, campaign=OuterRef("pk"))
    rows = Campaign.objects.filter(tenant_id=tenant_id).select_related("owner")
    return rows.annotate(
        group_count=_counted(places, Count("pk")),
        people=_counted(people, Count("customer_id", distinct=True)),
        held_fen=_balance(tenant_id, AccountKind.HELD),
        spent_fen=_balance(tenant_id, AccountKind.SPENT),
    ).order_by("-pk")


def _counted(rows: QuerySet, count: Count) -> Coalesce:
    found = rows.order_by().values("campaign").annotate(found=count).values("found")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


def _balance(tenant_id: int, kind: str) -> Coalesce:
    rows = Account.objects.filter(tenant_id=tenant_id, campaign=OuterRef("pk"), unit=Unit.FEN, kind=kind)
    found = rows.order_by().values("campaign").annotate(found=Sum("balance")).values("found")
    return Coalesce(Subquery(found, output_field=IntegerField()), 0)


def campaign_get(*, tenant_id: int, campaign_id: int) -> Campaign:
    """Raises Campaign.DoesNotExist, also for another tenant's id."""
    rows = Campaign.objects.filter(tenant_id=tenant_id).select_related("owner", "cloned_from")
    return rows.get(pk=campaign_id)


def prize_list(*, tenant_id: int, campaign_id: int) -> list[Prize]:
    """The prizes in their order."""
    return list(Prize.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id).order_by("position", "pk"))


def prize_get(*, tenant_id: int, campaign_id: int, prize_id: int) -> Prize:
    """Raises Prize.DoesNotExist, also for another campaign's or tenant's id."""
    return Prize.objects.get(tenant_id=tenant_id, campaign_id=campaign_id, pk=prize_id)


def group_ids_of(*, tenant_id: int, campaign_id: int) -> list[int]:
    rows = CampaignGroup.objects.filter(tenant_id=tenant_id, campaign_id=campaign_id)
    return list(rows.order_by("group_id").values_list("group_id", flat=True))


def places_of(*, tenant_id: int, campaign_ids: Iterable[int]) -> dict[int, set[int]]:
    """{campaign: the groups it is for}. One query."""
    found: dict[int, set[int]] = {one: set() for one in campaign_ids}
    rows = CampaignGroup.objects.filter(tenant_id=tenant_id, campaign_id__in=list(found))
    for campaign_id, group_id in rows.values_list("campaign_id", "group_id"):
        found[campaign_id].add(group_id)
    return found


def groups_of_campaign(*, tenant_id: int, campaign_id: int) -> "list[Group]":
    """The groups it is for, by name."""
    ids = group_ids_of(tenant_id=tenant_id, campaign_id=campaign_id)
    return sorted(groups_by_id(tenant_id=tenant_id, group_ids=ids).values(), key=lambda one: one.name)


def people_in(*, tenant_id: int, group_ids: Iterable[int]) -> set[int]:
    """The people who sit in the groups now, each once, by the record that stands for them; staff are not among them.

    Two queries.
    """
    inside = members_current(tenant_id=tenant_id, group_ids=group_ids)
    return as_persons(tenant_id=tenant_id, customer_ids={one for some in inside.values() for one in some})


def plan_of(*, campaign: Campaign) -> Plan:
    """What the policy of a start needs to know. Two queries."""
    tenant_id = campaign.tenant_id
    prizes = prize_list(tenant_id=tenant_id, campaign_id=campaign.pk)
    return Plan(
        goal_target=campaign.goal_target,
        group_count=len(group_ids_of(tenant_id=tenant_id, campaign_id=campaign.pk)),
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        budget_fen=campaign.budget_fen,
        prizes=tuple(PrizePlan(one.name, one.unit_fen, one.stock) for one in prizes),
        rules_text=campaign.rules_text,
        has_owner=campaign.owner_id is not None,
        is_unserving=_is_unserving(campaign),
    )


def serves_of(campaign: Campaign) -> str:
    """What was said of how it serves the north star."""
    said = goals_served(tenant_id=campaign.tenant_id, kind=PlanKind.CAMPAIGN, plan_ids=[campaign.pk])
    return said[campaign.pk].words if campaign.pk in said else ""


def _is_unserving(campaign: Campaign) -> bool:
    goal = goal_now(tenant=campaign.tenant)
    if goal is None:
        return False
    said = goals_served(tenant_id=campaign.tenant_id, kind=PlanKind.CAMPAIGN, plan_ids=[campaign.pk])
    return campaign.pk not in said or said[campaign.pk].star_id != goal.star_id


def missing_of(*, campaign: Campaign) -> list[Missing]:
    """What stands in the way of a start."""
    most = preferences.value(campaign.tenant_id, PRIZE_YUAN_MOST)
    told = missing(plan_of(campaign=campaign), now=clock.now(), prize_fen_most=most * 100)
    return [*told, *plays_lack(campaign)]


def campaigns_due(*, tenant_id: int) -> list[int]:
    """Running ones whose end has come."""
    rows = Campaign.objects.filter(tenant_id=tenant_id, state=CampaignState.RUNNING, ends_at__lte=clock.now())
    return list(rows.order_by("pk").values_list("pk", flat=True))
