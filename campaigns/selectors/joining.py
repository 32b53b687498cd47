"""Reads of join plays: what they give, who joined, and who waits for what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from campaigns.enums import CampaignState, Missing, PlayKind, PrizeKind
from campaigns.enums.joining import JoinKind, JoinState
from campaigns.models import Campaign, CampaignGroup, Joiner, JoinPlay
from campaigns.selectors.lottery import lottery_of
from campaigns.selectors.pages import page_token
from contacts.selectors.identity import as_persons, records_under
from groups.selectors.members import spells_in


def join_of(*, campaign: Campaign) -> JoinPlay | None:
    """The join play of a campaign with its prize. One query."""
    rows = JoinPlay.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("prize").first()


def joins_in(campaign: Any) -> QuerySet[JoinPlay]:
    """That of a campaign, to ask within a query of campaigns."""
    return JoinPlay.objects.filter(campaign=campaign)


def join_get(*, tenant_id: int, play_id: int) -> JoinPlay | None:
    """With campaign and prize; None where it is gone."""
    rows = JoinPlay.objects.filter(tenant_id=tenant_id, pk=play_id)
    return rows.select_related("campaign", "prize").first()


def join_token(*, campaign: Campaign, play: JoinPlay) -> str:
    """The token of its page, or "" before the campaign has an end."""
    return page_token(campaign=campaign, kind=PlayKind.JOIN, row_id=play.pk)


def token_of(campaign: Campaign) -> str:
    play = join_of(campaign=campaign)
    return join_token(campaign=campaign, play=play) if play else ""


def join_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a join play from its start: a prize that fits, or the lottery whose draws it gives."""
    play = join_of(campaign=campaign)
    if play is None:
        return []
    if play.kind == JoinKind.DRAWS:
        return [] if lottery_of(campaign=campaign) else [Missing.JOIN]
    is_packet = play.prize is not None and play.prize.kind == PrizeKind.RED_PACKET
    fits = play.prize is not None and (is_packet or play.kind != JoinKind.PACKET)
    return [] if fits else [Missing.JOIN]


def plays_in_groups(*, tenant_id: int, group_ids: Iterable[int]) -> list[JoinPlay]:
    """Join plays of running campaigns that are for one of these groups, in the order of ids. One query."""
    places = CampaignGroup.objects.filter(tenant_id=tenant_id, group_id__in=set(group_ids))
    rows = JoinPlay.objects.filter(
        tenant_id=tenant_id, campaign__state=CampaignState.RUNNING,
        campaign_id__in=places.values("campaign_id"),
    )  # fmt: skip
    return list(rows.select_related("campaign").order_by("pk"))


@dataclass(frozen=True)
class Spells:
    """When records sat in a campaign's groups: [(record, group, joined_at, left_at)], and who each record is."""

    person_of: dict[int, int]
    rows: list[tuple[int, int, datetime, datetime | None]]

    def of_person(self, person_id: int) -> list[tuple[int, int, datetime, datetime | None]]:
        return [one for one in self.rows if self.person_of.get(one[0]) == person_id]


def spells_of_people(*, tenant_id: int, group_ids: Iterable[int], customer_ids: Iterable[int]) -> Spells:
    """By whatever record of theirs. Three queries."""
    asked = set(customer_ids)
    people = as_persons(tenant_id=tenant_id, customer_ids=asked)
    merged = records_under(tenant_id=tenant_id, person_ids=people)
    person_of = {**{one: one for one in people}, **merged}
    return Spells(
        person_of, spells_in(tenant_id=tenant_id, group_ids=group_ids, customer_ids=list(person_of))
    )


def waiting_tasks(*, tenant_id: int, customer_ids: Iterable[int]) -> list[tuple[int, int]]:
    """[(play, joiner)] of these people who still have their task to do. Nothing is asked where nobody waits."""
    rows = Joiner.objects.filter(tenant_id=tenant_id, state=JoinState.WAITING, done_at=None)
    if not rows.exists():
        return []
    people = as_persons(tenant_id=tenant_id, customer_ids=customer_ids)
    records = people | set(records_under(tenant_id=tenant_id, person_ids=people))
    mine = rows.filter(customer_id__in=records, task_until__isnull=False)
    return list(mine.order_by("play_id", "pk").values_list("play_id", "pk"))


def due(now: datetime) -> Q:
    """Those of whom the clock, or the campaign, decides: too late, ended, or paused no more."""
    over = Q(task_until__lte=now) | ~Q(play__campaign__state=CampaignState.RUNNING)
    return Q(state=JoinState.WAITING) & (over | Q(done_at__isnull=False, play__campaign__paused_at=None))


def joiner_list(*, play: JoinPlay) -> QuerySet[Joiner]:
    """Everybody who joined, with person, group and prize, the newest first."""
    rows = Joiner.objects.filter(tenant_id=play.tenant_id, play=play)
    return rows.select_related("customer", "staff", "group").order_by("-pk")


def joiner_of(*, play: JoinPlay, person_id: int) -> Joiner | None:
    """How somebody's joining stands: what takes part before what was refused. Two queries."""
    ids = {person_id, *records_under(tenant_id=play.tenant_id, person_ids=[person_id])}
    rows = Joiner.objects.filter(tenant_id=play.tenant_id, play=play, customer_id__in=ids)
    found = list(rows.select_related("group").order_by("pk"))
    return next((one for one in found if one.state != JoinState.MISSED), found[0] if found else None)


@dataclass(frozen=True)
class JoinFigures:
    """`joined`: customers' records, colleagues apart. `by_reason`: {reason: how many}."""

    joined: int
    got: int
    waiting: int
    missed: int
    back: int
    by_reason: dict[str, int]


def figures_of_join(*, play: JoinPlay) -> JoinFigures:
    """Live figures. One query."""
    rows = Joiner.objects.filter(tenant_id=play.tenant_id, play=play).order_by()
    states: dict[str, int] = {}
    reasons: dict[str, int] = {}
    staff = 0
    for state, reason, is_staff, count in (
        rows.annotate(is_staff=Q(staff__isnull=False))
        .values_list("state", "reason", "is_staff")
        .annotate(count=Count("pk"))
        .values_list("state", "reason", F("is_staff"), "count")
    ):
        states[state] = states.get(state, 0) + count
        staff += count if is_staff else 0
        if reason:
            reasons[reason] = reasons.get(reason, 0) + count
    total = sum(states.values())
    return JoinFigures(
        joined=total - staff, got=states.get(JoinState.GOT, 0), waiting=states.get(JoinState.WAITING, 0),
        missed=states.get(JoinState.MISSED, 0), back=states.get(JoinState.BACK, 0), by_reason=reasons,
    )  # fmt: skip
