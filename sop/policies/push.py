"""The weekly push table as rules: what lacks, what fits where, what a copy takes along (R61, R62). Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from groups.enums import PLAN_DAYS, Slot
from sop.enums.templates import ContentType

Held = TypeVar("Held")
Place = tuple[int, str]  # (day of the week from 1 for Monday, slot)
PLACES: tuple[Place, ...] = tuple((number, str(slot)) for number in range(1, PLAN_DAYS + 1) for slot in Slot)
# Colour of a type in the grid; care is shown with value.
TONES: dict[str, str] = {
    ContentType.NORMS: "norm", ContentType.VALUE: "value", ContentType.CARE: "value", ContentType.TOPIC: "talk",
    ContentType.ACTIVITY: "event", ContentType.MARKETING: "sell",
}  # fmt: skip


@dataclass(frozen=True)
class Targets:
    """What a week of one group should hold. Counts are slots; percents are of `places`, all slots of the week."""

    norms: int = 1
    value_percent: int = 40
    topics: int = 2
    activities: int = 1
    marketing_percent: int = 50
    places: int = len(PLACES)


@dataclass(frozen=True)
class Share:
    """One line of the mix: how many of a type there are and what the target says.

    `line` is where the target stands, in percent of the week; `lacks` how many slots are missing, or too many for
    marketing; `is_limit`: at most, not at least.
    """

    content_type: str
    tone: str
    count: int
    percent: int
    line: int
    target: int
    in_percent: bool
    lacks: int
    is_limit: bool = False

    @property
    def is_fine(self) -> bool:
        return self.lacks <= 0


def needed(percent: int, places: int) -> int:
    """The least number of slots that is at least that share."""
    return -(-percent * places // 100)


def mix(types: Iterable[str], targets: Targets) -> list[Share]:
    """The mix of a week in the order of the page: norms, value, topics, activities, marketing."""
    counts = Counter(types)
    counts[ContentType.VALUE] += counts.pop(ContentType.CARE, 0)
    places = targets.places
    made = []
    for content_type, target, in_percent in (
        (ContentType.NORMS, targets.norms, False),
        (ContentType.VALUE, targets.value_percent, True),
        (ContentType.TOPIC, targets.topics, False),
        (ContentType.ACTIVITY, targets.activities, False),
    ):
        least = needed(target, places) if in_percent else target
        made.append(_share(content_type, counts, places, target, in_percent, least - counts[content_type]))
    most = targets.marketing_percent * places // 100
    selling = counts[ContentType.MARKETING]
    made.append(
        _share(ContentType.MARKETING, counts, places, targets.marketing_percent, True, selling - most, True)
    )
    return made


def _share(
    content_type: ContentType,
    counts: Mapping[str, int],
    places: int,
    target: int,
    in_percent: bool,
    lacks: int,
    is_limit: bool = False,
) -> Share:
    count = counts[content_type]
    percent = round(100 * count / places) if places else 0
    line = target if in_percent else round(100 * target / places) if places else 0
    return Share(
        content_type, TONES[content_type], count, percent, min(line, 100), target, in_percent, lacks, is_limit
    )


def suggested(filled: Mapping[Place, str], targets: Targets) -> dict[Place, str]:
    """{empty slot: the type that the week needs most}: what lacks goes first, then value.

    Walks the slots in order, counts each suggestion as taken; never suggests marketing.
    """
    lacking = {
        one.content_type: one.lacks
        for one in mix(filled.values(), targets)
        if not one.is_limit and one.lacks > 0
    }
    found: dict[Place, str] = {}
    for place in PLACES:
        if place in filled:
            continue
        best = max(lacking, key=lambda kind: lacking[kind], default="")
        found[place] = best or ContentType.VALUE.value
        if best:
            lacking[best] -= 1
            if lacking[best] == 0:
                del lacking[best]
    return found


def too_many_ads(filled: Mapping[Place, str], marketing_percent: int) -> list[Place]:
    """The fewest marketing slots, the latest first, whose going brings marketing within the limit of what is left."""
    left = dict(filled)
    gone: list[Place] = []
    ads = [place for place in PLACES if left.get(place) == ContentType.MARKETING]
    while ads and 100 * len(ads) > marketing_percent * len(left):
        last = ads.pop()
        del left[last]
        gone.append(last)
    return gone


def copied(
    source: Sequence[Place], taken: Iterable[Place], *, chosen: Iterable[Place] | None, overwrite: bool
) -> list[Place]:
    """Which slots a copy writes: those of the source that were chosen, and are free unless it may overwrite."""
    wanted = set(PLACES) if chosen is None else set(chosen)
    closed = set() if overwrite else set(taken)
    return [place for place in PLACES if place in set(source) and place in wanted and place not in closed]


def swapped(filled: Mapping[Place, Held], source: Place, target: Place) -> dict[Place, Held | None]:
    """What a drag from one slot to another changes: {place: what stands there now, None for nothing}."""
    if source == target or source not in filled:
        return {}
    return {target: filled[source], source: filled.get(target)}
