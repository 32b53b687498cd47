"""Channels, codes for new friends, and who came by them."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet

from contacts.enums import FollowState, WelcomeMode
from contacts.models import Channel, ContactWay, Customer, Follow
from team.selectors import staff_by_userids
from tenants.counting import RowCount
from wecom.keeping import assets, kept
from wecom.welcomes.greetings import Greeting
from wecom.welcomes.welcome import Known

# c7w12: the twelfth code for friends, of channel 7; c7g3: a group's code. Others are a channel's own `code`.
_OWN_STATE = re.compile(r"c([1-9]\d{0,17})[wg][1-9]\d{0,17}")
_LIVE = (FollowState.HALF, FollowState.FULL)


def way_state(channel_id: int, way_id: int) -> str:
    """The `state` of a code for friends."""
    return f"c{channel_id}w{way_id}"


def channel_list(*, tenant_id: int, archived: bool | None = False) -> QuerySet[Channel]:
    """Channels by name; `archived` None: all."""
    rows = Channel.objects.filter(tenant_id=tenant_id)
    return (rows if archived is None else rows.filter(is_archived=archived)).order_by("name", "pk")


def channel_get(*, tenant_id: int, channel_id: int) -> Channel:
    """Raises Channel.DoesNotExist, also for another tenant's id."""
    return Channel.objects.get(tenant_id=tenant_id, pk=channel_id)


def channel_ids_of_states(*, tenant_id: int, states: Iterable[str]) -> dict[str, int]:
    """{state: channel id} for those that mean one of the tenant's channels. At most one query, none for no states."""
    wanted = {one for one in states if one}
    if not wanted:
        return {}
    own = {state: int(found.group(1)) for state in wanted if (found := _OWN_STATE.fullmatch(state))}
    rows = Channel.objects.filter(tenant_id=tenant_id).filter(Q(pk__in=own.values()) | Q(code__in=wanted))
    ids, by_code = set(), {}
    for pk, code in rows.values_list("pk", "code"):
        ids.add(pk)
        by_code[code] = pk
    found_ids = {state: by_code[state] for state in wanted if state in by_code}
    return found_ids | {state: pk for state, pk in own.items() if pk in ids}


def channel_of_state(*, tenant_id: int, state: str) -> Channel | None:
    """The channel that a code's `state` means, or None: made elsewhere, or not a channel's."""
    found = channel_ids_of_states(tenant_id=tenant_id, states=[state]).get(state)
    return Channel.objects.get(tenant_id=tenant_id, pk=found) if found else None


def way_list(*, tenant_id: int, ended: bool = False) -> QuerySet[ContactWay]:
    """Codes for new friends, newest first, without their pictures."""
    rows = ContactWay.objects.filter(tenant_id=tenant_id).select_related("channel").defer("qr_picture")
    return rows.filter(ended_at__isnull=not ended).order_by("-pk")


def way_get(*, tenant_id: int, way_id: int) -> ContactWay:
    """Raises ContactWay.DoesNotExist, also for another tenant's id."""
    return ContactWay.objects.select_related("channel").get(tenant_id=tenant_id, pk=way_id)


def way_counts(*, tenant_id: int) -> dict[str, int]:
    """How many codes for friends: `live`, `ended`, `waiting` for a person."""
    return kept.counts(ContactWay.objects.filter(tenant_id=tenant_id))


def adds_by_state(*, tenant_id: int, states: Iterable[str]) -> dict[str, tuple[int, int]]:
    """{state: (people who came by the code, of whom friends now)}, each person once. One query."""
    rows = (
        Follow.objects.filter(tenant_id=tenant_id, state_code__in=[one for one in states if one])
        .values("state_code")
        .annotate(
            people=Count("customer_id", distinct=True),
            now=Count("customer_id", distinct=True, filter=Q(state__in=_LIVE)),
        )
    )
    return {row["state_code"]: (row["people"], row["now"]) for row in rows}


def follows_by_code(
    *,
    tenant_id: int,
    states: Iterable[str],
    since: datetime | None = None,
    until: datetime | None = None,
    staff_id: int | None = None,
) -> QuerySet[Follow]:
    """Ties made by these codes in [since, until), newest first."""
    rows = Follow.objects.filter(tenant_id=tenant_id, state_code__in=[one for one in states if one])
    if since is not None:
        rows = rows.filter(followed_at__gte=since)
    if until is not None:
        rows = rows.filter(followed_at__lt=until)
    if staff_id is not None:
        rows = rows.filter(staff_id=staff_id)
    return rows.select_related("customer", "staff").order_by("-followed_at", "-pk")


def channel_people(*, tenant_id: int, channel_ids: Iterable[int]) -> dict[int, int]:
    """{channel id: people who became friends by it}, each once, of the channels asked for. One query."""
    people = (
        Follow.objects.filter(tenant_id=tenant_id, channel=OuterRef("pk")).order_by().values("customer_id")
    )
    return channels_counted(tenant_id=tenant_id, channel_ids=channel_ids, people=people.distinct())


def channels_counted(*, tenant_id: int, channel_ids: Iterable[int], people: QuerySet) -> dict[int, int]:
    """{channel id: rows of `people`, a query about the channel OuterRef("pk")}."""
    rows = Channel.objects.filter(tenant_id=tenant_id, pk__in=list(channel_ids))
    return dict(rows.values_list("pk", RowCount(people)))


def welcome_known(*, tenant_id: int, app_id: int, userid: str, external_userid: str, state: str) -> Known:
    """What a new friend is greeted with, and the two names. At most three queries: the welcome has no time."""
    greeting = _greeting_of(tenant_id, state) if state else None
    name = (
        Customer.objects.filter(tenant_id=tenant_id, app_id=app_id, external_userid=external_userid)
        .values_list("name", flat=True)
        .first()
    )
    staff = staff_by_userids(tenant_id=tenant_id, userids=[userid], app_id=app_id)
    member = next(iter(staff.values()), None)
    return Known(greeting=greeting, customer=name or "", staff=member.name if member else "")


def _greeting_of(tenant_id: int, state: str) -> Greeting | None:
    row: Any = (
        ContactWay.objects.filter(tenant_id=tenant_id, state=state)
        .only("welcome_mode", "welcome_text", "welcome_parts")
        .first()
    )
    if row is None or row.welcome_mode == WelcomeMode.DEFAULT:
        return None
    if row.welcome_mode == WelcomeMode.NONE:
        return Greeting()
    return Greeting(row.welcome_text.strip(), list(row.welcome_parts))


def ways_greeting(*, tenant_id: int) -> QuerySet[ContactWay]:
    """Codes for friends that were given a welcome of their own, ended ones too."""
    rows = ContactWay.objects.filter(tenant_id=tenant_id, welcome_mode=WelcomeMode.OWN)
    return rows.defer("qr_picture").order_by("pk")


def welcome_assets(*, tenant_id: int) -> list[int]:
    """Files that codes' own welcomes carry."""
    rows = ContactWay.objects.filter(tenant_id=tenant_id, ended_at=None, welcome_mode=WelcomeMode.OWN)
    return [
        one for parts in rows.values_list("welcome_parts", flat=True) for one in assets.asset_ids_in(parts)
    ]
