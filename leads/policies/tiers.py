"""Which tier a customer has in a window, and why (R68): a pure function of behaviours, marks, rule and moment.

The order in which behaviours arrive does not matter: they are sorted by time and source key before they are read.
An order closes the lead, and what comes after it moves no tier; a refund is noted and opens nothing again: the
person bought once, and whether to talk to them is a human decision (`lead_reopen`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from leads.enums import LeadEventKind, Tier
from leads.policies.rules import INQUIRY, MESSAGE_KIND, ORDER_KIND, REFUND_KIND, Condition, Rule, TierRule

SHOWN_EVIDENCE = 12


@dataclass(frozen=True)
class Act:
    """One behaviour. `key` is its source's own id, so that ties in time break the same way on every arrival."""

    id: int
    key: str
    kind: str
    at: datetime
    object_id: str = ""
    title: str = ""
    text: str = ""
    amount_fen: int | None = None


@dataclass(frozen=True)
class Mark:
    """One human decision about a lead: a MARK_KINDS event."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class Window:
    """Half open: from `starts_at` until before `ends_at`. Orders and refunds count after the end as well."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class ConditionState:
    """How far one condition is: `have` of `need`. `items` are the counted behaviours, oldest first."""

    code: str
    have: int
    need: int
    items: tuple[Act, ...]

    @property
    def met(self) -> bool:
        return self.have >= self.need

    @property
    def missing(self) -> int:
        return max(self.need - self.have, 0)


@dataclass(frozen=True)
class TierState:
    """Whether one tier is met, and since when."""

    tier: str
    met_at: datetime | None
    any_of: bool
    conditions: tuple[ConditionState, ...]

    @property
    def met(self) -> bool:
        return self.met_at is not None

    @property
    def one_step(self) -> ConditionState | None:
        """The single behaviour that would make this tier, if one is enough."""
        if self.met:
            return None
        lacking = [one for one in self.conditions if one.missing]
        if self.any_of:
            return next((one for one in lacking if one.missing == 1), None)
        return lacking[0] if len(lacking) == 1 and lacking[0].missing == 1 else None


@dataclass(frozen=True)
class Suggestion:
    """A message that may be an S inquiry and waits for a person. It lapses by itself at `lapses_at`."""

    act: Act
    word: str
    lapses_at: datetime


@dataclass(frozen=True)
class Step:
    """The tier that holds from `at` on."""

    at: datetime
    tier: str


@dataclass(frozen=True)
class Result:
    """What holds at `as_of`. `states` lists S first, then the rule's tiers; `steps` is the way here."""

    tier: str
    since: datetime | None
    states: tuple[TierState, ...]
    steps: tuple[Step, ...]
    inquiries: tuple[Act, ...]
    suggestion: Suggestion | None
    won: Act | None
    refunded_at: datetime | None
    rule_number: int
    next_change_at: datetime | None

    @property
    def evidence(self) -> tuple[Act, ...]:
        """The behaviours that make the tier, oldest first."""
        state = next((one for one in self.states if one.tier == self.tier), None)
        if state is None:
            return ()
        parts = [one for one in state.conditions if one.met]
        items = sorted({act for part in parts for act in part.items}, key=_order)
        return tuple(items)

    @property
    def one_steps(self) -> tuple[tuple[str, ConditionState], ...]:
        """(tier, what is missing) for each higher tier that a single behaviour would make."""
        return tuple((one.tier, one.one_step) for one in self.states_above if one.one_step is not None)

    @property
    def states_above(self) -> tuple[TierState, ...]:
        names = [one.tier for one in self.states]
        return self.states[: names.index(self.tier)] if self.tier else self.states


def _order(act: Act) -> tuple[datetime, str, int]:
    return act.at, act.key, act.id


@dataclass
class Tally:
    """Counts one condition. Clicks on one link within the gap after a counted one are the same click."""

    condition: Condition
    gap_s: int
    items: list[Act] = field(default_factory=list)
    counted_at: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def add(self, act: Act) -> None:
        if act.kind not in self.condition.kinds:
            return
        if act.object_id:
            thing = (act.kind, act.object_id)
            before = self.counted_at.get(thing)
            if before is not None and (act.at - before).total_seconds() <= self.gap_s:
                return
            self.counted_at[thing] = act.at
        self.items.append(act)

    def state(self) -> ConditionState:
        return ConditionState(self.condition.code, len(self.items), self.condition.need, tuple(self.items))


@dataclass
class _TierTally:
    """One tier of the rule: its conditions and the moment it was first met."""

    rule: TierRule
    tallies: list[Tally]
    met_at: datetime | None = None

    def add(self, act: Act) -> None:
        for tally in self.tallies:
            tally.add(act)
        if self.met_at is None:
            met = [len(one.items) >= one.condition.need for one in self.tallies]
            if any(met) if self.rule.any_of else all(met):
                self.met_at = act.at

    def state(self) -> TierState:
        return TierState(
            self.rule.tier, self.met_at, self.rule.any_of, tuple(one.state() for one in self.tallies)
        )


