"""Camp days, phases and due times.

A camp day is 1-based: day 1 is the start date in the tenant's zone. All moments returned are aware UTC.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

GROUNDWORK, MOMENTUM, CLIMAX, WRAP_UP, EXTENSION, OVER = (
    "groundwork", "momentum", "climax", "wrap_up", "extension", "over",
)  # fmt: skip
# Last day of each phase of the 30-day camp (R47); the extension is the days after the end.
REFERENCE_ENDS = ((GROUNDWORK, 7), (MOMENTUM, 16), (CLIMAX, 24), (WRAP_UP, 30))
REFERENCE_DAYS = 30
REFERENCE_AFTER_DAYS = 3
COUNTDOWN_BEFORE_H = (3, 2, 1)


@dataclass(frozen=True)
class Phase:
    """A stretch of camp days, both ends included."""

    key: str
    first: int
    last: int


def stretched(phases: Sequence[Phase], *, from_days: int, to_days: int) -> list[Phase]:
    """The same phases in a camp of another length, in proportion and none empty; those after its end keep their length.

    Cuts are rounded half up, then moved so that every phase keeps at least one day. Raises ValueError for fewer days
    than phases.
    """
    inside = [phase for phase in phases if phase.first <= from_days]
    if to_days < len(inside):
        raise ValueError("a camp has at least a day for each of its phases")
    found: list[Phase] = []
    before = 0
    for index, phase in enumerate(inside):
        left = len(inside) - 1 - index
        scaled = (2 * phase.last * to_days + from_days) // (2 * from_days)
        last = min(max(scaled, before + 1), to_days - left) if left else to_days
        found.append(Phase(phase.key, before + 1, last))
        before = last
    moved = to_days - from_days
    return found + [
        Phase(one.key, one.first + moved, one.last + moved) for one in phases if one.first > from_days
    ]


def phases_for(days: int, after_days: int = 0) -> list[Phase]:
    """The four phases of the 30-day camp over a camp of `days` (>= 4); then the extension."""
    firsts = (1, *(end + 1 for _key, end in REFERENCE_ENDS))
    reference = [Phase(key, first, end) for first, (key, end) in zip(firsts, REFERENCE_ENDS, strict=False)]
    found = stretched(reference, from_days=REFERENCE_DAYS, to_days=days)
    return [*found, Phase(EXTENSION, days + 1, days + after_days)] if after_days else found


def phase_of(day: int, days: int, after_days: int) -> str:
    """The key of the phase that a camp day falls in; OVER after the last day. Raises ValueError before day 1."""
    if day < 1:
        raise ValueError("camp days start at 1")
    for phase in phases_for(days, after_days):
        if phase.first <= day <= phase.last:
            return phase.key
    return OVER


def phase_in(day: int, phases: Sequence[Phase]) -> str:
    """The same for phases that a version declares itself."""
    return next((phase.key for phase in phases if phase.first <= day <= phase.last), OVER)


def camp_day(starts_on: date, today: date) -> int:
    """1 on the start date; 0 or less before it."""
    return (today - starts_on).days + 1


def day_date(starts_on: date, day: int) -> date:
    """The calendar day of a camp day."""
    return starts_on + timedelta(days=day - 1)


def scale_day(day: int, *, from_days: int, to_days: int, phases: Sequence[Phase] = ()) -> int:
    """Move a day into a shorter or longer camp: its place inside its phase is kept, days after the end too. `phases`:
    the camp's own; none: those of the 30-day camp."""
    if day > from_days:
        return to_days + (day - from_days)
    source = phases or phases_for(from_days)
    target = stretched(source, from_days=from_days, to_days=to_days)
    index = next(i for i, phase in enumerate(source) if phase.first <= day <= phase.last)
    old, new = source[index], target[index]
    if old.last == old.first:
        return new.first
    place = (day - old.first) / (old.last - old.first)
    return new.first + round(place * (new.last - new.first))


Moment = tuple[int, time]


def beside_marks(
    moments: Mapping[str, Moment], days: Mapping[str, int], marked: Collection[str], *, last: int
) -> dict[str, int]:
    """Scaled days, mended so that what came before or after a marked step still does: "last night's opening" is never
    asked about before the opening.

    `moments`: each step's day and time before; `days`: its day after; `last`: the last day there is. A step that would
    change sides goes to the day after, or before, the mark.
    """
    found = dict(days)
    for mark in sorted(marked, key=lambda one: moments[one]):
        stands = (found[mark], moments[mark][1])
        for key, was in moments.items():
            now = (found[key], was[1])
            if was > moments[mark] and now <= stands:
                found[key] = min(stands[0] + (was[1] <= stands[1]), last)
            elif was < moments[mark] and now >= stands:
                found[key] = max(stands[0] - (was[1] >= stands[1]), 1)
    return found


def due_at(*, starts_on: date, day: int, at: time, zone: str) -> datetime:
    """The moment of a wall-clock time on a camp day. A time that a clock change skips becomes the next that exists."""
    wall = datetime.combine(day_date(starts_on, day), at, tzinfo=ZoneInfo(zone))
    return wall.astimezone(ZoneInfo("UTC"))


def due_after_join(joined_at: datetime, offset_minutes: int) -> datetime:
    """Minutes after a member joined."""
    return joined_at + timedelta(minutes=max(offset_minutes, 0))


def due_before_offer_end(offer_ends_at: datetime, offset_minutes: int) -> datetime:
    """`offset_minutes` is negative: -180 is three hours before the offer ends (R92)."""
    return offer_ends_at + timedelta(minutes=min(offset_minutes, 0))


def countdown(offer_ends_at: datetime, card_minutes: int) -> list[datetime]:
    """The three reminders and the final card, in order (R92)."""
    reminders = [offer_ends_at - timedelta(hours=hours) for hours in COUNTDOWN_BEFORE_H]
    return [*reminders, offer_ends_at - timedelta(minutes=card_minutes)]


def window_end(due: datetime, window_minutes: int, *, not_after: datetime | None = None) -> datetime:
    """When the touch is no longer worth sending; never past `not_after` (the end of an offer)."""
    end = due + timedelta(minutes=window_minutes)
    return min(end, not_after) if not_after is not None else end
