"""When two touches stand in each other's way (R50). Pure; the rules and their codes, first hit names the rule.

    CLASH-04  a touch is planned while its group is frozen
    CLASH-05  a message to people while a value event they are invited to goes on, from its start to its end
    CLASH-03  marketing of one run within an hour of the moment when another run of the group opens its offer
    CLASH-02  two fields (private, group, Moments, official account) reach the same people within an hour
    CLASH-01  two messages of one field to the same people within an hour

People are the same where two touches are for one group, or for two groups that share a member. Steps of one run that
follow each other escalate as meant: a pair of one run counts only at the same minute, and with one of them in the group
itself, where everybody gets it. What somebody waits for (a service message), work of staff among themselves, and what
was left out or stopped are no marks; of two marks one at least is still to come.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sop.enums.calendar import CLASH_MINUTES, Clash, Field

_GAP = timedelta(minutes=CLASH_MINUTES)


@dataclass(frozen=True)
class Mark:
    """Something planned for a group. `source` tells runs apart ("run:5"), `field` is of the four; "": of none.

    `until`: the end of a value event; None for a message. `opens`: it opens the offer of its run. `is_open`: it is
    still to come.
    """

    key: str
    group_id: int
    at: datetime
    source: str
    field: str
    is_marketing: bool = False
    opens: bool = False
    until: datetime | None = None
    is_open: bool = True


@dataclass(frozen=True, order=True)
class Found:
    """A clash of `first` with `second` (keys of marks; `second` empty for a frozen group), `minutes` apart."""

    first: str
    second: str
    code: str
    minutes: int = 0


def clashes(
    marks: Iterable[Mark],
    *,
    shares: Mapping[int, Collection[int]] | None = None,
    frozen: Collection[int] = (),
) -> list[Found]:
    """Every clash once, in the order of time. `shares`: group -> other groups with a member of it, both ways."""
    rows = sorted(marks, key=lambda one: (one.at, one.key))
    found = [
        Found(one.key, "", Clash.FROZEN)
        for one in rows
        if one.is_open and one.group_id in frozen and one.until is None
    ]
    for number, one in enumerate(rows):
        for other in _after(rows, number):
            is_ahead = one.is_open or other.is_open
            if is_ahead and _same_people(one, other, shares or {}) and (code := clash_of(one, other)):
                minutes = int((other.at - one.at).total_seconds() // 60)
                found.append(Found(one.key, other.key, code, minutes))
    return found


def _after(rows: Sequence[Mark], number: int) -> Iterable[Mark]:
    """Marks near enough after one: within an hour, or while its event goes on."""
    one = rows[number]
    end = max(one.at + _GAP, one.until or one.at)
    for other in rows[number + 1 :]:
        if other.at >= end:
            return
        yield other


def _same_people(one: Mark, other: Mark, shares: Mapping[int, Collection[int]]) -> bool:
    return one.group_id == other.group_id or other.group_id in shares.get(one.group_id, ())


def clash_of(one: Mark, other: Mark) -> str:
    """The code of a clash of two marks of the same people within the hour, `one` the earlier; "" when there is none."""
    if one.until is not None or other.until is not None:
        return _event_rule(one, other)
    if one.source == other.source:
        is_meant = one.at != other.at or one.group_id != other.group_id
        if is_meant or Field.GROUP not in (one.field, other.field):
            return ""
        return Clash.FIELDS if one.field != other.field else Clash.CLOSE
    if (one.opens and other.is_marketing) or (other.opens and one.is_marketing):
        return Clash.OFFER
    if not one.field or not other.field:
        return ""
    return Clash.FIELDS if one.field != other.field else Clash.CLOSE


def _event_rule(one: Mark, other: Mark) -> str:
    """`one` begins first. An event's own invitations and reminders belong to it; two events are CLASH-05 as well."""
    if one.source == other.source:
        return ""
    if one.until is not None and other.at < one.until:
        return Clash.EVENT
    return ""
