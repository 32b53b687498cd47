"""When what a step waits for has happened. Pure: facts in, moments out; the order in which facts come is no matter.

All moments are aware UTC. A span is (from, until), `until` None while it lasts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sop.enums.templates import Anchor

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Trigger:
    """What a step waits for; see sop.models.Step."""

    tag: int | None = None
    count: int = 1
    kind: str = ""
    hours: int = 0
    step: str = ""


def faults(
    *,
    anchor: str,
    trigger: Trigger,
    key: str,
    keys: frozenset[str],
    is_group: bool,
    sources: Mapping[str, str],
) -> list[str]:
    """Codes of what keeps a step from ever working. `sources`: {key: key of the step whose answers it waits for}."""
    found = []
    if anchor in (Anchor.CUSTOMER_TAG, Anchor.BEHAVIOUR) and is_group:
        found.append("TRIG-01")
    if anchor in (Anchor.GROUP_TAG, Anchor.CUSTOMER_TAG) and trigger.tag is None:
        found.append("TRIG-02")
    if anchor in (Anchor.BEHAVIOUR, Anchor.ANSWERS) and not trigger.kind:
        found.append("TRIG-03")
    if anchor == Anchor.ANSWERS and (trigger.step not in keys or _is_ring(key, sources)):
        found.append("TRIG-04")
    return found


def _is_ring(key: str, sources: Mapping[str, str]) -> bool:
    """Whether a step waits, over others, for itself."""
    seen = {key}
    at = sources.get(key, "")
    while at:
        if at in seen:
            return True
        seen.add(at)
        at = sources.get(at, "")
    return False


def gains(spans: Iterable[Span], since: datetime) -> list[datetime]:
    """Each moment from `since` on at which something began to hold, in order; spans that overlap or touch are one.

    A tag by hand and the same one by rule are carried once: the second does not give it again.
    """
    found: list[datetime] = []
    open_until: datetime | None = None
    begun = False
    for first, last in sorted(spans, key=lambda span: (span[0], span[1] is not None, span[1] or span[0])):
        if not begun or (open_until is not None and first > open_until):
            found.append(first)
            open_until, begun = last, True
        elif open_until is not None and (last is None or last > open_until):
            open_until = last
    return [one for one in found if one >= since]


def sizes_reached(spans: Iterable[Span], size: int, since: datetime) -> list[datetime]:
    """Each moment from `since` on at which so many people sat together who did not a moment before.

    People who leave and come at one moment change nothing.
    """
    steps: dict[datetime, int] = {}
    for first, last in spans:
        steps[first] = steps.get(first, 0) + 1
        if last is not None:
            steps[last] = steps.get(last, 0) - 1
    found, here = [], 0
    for at in sorted(steps):
        before, here = here, here + steps[at]
        if before < size <= here and at >= since:
            found.append(at)
    return found


def nth_within(times: Iterable[datetime], count: int, hours: int) -> list[datetime]:
    """Each moment at which `count` acts lay within `hours` (0: however long), in order; no act counts for two."""
    found: list[datetime] = []
    run: list[datetime] = []
    for at in sorted(times):
        run.append(at)
        if hours:
            run = [one for one in run if at - one <= timedelta(hours=hours)]
        if len(run) >= count:
            found.append(at)
            run = []
    return found


@dataclass(frozen=True)
class Chain:
    """How far the answers to a step are: who answered, when enough had, and whether it still can happen."""

    answered: int
    needed: int
    reached_at: datetime | None
    ends_at: datetime | None

    def is_stalled(self, now: datetime) -> bool:
        return self.reached_at is None and self.ends_at is not None and now > self.ends_at


def chain_of(
    *, sent_at: datetime, acts: Sequence[tuple[int, datetime]], count: int, hours: int, now: datetime
) -> Chain:
    """`acts`: (customer id, moment). A person counts once, with the first act between the step and its deadline."""
    ends_at = sent_at + timedelta(hours=hours) if hours else None
    first: dict[int, datetime] = {}
    for customer_id, at in acts:
        if sent_at <= at <= now and (ends_at is None or at <= ends_at):
            first[customer_id] = min(at, first.get(customer_id, at))
    moments = sorted(first.values())
    reached = moments[count - 1] if 0 < count <= len(moments) else None
    return Chain(answered=len(first), needed=count, reached_at=reached, ends_at=ends_at)
