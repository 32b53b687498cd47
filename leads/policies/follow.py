"""Following a lead to the end (R70, R71): its state, who waits since when, by when to answer, what to do next."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from leads.enums import FIRST_ACTION, FollowResult, LeadEventKind, LeadState, NextAction, Tier
from leads.policies.tiers import Mark, Result


@dataclass(frozen=True)
class Outcome:
    """Where a lead stands. `reason` says why it closed, for people to read."""

    state: str
    closed_at: datetime | None


def outcome_of(
    result: Result, marks: Iterable[Mark], opt_out_at: datetime | None, as_of: datetime
) -> Outcome:
    """An order or "won" beats everything; then opt-out; then the last human word; else open while intent shows."""
    past = sorted((one for one in marks if one.at <= as_of), key=lambda one: (one.at, one.kind))
    said = [
        one
        for one in past
        if one.kind in (LeadEventKind.CLOSED_WON, LeadEventKind.CLOSED_NOT_BUYING, LeadEventKind.REOPENED)
    ]
    last = said[-1] if said else None
    won = [result.won.at] if result.won else []
    if last is not None and last.kind == LeadEventKind.CLOSED_WON:
        won.append(last.at)
    if won and not (last is not None and last.kind == LeadEventKind.REOPENED and last.at >= max(won)):
        return Outcome(LeadState.WON, min(won))
    if opt_out_at is not None and opt_out_at <= as_of:
        return Outcome(LeadState.OPTED_OUT, opt_out_at)
    if last is not None and last.kind == LeadEventKind.CLOSED_NOT_BUYING:
        return Outcome(LeadState.NOT_BUYING, last.at)
    open_now = bool(result.tier) or result.suggestion is not None
    return Outcome(LeadState.OPEN if open_now else LeadState.UNRANKED, None)


def waiting_since(result: Result, followed_at: datetime | None) -> datetime | None:
    """Since when the customer waits for us: from the rise of the tier, or from an inquiry, until we followed up."""
    asked = [one.at for one in result.inquiries] if result.tier == Tier.S else []
    asked += _unconfirmed(result)
    if not asked and result.since is not None:
        asked = [result.since]
    elif result.tier != Tier.S and result.since is not None:
        asked.append(result.since)
    return min((one for one in asked if followed_at is None or one > followed_at), default=None)


def _unconfirmed(result: Result) -> list[datetime]:
    """When the questions came that wait for a person to say whether they are S: the suggested one and those since."""
    if result.suggestion is None:
        return []
    return [one.at for one in result.inquiries if one.at >= result.suggestion.act.at]


def sla_due_at(
    result: Result, since: datetime | None, followed_at: datetime | None, minutes: Mapping[str, int]
) -> datetime | None:
    """The earliest deadline that runs. A suggested S counts as S: its clock runs while it waits for a person.

    `minutes` maps a tier to its allowance.
    """
    if since is None:
        return None
    dues = []
    asked = min((at for at in _unconfirmed(result) if followed_at is None or at > followed_at), default=None)
    if asked is not None:
        dues.append(asked + timedelta(minutes=minutes[Tier.S]))
    if result.tier == Tier.S:
        dues.append(since + timedelta(minutes=minutes[Tier.S]))
    elif result.tier and result.since and (followed_at is None or result.since > followed_at):
        dues.append(result.since + timedelta(minutes=minutes[result.tier]))
    return min(dues, default=None)


def first_action(result: Result) -> str:
    """What to do with a lead nobody has planned for yet."""
    if result.suggestion is not None:
        return NextAction.CONFIRM_S
    return FIRST_ACTION.get(result.tier, NextAction.ASK_HOW)


def next_after(
    outcome: str, *, now: datetime, retry_hours: int, talk_hours: int, doubt_open: bool
) -> tuple[str, datetime] | None:
    """The usual next action after a follow-up, or None when the lead is closed by it. A person may choose another."""
    if outcome in (FollowResult.PAID, FollowResult.NOT_BUYING):
        return None
    if outcome == FollowResult.NO_REPLY:
        return NextAction.ASK_HOW, now + timedelta(hours=retry_hours)
    if outcome == FollowResult.NEW_DOUBT or doubt_open:
        return NextAction.ANSWER_DOUBT, now + timedelta(hours=retry_hours)
    if outcome == FollowResult.THINKING:
        return NextAction.ASK_DOUBTS, now + timedelta(hours=talk_hours)
    return NextAction.ASK_HOW, now + timedelta(hours=talk_hours)
