"""Group codes, the groups behind them, and who came by them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min, OuterRef, Q, QuerySet

from contacts.selectors.channels import channels_counted
from groups.enums import CODE_HOURS_ALERT, CODE_SEATS_ALERT, State
from groups.models import Group, JoinWay, JoinWayRoom, Member, WelcomeTemplate
from groups.policies import codes
from groups.policies.codes import Forecast, Room
from groups.selectors.lists import groups_by_id
from groups.selectors.results import goal_words
from tenants import clock, preferences
from wecom.keeping import kept


def code_state(channel_id: int, way_id: int) -> str:
    """The `state` of a group code."""
    return f"c{channel_id}g{way_id}"


def join_way_list(*, tenant_id: int, ended: bool = False) -> QuerySet[JoinWay]:
    """Group codes, newest first, without their pictures."""
    rows = JoinWay.objects.filter(tenant_id=tenant_id).select_related("channel").defer("qr_picture")
    return rows.filter(ended_at__isnull=not ended).order_by("-pk")


def join_way_get(*, tenant_id: int, way_id: int) -> JoinWay:
    """Raises JoinWay.DoesNotExist, also for another tenant's id."""
    return JoinWay.objects.select_related("channel").get(tenant_id=tenant_id, pk=way_id)


def join_way_counts(*, tenant_id: int) -> dict[str, int]:
    """How many group codes: `live`, `ended`, `waiting` for a person."""
    return kept.counts(JoinWay.objects.filter(tenant_id=tenant_id))


def rooms_of(
    *, tenant_id: int, way_ids: Iterable[int], removed: bool = False
) -> dict[int, list[JoinWayRoom]]:
    """{code id: its groups in order}; `removed`: those it led to before."""
    wanted = list(way_ids)
    rows = JoinWayRoom.objects.filter(
        tenant_id=tenant_id, join_way_id__in=wanted, removed_at__isnull=not removed
    ).select_related("group__owner")
    found: dict[int, list[JoinWayRoom]] = {one: [] for one in wanted}
    for row in rows.order_by("join_way_id", "position", "pk"):
        found[row.join_way_id].append(row)
    return found


