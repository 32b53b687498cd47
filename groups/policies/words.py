"""What the welcome and the announcement say: the same reading for the checks and for what mends them (R9, R11)."""

from groups.enums import Question
from groups.policies import answers
from groups.policies.plan import GroupPlan

_ASKS = ("介绍", "introduc")


def bare(text: str) -> str:
    """A rule without the marks around it and without case: what two wordings of it share."""
    return text.strip().strip("。；;.，, ").casefold()


def hidden_rules(plan: GroupPlan) -> list[str]:
    """The group's rules, as written, that stand neither in the announcement nor in the welcome."""
    shown = f"{plan.welcome}\n{plan.announcement}".casefold()
    return [
        line for line in answers.lines_of(plan.answer(Question.RULES), "lines") if bare(line) not in shown
    ]


def asks_who(welcome: str) -> bool:
    """Whether a welcome asks new members to introduce themselves."""
    said = welcome.casefold()
    return any(word in said for word in _ASKS)
