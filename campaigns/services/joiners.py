"""People who join, do their task, or leave (R80). Called by handlers and the tick: each may come twice, in any order.

The row of the play is held first, then anything else: one person never takes part twice, by whatever record.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, CampaignState, GrantReason
from campaigns.enums.joining import JoinKind, JoinReason, JoinState
from campaigns.errors import (
    AwardPaid,
    AwardSettled,
    BudgetSpent,
    CampaignNotRunning,
    CampaignPaused,
    StockOut,
)
from campaigns.models import Joiner, JoinPlay
from campaigns.policies.joining import Joined, is_in_time, leaves_early, refusal
from campaigns.selectors.barred import barred_among
from campaigns.selectors.frame import group_ids_of, places_of
from campaigns.selectors.joining import Spells, due, plays_in_groups, spells_of_people
from campaigns.selectors.lottery import lottery_of
from campaigns.services.awards import award_make, award_take_back
from campaigns.services.lottery import draws_grant
from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for
from contacts.selectors.identity import persons_of, records_under
from tenants import clock
from tenants.audit import SYSTEM

if TYPE_CHECKING:
    from tenants.models import Tenant

BATCH = 200


def people_joined(
    *, tenant: "Tenant", group_id: int, customer_ids: Iterable[int], staff_ids: Iterable[int], at: datetime
) -> None:
    """Whoever came into a group of a running campaign takes part in its join play, or is listed with the reason.

    `at`: no later than then they joined. A constant number of statements beside those of each prize, whatever the
    number of people and of plays that the group is in. Safe to repeat.
    """
    plays = [one.pk for one in plays_in_groups(tenant_id=tenant.pk, group_ids=[group_id])]
    if not plays:
        return
    with transaction.atomic():
        held = _held_all(tenant, plays)
        _colleagues(held, group_id, staff_ids, at)
        _go_on(tenant, _customers(tenant, held, group_id, set(customer_ids), at))


def _held(tenant: "Tenant", play_id: int) -> JoinPlay:
    (found,) = _held_all(tenant, [play_id])
    return found


def _held_all(tenant: "Tenant", play_ids: Iterable[int]) -> list[JoinPlay]:
    """In the order of their ids: nobody waits in a circle. One query."""
    rows = JoinPlay.objects.select_for_update(of=("self",), no_key=True).select_related("campaign", "prize")
    return list(rows.filter(tenant=tenant, pk__in=list(play_ids)).order_by("pk"))


def _is_on(play: JoinPlay, at: datetime) -> bool:
    starts_at, ends_at = play.campaign.starts_at, play.campaign.ends_at
    return starts_at is not None and ends_at is not None and starts_at <= at < ends_at


def _colleagues(plays: list[JoinPlay], group_id: int, staff_ids: Iterable[int], at: datetime) -> None:
    """One query."""
    Joiner.objects.bulk_create(
        [
            Joiner(
                tenant_id=play.tenant_id, play=play, staff_id=one, group_id=group_id, joined_at=at,
                state=JoinState.MISSED, reason=JoinReason.STAFF,
            )
            for play in plays if _is_on(play, at)
            for one in sorted(set(staff_ids))
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _customers(
    tenant: "Tenant", plays: list[JoinPlay], group_id: int, asked: set[int], at: datetime
) -> list[tuple[JoinPlay, list[Joiner]]]:
    """Write down who joined: those who take part, by play. Ten queries at most."""
    known = Joiner.objects.filter(tenant=tenant, play__in=plays)
    listed = set(known.filter(customer_id__in=asked).values_list("play_id", "customer_id"))
    fresh = {play.pk: asked - {one for pk, one in listed if pk == play.pk} for play in plays}
    anybody = set().union(*fresh.values())
    if not anybody:
        return []
    places = places_of(tenant_id=tenant.pk, campaign_ids=[one.campaign_id for one in plays])
    spells = spells_of_people(
        tenant_id=tenant.pk, group_ids=set().union(*places.values()), customer_ids=anybody
    )
    barred = barred_among(tenant_id=tenant.pk, person_ids=set(spells.person_of.values()))
    taking = known.exclude(state=JoinState.MISSED).filter(customer_id__in=list(spells.person_of))
    has_part = {(pk, spells.person_of[one]) for pk, one in taking.values_list("play_id", "customer_id")}
    made: list[Joiner] = []
    for play in plays:
        here = Spells(spells.person_of, [one for one in spells.rows if one[1] in places[play.campaign_id]])
        for record in sorted(fresh[play.pk]):
            came = [one for one in here.rows if one[:2] == (record, group_id) and one[2] <= at]
            if not came or not _is_on(play, came[-1][2]):
                continue
            person = spells.person_of[record]
            row = _joiner(
                play, came[-1], here, has_part=(play.pk, person) in has_part, is_barred=person in barred
            )
            made.append(row)
            if row.state == JoinState.WAITING:
                has_part.add((play.pk, person))
    Joiner.objects.bulk_create(made)
    waiting = [one for one in made if one.state == JoinState.WAITING]
    return [(play, [one for one in waiting if one.play_id == play.pk]) for play in plays]


def _joiner(
    play: JoinPlay, came: tuple[int, int, datetime, datetime | None], spells: Spells, *, has_part: bool,
    is_barred: bool,
) -> Joiner:  # fmt: skip
    """How the joining of one record stands at first."""
    record, group_id, joined_at, _left_at = came
    person = spells.person_of[record]
    mine = spells.of_person(person)
    why = refusal(
        Joined(
            is_barred=is_barred, has_part=has_part,
            before=_was_before(play, mine), is_inside=any(one[3] is None for one in mine),
        )
    )  # fmt: skip
    is_task = play.kind == JoinKind.TASK
    return Joiner(
        tenant_id=play.tenant_id, play=play, customer_id=record, person_id=person, group_id=group_id,
        joined_at=joined_at, task_until=joined_at + timedelta(days=play.task_days) if is_task else None,
        done_at=None if is_task else joined_at, state=JoinState.MISSED if why else JoinState.WAITING,
        reason=why.value if why else "",
    )  # fmt: skip


def _was_before(play: JoinPlay, mine: list[tuple[int, int, datetime, datetime | None]]) -> bool:
    """Whether the person sat in one of the groups before the campaign began."""
    starts_at = play.campaign.starts_at
    return starts_at is not None and any(one[2] < starts_at for one in mine)


def _go_on(tenant: "Tenant", turns: list[tuple[JoinPlay, list[Joiner]]]) -> None:
    """Those whose task is done, or who have none, get what there is. The plays are held."""
    done = _tasks_done(tenant, turns)
    moved = []
    for _play, rows in turns:
        for one in rows:
            if one.pk in done:
                one.done_at = done[one.pk]
                moved.append(one)
    Joiner.objects.bulk_update(moved, ["done_at"])
    for play, rows in turns:
        for one in rows:
            if one.done_at is not None:
                _give(tenant, play, one)


def _tasks_done(tenant: "Tenant", turns: list[tuple[JoinPlay, list[Joiner]]]) -> dict[int, datetime]:
    """{joiner: when the task was done in time, by whatever record of the person}, of those who have it to do yet.

    Four queries for any number of plays and people, none where nobody has a task.
    """
    waiting = [(play, [one for one in rows if one.done_at is None]) for play, rows in turns]
    waiting = [(play, rows) for play, rows in waiting if rows]
    if not waiting:
        return {}
    ids = {one.customer_id for _play, rows in waiting for one in rows if one.customer_id is not None}
    merged = persons_of(tenant_id=tenant.pk, customer_ids=ids)
    people = {merged.get(one, one) for one in ids}
    record_of = {**{one: one for one in people}, **records_under(tenant_id=tenant.pk, person_ids=people)}
    places = places_of(tenant_id=tenant.pk, campaign_ids=[play.campaign_id for play, _rows in waiting])
    acts = behaviours_for(
        tenant_id=tenant.pk, customer_ids=list(record_of), kinds={play.task for play, _rows in waiting},
        since=min(one.joined_at for _play, rows in waiting for one in rows),
    ).order_by("occurred_at", "pk")  # fmt: skip
    told = [
        (record_of[record_id], group_id, at, kind)
        for record_id, group_id, at, kind in acts.values_list(
            "customer_id", "group_id", "occurred_at", "kind"
        )
    ]
    found: dict[int, datetime] = {}
    for play, rows in waiting:
        mine = {merged.get(one.customer_id or 0, one.customer_id or 0): one for one in rows}
        for person, group_id, at, kind in told:
            row = mine.get(person)
            is_here = play.task != BehaviourKind.MESSAGE or group_id in places[play.campaign_id]
            if row is None or kind != play.task or not is_here or row.pk in found:
                continue
            if is_in_time(at, row.joined_at, row.task_until or at):
                found[row.pk] = at
    return found


def _give(tenant: "Tenant", play: JoinPlay, row: Joiner) -> None:
    """What joining gives. In a break it waits; the tick comes back."""
    why = JoinReason.ENDED if play.campaign.state != CampaignState.RUNNING else None
    try:
        if why is None:
            row.award_id = _given(tenant, play, row)
        row.state = JoinState.MISSED if why else JoinState.GOT
    except CampaignPaused:
        return
    except StockOut:
        row.state, why = JoinState.MISSED, JoinReason.STOCK
    except BudgetSpent:
        row.state, why = JoinState.MISSED, JoinReason.BUDGET
    except CampaignNotRunning:
        row.state, why = JoinState.MISSED, JoinReason.ENDED
    row.reason = why.value if why else ""
    row.save(update_fields=["state", "reason", "award_id"])


def _given(tenant: "Tenant", play: JoinPlay, row: Joiner) -> int | None:
    """The award's id; None for draws."""
    person_id = row.person_id or row.customer_id or 0
    if play.kind != JoinKind.DRAWS:
        award = award_make(
            tenant=tenant, campaign_id=play.campaign_id, prize_id=play.prize_id or 0, customer_id=person_id,
            source=AwardSource.JOIN, key=f"join:{play.pk}:{person_id}", note="", actor=SYSTEM,
        )  # fmt: skip
        return award.pk
    lottery = lottery_of(campaign=play.campaign)
    if lottery is None:
        raise CampaignNotRunning
    draws_grant(
        lottery=lottery, person_id=person_id, amount=play.draws, reason=GrantReason.JOIN,
        key=f"join:{play.pk}", actor=SYSTEM,
    )  # fmt: skip
    return None