def as_rooms(rows: Iterable[JoinWayRoom]) -> list[Room]:
    """What the policy looks at."""
    return [
        Room(
            chat_id=row.chat_id,
            seats=row.seats,
            members=row.group.customer_count + row.group.staff_count
            if row.group is not None and row.group.knows_members
            else None,
            is_open=row.group is None or row.group.dismissed_at is None,
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Filling:
    """How one code stands: its groups, the one that fills now, its forecast, the rule that asks for somebody."""

    rows: list[JoinWayRoom]
    now: JoinWayRoom | None
    seen: Forecast
    seats: int
    alert: str

    @property
    def taken(self) -> int:
        return max(0, self.seats - self.seen.left)


def fillings(*, tenant_id: int, ways: Iterable[JoinWay]) -> dict[int, Filling]:
    """{code id: Filling}, in four queries whatever the number of codes."""
    by_id = {one.pk: one for one in ways}
    rooms = rooms_of(tenant_id=tenant_id, way_ids=by_id)
    limits = preferences.values(tenant_id, CODE_SEATS_ALERT, CODE_HOURS_ALERT)
    now = clock.now()
    paces = _paces(tenant_id, rooms, now)
    found = {}
    for way_id, rows in rooms.items():
        plain = as_rooms(rows)
        current = codes.filling_now(plain)
        joins, over_h = paces[way_id]
        seen = codes.forecast(left=sum(one.left for one in plain), joins=joins, over_h=over_h)
        is_alive = by_id[way_id].is_usable and bool(rows)
        found[way_id] = Filling(
            rows=rows,
            now=next((row for row in rows if current and row.chat_id == current.chat_id), None),
            seen=seen,
            seats=sum(one.seats for one in plain if one.is_open),
            alert=codes.alert_code(
                seen,
                least_left=limits[CODE_SEATS_ALERT.key],
                least_h=limits[CODE_HOURS_ALERT.key],
            )
            if is_alive
            else "",
        )
    return found


def _paces(
    tenant_id: int, rooms: dict[int, list[JoinWayRoom]], now: datetime
) -> dict[int, tuple[int, float]]:
    """{code id: (people who entered its groups, over how many hours)}: the last three days, or since it began."""
    since = now - timedelta(hours=codes.WINDOW_H)
    group_ids = {row.group_id for rows in rooms.values() for row in rows if row.group_id}
    rows = (
        Member.objects.filter(
            tenant_id=tenant_id, group_id__in=group_ids, joined_at__gte=since, is_creation_invitee=False,
            is_staff=False,
        )
        .values("group_id")
        .annotate(n=Count("pk"), first=Min("joined_at"))
    )  # fmt: skip
    joins = {row["group_id"]: row["n"] for row in rows}
    found = {}
    for way_id, listed in rooms.items():
        began = min((row.added_at for row in listed), default=now)
        hours = min(codes.WINDOW_H, max(0.0, (now - max(began, since)).total_seconds() / 3600))
        opened = [row.group.created_at for row in listed if row.group and row.group.created_at]
        if opened and min(opened) <= since:
            hours = codes.WINDOW_H  # the groups were there before the code: their joins of three days count
        found[way_id] = (sum(joins.get(row.group_id or 0, 0) for row in listed), hours)
    return found


_JOINED = """
select state_code, count(*), count(*) filter (where is_here) from (
  select state_code, userid, bool_or(left_at is null) as is_here from groups_member
  where tenant_id = %s and state_code = any(%s) and state_code <> '' and not is_staff group by 1, 2
) each group by 1
"""


def joins_by_state(*, tenant_id: int, states: Iterable[str]) -> dict[str, tuple[int, int]]:
    """{state: (people who came by the code, of whom still in a group of it)}, each person once. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_JOINED, [tenant_id, list(states)])
        return {state: (people, now) for state, people, now in cursor.fetchall()}


def members_by_code(
    *,
    tenant_id: int,
    states: Iterable[str],
    since: datetime | None = None,
    until: datetime | None = None,
    group_id: int | None = None,
) -> QuerySet[Member]:
    """Spells that began by these codes in [since, until), newest first."""
    rows = Member.objects.filter(
        tenant_id=tenant_id, state_code__in=[one for one in states if one], is_staff=False
    )
    if since is not None:
        rows = rows.filter(joined_at__gte=since)
    if until is not None:
        rows = rows.filter(joined_at__lt=until)
    if group_id is not None:
        rows = rows.filter(group_id=group_id)
    return rows.select_related("customer", "group").order_by("-joined_at", "-pk")


def ways_of_groups(*, tenant_id: int, group_ids: Iterable[int]) -> list[int]:
    """Codes that lead to one of these groups now."""
    rows = JoinWayRoom.objects.filter(
        tenant_id=tenant_id, group_id__in=set(group_ids), removed_at=None, join_way__ended_at=None
    )
    return sorted(set(rows.values_list("join_way_id", flat=True)))


def ways_expecting(*, tenant_id: int, app_id: int, chat_id: str) -> list[int]:
    """Codes whose next group a group may be, by its name; [] when we know it as one of theirs already."""
    group = Group.objects.filter(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id).first()
    if group is None:
        return []
    rows = JoinWay.objects.filter(tenant_id=tenant_id, auto_create_room=True, ended_at=None).exclude(
        vendor_id=""
    )
    known = set(
        JoinWayRoom.objects.filter(tenant_id=tenant_id, chat_id=chat_id).values_list("join_way_id", flat=True)
    )
    return [
        pk
        for pk, base in rows.values_list("pk", "room_base_name")
        if pk not in known and codes.is_room_of(group.name, base)
    ]


def channel_members(*, tenant_id: int, channel_ids: Iterable[int]) -> dict[int, int]:
    """{channel id: people who entered a group by it}, each once, of the channels asked for. One query."""
    people = Member.objects.filter(tenant_id=tenant_id, channel=OuterRef("pk"), is_staff=False).order_by()
    return channels_counted(
        tenant_id=tenant_id, channel_ids=channel_ids, people=people.values("userid").distinct()
    )


@dataclass(frozen=True)
class Aim:
    """What a channel's target serves: the group, what it is to reach, and who came into it by the channel."""

    group: Group
    goal: str  # the group's, in words
    people: int


def channel_aims(*, tenant_id: int, channels: Iterable[Any]) -> dict[int, Aim]:
    """{channel id: its aim} of those that serve a group. Three queries at most."""
    wanted = {one.pk: one.group_id for one in channels if one.group_id}
    if not wanted:
        return {}
    groups = groups_by_id(tenant_id=tenant_id, group_ids=wanted.values())
    came = Member.objects.filter(
        tenant_id=tenant_id, channel_id__in=list(wanted), group_id__in=list(groups), is_staff=False
    ).order_by()
    counted = came.values_list("channel_id", "group_id").annotate(people=Count("userid", distinct=True))
    people = {(channel_id, group_id): count for channel_id, group_id, count in counted}
    goals = goal_words(tenant_id=tenant_id, groups=groups.values())
    return {
        pk: Aim(groups[group_id], goals[group_id], people.get((pk, group_id), 0))
        for pk, group_id in wanted.items()
        if group_id in groups
    }


def groups_to_serve(*, tenant_id: int, also: int | None = None) -> QuerySet[Group]:
    """Groups that a channel can bring people to: planned ones too, none that is over but `also`; by name."""
    rows = Group.objects.filter(tenant_id=tenant_id)
    present = Q(dismissed_at=None) & ~Q(state=State.ARCHIVED)
    kept = rows.filter(present | Q(pk=also)) if also else rows.filter(present)
    return kept.only("name", "planned_name", "chat_id").order_by("name", "planned_name", "pk")


def members_by_channel(*, tenant_id: int, channel_id: int, group_id: int | None = None) -> QuerySet[Member]:
    """Spells that began by any code of a channel, of one group or all, newest first."""
    rows = Member.objects.filter(tenant_id=tenant_id, channel_id=channel_id, is_staff=False)
    if group_id is not None:
        rows = rows.filter(group_id=group_id)
    return rows.select_related("customer", "group").order_by("-joined_at", "-pk")


def template_list(*, tenant_id: int) -> QuerySet[WelcomeTemplate]:
    """Group welcome templates that are not removed, newest first."""
    return WelcomeTemplate.objects.filter(tenant_id=tenant_id, ended_at=None).order_by("-pk")


def template_get(*, tenant_id: int, template_id: int) -> WelcomeTemplate:
    """Raises WelcomeTemplate.DoesNotExist, also for another tenant's id."""
    return WelcomeTemplate.objects.get(tenant_id=tenant_id, pk=template_id)
