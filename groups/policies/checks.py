"""All checks, registered: ask `evaluate`, `passed` and `stopping` here."""

from groups.policies import checks_conduct, checks_form, checks_gate, checks_kinds, checks_plan
from groups.policies.registry import REGISTRY, Check, Finding, evaluate, passed, stopping

__all__ = [
    "REGISTRY",
    "Check",
    "Finding",
    "checks_conduct",
    "checks_form",
    "checks_gate",
    "checks_kinds",
    "checks_plan",
    "evaluate",
    "passed",
    "stopping",
]
