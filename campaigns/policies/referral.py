"""Which invitees count (R81). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.enums.referral import CLAIM_HOURS, InviteReason

MARGIN = timedelta(
    minutes=10
)  # between the last day of the last invitee and the campaign's end: it is looked at by then


@dataclass(frozen=True)
class Spell:
    """One time of a person in one group; `left_at` None: still there."""

    group_id: int
    joined_at: datetime
    left_at: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """What a campaign asks of its invitees. Its span is [starts_at, ends_at)."""

    group_ids: frozenset[int]
    starts_at: datetime
    ends_at: datetime
    stay: timedelta
    tag_ids: frozenset[int] = frozenset()
    barred_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Person:
    """An invitee, by all records: every time in any group of the company, and the tags carried now."""

    spells: Sequence[Spell]
    tag_ids: frozenset[int] = frozenset()
    is_inviter: bool = False


def joined_at(asked: Asked, spells: Iterable[Spell]) -> datetime | None:
    """When a person first came into one of the campaign's groups."""
    return min((one.joined_at for one in spells if one.group_id in asked.group_ids), default=None)


def refused_at_joining(asked: Asked, person: Person, *, touched_at: datetime) -> InviteReason | None:
    """Why somebody who sits in a group does not count, as far as it can be said at once; None: the days run.

    New is who was in no group of the company before, joined within the campaign, and had been invited by then, or
    said so within a day after.
    """
    joined = joined_at(asked, person.spells)
    assert joined is not None  # asked only of who came
    if person.is_inviter:
        return InviteReason.SELF
    claimed = touched_at - timedelta(hours=CLAIM_HOURS)
    first = min(one.joined_at for one in person.spells)
    if first < joined or joined < max(asked.starts_at, claimed):
        return InviteReason.KNOWN
    if person.tag_ids & asked.barred_ids:
        return InviteReason.BARRED
    if joined + asked.stay + MARGIN > asked.ends_at:
        return InviteReason.LATE
    return None


def refused_at_the_end(asked: Asked, person: Person) -> InviteReason | None:
    """Why somebody who stayed does not count: by the tags carried then."""
    if person.tag_ids & asked.barred_ids:
        return InviteReason.BARRED
    if asked.tag_ids and not person.tag_ids & asked.tag_ids:
        return InviteReason.PERSONA
    return None


def gone_before(asked: Asked, spells: Iterable[Spell], *, until: datetime) -> datetime | None:
    """When a person first sat in none of the campaign's groups before `until`; None: stayed, in one or another."""
    ours = [one for one in spells if one.group_id in asked.group_ids]
    here = joined_at(asked, ours)
    while here is not None and here < until:
        ends = [
            one.left_at
            for one in ours
            if one.joined_at <= here and (one.left_at is None or one.left_at > here)
        ]
        if not ends:
            return here
        if None in ends:
            return None
        here = max(end for end in ends if end is not None)
    return None


def name_hidden(name: str) -> str:
    """A name as others read it: the first letter, and the last of a longer one. Somebody without a name stays that."""
    name = " ".join(name.split())
    if len(name) < 2:
        return f"{name}*" if name else ""
    return f"{name[0]}{'*' * min(len(name) - 2, 3) or '*'}{name[-1] if len(name) > 2 else ''}"
