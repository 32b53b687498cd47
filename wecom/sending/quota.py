"""WeCom's mass-send limit per receiver, as arithmetic over the rules and when each began (PROTOCOL section 4). Pure."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from wecom.enums import QuotaRule

SINCE_EVER = date(2000, 1, 1)


@dataclass(frozen=True)
class RuleFrom:
    """From `effective_from` on (a local day) this rule holds. `limit` None: the rule's own number."""

    rule: str
    effective_from: date = SINCE_EVER
    limit: int | None = None


DEFAULT = RuleFrom(QuotaRule.MONTH_DAYS)


@dataclass(frozen=True)
class Window:
    """The days that count together: `first` to `last`, both included; `limit` sends fit in."""

    first: date
    last: date
    limit: int


def rule_on(rules: Sequence[RuleFrom], day: date) -> RuleFrom:
    """The rule that holds on a day: the latest that has begun, else WeCom's own default."""
    begun = [one for one in rules if one.effective_from <= day]
    return max(begun, key=lambda one: one.effective_from, default=DEFAULT)


def window_for(rules: Sequence[RuleFrom], day: date) -> Window:
    """The window a local day falls in.

    When a rule begins inside its own week or month, what was sent in that week or month before counts too: WeCom
    does not say that it forgets it, and a send too few is better than one that is dropped. The window of a rule
    ends with the rule.
    """
    now = rule_on(rules, day)
    first, last, limit = _natural(now.rule, day)
    ends = [one.effective_from - timedelta(days=1) for one in rules if day < one.effective_from <= last]
    return Window(first, min([last, *ends]), limit if now.limit is None else now.limit)


def _natural(rule: str, day: date) -> tuple[date, date, int]:
    """First day, last day and number of a rule's window. An unknown rule is read as WeCom's own default."""
    if rule == QuotaRule.ONE_A_DAY:
        return day, day, 1
    if rule == QuotaRule.SEVEN_A_WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6), 7
    days = monthrange(day.year, day.month)[1]
    return day.replace(day=1), day.replace(day=days), days
