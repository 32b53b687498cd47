"""Whose hands carry the steps of a group (R41), and how many minutes that makes of a person's day (R124)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sop.enums import Channel, StepRole

Who = TypeVar("Who")


def holders(*, owner: Who | None, others: Sequence[Who]) -> dict[str, Who | None]:
    """{role: who holds it}. A role nobody else holds falls to the owner; `others` sit in the group beside them."""
    first = owner if owner is not None else (others[0] if others else None)
    assistant = others[0] if others else first
    return {
        StepRole.OWNER: first,
        StepRole.ASSISTANT: assistant,
        StepRole.SALES: others[1] if len(others) > 1 else assistant,
    }


def role_for(*, role: str, channel: str) -> str:
    """Who of a group carries a step out on a channel: WeCom takes a group's mass send from its owner only."""
    return StepRole.OWNER if channel == Channel.GROUP_MASS else role


@dataclass(frozen=True, slots=True)
class Work:
    """One step that somebody carries out in one group on a camp day. `who`: whatever tells people apart."""

    who: object
    day: int
    step_key: str
    channel: str
    minutes: int


def minutes_by_hand(works: Iterable[Work]) -> dict[object, dict[int, int]]:
    """{who: {camp day: minutes}}. A post on Moments is one post, whatever groups it is planned for."""
    found: dict[object, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    posted = set()
    for work in works:
        if work.channel == Channel.MOMENTS:
            post = work.who, work.day, work.step_key
            if post in posted:
                continue
            posted.add(post)
        found[work.who][work.day] += work.minutes
    return {who: dict(days) for who, days in found.items()}
