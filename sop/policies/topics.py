"""How good a topic is, told honestly with few uses (R65). Pure."""

from dataclasses import dataclass
from math import sqrt

_Z = 1.96  # 95%


def wilson_low(answered: int, asked: int) -> float:
    """The lower end of the 95% interval (Wilson) of a share: two of three rank below 180 of 300. 0 for nobody asked."""
    if asked <= 0:
        return 0.0
    share = min(answered, asked) / asked
    square = _Z * _Z
    middle = share + square / (2 * asked)
    width = _Z * sqrt((share * (1 - share) + square / (4 * asked)) / asked)
    return (middle - width) / (1 + square / asked)


@dataclass(frozen=True)
class TopicResult:
    """What came of a topic's uses whose hours are over. `answered`: distinct customers of each use, added up; None
    while nobody sees messages. `asked`: customers who sat in the groups then. `waiting`: uses counting or to come.
    """

    uses: int = 0
    groups: int = 0
    asked: int = 0
    answered: int | None = None
    waiting: int = 0

    @property
    def share(self) -> float | None:
        """Answering customers of those who sat there; None without a use or without eyes."""
        return self.answered / self.asked if self.answered is not None and self.asked else None

    @property
    def each(self) -> float | None:
        """Answering customers a use."""
        return self.answered / self.uses if self.answered is not None and self.uses else None

    @property
    def rank(self) -> float:
        """What lists are ordered by, the best first."""
        return wilson_low(self.answered or 0, self.asked)
