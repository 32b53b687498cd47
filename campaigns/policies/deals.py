"""Flash sales and group-buys: the price of a moment, names that nobody is known by, texts from records. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MASK = "*"


@dataclass(frozen=True)
class Step:
    """From `at` on one piece costs `price_fen`."""

    at: datetime
    price_fen: int


def price_at(price_fen: int, steps: Iterable[Step], now: datetime) -> int:
    """What one piece costs at a moment: the latest step that has come, else the first price."""
    come = [one for one in steps if one.at <= now]
    return max(come, key=lambda one: one.at).price_fen if come else price_fen


def steps_hold(afters: Sequence[timedelta], length: timedelta) -> bool:
    """Whether the steps come one after the other, after the start and before the end."""
    return all(timedelta() < one < length for one in afters) and all(
        first < then for first, then in pairwise(afters)
    )


def masked(name: str) -> str:
    """The first character of a name and nothing else of it: 王**. Nobody is known by it."""
    shown = name.strip()[:1]
    return f"{shown}{MASK * 2}" if shown else MASK * 3


@dataclass(frozen=True)
class Line:
    """One record as it is told: its number in the relay (0 for an order), a masked name, what, how many, when."""

    number: int
    name: str
    what: str
    pieces: int
    wish: str
    at: datetime


def line_words(line: Line) -> str:
    """One line of a text: 3. 王** 分级绘本 × 2（蓝色）."""
    head = f"{line.number}. " if line.number else ""
    count = f" × {line.pieces}" if line.pieces > 1 else ""
    wish = _(" (%(wish)s)") % {"wish": line.wish} if line.wish else ""
    return f"{head}{line.name} {line.what}{count}{wish}"


def relay_text(title: str, lines: Sequence[Line], *, left: int, url: str) -> str:
    """The relay as a message for the group: only what is on record."""
    count = ngettext("%(n)s piece left", "%(n)s pieces left", left) % {"n": left}
    head = _("Relay of “%(title)s”, %(left)s") % {"title": title, "left": count}
    return "\n".join([head, *map(line_words, lines), _("Join here: %(url)s") % {"url": url}])


def stream_text(title: str, lines: Sequence[Line], *, url: str) -> str:
    """The latest orders as a message for the group: only what the shop told us."""
    head = ngettext("“%(title)s”: %(n)s new order", "“%(title)s”: %(n)s new orders", len(lines)) % {
        "title": title, "n": len(lines)
    }  # fmt: skip
    return "\n".join([head, *map(line_words, lines), _("Look here: %(url)s") % {"url": url}])
