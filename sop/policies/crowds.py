"""People for whom the same holds in a week, as one place together; and which of them can be full first. Pure.

What limits a person are the messages that would reach them, those they have had, and what WeCom still lets them
receive. Whoever shares all of it with others is counted with them once.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

NO_LIMIT: tuple[int, ...] = ()


@dataclass(frozen=True)
class Crowd:
    """So many people: messages (ids) that would reach them, what they had today and in the week, and how many private
    mass sends WeCom still lets each receive, window by window (NO_LIMIT: none is planned, or nothing is known)."""

    size: int
    touches: frozenset[int]
    had_today: int
    had_week: int
    quota: tuple[int, ...]


def crowds_of(
    reached: Mapping[int, Collection[int]],
    *,
    today: Mapping[int, int],
    week: Mapping[int, int],
    quota: Mapping[int, tuple[int, ...]],
) -> list[Crowd]:
    """{person: messages} in crowds. Who is absent from `today` or `week` has had nothing, from `quota` has no limit."""
    sizes = Counter(
        (frozenset(some), today.get(one, 0), week.get(one, 0), quota.get(one, NO_LIMIT))
        for one, some in reached.items()
    )
    return [Crowd(size, *key) for key, size in sizes.items()]


def binding(crowds: Iterable[Crowd]) -> list[Crowd]:
    """Crowds that no other one covers: whom fewer messages reach and who had no more are never the first to be full."""
    kept: list[Crowd] = []
    for one in sorted(crowds, key=_tightest_first):
        if not any(_covers(other, one) for other in kept):
            kept.append(one)
    return kept


def _tightest_first(crowd: Crowd) -> tuple[int, int, int, bool, tuple[int, ...]]:
    return (-len(crowd.touches), -crowd.had_week, -crowd.had_today, crowd.quota == NO_LIMIT, crowd.quota)


def _covers(other: Crowd, one: Crowd) -> bool:
    """Whether what leaves room for the other leaves room for this one."""
    return (
        one.touches <= other.touches
        and one.had_today <= other.had_today
        and one.had_week <= other.had_week
        and _may_get_as_much(one.quota, other.quota)
    )


def _may_get_as_much(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    if NO_LIMIT in (one, other):
        return one == NO_LIMIT
    return all(mine >= theirs for mine, theirs in zip(one, other, strict=True))
