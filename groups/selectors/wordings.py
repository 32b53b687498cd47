"""Reads of a group's welcome and announcement, version by version."""

from dataclasses import dataclass

from groups.enums import WordsKind
from groups.models import Group, Wording
from groups.policies.changes import Piece, pieces


@dataclass(frozen=True)
class WordsVersion:
    """A version and what it changed against the one before."""

    row: Wording
    pieces: list[Piece]
    is_present: bool


@dataclass(frozen=True)
class WordsStanding:
    """The present version of one text. `number` 0: none yet; `is_edited`: what stands now is no version yet."""

    kind: str
    label: str
    number: int
    is_edited: bool


def wording_list(*, group: Group, kind: str) -> list[WordsVersion]:
    """All versions of one text, the newest first."""
    rows = list(Wording.objects.filter(tenant_id=group.tenant_id, group=group, kind=kind).order_by("number"))
    found, before = [], ""
    for row in rows:
        found.append(WordsVersion(row, pieces(before, row.text), row is rows[-1]))
        before = row.text
    return found[::-1]


def wording_standing(*, group: Group) -> list[WordsStanding]:
    """Welcome and announcement with the number of their present version; one query."""
    last: dict[str, Wording] = {}
    for row in Wording.objects.filter(tenant_id=group.tenant_id, group=group).order_by("number"):
        last[row.kind] = row
    return [
        WordsStanding(
            kind.value, str(kind.label), last[kind].number if kind in last else 0,
            str(getattr(group, kind)) != (last[kind].text if kind in last else ""),
        )
        for kind in WordsKind
    ]  # fmt: skip