def tasks_look(*, tenant: "Tenant", waiting: Iterable[tuple[int, int]]) -> None:
    """People did something that may be their task. `waiting`: [(play, joiner)]. Safe to repeat."""
    by_play: dict[int, list[int]] = {}
    for play_id, joiner_id in waiting:
        by_play.setdefault(play_id, []).append(joiner_id)
    for play_id, ids in sorted(by_play.items()):
        with transaction.atomic():
            play = _held(tenant, play_id)
            rows = Joiner.objects.select_for_update(of=("self",), no_key=True).filter(
                tenant=tenant, pk__in=ids
            )
            _go_on(tenant, [(play, list(rows.filter(state=JoinState.WAITING).order_by("pk")))])


def people_left(*, tenant: "Tenant", group_id: int, customer_ids: Iterable[int]) -> None:
    """Who left all groups of the campaign before the stay was over loses what was not handed over. Safe to repeat."""
    rows = Joiner.objects.filter(
        tenant=tenant, group_id=group_id, customer_id__in=list(customer_ids), left_at=None,
        state__in=[JoinState.WAITING, JoinState.GOT],
    )  # fmt: skip
    plays = sorted(set(rows.values_list("play_id", flat=True)))
    for play_id in plays:
        with transaction.atomic():
            play = _held(tenant, play_id)
            held = list(
                rows.filter(play_id=play_id).select_for_update(of=("self",), no_key=True).order_by("pk")
            )
            inside = group_ids_of(tenant_id=tenant.pk, campaign_id=play.campaign_id)
            ids = [one.customer_id for one in held if one.customer_id is not None]
            spells = spells_of_people(tenant_id=tenant.pk, group_ids=inside, customer_ids=ids)
            for one in held:
                person = spells.person_of.get(one.customer_id or 0, one.customer_id or 0)
                gone = [left_at for *_who, left_at in spells.of_person(person)]
                if gone and None not in gone:
                    _left(tenant, play, one, max(at for at in gone if at is not None))


