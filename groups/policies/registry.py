"""What is wrong with a group and what to do: a registry of checks, each with its rule cited (R2, R4, R25).

A check looks at `GroupFacts` and says why it fails, or None. Severity: BLOCK stops going live; APPROVAL stops it
until a leader approves; WARN and NOTE are shown. `live_only` checks look at groups that run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from groups.enums import Severity
from groups.policies.facts import GroupFacts

Test = Callable[[GroupFacts], str | None]


@dataclass(frozen=True)
class Check:
    """One rule. `source` cites the requirement; `anchor` is the step of the readiness page that mends it."""

    code: str
    severity: str
    title: Any
    fix: Any
    anchor: str
    source: str
    test: Test
    live_only: bool = False


@dataclass(frozen=True)
class Finding:
    """A check that failed, in words. `approved_by` names the leader who let it pass."""

    code: str
    severity: str
    message: str
    title: Any
    fix: Any
    anchor: str
    source: str
    approved_by: str = ""

    @property
    def stops(self) -> bool:
        return self.severity in (Severity.BLOCK, Severity.APPROVAL)


REGISTRY: dict[str, Check] = {}


def check(
    code: str, severity: str, title: Any, *, fix: Any, anchor: str, source: str, live_only: bool = False
) -> Callable[[Test], Test]:
    """Register a test under its code."""

    def register(test: Test) -> Test:
        if code in REGISTRY:
            raise ValueError(f"two checks are named {code}")
        REGISTRY[code] = Check(code, severity, title, fix, anchor, source, test, live_only)
        return test

    return register


def evaluate(facts: GroupFacts) -> list[Finding]:
    """Every check that fails, worst first."""
    found = []
    for one in REGISTRY.values():
        if one.live_only and not facts.is_live:
            continue
        message = one.test(facts)
        if message is not None:
            found.append(_allowed(_finding(one, message), facts))
    rank = list(Severity.values)
    return sorted(found, key=lambda finding: rank.index(finding.severity))


def passed(facts: GroupFacts) -> list[Check]:
    """The checks that apply and hold."""
    failing = {finding.code for finding in evaluate(facts)}
    return [
        one for one in REGISTRY.values() if one.code not in failing and (facts.is_live or not one.live_only)
    ]


def stopping(facts: GroupFacts) -> list[Finding]:
    """What keeps the group from going live."""
    return [finding for finding in evaluate(facts) if finding.stops]


def _finding(one: Check, message: str) -> Finding:
    return Finding(one.code, one.severity, message, one.title, one.fix, one.anchor, one.source)


def _allowed(finding: Finding, facts: GroupFacts) -> Finding:
    """An approval turns the check into a note until its review day has passed."""
    allowed = facts.approvals.get(finding.code)
    if allowed is None or finding.severity != Severity.APPROVAL:
        return finding
    if allowed.review_on is not None and allowed.review_on < facts.today:
        message = _("The approval was to be reviewed on %(day)s.") % {"day": allowed.review_on.isoformat()}
        return replace(finding, message=f"{finding.message} {message}")
    return replace(finding, severity=Severity.NOTE, approved_by=allowed.approved_by)
