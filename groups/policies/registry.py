"""The group constitution: what is wrong with a group and what to do, each rule cited (R2 to R18, R26).

A check looks at a `GroupPlan` and gives a `Fault` or None. Severity: BLOCK stops going live; APPROVAL stops it until
a leader approves; WARN and NOTE are shown. `contexts` names where a check is asked. Each check carries an example
that breaks it and one that keeps it: they are its tests.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _

from groups.enums import Cites, Context, Severity
from groups.policies.plan import GroupPlan


@dataclass(frozen=True)
class Fault:
    """What is wrong, in the present language, and the figures that show it (JSON)."""

    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def fault(message: str, **evidence: Any) -> Fault:
    """A fault whose message names its figures: `%(days)s`."""
    return Fault(message % evidence if evidence else message, evidence)


Test = Callable[[GroupPlan], Fault | None]

GATE = frozenset({Context.GO_LIVE, Context.NIGHTLY})
RUNNING = frozenset({Context.NIGHTLY})
CONTENT = frozenset(Context)


APPROVABLE = frozenset({"SIZE-01"})  # warnings that an approval turns into a note (R128: over 200 members)


@dataclass(frozen=True)
class Check:
    """One rule. `rule` cites the requirement, `cites` who says so; `anchor` is the step of the readiness page that
    mends it; `quick` names the service that mends it at one press, "" for none (groups.services.fixes). `opens` names
    the place where a running group is mended, "" for the readiness page (groups.templatetags.groups).
    """

    code: str
    severity: str
    title: Any
    fix: Any
    anchor: str
    rule: str
    cites: tuple[Cites, ...]
    test: Test
    contexts: frozenset[Context]
    bad: GroupPlan
    good: GroupPlan
    quick: str = ""
    opens: str = ""

    @property
    def is_approvable(self) -> bool:
        """Whether a leader may let it pass: what stops until approved, and a size above the target."""
        return self.severity == Severity.APPROVAL or self.code in APPROVABLE

    @property
    def source(self) -> str:
        """What is cited on screen."""
        return " · ".join([self.rule, *(str(one.label) for one in self.cites)])

    def applies(self, plan: GroupPlan, context: Context | None) -> bool:
        """Whether it is asked. Without a context: what concerns the group as it stands, planned or running."""
        if context is None:
            context = Context.NIGHTLY if plan.is_live else Context.GO_LIVE
        return context in self.contexts


@dataclass(frozen=True)
class Finding:
    """A check that failed, in words. `approved_by` names the leader who let it pass."""

    check: Check
    severity: str
    message: str
    evidence: Mapping[str, Any]
    approved_by: str = ""

    @property
    def code(self) -> str:
        return self.check.code

    @property
    def title(self) -> Any:
        return self.check.title

    @property
    def fix(self) -> Any:
        return self.check.fix

    @property
    def quick(self) -> str:
        return self.check.quick

    @property
    def anchor(self) -> str:
        return self.check.anchor

    @property
    def opens(self) -> str:
        return self.check.opens

    @property
    def source(self) -> str:
        return self.check.source

    @property
    def is_approvable(self) -> bool:
        """Whether it may still be approved."""
        return self.check.is_approvable and not self.approved_by

    @property
    def stops(self) -> bool:
        return self.severity in (Severity.BLOCK, Severity.APPROVAL)


REGISTRY: dict[str, Check] = {}


def check(
    code: str,
    severity: str,
    title: Any,
    *,
    fix: Any,
    anchor: str,
    rule: str,
    cites: tuple[Cites, ...],
    bad: GroupPlan,
    good: GroupPlan,
    contexts: frozenset[Context] = GATE,
    quick: str = "",
    opens: str = "",
) -> Callable[[Test], Test]:
    """Register a test under its code."""

    def register(test: Test) -> Test:
        if code in REGISTRY:
            raise ValueError(f"two checks are named {code}")
        REGISTRY[code] = Check(
            code, severity, title, fix, anchor, rule, cites, test, contexts, bad, good, quick, opens
        )
        return test

    return register


def evaluate(plan: GroupPlan, context: Context | None = None) -> list[Finding]:
    """Every check of the context that fails, worst first."""
    found = []
    for one in REGISTRY.values():
        if not one.applies(plan, context):
            continue
        wrong = one.test(plan)
        if wrong is not None:
            found.append(_allowed(Finding(one, one.severity, wrong.message, wrong.evidence), plan))
    rank = list(Severity.values)
    return sorted(found, key=lambda finding: rank.index(finding.severity))


def passed(plan: GroupPlan, context: Context | None = None) -> list[Check]:
    """The checks of the context that hold."""
    failing = {finding.code for finding in evaluate(plan, context)}
    return [one for one in REGISTRY.values() if one.code not in failing and one.applies(plan, context)]


def stopping(plan: GroupPlan) -> list[Finding]:
    """What keeps the group from going live."""
    return [finding for finding in evaluate(plan, Context.GO_LIVE) if finding.stops]


def _allowed(finding: Finding, plan: GroupPlan) -> Finding:
    """An approval turns a check that may be approved into a note until its review day has passed."""
    allowed = plan.approvals.get(finding.code)
    if allowed is None or not finding.check.is_approvable:
        return finding
    if allowed.review_on is not None and allowed.review_on < plan.today:
        message = _("The approval was to be reviewed on %(day)s.") % {"day": allowed.review_on.isoformat()}
        return replace(finding, message=f"{finding.message} {message}")
    return replace(finding, severity=Severity.NOTE, approved_by=allowed.approved_by)
