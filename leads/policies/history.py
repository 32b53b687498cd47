"""The way of a tier over time, also across rule versions, and how a log that only grows stays true to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from leads.policies.rules import Rule
from leads.policies.tiers import Act, Mark, Result, Step, Window, tier_of


def tier_at(steps: Sequence[Step], moment: datetime) -> str:
    """The tier that holds at a moment, by steps in order of time."""
    past = [one for one in steps if one.at <= moment]
    return past[-1].tier if past else ""


def rule_at(rules: Sequence[tuple[datetime, Rule]], moment: datetime) -> Rule:
    """The rule in force at a moment. `rules` are (published_at, rule) by number; the first also holds before it."""
    past = [rule for at, rule in rules if at <= moment]
    return past[-1] if past else rules[0][1]


def tier_through_rules(
    acts: Iterable[Act],
    *,
    rules: Sequence[tuple[datetime, Rule]],
    window: Window,
    as_of: datetime,
    marks: Iterable[Mark] = (),
) -> Result:
    """The tier at `as_of` by the rule in force then; the steps follow the rule in force at each moment.

    A rule published later never rewrites what was shown before: its verdict begins with its publication, and whoever
    has bought keeps the tier of the rule they bought under. Which order counts, the rule in force decides.
    """
    acts, marks = list(acts), list(marks)
    spans = _spans(rules, window, min(as_of, window.ends_at))
    result = tier_of(acts, rule=spans[-1][1], window=window, as_of=as_of, marks=marks)
    if result.won is not None and len(spans) > 1:
        spans = _until_won(spans, result.won.at)
        result = tier_of(acts, rule=spans[-1][1], window=window, as_of=as_of, marks=marks)
    if len(spans) == 1:
        return result
    steps: list[Step] = []
    for number, (start, rule) in enumerate(spans):
        path = tier_of(acts, rule=rule, window=window, as_of=as_of, marks=marks).steps
        opening = [Step(start, tier_at(path, start))] if number else []
        inside = [one for one in path if number == 0 or one.at > start]
        end = spans[number + 1][0] if number + 1 < len(spans) else None
        steps += [one for one in opening + inside if end is None or one.at < end]
    steps = _without_repeats(steps)
    return replace(result, steps=tuple(steps), since=steps[-1].at if steps and steps[-1].tier else None)


def _spans(
    rules: Sequence[tuple[datetime, Rule]], window: Window, until: datetime
) -> list[tuple[datetime, Rule]]:
    """The rules in force between the window's start and `until`; the first also holds before it was published."""
    known = [(at, rule) for number, (at, rule) in enumerate(rules) if number == 0 or at <= until]
    old = [number for number, (at, _) in enumerate(known) if at <= window.starts_at]
    return known[old[-1] :] if old else known


def _until_won(spans: Sequence[tuple[datetime, Rule]], won_at: datetime) -> list[tuple[datetime, Rule]]:
    """The rules in force until the order, all with today's word on which order counts."""
    least = spans[-1][1].won_min_fen
    return [
        (at, replace(rule, won_min_fen=least))
        for number, (at, rule) in enumerate(spans)
        if number == 0 or at <= won_at
    ]


def _without_repeats(steps: Sequence[Step]) -> list[Step]:
    kept: list[Step] = []
    for step in steps:
        if step.tier != (kept[-1].tier if kept else ""):
            kept.append(step)
    return kept


def log_rows(logged: Mapping[datetime, str], steps: Sequence[Step]) -> list[tuple[datetime, str, str]]:
    """What to append to the log, (at, tier before, tier from then on), so that it tells these steps.

    `logged` maps a moment to the tier that the log's last row of that moment gives. Nothing is ever taken back: a
    step that turns out wrong, because an older event arrived late, gets a correcting row with the same moment.
    """
    moments = {one.at for one in steps} | set(logged)
    rows = []
    before = ""
    for moment in sorted(moments):
        now = tier_at(steps, moment)
        if logged.get(moment) != now:
            rows.append((moment, before, now))
        before = now
    return rows
