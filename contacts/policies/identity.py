"""Which records are one person after a row of decisions (R37), pure.

Each record points at the one it was merged into, or at none. A person is a record that points at none, with all
that lead to it. Taking a merge back takes only that pointer away: whatever was merged before stays with its record.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contacts.enums import IdentityVerb


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the log."""

    record: int
    into: int
    verb: str


def parents_after(moves: Iterable[Move]) -> dict[int, int]:
    """{record: the record it is merged into} after all moves in order; one that stands on its own is absent."""
    parents: dict[int, int] = {}
    for one in moves:
        if one.verb == IdentityVerb.MERGED:
            parents[one.record] = one.into
        elif one.verb == IdentityVerb.SPLIT:
            parents.pop(one.record, None)
    return parents


def root_of(record: int, parents: Mapping[int, int]) -> int:
    """The record that stands for the person."""
    while record in parents:
        record = parents[record]
    return record


def roots_after(records: Iterable[int], parents: Mapping[int, int]) -> dict[int, int]:
    """{record: the record that stands for its person}, each record in exactly one person."""
    return {one: root_of(one, parents) for one in records}


def may_merge(record: int, into: int, parents: Mapping[int, int]) -> bool:
    """Only two different people can become one, and only a whole person moves: the record stands for its own."""
    return record not in parents and root_of(into, parents) != record
