"""Who in a group is silent, posts ads, or came only to pad it (R19), pure.

Silence is counted from the last activity, or from joining where there is none; exactly the limit is still active.
Whatever nobody measures is no silence: a member who did not agree to archiving is judged by name only.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

SILENT, ZOMBIE, ADS, AAA, PADDING = "silent", "zombie", "ads", "aaa", "padding"
REASONS: Final = (SILENT, ZOMBIE, ADS, AAA, PADDING)
OFF_BY_DEFAULT: Final = frozenset({"super_user", "delivery"})
AD_DAYS: Final = 7
_AAA = "AAA"


@dataclass(frozen=True, slots=True)
class Present:
    """One customer now in a group. `last_at`: last activity here or outside any group; None: none is known.

    `inviter` "" unless another customer brought the person in; `ad_posts` counts 7 days; `is_heard` False: the
    person's messages are not archived, so silence cannot be known.
    """

    member_id: int
    joined_at: datetime
    last_at: datetime | None = None
    has_spoken: bool = False
    is_heard: bool = True
    names: tuple[str, ...] = ()
    inviter: str = ""
    ad_posts: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """The tenant's settings."""

    hours: int = 168
    ad_posts: int = 2
    padding_people: int = 5
    padding_minutes: int = 10


@dataclass(frozen=True)
class Found:
    """Why a member stands in the review, worst known facts beside it."""

    reasons: tuple[str, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)


def is_reviewed(*, kind: str, switch: bool | None) -> bool:
    """Whether a group's silent members are reviewed: its own switch, else off where silence is no fault."""
    return kind not in OFF_BY_DEFAULT if switch is None else switch


def quiet_for(*, joined_at: datetime, last_at: datetime | None, now: datetime) -> timedelta:
    """How long nothing was done; the time before joining does not count."""
    return now - (joined_at if last_at is None else max(joined_at, last_at))


def is_inactive(*, joined_at: datetime, last_at: datetime | None, now: datetime, hours: int) -> bool:
    """More than so many hours without an activity; exactly so many is active."""
    return quiet_for(joined_at=joined_at, last_at=last_at, now=now) > timedelta(hours=hours)


def is_aaa(names: Iterable[str]) -> bool:
    """Whether a name puts itself first in every contact list, in full-width letters too."""
    return any(unicodedata.normalize("NFKC", one).strip().upper().startswith(_AAA) for one in names)


def bursts(members: Iterable[Present], *, people: int, minutes: int) -> dict[int, tuple[int, int]]:
    """{member id: (people in the burst, minutes it lasted)} of those whom one member brought in a burst.

    A burst: at least `people` brought by the same person within `minutes`; the largest such span of each counts.
    """
    by_inviter: dict[str, list[Present]] = {}
    for one in members:
        if one.inviter:
            by_inviter.setdefault(one.inviter, []).append(one)
    found: dict[int, tuple[int, int]] = {}
    for brought in by_inviter.values():
        brought.sort(key=lambda one: (one.joined_at, one.member_id))
        _mark_bursts(brought, people, timedelta(minutes=minutes), found)
    return found


def _mark_bursts(
    brought: Sequence[Present], people: int, span: timedelta, found: dict[int, tuple[int, int]]
) -> None:
    end = 0
    for start, first in enumerate(brought):
        while end < len(brought) and brought[end].joined_at - first.joined_at <= span:
            end += 1
        count = end - start
        if count < people:
            continue
        lasted = -((first.joined_at - brought[end - 1].joined_at) // timedelta(minutes=1))
        for one in brought[start:end]:
            if count > found.get(one.member_id, (0, 0))[0]:
                found[one.member_id] = (count, lasted)


def review(
    members: Iterable[Present], *, now: datetime, limits: Limits, knows_silence: bool
) -> dict[int, Found]:
    """{member id: Found} of those to decide about. The order of `members` does not matter, twice counts once.

    Without a message source (`knows_silence` False) nobody is called silent or padding.
    """
    once = list({one.member_id: one for one in members}.values())
    burst = bursts(once, people=limits.padding_people, minutes=limits.padding_minutes)
    found = {}
    for one in once:
        reasons = _reasons(one, burst, now, limits, knows_silence and one.is_heard)
        if reasons:
            found[one.member_id] = Found(reasons, _evidence(one, reasons, burst, now, limits))
    return found


def _reasons(
    one: Present, burst: Mapping[int, tuple[int, int]], now: datetime, limits: Limits, is_known: bool
) -> tuple[str, ...]:
    quiet = is_known and is_inactive(
        joined_at=one.joined_at, last_at=one.last_at, now=now, hours=limits.hours
    )
    is_padding = is_known and one.member_id in burst and (one.last_at is None or one.last_at < one.joined_at)
    holds = {
        SILENT: quiet,
        ZOMBIE: quiet and not one.has_spoken,
        ADS: one.ad_posts >= limits.ad_posts,
        AAA: is_aaa(one.names),
        PADDING: is_padding,
    }
    return tuple(reason for reason in REASONS if holds[reason])


def _evidence(
    one: Present,
    reasons: tuple[str, ...],
    burst: Mapping[int, tuple[int, int]],
    now: datetime,
    limits: Limits,
) -> dict[str, Any]:
    evidence: dict[str, Any] = {}
    if SILENT in reasons:
        quiet = quiet_for(joined_at=one.joined_at, last_at=one.last_at, now=now)
        evidence |= {"hours": int(quiet // timedelta(hours=1)), "limit_hours": limits.hours}
        evidence["has_spoken"] = one.has_spoken
    if ADS in reasons:
        evidence["ad_posts"] = one.ad_posts
    if PADDING in reasons:
        evidence["burst"], evidence["burst_minutes"] = burst[one.member_id]
    return evidence


def seats_freed(*, seats: int, target: int, removed: int) -> int:
    """How many of the proposed removals make room in a full group; 0 while it is not full."""
    return removed if seats >= target else 0
