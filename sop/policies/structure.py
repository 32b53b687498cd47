"""What a template of its kind cannot do without: the five links, peak and end, the four nodes, no message in staff
work, no selling in a crisis (R42 to R48, R89, R25).

A check looks at a `Shape` and gives a sentence or "". Each carries an example that breaks it and one that keeps it:
they are its tests. BLOCK stops publishing; WARN is shown.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from groups.enums import Cites, Severity
from sop.enums import TemplateKind
from sop.policies.plan import PlanStep


@dataclass(frozen=True)
class Shape:
    """A version as these checks see it. `phases` hold key, first, last, name and, for links, entry, exit, metric."""

    kind: str
    steps: tuple[PlanStep, ...]
    phases: tuple[Mapping[str, Any], ...] = ()

    @property
    def has_links(self) -> bool:
        """A camp of the five links; other camps are not asked for them."""
        return self.kind == TemplateKind.CAMP and any(step.link for step in self.steps)

    def link(self, number: int) -> tuple[PlanStep, ...]:
        return tuple(step for step in self.steps if step.link == number)

    def lacks(self, parts: Iterable[str], *, link: int | None = None) -> list[str]:
        """Which of these parts no step brings, in their order."""
        steps = self.steps if link is None else self.link(link)
        present = frozenset().union(*(step.parts for step in steps))
        return [part for part in parts if part not in present]


Test = Callable[[Shape], str]


@dataclass(frozen=True)
class Check:
    """One rule. `rule` cites the requirement, `cites` who says so."""

    code: str
    severity: str
    title: Any
    fix: Any
    rule: str
    cites: tuple[Cites, ...]
    test: Test
    bad: Shape
    good: Shape

    @property
    def source(self) -> str:
        """What is cited on screen."""
        return " · ".join([self.rule, *(str(one.label) for one in self.cites)])


@dataclass(frozen=True)
class Flaw:
    """A check that failed, in words."""

    check: Check
    message: str

    @property
    def stops(self) -> bool:
        return self.check.severity == Severity.BLOCK


STRUCTURE: dict[str, Check] = {}


def check(
    code: str,
    severity: str,
    title: Any,
    *,
    fix: Any,
    rule: str,
    cites: tuple[Cites, ...],
    bad: Shape,
    good: Shape,
) -> Callable[[Test], Test]:
    """Register a test under its code."""

    def register(test: Test) -> Test:
        if code in STRUCTURE:
            raise ValueError(f"two checks are named {code}")
        STRUCTURE[code] = Check(code, severity, title, fix, rule, cites, test, bad, good)
        return test

    return register


def flaws(shape: Shape) -> list[Flaw]:
    """Every check that fails, what stops publishing first."""
    found = [Flaw(one, said) for one in STRUCTURE.values() if (said := one.test(shape))]
    return sorted(found, key=lambda flaw: not flaw.stops)


def listed(names: Iterable[Any]) -> str:
    """A, B and C in the present language's way."""
    return _(", ").join(str(one) for one in names)
