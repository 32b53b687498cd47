"""Whether a testimonial may be shown, and how its customer is named (R67). Pure."""

from dataclasses import dataclass
from datetime import date

from content.enums import NameShown, ProofProblem, ProofScope

TELLING = 8  # characters; fewer stand in many a text by chance
_REACH = {ProofScope.PRIVATE: 0, ProofScope.GROUPS: 1, ProofScope.PUBLIC: 2}


@dataclass(frozen=True)
class Standing:
    """Why it may not be shown, worst first; empty: it may. The default is one that is not there."""

    problems: tuple[ProofProblem, ...] = (ProofProblem.GONE,)

    @property
    def is_shown(self) -> bool:
        return not self.problems


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What stands behind a testimonial. `until` is a day of the tenant's zone, inclusive; None: without end."""

    has_customer: bool
    has_order: bool
    is_paid: bool
    is_permitted: bool
    is_withdrawn: bool
    until: date | None
    scope: str


def standing(evidence: Evidence, *, today: date, needed: str = ProofScope.PRIVATE) -> Standing:
    """Whether it may be shown today where `needed` says how far the permission must reach."""
    checks = (
        (evidence.is_withdrawn, ProofProblem.WITHDRAWN),
        (not evidence.has_customer, ProofProblem.NO_CUSTOMER),
        (not evidence.has_order, ProofProblem.NO_ORDER),
        (evidence.has_order and not evidence.is_paid, ProofProblem.UNPAID),
        (not evidence.is_permitted, ProofProblem.NO_PERMISSION),
        (evidence.until is not None and evidence.until < today, ProofProblem.ENDED),
        (_REACH[ProofScope(evidence.scope)] < _REACH[ProofScope(needed)], ProofProblem.SCOPE),
    )
    return Standing(tuple(problem for is_so, problem in checks if is_so))


def is_said_in(words: str, text: str) -> bool:
    """Whether a text is these words of a testimonial, or holds them; words too few to tell anybody's must be all."""
    return words == text or (len(words) >= TELLING and words in text)


def name_shown(name: str, how: str) -> str:
    """The name as the customer agreed to: 王小雨 is 王**, without a name an empty text."""
    told = name.strip()
    if how == NameShown.FULL:
        return told
    if how == NameShown.MASKED and told:
        return told[0] + "**"
    return ""