def _left(tenant: "Tenant", play: JoinPlay, row: Joiner, left_at: datetime) -> None:
    row.left_at = left_at
    if row.state == JoinState.WAITING:
        row.state, row.reason = JoinState.MISSED, JoinReason.LEFT
    elif leaves_early(row.joined_at, left_at, play.stay_days):
        is_back = _taken_back(tenant, play, row)
        row.state = JoinState.BACK if is_back else JoinState.GOT
        row.reason = JoinReason.LEFT if is_back else JoinReason.LEFT_PAID
    row.save(update_fields=["left_at", "state", "reason"])


def _taken_back(tenant: "Tenant", play: JoinPlay, row: Joiner) -> bool:
    """Whether there was anything to take back: what is paid, handed over or drawn stays."""
    if row.award_id is not None:
        try:
            award_take_back(
                tenant=tenant, award_id=row.award_id, reason=_("Left the group before the stay was over"),
                actor=SYSTEM,
            )  # fmt: skip
        except (AwardSettled, AwardPaid):
            return False
        return True
    lottery = lottery_of(campaign=play.campaign)
    if lottery is None:
        return False
    person_id = row.person_id or row.customer_id or 0
    before = draws_grant(
        lottery=lottery, person_id=person_id, amount=play.draws, reason=GrantReason.JOIN,
        key=f"join:{play.pk}", actor=SYSTEM,
    )  # fmt: skip
    after = draws_grant(
        lottery=lottery, person_id=person_id, amount=-play.draws, reason=GrantReason.JOIN,
        key=f"join:{play.pk}:left", actor=SYSTEM,
    )  # fmt: skip
    return after.granted < before.granted


