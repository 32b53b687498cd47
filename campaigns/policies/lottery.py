"""Who wins a draw: a seed that was fixed before, a published table of odds, and arithmetic anybody can repeat. Pure.

The seed's SHA-256 is published before the first draw, the seed itself after the last. A draw is
HMAC-SHA256(seed, "<lottery>:<entrant's code>:<number of the draw>"); its first eight bytes as a whole number, modulo a
million, are its roll. The table of odds is laid end to end from nought: the prize in whose stretch the roll falls is
drawn, and beyond the last stretch nothing is. A drawn prize of which no piece is left is nothing, too.
"""

import hmac
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

WHOLE = 1_000_000  # the odds of all outcomes together
PERCENT = WHOLE // 100
GRID_CELLS, WHEEL_SECTORS, BOXES = 8, 8, 9


def seed_hash(seed: str) -> str:
    """What is published before: SHA-256 of the seed's 32 bytes. `seed` is 64 hex digits."""
    return sha256(bytes.fromhex(seed)).hexdigest()


def code_of(hashed: str, person_id: int) -> str:
    """How an entrant is called in the public record: it follows from the published hash and names nobody."""
    return sha256(f"{hashed}:{person_id}".encode()).hexdigest()[:16]


def roll_of(seed: str, *, lottery_id: int, code: str, number: int) -> int:
    """0 .. 999,999: the roll of an entrant's `number`-th draw, counted from one."""
    told = f"{lottery_id}:{code}:{number}".encode()
    return int.from_bytes(hmac.new(bytes.fromhex(seed), told, sha256).digest()[:8]) % WHOLE


def drawn(roll: int, odds: Iterable[tuple[int, int]]) -> int | None:
    """The prize in whose stretch the roll falls. `odds`: (prize id, millionths), in the published order."""
    edge = 0
    for prize_id, share in odds:
        edge += share
        if roll < edge:
            return prize_id
    return None


def odds_hold(shares: Iterable[int]) -> bool:
    """Whether these odds may be published: at least one, each above nothing, at most the whole together."""
    given = list(shares)
    return bool(given) and min(given) > 0 and sum(given) <= WHOLE


def cells(prize_ids: Sequence[int], count: int) -> list[int | None]:
    """What stands in `count` places: every prize at least once where there is room, each second place nothing (None).

    The picture only shows what there is; it decides nothing. At least one place is nothing: what is used up counts as
    that.
    """
    kinds: list[int | None] = list(prize_ids[: count - 1])
    empty = max(1, count // 4, count - 2 * len(kinds)) if len(kinds) < count - 1 else 1
    filled: list[int | None] = [kinds[place % len(kinds)] for place in range(count - empty)] if kinds else []
    empty = count - len(filled)
    step = count / empty
    rest = iter(filled)
    gaps = {int(step * (number + 1)) - 1 for number in range(empty)}
    return [None if place in gaps else next(rest, None) for place in range(count)]


@dataclass
class Checked:
    """What came of repeating a whole record. `wrong`: lines that say something else than the arithmetic does."""

    draws: int = 0
    wins: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.wrong


def record_check(record: Mapping[str, Any]) -> Checked:
    """Repeat every draw of a published record.

    `record`: {"lottery", "seed_hash", "seed", "odds": [[name, millionths, pieces]], "draws": [[code, number, roll,
    outcome, name]]}; outcome is "won", "gone" or "none". KeyError, TypeError or ValueError for what is no record.
    """
    found = Checked()
    seed, odds = (
        str(record["seed"]),
        [(str(name), int(share), int(stock)) for name, share, stock in record["odds"]],
    )
    if seed_hash(seed) != record["seed_hash"]:
        found.wrong.append("the seed is not the one whose hash was published")
    table = [(place, share) for place, (_name, share, _stock) in enumerate(odds)]
    last: Counter[str] = Counter()
    for code, number, roll, outcome, name in record["draws"]:
        found.draws += 1
        here = f"{code} #{number}"
        if roll != roll_of(seed, lottery_id=int(record["lottery"]), code=str(code), number=int(number)):
            found.wrong.append(f"{here}: another roll")
        place = drawn(int(roll), table)
        due = odds[place][0] if place is not None else ""
        if name != due or (outcome == "none") != (place is None):
            found.wrong.append(f"{here}: {due or 'nothing'} was due, not {name or 'nothing'}")
        found.wins[due] += outcome == "won"
        last[str(code)] += 1
        if last[str(code)] != number:
            found.wrong.append(f"{here}: draws of an entrant are counted from one, none is left out")
    for name, _share, stock in odds:
        if found.wins[name] > stock:
            found.wrong.append(f"{name}: {found.wins[name]} won of {stock}")
    return found


def record_read(raw: str) -> Mapping[str, Any]:
    """The record of a file. Raises ValueError where it is none."""
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("a record is one JSON object")
    return found
