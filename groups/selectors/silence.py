"""What the review of silent members looks at, and its queue (R19)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from contacts.enums import BehaviourKind
from contacts.selectors import customers_by_external
from groups.enums import (
    ACTIVE_HOURS,
    AD_POSTS,
    PADDING_MINUTES,
    PADDING_PEOPLE,
    SILENCE_FRESH_HOURS,
    SIZE_TARGET,
    CaseState,
    MemberPassKind,
)
from groups.models import Group, MemberPass, SilentCase
from groups.policies.silence import AD_DAYS, OFF_BY_DEFAULT, Limits, Present, seats_freed
from groups.selectors.activity import ACTIVE_KINDS
from team.selectors import staff_by_userids
from tenants import preferences
from wecom.archive.selectors import ad_posts, coverage, rooms_heard_between

# One row a customer now in these groups, with the person's latest activity there or outside any group: by this record,
# or by another one of the same person.
_PRESENT = """
select m.id, m.group_id, m.customer_id, m.userid, m.joined_at, greatest(last.occurred_at, other.occurred_at),
    case when other.occurred_at > coalesce(last.occurred_at, '-infinity') then other.kind
        else coalesce(last.kind, '') end,
    exists (select 1 from contacts_behaviour said where said.tenant_id = m.tenant_id
        and said.customer_id = m.customer_id and said.kind = %(message)s and said.group_id = m.group_id)
    or exists (select 1 from contacts_customer r join contacts_behaviour said on said.tenant_id = m.tenant_id
        and said.customer_id = r.id and said.kind = %(message)s and said.group_id = m.group_id
        where r.tenant_id = m.tenant_id and (r.person_id = coalesce(c.person_id, c.id) or r.id = c.person_id)),
    coalesce(c.archive_consent, ''), coalesce(c.name, ''), m.nickname,
    case when m.is_creation_invitee or s.id is not null then '' else m.invited_by end
from groups_member m
left join contacts_customer c on c.tenant_id = m.tenant_id and c.id = m.customer_id
left join team_staff s on s.tenant_id = m.tenant_id and s.userid = m.invited_by and m.invited_by <> ''
left join lateral (
    select b.occurred_at, b.kind from contacts_behaviour b
    where b.tenant_id = m.tenant_id and b.customer_id = m.customer_id and b.kind = any(%(kinds)s)
        and (b.group_id is null or b.group_id = m.group_id) and b.occurred_at <= %(now)s
    order by b.occurred_at desc limit 1
) last on true
left join lateral (
    select b.occurred_at, b.kind from contacts_customer r join contacts_behaviour b
        on b.tenant_id = m.tenant_id and b.customer_id = r.id and b.kind = any(%(kinds)s)
        and (b.group_id is null or b.group_id = m.group_id) and b.occurred_at <= %(now)s
    where r.tenant_id = m.tenant_id and (r.person_id = coalesce(c.person_id, c.id) or r.id = c.person_id)
    order by b.occurred_at desc limit 1
) other on true
where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is null and not m.is_staff
order by m.id
"""
REFUSED = "disagree"


@dataclass(frozen=True)
class Look:
    """One group as the review sees it. `why_unknown` "": silence can be known; else no_archive, not_heard, short
    (listened to for less than the limit) or stale (the source is too old)."""

    members: list[Present]
    last_kinds: Mapping[int, str]  # {member id: kind of the last activity}
    customer_ids: Mapping[int, int | None]
    why_unknown: str = ""


def silence_limits(*, tenant_id: int) -> Limits:
    """The tenant's settings, in one query."""
    own = preferences.values(tenant_id, ACTIVE_HOURS, AD_POSTS, PADDING_PEOPLE, PADDING_MINUTES)
    return Limits(
        hours=own[ACTIVE_HOURS.key], ad_posts=own[AD_POSTS.key],
        padding_people=own[PADDING_PEOPLE.key], padding_minutes=own[PADDING_MINUTES.key],
    )  # fmt: skip


def unknown_silence(*, tenant_id: int, groups: Iterable[Group], now: datetime) -> dict[int, str]:
    """{group id: why silence cannot be known there, "" when it can}. A constant number of queries."""
    rows = list(groups)
    own = preferences.values(tenant_id, ACTIVE_HOURS, SILENCE_FRESH_HOURS)
    source = coverage(tenant_id=tenant_id)
    heard = rooms_heard_between(tenant_id=tenant_id, room_ids=[row.chat_id for row in rows])
    found = {}
    for row in rows:
        if row.chat_id not in heard:
            found[row.pk] = "not_heard" if source.sees_messages else "no_archive"
            continue
        first, last = heard[row.chat_id]
        until = max(last, source.as_of or last)
        if now - first < timedelta(hours=own[ACTIVE_HOURS.key]):
            found[row.pk] = "short"
        elif now - until > timedelta(hours=own[SILENCE_FRESH_HOURS.key]):
            found[row.pk] = "stale"
        else:
            found[row.pk] = ""
    return found


