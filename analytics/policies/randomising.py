"""Which group gets which version: drawn within strata of like groups, repeatable by anybody who knows the seed. Pure.

Groups are drawn, not people: members of one group talk to each other, so a version reaches all of them or none.

The draw, so that it can be repeated with nothing but SHA-256: within a stratum groups stand in the order of
sha256("<seed>:<group id>"), and the arms are dealt to them in turn. The first stratum (by name) begins with arm number
sha256("<seed>") modulo the number of arms, each following one where the last one stopped. The seed is drawn before and
told after; `commitment` is told before.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

SIZES = (50, 100, 200)  # members: groups are alike between these
AGES = (7, 28, 90)  # days: first week, to four weeks, to three months, older
REST = "rest"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A group that may be drawn. `members`: its frozen cohort; `age_days`: since its first customer joined."""

    group_id: int
    kind: str
    members: int
    age_days: int


def commitment(seed: str) -> str:
    """What is told before the draw: nobody can choose another seed afterwards without it showing."""
    return sha256(f"qunce.lift:{seed}".encode()).hexdigest()


def strata(candidates: Sequence[Candidate], *, arms: int) -> dict[int, str]:
    """group id -> name of its stratum: groups of one type, size and age.

    Each stratum holds at least `arms` groups, so that every arm is in it. Those with too few like them are put
    together without regard to age, then to size, then to type; what is left then joins the largest stratum.
    Raises ValueError with fewer groups than arms, or a group without anybody in it.
    """
    if len(candidates) < arms or any(one.members <= 0 for one in candidates):
        raise ValueError("fewer groups than arms, or a group without anybody in it")
    placed: dict[int, str] = {}
    waiting = sorted(candidates, key=lambda one: one.group_id)
    for parts in (3, 2, 1, 0):
        alike = defaultdict(list)
        for one in waiting:
            alike[_name(one, parts)].append(one)
        placed |= {one.group_id: name for name, all_ in alike.items() if len(all_) >= arms for one in all_}
        waiting = [one for one in waiting if one.group_id not in placed]
    if waiting:
        names = list(placed.values())
        largest = max(sorted(set(names)), key=names.count)
        placed |= {one.group_id: largest for one in waiting}
    return placed


def _name(one: Candidate, parts: int) -> str:
    whole = (
        one.kind or "-",
        f"size{bisect_right(SIZES, one.members)}",
        f"age{bisect_right(AGES, one.age_days)}",
    )
    return "/".join(whole[:parts]) or REST


def assign(stratum_of: Mapping[int, str], *, arms: Sequence[str], seed: str) -> dict[int, str]:
    """group id -> arm, by the draw described above. In each stratum, and over all, arms differ by one group at most.

    The same groups, strata, arms and seed give the same draw, whatever their order.
    """
    within = defaultdict(list)
    for group_id, name in stratum_of.items():
        within[name].append(group_id)
    at = int(sha256(seed.encode()).hexdigest(), 16) % len(arms)
    drawn = {}
    for name in sorted(within):
        for group_id in sorted(within[name], key=lambda one: sha256(f"{seed}:{one}".encode()).hexdigest()):
            drawn[group_id] = arms[at]
            at = (at + 1) % len(arms)
    return drawn
