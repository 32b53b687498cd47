"""All checks, registered: ask `evaluate`, `passed` and `stopping` here."""

from groups.policies import checks_form, checks_gate
from groups.policies.registry import REGISTRY, Check, Finding, evaluate, passed, stopping

__all__ = ["REGISTRY", "Check", "Finding", "checks_form", "checks_gate", "evaluate", "passed", "stopping"]
