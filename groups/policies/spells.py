"""Who was in a group when: spells of one person, from events in any order and from full reads.

WeCom delivers events late, twice or never. Three moves keep a person's spells true in any order: `join` and
`leave` are facts with a time, `settle` is what a full read (or a delta that surely follows our state) says now.
What a read shows without an event to date it is marked as an estimate; the event, when it comes, corrects it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from groups.enums import QuitScene

# The event's CreateTime and the member's join_time are both in whole seconds and need not be equal.
MATCH = timedelta(seconds=10)


@dataclass(frozen=True)
class Spell:
    """From `joined_at` until `left_at` (None: still in). `key` is the stored row's, None for a new one."""

    joined_at: datetime
    left_at: datetime | None = None
    joined_is_estimate: bool = False
    left_is_estimate: bool = False
    join_scene: str = ""
    quit_scene: str = ""
    key: int | None = None


Spells = tuple[Spell, ...]


def _same(one: datetime, other: datetime) -> bool:
    return abs(one - other) <= MATCH


def _in_order(spells: list[Spell]) -> Spells:
    return tuple(
        sorted(spells, key=lambda one: (one.joined_at, one.left_at is None, one.left_at or one.joined_at))
    )


def _swap(spells: Spells, old: Spell, new: Spell) -> Spells:
    return _in_order([new if one is old else one for one in spells])


def _begins(spell: Spell, at: datetime) -> bool:
    """Whether an entry at `at` is the start of this spell, and not a return after it."""
    return _same(spell.joined_at, at) and (
        spell.left_at is None or spell.left_is_estimate or at < spell.left_at
    )


def join(spells: Spells, *, at: datetime, scene: str = "") -> Spells:
    """An event says: entered at `at`. Repeats change nothing."""
    for one in spells:
        if _begins(one, at) and not one.joined_is_estimate:
            return (
                spells if one.join_scene or not scene else _swap(spells, one, replace(one, join_scene=scene))
            )
    for one in spells:
        if one.joined_is_estimate and (one.left_at is None or one.left_at >= at):
            return _swap(spells, one, replace(one, joined_at=at, joined_is_estimate=False, join_scene=scene))
    return _in_order([*spells, Spell(joined_at=at, join_scene=scene)])


def leave(spells: Spells, *, at: datetime, scene: str = "") -> Spells:
    """An event says: gone at `at`. Repeats change nothing."""
    for one in spells:
        if one.left_at is not None and not one.left_is_estimate and _same(one.left_at, at):
            return spells
    for one in reversed(spells):
        if one.joined_at <= at + MATCH and (one.left_at is None or one.left_is_estimate):
            end = max(at, one.joined_at)
            return _swap(spells, one, replace(one, left_at=end, left_is_estimate=False, quit_scene=scene))
    return _in_order([*spells, Spell(joined_at=at, left_at=at, joined_is_estimate=True, quit_scene=scene)])


def _close_overtaken(spells: Spells) -> Spells:
    """Only the last spell may be open: one that another follows ended by then."""
    closed = [
        one if one.left_at is not None else replace(one, left_at=after.joined_at, left_is_estimate=True)
        for one, after in pairwise(spells)
    ]
    return (*closed, *spells[-1:])


def settle_present(spells: Spells, *, joined_at: datetime, scene: str = "") -> Spells:
    """A read says: in the group now, since `joined_at`."""
    spells = _close_overtaken(spells)
    for one in spells:
        if _begins(one, joined_at):
            if one.left_at is None or not one.left_is_estimate or one is not spells[-1]:
                return spells  # open already, or an event dated its end and the read is the older news
            return _swap(spells, one, replace(one, left_at=None, left_is_estimate=False, quit_scene=""))
    last = spells[-1] if spells else None
    if last is not None and last.left_at is None:
        if last.joined_is_estimate:
            return _swap(spells, last, replace(last, joined_at=joined_at, joined_is_estimate=False))
        if last.joined_at > joined_at:
            return spells
        ended = replace(last, left_at=joined_at, left_is_estimate=True)
        return _in_order([*spells[:-1], ended, Spell(joined_at=joined_at, join_scene=scene)])
    if last is not None and joined_at < last.joined_at:
        return spells  # the read is older than what events already told
    return _in_order([*spells, Spell(joined_at=joined_at, join_scene=scene)])


def settle_absent(spells: Spells, *, at: datetime, scene: str = "") -> Spells:
    """A read says: not in the group at `at`; or the group was dissolved then (`scene`)."""
    spells = _close_overtaken(spells)
    last = spells[-1] if spells else None
    if last is None or last.left_at is not None:
        return spells
    end = replace(last, left_at=max(at, last.joined_at), left_is_estimate=True, quit_scene=scene)
    return (*spells[:-1], end)


def entered(before: Spell | None, after: Spell) -> bool:
    """Whether the change from `before` to `after` tells of an entry not told before."""
    return not after.joined_is_estimate and (before is None or before.joined_is_estimate)


def departed(before: Spell | None, after: Spell) -> bool:
    """Whether it tells of a departure not told before. A dissolved group loses nobody."""
    if after.left_at is None or after.quit_scene == QuitScene.DISSOLVED:
        return False
    return before is None or before.left_at is None or before.quit_scene == QuitScene.DISSOLVED
