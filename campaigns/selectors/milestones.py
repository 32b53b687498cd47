"""Reads of milestones: what groups get as they fill, which were reached, and what a member may take."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from campaigns.enums import CampaignState, Missing, PlayKind
from campaigns.enums.milestones import MilestoneKind
from campaigns.models import Campaign, CampaignGroup, MilestoneHit, Milestones, MilestoneShare, Prize
from campaigns.policies.milestones import Filled, filled, kind_of, next_of
from campaigns.selectors.frame import groups_of_campaign
from campaigns.selectors.pages import page_token
from contacts.selectors.identity import persons_of
from groups.selectors.members import customer_spells
from tenants import clock


def milestones_in(campaign: Any) -> QuerySet[Milestones]:
    """Those of a campaign, to ask within a query of campaigns."""
    return Milestones.objects.filter(campaign=campaign)


def milestones_of(*, campaign: Campaign) -> Milestones | None:
    """What the groups of a campaign get as they fill, with the prizes. One query."""
    rows = Milestones.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("small", "large").first()


def milestones_get(*, tenant_id: int, milestones_id: int) -> Milestones | None:
    """With campaign and prizes; None where it is gone."""
    rows = Milestones.objects.filter(tenant_id=tenant_id, pk=milestones_id)
    return rows.select_related("campaign", "small", "large").first()


def milestones_running(*, tenant_id: int, group_ids: Iterable[int]) -> list[tuple[Milestones, set[int]]]:
    """Those of running campaigns that are for some of these groups, with campaign, and the groups. Two queries."""
    rows = Milestones.objects.filter(tenant_id=tenant_id, campaign__state=CampaignState.RUNNING)
    running = list(rows.select_related("campaign").order_by("pk"))
    if not running:
        return []
    places: dict[int, set[int]] = {}
    asked = CampaignGroup.objects.filter(
        tenant_id=tenant_id, campaign_id__in=[one.campaign_id for one in running], group_id__in=set(group_ids)
    )
    for campaign_id, group_id in asked.values_list("campaign_id", "group_id"):
        places.setdefault(campaign_id, set()).add(group_id)
    return [(one, places[one.campaign_id]) for one in running if one.campaign_id in places]


def filling_of(*, campaign: Campaign, group_ids: Iterable[int]) -> dict[int, Filled]:
    """{group: how it filled since the campaign began}; empty before. Two queries."""
    now = clock.now()
    if campaign.starts_at is None or campaign.ends_at is None or now < campaign.starts_at:
        return {}
    wanted = list(group_ids)
    spells = customer_spells(tenant_id=campaign.tenant_id, group_ids=wanted, since=campaign.starts_at)
    ids = {who for _group, who, _joined, _left in spells if who is not None}
    people = persons_of(tenant_id=campaign.tenant_id, customer_ids=ids)
    times: dict[int, list] = {one: [] for one in wanted}
    for group_id, who, joined, left in spells:
        if who is not None:
            times[group_id].append((people.get(who, who), joined, left))
    return {
        group_id: filled(some, since=campaign.starts_at, until=campaign.ends_at) for group_id, some in times.items()
    }  # fmt: skip


def token_of(campaign: Campaign) -> str:
    """The token of the page where members take their shares, or ""."""
    row = milestones_of(campaign=campaign)
    return page_token(campaign=campaign, kind=PlayKind.MILESTONE, row_id=row.pk) if row else ""


def prize_of(row: Milestones, kind: str) -> tuple[Prize | None, int]:
    """What a share is, and how many shares a red packet of this kind has."""
    is_large = kind == MilestoneKind.LARGE
    return (row.large, row.large_shares) if is_large else (row.small, row.small_shares)


def milestones_lack(campaign: Campaign) -> list[Missing]:
    """What keeps a campaign with milestones from its start: a prize with pieces for one whole red packet."""
    row = milestones_of(campaign=campaign)
    if row is None:
        return []
    packets = [prize_of(row, kind) for kind in MilestoneKind]
    has_any = any(prize is not None for prize, _shares in packets)
    is_short = any(prize is not None and prize.stock < shares for prize, shares in packets)
    return [Missing.MILESTONE_PRIZE] if not has_any or is_short else []


def hit_list(*, campaign: Campaign) -> QuerySet[MilestoneHit]:
    """Every milestone that was reached, with group and prizes, the newest first."""
    rows = MilestoneHit.objects.filter(tenant_id=campaign.tenant_id, milestones__campaign=campaign)
    return rows.select_related("group", "milestones__small", "milestones__large").order_by("-at", "-pk")


def hits_of_groups(*, milestones: Milestones, group_ids: Iterable[int]) -> list[MilestoneHit]:
    """Reached by these groups, the newest first. One query."""
    rows = MilestoneHit.objects.filter(
        tenant_id=milestones.tenant_id, milestones=milestones, group_id__in=list(group_ids)
    )
    return list(rows.select_related("group").order_by("-at", "-pk"))


def shares_taken(*, milestones: Milestones, record_ids: Iterable[int]) -> set[int]:
    """The hits of which this person has a share. One query."""
    rows = MilestoneShare.objects.filter(
        tenant_id=milestones.tenant_id, hit__milestones=milestones, customer_id__in=list(record_ids)
    )
    return set(rows.values_list("hit_id", flat=True))


@dataclass(frozen=True)
class Standing:
    """How far one group is from its next milestone. `customers`: people there now, each once; `next_at` counts from
    the most at once, as what was passed before is passed."""

    name: str
    customers: int
    next_at: int
    kind: MilestoneKind

    @property
    def to_go(self) -> int:
        return self.next_at - self.customers


def standings(*, campaign: Campaign, most: int) -> list[Standing]:
    """The groups of a campaign that runs which are nearest to a milestone, `most` of them at most. Five queries.

    Chosen by the counts that groups keep, told by the records: those of a thousand groups are not read for a page.
    """
    groups = groups_of_campaign(tenant_id=campaign.tenant_id, campaign_id=campaign.pk)
    near = sorted(groups, key=lambda one: (next_of(one.customer_count) - one.customer_count, one.name))[:most]
    filling = filling_of(campaign=campaign, group_ids=[one.pk for one in near])
    found = [
        Standing(str(one), here.here, next_of(here.most), kind_of(next_of(here.most)))
        for one in near
        if (here := filling.get(one.pk)) is not None
    ]
    return sorted(found, key=lambda one: (one.to_go, one.name))