def joiners_settle(*, tenant: "Tenant") -> int:
    """Those of whom the clock decides: tasks not done in time, breaks that are over, campaigns that ended; how many.

    Safe to repeat.
    """
    rows = Joiner.objects.filter(due(clock.now()), tenant=tenant).order_by("play_id", "pk")
    by_play: dict[int, list[int]] = {}
    for play_id, pk in rows.values_list("play_id", "pk")[:BATCH]:
        by_play.setdefault(play_id, []).append(pk)
    for play_id, ids in sorted(by_play.items()):
        with transaction.atomic():
            play, now = _held(tenant, play_id), clock.now()
            held = Joiner.objects.select_for_update(of=("self",), no_key=True).filter(
                tenant=tenant, pk__in=ids
            )
            waiting = list(held.filter(state=JoinState.WAITING).order_by("pk"))
            _go_on(tenant, [(play, waiting)])
            for one in waiting:
                if one.state == JoinState.WAITING and one.done_at is None:
                    is_over = play.campaign.state != CampaignState.RUNNING
                    is_late = one.task_until is not None and one.task_until <= now
                    if is_late or is_over:
                        one.state = JoinState.MISSED
                        one.reason = JoinReason.LATE if is_late else JoinReason.ENDED
                        one.save(update_fields=["state", "reason"])
    return sum(map(len, by_play.values()))


def tenants_with_joiners_due() -> list[int]:
    """Tenants with somebody of whom the clock decides. Runs across tenants: the caller is a tick."""
    rows = Joiner.objects.filter(due(clock.now()))
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())
