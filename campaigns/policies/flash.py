"""A flash-group run (R89): where its nodes stand, what belongs to which, and how it compares. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils.translation import gettext as _

from campaigns.enums import Missing
from campaigns.enums.flash import NODE_SHARES, RUN_LEAST, SAMPLE_LEAST, Rhythm
from sop.enums import FLASH_NODES, Part

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class NodePlan:
    """One node as planned: how long after the start, and whether somebody answers for it."""

    part: str
    after: timedelta
    has_owner: bool


@dataclass(frozen=True)
class Span:
    """[since, until) of one node: from its time to the next one's, of the last to the end of the run."""

    part: str
    since: datetime
    until: datetime


def nodes_placed(rhythm: str, length: timedelta) -> dict[str, timedelta]:
    """{node: how long after the start} as the rhythm has it, on quarters of an hour; never before the node before."""
    placed: dict[str, timedelta] = {}
    last = -QUARTER
    for part, share in NODE_SHARES[Rhythm(rhythm)].items():
        last = max(length * share // 100 // QUARTER * QUARTER, last + QUARTER)
        placed[part.value] = last
    return placed


def nodes_hold(nodes: Iterable[NodePlan], length: timedelta) -> bool:
    """Whether all four are there, each after the one before and before the end, each with somebody who answers."""
    by_part = {one.part: one for one in nodes}
    if set(by_part) != {one.value for one in FLASH_NODES}:
        return False
    afters = [by_part[one.value].after for one in FLASH_NODES]
    in_order = all(first < then for first, then in pairwise(afters))
    return in_order and timedelta() <= afters[0] and afters[-1] < length and all(
        one.has_owner for one in by_part.values()
    )  # fmt: skip


def run_lacks(
    *, length: timedelta | None, days_most: int, is_all_flash: bool, nodes: Iterable[NodePlan]
) -> list[Missing]:
    """What keeps a run from its start. Without dates only the groups can be judged: the frame asks for the dates."""
    found = [] if is_all_flash else [Missing.FLASH_GROUPS]
    if length is None:
        return found
    if not RUN_LEAST <= length <= timedelta(days=days_most):
        found.append(Missing.FLASH_SPAN)
    if not nodes_hold(nodes, length):
        found.append(Missing.FLASH_NODES)
    return found


def spans_of(starts_at: datetime, ends_at: datetime, afters: Mapping[str, timedelta]) -> list[Span]:
    """What belongs to which node, in their order, without gap or overlap from the first node to the end."""
    moments = [(one.value, starts_at + afters[one.value]) for one in FLASH_NODES if one.value in afters]
    ends = [*(at for _part, at in moments[1:]), ends_at]
    return [Span(part, at, until) for (part, at), until in zip(moments, ends, strict=True)]


def node_words(part: str, *, name: str, ends: str, url: str) -> str:
    """What to post in the group at a node, ready to change. `ends`: the end in words; `url`: of the members' page."""
    about = {"name": name, "ends": ends, "url": url}
    said = {
        Part.WAKE: _(
            "“%(name)s” begins. Whoever is here: open this and tap, the first ones get a small gift. %(url)s"
        ),
        Part.RELAY: _(
            "Who wants to come along? Put yourself into the relay, with what you want and how many. %(url)s"
        ),
        Part.STREAM: _("These are the orders so far. What is left stands here: %(url)s"),
        Part.TIMER: _("“%(name)s” ends %(ends)s and is not extended. %(url)s"),
    }
    return (said[Part(part)] % about).strip()


def text_to_post(words: str, url: str) -> str:
    """The words of a node with the address of the members' page, once."""
    return words if url and url in words else f"{words}\n{url}".strip()


@dataclass(frozen=True)
class Share:
    """`part` of `whole` people."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        return 100 * self.part / self.whole if self.whole else None

    @property
    def is_small(self) -> bool:
        """Too few people for the share to say much."""
        return self.whole < SAMPLE_LEAST


def compared(ours: Share, theirs: Share) -> str:
    """One sentence on two shares; no more than the samples carry."""
    if ours.percent is None or theirs.percent is None:
        return _("nothing to compare with")
    if ours.is_small or theirs.is_small:
        return _("too few people to compare")
    points = ours.percent - theirs.percent
    if abs(points) < 0.05:
        return _("the same")
    words = _("%(n)s points more") if points > 0 else _("%(n)s points less")
    return words % {"n": f"{abs(points):.1f}"}


def half_filled(joined: Sequence[datetime], starts_at: datetime) -> timedelta | None:
    """How long after the start half of all who joined from then on were in; None where nobody did."""
    came = sorted(at for at in joined if at >= starts_at)
    return came[(len(came) - 1) // 2] - starts_at if came else None
