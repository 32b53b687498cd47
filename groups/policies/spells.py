"""Who was in a group when: one person's spells, from events in any order and from full reads.

WeCom delivers events late, twice or never. What is certain are moments: an event or a member's join_time says
"entered at", an event says "left at". The spells are always rebuilt from the set of known moments, so the order
in which they became known does not matter. A moment that no one told (a read shows somebody gone, or two
entries follow each other) is an estimate and gives way when the event comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from groups.enums import QuitScene

# The event's CreateTime and the member's join_time are both in whole seconds and need not be equal.
MATCH = timedelta(seconds=10)
_INSTANT = timedelta(microseconds=1)


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


@dataclass
class _Known:
    """The certain moments with their scenes."""

    entries: dict[datetime, str] = field(default_factory=dict)
    exits: dict[datetime, str] = field(default_factory=dict)


def _known(spells: Spells) -> _Known:
    return _Known(
        {one.joined_at: one.join_scene for one in spells if not one.joined_is_estimate},
        {one.left_at: one.quit_scene for one in spells if one.left_at and not one.left_is_estimate},
    )


def _told(at: datetime, same: Mapping[datetime, str], other: Mapping[datetime, str]) -> datetime | None:
    """The known moment that is this one: close by, with none of the other kind between the two."""
    for known in same:
        if abs(known - at) <= MATCH and not any(min(known, at) < one < max(known, at) for one in other):
            return known
    return None


def is_present(spells: Spells) -> bool:
    """Whether the last spell still runs."""
    return bool(spells) and spells[-1].left_at is None


def join(spells: Spells, *, at: datetime, scene: str = "") -> Spells:
    """An event says: entered at `at`. Repeats change nothing; they may say how, where that was not known."""
    known = _known(spells)
    same = _told(at, known.entries, known.exits)
    if same is not None:
        return spells if known.entries[same] or not scene else _with_scene(spells, same, scene)
    known.entries[at] = scene
    return _rebuilt(spells, known)


def leave(spells: Spells, *, at: datetime, scene: str = "") -> Spells:
    """An event says: gone at `at`. Repeats change nothing."""
    known = _known(spells)
    if _told(at, known.exits, known.entries) is not None:
        return spells
    known.exits[at] = scene
    return _rebuilt(spells, known)


def settle_present(spells: Spells, *, joined_at: datetime, scene: str = "") -> Spells:
    """A read says: in the group, since `joined_at`. An exit after that moment makes the read the older news."""
    spells = _reopened(join(spells, at=joined_at, scene=scene))
    last = spells[-1]
    if last.left_at is None or last.left_at > joined_at:
        return spells
    known = _known(spells)
    known.entries[last.left_at + _INSTANT] = scene
    return _rebuilt(spells, known)


def settle_absent(spells: Spells, *, at: datetime, scene: str = "") -> Spells:
    """A read says: not in the group at `at`; or the group was dissolved then (`scene`)."""
    last = spells[-1] if spells else None
    if last is None or last.left_at is not None:
        return spells
    end = replace(last, left_at=max(at, last.joined_at), left_is_estimate=True, quit_scene=scene)
    return (*spells[:-1], end)


def _reopened(spells: Spells) -> Spells:
    """The last spell without an estimated end: who is present has not left."""
    last = spells[-1]
    if last.left_at is None or not last.left_is_estimate:
        return spells
    return (*spells[:-1], replace(last, left_at=None, left_is_estimate=False, quit_scene=""))


def _with_scene(spells: Spells, joined_at: datetime, scene: str) -> Spells:
    return tuple(
        replace(one, join_scene=scene) if one.joined_at == joined_at and not one.joined_is_estimate else one
        for one in spells
    )


def _rebuilt(spells: Spells, known: _Known) -> Spells:
    """Spells from certain moments. Stored spells lend their key, and the estimated end of an unfinished one."""
    made: list[Spell] = []
    entries, exits = sorted(known.entries), sorted(known.exits)
    while entries or exits:
        is_open = bool(made) and made[-1].left_at is None
        if exits and (not entries or exits[0] < entries[0] or (exits[0] == entries[0] and is_open)):
            at = exits.pop(0)
            start = made.pop() if is_open else Spell(joined_at=at, joined_is_estimate=True)
            made.append(replace(start, left_at=at, quit_scene=known.exits[at]))
        else:
            at = entries.pop(0)
            if is_open:
                made[-1] = replace(made[-1], left_at=at, left_is_estimate=True)
            made.append(Spell(joined_at=at, join_scene=known.entries[at]))
    return _with_memory(made, spells)


def _with_memory(made: list[Spell], stored: Spells) -> Spells:
    """Give each spell the row it had: the one with the same entry, else the one with the same exit."""
    by_entry = {one.joined_at: one for one in stored if not one.joined_is_estimate}
    by_exit = {one.left_at: one for one in stored if one.joined_is_estimate}
    found: list[Spell] = []
    for one in made:
        before = by_entry.get(one.joined_at) if not one.joined_is_estimate else None
        before = before or by_exit.get(one.left_at)
        if before is None:
            found.append(one)
            continue
        if before.left_is_estimate and before.left_at is not None and _is_later(one, before.left_at):
            one = replace(one, left_at=before.left_at, left_is_estimate=True, quit_scene=before.quit_scene)
        found.append(replace(one, key=before.key, join_scene=one.join_scene or before.join_scene))
    return tuple(found)


def _is_later(spell: Spell, estimate: datetime) -> bool:
    """Whether the spell's end is unknown, or only estimated and later than an estimate made before."""
    return spell.left_at is None or (spell.left_is_estimate and spell.left_at > estimate)


def entered(before: Spell | None, after: Spell) -> bool:
    """Whether the change from `before` to `after` tells of an entry not told before."""
    return not after.joined_is_estimate and (before is None or before.joined_is_estimate)


def departed(before: Spell | None, after: Spell) -> bool:
    """Whether it tells of a departure not told before. A dissolved group loses nobody."""
    if after.left_at is None or after.quit_scene == QuitScene.DISSOLVED:
        return False
    return before is None or before.left_at is None or before.quit_scene == QuitScene.DISSOLVED