@dataclass
class _Inquiries:
    """S: messages with a keyword, and what people said about them."""

    rule: Rule
    asked: list[Act] = field(default_factory=list)
    on_since: datetime | None = None
    denied_at: datetime | None = None

    def word_of(self, act: Act) -> str:
        return next((word for word in self.rule.keywords if word in act.text), "")

    def add(self, act: Act) -> None:
        if act.kind != MESSAGE_KIND or not self.word_of(act):
            return
        self.asked.append(act)
        if self.on_since is None and not self.rule.s_needs_confirmation:
            self.on_since = act.at

    def mark(self, mark: Mark) -> None:
        if mark.kind == LeadEventKind.S_DENIED:
            self.on_since, self.denied_at = None, mark.at
        elif mark.kind in (LeadEventKind.S_SET, LeadEventKind.S_CONFIRMED) and self.on_since is None:
            self.on_since = mark.at

    def pending(self) -> list[Act]:
        return [one for one in self.asked if self.denied_at is None or one.at > self.denied_at]

    def suggestion(self, as_of: datetime) -> Suggestion | None:
        if self.on_since is not None:
            return None
        life = timedelta(hours=self.rule.suggestion_hours)
        alive = [one for one in self.pending() if as_of < one.at + life]
        return Suggestion(alive[0], self.word_of(alive[0]), alive[0].at + life) if alive else None

    def state(self) -> TierState:
        asked = tuple(self.pending())
        have = max(len(asked), 1) if self.on_since is not None else 0
        part = ConditionState(INQUIRY, have, 1, asked if self.on_since is not None else ())
        return TierState(Tier.S.value, self.on_since, False, (part,))


class _Replay:
    """Reads acts and marks in order of time and keeps the way of the tier."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.inquiries = _Inquiries(rule)
        self.tiers = [
            _TierTally(one, [Tally(part, rule.click_gap_s) for part in one.conditions]) for one in rule.tiers
        ]
        self.steps: list[Step] = []

    def tier(self) -> str:
        if self.inquiries.on_since is not None:
            return Tier.S.value
        return next((one.rule.tier for one in self.tiers if one.met_at is not None), "")

    def read(self, entry: Act | Mark) -> None:
        if isinstance(entry, Mark):
            self.inquiries.mark(entry)
        else:
            self.inquiries.add(entry)
            for tally in self.tiers:
                tally.add(entry)
        now, before = self.tier(), self.steps[-1].tier if self.steps else ""
        if now != before:
            if self.steps and self.steps[-1].at == entry.at:
                self.steps.pop()
            if now != (self.steps[-1].tier if self.steps else ""):
                self.steps.append(Step(entry.at, now))


def _first_order(acts: Sequence[Act], rule: Rule, window: Window) -> Act | None:
    """The order that closes the lead: the first one from the window's start on that is big enough."""
    return next(
        (
            one
            for one in acts
            if one.kind == ORDER_KIND
            and one.at >= window.starts_at
            and (one.amount_fen or 0) >= rule.won_min_fen
        ),
        None,
    )


def _entries(
    acts: Sequence[Act], marks: Iterable[Mark], window: Window, until: datetime | None
) -> list[Act | Mark]:
    inside = [one for one in acts if window.starts_at <= one.at < window.ends_at]
    keyed: list[tuple[tuple, Act | Mark]] = [((one.at, 0, one.key, one.id), one) for one in inside]
    keyed += [((one.at, 1, one.kind, 0), one) for one in marks]
    return [one for key, one in sorted(keyed, key=lambda pair: pair[0]) if until is None or key[0] <= until]


def tier_of(
    acts: Iterable[Act], *, rule: Rule, window: Window, as_of: datetime, marks: Iterable[Mark] = ()
) -> Result:
    """The tier at `as_of` with its evidence. Behaviours in any order, the same one any number of times."""
    known = sorted({one.key: one for one in acts}.values(), key=_order)
    past = [one for one in known if one.at <= as_of]
    won = _first_order(past, rule, window)
    replay = _Replay(rule)
    for entry in _entries(past, [one for one in marks if one.at <= as_of], window, won.at if won else None):
        replay.read(entry)
    steps = tuple(replay.steps)
    suggestion = None if won else replay.inquiries.suggestion(as_of)
    moments = [one.at for one in known if one.at > as_of][:1] + ([suggestion.lapses_at] if suggestion else [])
    return Result(
        tier=replay.tier(),
        since=steps[-1].at if steps and steps[-1].tier else None,
        states=(replay.inquiries.state(), *(one.state() for one in replay.tiers)),
        steps=steps,
        inquiries=tuple(replay.inquiries.pending()),
        suggestion=suggestion,
        won=won,
        refunded_at=next(
            (one.at for one in past if one.kind == REFUND_KIND and won and one.at >= won.at), None
        ),
        rule_number=rule.number,
        next_change_at=min(moments, default=None),
    )


def evidence_data(result: Result) -> list[dict[str, object]]:
    """The evidence as a lead keeps it: the first behaviours that made the tier and the latest one."""
    acts = list(result.evidence)
    shown = acts if len(acts) <= SHOWN_EVIDENCE else [*acts[: SHOWN_EVIDENCE - 1], acts[-1]]
    return [
        {"id": one.id, "kind": one.kind, "at": one.at.isoformat(), "title": one.title, "text": one.text[:80]}
        for one in shown
    ]
