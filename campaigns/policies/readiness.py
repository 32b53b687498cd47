"""What a campaign lacks before it may start, and where its rules go too far. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.enums import STEP_OF, Missing, Step

# Words by which rules make people share or collect likes: WeChat's rules on inducing shares forbid a reward for it.
_SHARING = re.compile(
    r"(转发|分享)(到|至|本|此|海报|链接)?.{0,8}(朋友圈|微信群|好友)"
    r"|(发|转|晒)(到|至)?(个人)?朋友圈|朋友圈.{0,6}(截图|集赞|点赞)|集\s*(满)?\s*\d*\s*个?赞|点赞.{0,4}(截图|满)"
    r"|share (it |this )?(on|to) (your )?moments|collect \d* ?likes",
    re.IGNORECASE,
)
_SAYS_NO = re.compile(
    r"(不需要?|无需|不用|不要求|不必|别|勿|禁止|不得|no need to |do not |don't )\S{0,6}$", re.IGNORECASE
)


@dataclass(frozen=True)
class PrizePlan:
    """A prize as planned: what one piece costs in fen, and how many there are."""

    name: str
    unit_fen: int
    stock: int


@dataclass(frozen=True)
class Plan:
    """What is known of a campaign before it starts."""

    goal_target: int | None = None
    group_count: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    budget_fen: int | None = None
    prizes: Sequence[PrizePlan] = field(default_factory=tuple)
    rules_text: str = ""
    has_owner: bool = False
    is_unserving: bool = False  # a north star is in force, and nobody has said how this serves it


def forces_sharing(text: str) -> str:
    """The words that ask people to share or collect likes; empty where there are none. "No need to …" is fine."""
    for found in _SHARING.finditer(text):
        if not _SAYS_NO.search(text[: found.start()]):
            return found.group(0)
    return ""


def missing(plan: Plan, *, now: datetime, prize_fen_most: int) -> list[Missing]:
    """Everything that stands in the way of a start, in the order of the steps."""
    costs = [one.unit_fen for one in plan.prizes]
    dearest = max(costs, default=0)
    found = {
        Missing.GOAL: not plan.goal_target,
        Missing.SERVES: plan.is_unserving,
        Missing.GROUPS: plan.group_count == 0,
        Missing.DATES: plan.starts_at is None or plan.ends_at is None,
        Missing.PAST: plan.ends_at is not None and plan.ends_at <= now,
        Missing.BUDGET: not plan.budget_fen and dearest > 0,
        Missing.PRIZES: not plan.prizes,
        Missing.OVER_BUDGET: bool(plan.budget_fen) and dearest > (plan.budget_fen or 0),
        Missing.PRIZE_TOO_DEAR: dearest > prize_fen_most,
        Missing.RULES: not plan.rules_text.strip(),
        Missing.FORCED_SHARE: bool(forces_sharing(plan.rules_text)),
        Missing.OWNER: not plan.has_owner,
    }
    return [one for one, lacks in found.items() if lacks]


def worst_case_fen(prizes: Sequence[PrizePlan]) -> int:
    """What it costs when every piece is given."""
    return sum(one.unit_fen * one.stock for one in prizes)


def by_step(lacking: Sequence[Missing]) -> dict[Step, list[Missing]]:
    """{step: what is missing there}, every step, in order."""
    return {step: [one for one in lacking if STEP_OF[one] == step] for step in Step}
