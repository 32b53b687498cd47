"""Why a touch stands as it does, in words that each reader reads in their own language. Pure."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from contacts.enums import Rule as GateRule
from content.enums import ProofProblem
from sop.enums import ExitRule, Rule
from tenants.words import Words, stored, texts_of

WHY = "why"  # in a touch's evidence: {"rule", "words"} of a reason that names more than its rule
_LABELS = {one.value: one.label for rules in (GateRule, Rule, ExitRule, ProofProblem) for one in rules}


def why_kept(rule: str, words: Words) -> dict[str, Any]:
    """What goes into the evidence of a touch that a rule moved for such a reason; {} for a plain text."""
    said = stored(words)
    return {WHY: {"rule": rule, "words": said}} if isinstance(said, dict) else {}


def why_facts(*, rule: str, reason: str, evidence: Mapping[str, Any]) -> Any:
    """The stored words of a reason, as tenants.words reads them; None for what a person or WeCom wrote."""
    if not reason:
        return None
    kept = evidence.get(WHY)
    if kept and kept["rule"] == rule:
        return kept["words"]
    if rule in _LABELS and reason in _texts(rule):
        return stored(_LABELS[rule])
    return stored(_LABELS[reason]) if reason in _LABELS else None


@cache
def _texts(rule: str) -> frozenset[str]:
    """What a rule is called in each language: whoever moved the touch wrote it in theirs."""
    return frozenset(text[:300] for text in texts_of(_LABELS[rule]))
