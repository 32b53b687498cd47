"""Which true fact to stress for whom (R66). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

_MARKS = ",，、;；"


@dataclass(frozen=True)
class Rule:
    """One field of the profile and the values that fit. A value "2017-2019" holds years between them, both ends in."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """A persona: every rule must hold; without rules it is nobody's, as it says nothing."""

    pk: int
    rules: tuple[Rule, ...]
    rank: int = 50


@dataclass(frozen=True)
class Claim:
    """A fact as it is chosen. `personas` empty: for everybody."""

    pk: int
    evidence: str
    valid_until: date | None
    personas: frozenset[int]
    rank: int = 50


def split_values(text: str) -> tuple[str, ...]:
    """Values as people write them, with commas between."""
    flat = text
    for mark in _MARKS:
        flat = flat.replace(mark, "\n")
    return tuple(dict.fromkeys(one.strip() for one in flat.split("\n") if one.strip()))


def fits(rules: Sequence[Rule], profile: Mapping[str, str]) -> bool:
    """Whether somebody is such a person. What is not known fits nothing: nobody is guessed to be anything."""
    return bool(rules) and all(
        any(_holds(value, profile.get(rule.field, "")) for value in rule.values) for rule in rules
    )


def _holds(wanted: str, known: str) -> bool:
    if not known:
        return False
    first, mark, last = wanted.partition("-")
    if mark and first.isdecimal() and last.isdecimal() and known.isdecimal():
        return int(first) <= int(known) <= int(last)
    return wanted.casefold() in known.casefold()


def is_told(claim: Claim, today: date) -> bool:
    """Whether a fact may be told at all: it can be shown, and holds today."""
    return bool(claim.evidence.strip()) and (claim.valid_until is None or claim.valid_until >= today)


def stressed(
    claims: Iterable[Claim], kinds: Iterable[Kind], profile: Mapping[str, str], *, today: date
) -> list[tuple[int, int | None]]:
    """(fact, the persona it is stressed for, None: for everybody), the most telling first.

    First those of the personas that fit, by the persona's rank and the fact's; then those for everybody.
    """
    mine = {one.pk: one.rank for one in kinds if fits(one.rules, profile)}
    found: list[tuple[tuple[int, int, int], int, int | None]] = []
    for claim in claims:
        if not is_told(claim, today):
            continue
        if not claim.personas:
            found.append(((10_000, claim.rank, claim.pk), claim.pk, None))
            continue
        fitting = sorted((mine[one], one) for one in claim.personas if one in mine)
        if fitting:
            found.append(((fitting[0][0], claim.rank, claim.pk), claim.pk, fitting[0][1]))
    return [(pk, persona) for _order, pk, persona in sorted(found, key=lambda one: one[0])]