def looks(*, tenant_id: int, groups: Iterable[Group], now: datetime) -> dict[int, Look]:
    """{group id: Look} of these groups: one statement for their members, four small ones beside it."""
    rows = list(groups)
    unknown = unknown_silence(tenant_id=tenant_id, groups=rows, now=now)
    posts = ad_posts(
        tenant_id=tenant_id,
        room_ids=[row.chat_id for row in rows if row.chat_id],
        since=now - timedelta(days=AD_DAYS),
    )
    chats = {row.pk: row.chat_id for row in rows}
    members: dict[int, list[Present]] = {row.pk: [] for row in rows}
    kinds: dict[int, dict[int, str]] = {row.pk: {} for row in rows}
    customers: dict[int, dict[int, int | None]] = {row.pk: {} for row in rows}
    values: dict[str, Any] = {
        "tenant": tenant_id, "groups": list(chats), "kinds": sorted(one.value for one in ACTIVE_KINDS),
        "now": now, "message": BehaviourKind.MESSAGE.value,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_PRESENT, values)
        for (
            pk,
            group_id,
            customer_id,
            userid,
            joined,
            last,
            kind,
            spoke,
            consent,
            name,
            nick,
            inviter,
        ) in cursor:
            kinds[group_id][pk], customers[group_id][pk] = kind, customer_id
            members[group_id].append(
                Present(
                    member_id=pk, joined_at=joined, last_at=last, has_spoken=spoke, is_heard=consent != REFUSED,
                    names=tuple(one for one in (name, nick) if one), inviter=inviter,
                    ad_posts=posts.get((chats[group_id], userid), 0),
                )
            )  # fmt: skip
    return {one: Look(members[one], kinds[one], customers[one], unknown[one]) for one in members}


REVIEWED = Q(reviews_silence=True) | (Q(reviews_silence=None) & ~Q(kind__in=OFF_BY_DEFAULT))


def case_list(*, tenant_id: int, states: Iterable[str] | None = None) -> QuerySet[SilentCase]:
    """The queue: longest silent first; never active before all."""
    rows = SilentCase.objects.filter(tenant_id=tenant_id)
    if states is not None:
        rows = rows.filter(state__in=list(states))
    # The member is part of the order; what else a row shows is read for the rows of a page alone.
    return (
        rows.select_related("member")
        .prefetch_related("group__owner", "customer")
        .order_by(F("last_at").asc(nulls_first=True), "member__joined_at", "pk")
    )


def case_counts(*, tenant_id: int, group_id: int | None = None) -> dict[str, int]:
    """{state: people}, in one query."""
    rows = SilentCase.objects.filter(tenant_id=tenant_id)
    if group_id is not None:
        rows = rows.filter(group_id=group_id)
    found = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {state: found.get(state, 0) for state in CaseState.values}


def last_pass(*, tenant_id: int, kind: str = MemberPassKind.SILENCE) -> MemberPass | None:
    """The latest pass of a kind, finished or under way."""
    return MemberPass.objects.filter(tenant_id=tenant_id, kind=kind).order_by("-began_at", "-pk").first()


@dataclass(frozen=True)
class Full:
    """A full group and what removals would change."""

    group_id: int
    name: str
    seats: int
    target: int
    frees: int


def full_groups(*, tenant_id: int, limit: int = 8) -> list[Full]:
    """Full groups with people waiting for a decision, most seats first. Two queries."""
    usual = preferences.value(tenant_id, SIZE_TARGET)
    open_now = Q(state__in=[CaseState.OPEN, CaseState.REMOVING])
    rows = (
        SilentCase.objects.filter(open_now, tenant_id=tenant_id)
        .order_by()
        .values(
            "group_id", "group__name", "group__customer_count", "group__staff_count", "group__target_size"
        )
        .annotate(n=Count("pk"))
    )
    found = []
    for row in rows:
        seats = row["group__customer_count"] + row["group__staff_count"]
        target = row["group__target_size"] or usual
        frees = seats_freed(seats=seats, target=target, removed=row["n"])
        if frees:
            found.append(Full(row["group_id"], row["group__name"], seats, target, frees))
    return sorted(found, key=lambda one: (-one.frees, one.group_id))[:limit]


def name_inviters(rows: Iterable[Any], *, tenant_id: int) -> None:
    """Put `inviter` on rows with a member: the name of staff or customer, else WeCom's id. Two queries."""
    listed = list(rows)
    asked = {row.member.invited_by for row in listed if row.member.invited_by}
    staff = staff_by_userids(tenant_id=tenant_id, userids=asked)
    people = customers_by_external(tenant_id=tenant_id, external_userids=asked - set(staff))
    for row in listed:
        who = row.member.invited_by
        row.inviter = str(staff.get(who) or people.get(who) or who)
