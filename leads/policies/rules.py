"""The tier rule as data: what a rule version stores, and the shape the policy reads.

    {"click_gap_s": 5, "won_min_fen": 0,
     "s": {"keywords": ["多少钱"], "confirm": true, "suggestion_hours": 24},
     "tiers": [{"tier": "A+", "mode": "all", "conditions": [{"code": "pay_click", "kinds": ["pay_click"], "need": 1}]},
               {"tier": "A", ...}, {"tier": "B", "mode": "all" | "any", ...}]}

Tiers stand highest first, below S. A stored version never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contacts.enums import BehaviourKind
from leads.enums import Tier

INQUIRY = "inquiry"
PAY_CLICK = "pay_click"
PURCHASE_CLICK = "purchase_click"
LESSON = "lesson"
ASSIGNMENT = "assignment"
ORDER_KIND = "order"
REFUND_KIND = "refund"
MESSAGE_KIND = "message"
COUNTABLE: tuple[str, ...] = (
    BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK, BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT,
    BehaviourKind.LINK_CLICK, BehaviourKind.RADAR, BehaviourKind.MINI_PROGRAM, BehaviourKind.LIVE, BehaviourKind.FORM,
    BehaviourKind.CHECKIN, BehaviourKind.DRAW, BehaviourKind.RED_PACKET, BehaviourKind.COUPON, BehaviourKind.REDEEM,
    BehaviourKind.COUPON_VIEW,
)  # fmt: skip
RULED_TIERS: tuple[str, ...] = (Tier.A_PLUS, Tier.A, Tier.B)  # which behaviours alone decide


@dataclass(frozen=True)
class Condition:
    """At least `need` counted behaviours of these kinds. `code` names it on screen."""

    code: str
    kinds: frozenset[str]
    need: int


@dataclass(frozen=True)
class TierRule:
    """A tier that behaviours alone decide. `any_of`: one condition is enough."""

    tier: str
    any_of: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Rule:
    """One rule version, parsed."""

    number: int
    click_gap_s: int
    won_min_fen: int
    keywords: tuple[str, ...]
    s_needs_confirmation: bool
    suggestion_hours: int
    tiers: tuple[TierRule, ...]

    @property
    def counted_kinds(self) -> frozenset[str]:
        """The kinds whose count matters; messages, orders and refunds are read apart."""
        return frozenset().union(*(one.kinds for tier in self.tiers for one in tier.conditions))


def rule_data(
    *,
    purchase_clicks: int,
    lessons: int,
    assignments: int,
    learning_both: bool,
    click_gap_s: int,
    keywords: str,
    s_needs_confirmation: bool,
    suggestion_hours: int,
    won_min_fen: int,
) -> dict[str, Any]:
    """The JSON of a rule of the usual shape. `keywords` is one text, separated by white space."""

    def tier(name: str, mode: str, *conditions: tuple[str, int]) -> dict[str, Any]:
        listed = [{"code": code, "kinds": [code], "need": need} for code, need in conditions]
        return {"tier": name, "mode": mode, "conditions": listed}

    return {
        "click_gap_s": click_gap_s,
        "won_min_fen": won_min_fen,
        "s": {
            "keywords": list(dict.fromkeys(keywords.split())),
            "confirm": s_needs_confirmation,
            "suggestion_hours": suggestion_hours,
        },
        "tiers": [
            tier(Tier.A_PLUS.value, "all", (PAY_CLICK, 1)),
            tier(Tier.A.value, "all", (PURCHASE_CLICK, purchase_clicks)),
            tier(
                Tier.B.value, "all" if learning_both else "any", (LESSON, lessons), (ASSIGNMENT, assignments)
            ),
        ],
    }


def rule_parse(number: int, data: dict[str, Any]) -> Rule:
    """The rule that a stored version means. Raises KeyError for data that is no rule."""
    return Rule(
        number=number,
        click_gap_s=int(data["click_gap_s"]),
        won_min_fen=int(data["won_min_fen"]),
        keywords=tuple(data["s"]["keywords"]),
        s_needs_confirmation=bool(data["s"]["confirm"]),
        suggestion_hours=int(data["s"]["suggestion_hours"]),
        tiers=tuple(
            TierRule(
                tier=one["tier"],
                any_of=one["mode"] == "any",
                conditions=tuple(
                    Condition(part["code"], frozenset(part["kinds"]), int(part["need"]))
                    for part in one["conditions"]
                ),
            )
            for one in data["tiers"]
        ),
    )


def words_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The words that one of two stored rules listens for and the other does not."""
    return sorted(set(before["s"]["keywords"]) ^ set(after["s"]["keywords"]))


def near_step(rule: Rule, tier: str, counts: Mapping[str, int]) -> tuple[str, str] | None:
    """(tier, behaviour): the lowest higher tier that one more of a behaviour would make, where it is on its way.

    `counts` are those of a lead. What everybody is one step away from, as a first click on pay, is left out.
    """
    above = [one.tier for one in rule.tiers].index(tier) if tier in RULED_TIERS else len(rule.tiers)
    for one in reversed(rule.tiers[: 0 if tier == Tier.S else above]):
        lacking = [part for part in one.conditions if counts.get(part.code, 0) < part.need]
        if one.any_of:
            lacking = [part for part in lacking if counts.get(part.code, 0) == part.need - 1][:1]
        if len(lacking) == 1 and counts.get(lacking[0].code, 0) == lacking[0].need - 1 > 0:
            return one.tier, lacking[0].code
    return None


BUILT_IN = rule_data(
    purchase_clicks=3,
    lessons=3,
    assignments=3,
    learning_both=True,
    click_gap_s=5,
    keywords="多少钱 价格 怎么报 报名 优惠 怎么买 年课 学费 课程怎么",
    s_needs_confirmation=True,
    suggestion_hours=24,
    won_min_fen=0,
)
