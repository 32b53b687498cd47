"""What becomes of a run's touches when it goes to another version: one rule for the preview and for the act.

The past stays: what was handed over, has ended or waits for a decision is history, and a step that was done in a group
is not done there again. What is still planned is kept, planned anew, or falls away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sop.enums import Rule, TouchState
from sop.enums.differences import Differing, MoveAct
from sop.policies.differences import replans

_OPEN = frozenset({TouchState.PLANNED, TouchState.CLAIMED})
_REVIVABLE = frozenset({Rule.REPLANNED, Rule.GROUP_LEFT})
# Ends that reached nobody: a version that sets the step to a later time gives it another chance.
_REACHED_NOBODY = frozenset({TouchState.BLOCKED, TouchState.EXPIRED, TouchState.FAILED})

Spot = tuple[str, int | None, str]  # step key, group id, occurrence


@dataclass(frozen=True)
class Row:
    """A touch of the run as it stands."""

    id: int
    key: str
    step_id: int
    group_id: int | None
    occurrence: str
    state: str
    rule: str
    planned_at: datetime
    window_ends_at: datetime

    @property
    def spot(self) -> Spot:
        return (self.key, self.group_id, self.occurrence)

    @property
    def is_open(self) -> bool:
        return self.state in _OPEN

    @property
    def is_taken_back(self) -> bool:
        """A plan took it back, not a person: a later plan may take it up again."""
        return self.state == TouchState.CANCELLED and self.rule in _REVIVABLE


@dataclass(frozen=True)
class Place:
    """Where the new version wants a touch. Its window is still open."""

    key: str
    step_id: int
    group_id: int | None
    occurrence: str
    due_at: datetime
    window_ends_at: datetime

    @property
    def spot(self) -> Spot:
        return (self.key, self.group_id, self.occurrence)


@dataclass(frozen=True)
class Line:
    """What happens at one spot. `row`: the planned touch there; `place`: where the next stands; `revived`: the touch
    that an earlier plan had taken back and that is taken up instead of a new one."""

    act: MoveAct
    key: str
    group_id: int | None
    kinds: frozenset[Differing]
    row: Row | None = None
    place: Place | None = None
    revived: Row | None = None


def move(
    *,
    rows: Iterable[Row],
    places: Iterable[Place],
    step_ids: Mapping[str, int],
    changes: Mapping[str, frozenset[Differing]],
    now: datetime,
) -> list[Line]:
    """One line a spot where something is planned, or will be. `step_ids`: the new version's steps by key; `changes`:
    how steps differ from the present version. Its own result changes nothing: moving again gives only what is kept."""
    known = list(rows)
    held = {(row.step_id, row.group_id, row.occurrence): row for row in known}
    wanted = {place.spot: place for place in places}
    lines = []
    seen: set[Spot] = set()
    for row in known:
        if row.is_open and row.spot not in seen:
            seen.add(row.spot)
            lines.append(_of_open(row, wanted.get(row.spot), step_ids, changes, held, now))
    past: dict[Spot, list[Row]] = {}
    for row in known:
        if not row.is_open and not row.is_taken_back:
            past.setdefault(row.spot, []).append(row)
    for spot, place in wanted.items():
        if spot in seen or not all(_leaves_room(row, place, now) for row in past.get(spot, ())):
            continue
        line = _coming(MoveAct.ADDED, place, changes.get(place.key, frozenset()), held)
        if line is not None:
            lines.append(line)
    return lines


def _of_open(
    row: Row,
    place: Place | None,
    step_ids: Mapping[str, int],
    changes: Mapping[str, frozenset[Differing]],
    held: Mapping[tuple[int, int | None, str], Row],
    now: datetime,
) -> Line:
    kinds = changes.get(row.key, frozenset())
    step_id = step_ids.get(row.key)
    gone = Line(MoveAct.DROPPED, row.key, row.group_id, kinds, row)
    if step_id is None:
        return gone
    if row.step_id == step_id:  # it says what the new version says already
        return Line(MoveAct.KEPT, row.key, row.group_id, frozenset(), row)
    # A touch whose window passed while nothing could be sent waits for its own catch-up rule: it is not lost.
    is_overdue = place is None and row.window_ends_at <= now
    if is_overdue or (place is not None and not replans(kinds)):
        other = held.get((step_id, row.group_id, row.occurrence))
        if other is None or other.id == row.id:
            return Line(MoveAct.KEPT, row.key, row.group_id, kinds, row)
    if place is None:
        return gone
    act = MoveAct.CHANGED if replans(kinds) else MoveAct.KEPT
    return _coming(act, place, kinds, held, row) or gone


def _coming(
    act: MoveAct,
    place: Place,
    kinds: frozenset[Differing],
    held: Mapping[tuple[int, int | None, str], Row],
    row: Row | None = None,
) -> Line | None:
    """A touch at the place: a new one, or the one an earlier plan took back there; None where one has ended."""
    there = held.get((place.step_id, place.group_id, place.occurrence))
    if there is not None and not there.is_taken_back:
        return None
    return Line(act, place.key, place.group_id, kinds, row, place, there)


def _leaves_room(row: Row, place: Place, now: datetime) -> bool:
    return row.state in _REACHED_NOBODY and place.due_at > max(now, row.planned_at)
