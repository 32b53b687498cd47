"""The figures of a rule report as pages show them, and the people behind each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contacts.enums import OrderClass
from leads.models import RuleReport
from leads.policies.evidence import Rate
from leads.policies.rule_words import kind_words, place_words
from leads.policies.rules import INQUIRY
from leads.selectors.rules import rule_report_of

OLD, NEW = "old", "new"


@dataclass(frozen=True)
class Move:
    """People who would go from one place to another."""

    before: str
    after: str
    people: int

    @property
    def before_words(self) -> str:
        return place_words(self.before)

    @property
    def after_words(self) -> str:
        return place_words(self.after)


@dataclass(frozen=True)
class OrderMove:
    """Orders nobody has confirmed that would get another class (R72)."""

    before: str
    after: str
    orders: int
    people: int

    @property
    def before_words(self) -> str:
        return str(OrderClass(self.before).label)

    @property
    def after_words(self) -> str:
        return str(OrderClass(self.after).label)


@dataclass(frozen=True)
class TierRates:
    """One tier in past camps, by the rule in force and by the other one. "" is unranked."""

    tier: str
    old: Rate
    new: Rate


@dataclass(frozen=True)
class Step:
    """Whoever did it `least` times at least; 0: never. `is_asked`: the rule in force asks for this number."""

    least: int
    rate: Rate
    is_asked: bool


@dataclass(frozen=True)
class KindRates:
    """One behaviour in past camps."""

    kind: str
    label: str
    steps: list[Step]


@dataclass(frozen=True)
class Report:
    """What a rule would do, and how past camps went."""

    looked_at: int
    moves: list[Move]
    camps: list[str]
    people: int
    bought: int
    tiers: list[TierRates]
    kinds: list[KindRates]
    orders: list[OrderMove]

    @property
    def orders_moved(self) -> int:
        return sum(one.orders for one in self.orders)

    @property
    def moved(self) -> int:
        return sum(one.people for one in self.moves)

    @property
    def all_people(self) -> Rate:
        return Rate(self.people, self.bought)


def report_read(report: RuleReport, *, rules: Mapping[str, Any]) -> Report:
    """The stored figures, typed. `rules` is the rule whose numbers are marked among the steps. No query."""
    past = report.data["past"]
    asked = {(part["code"], part["need"]) for tier in rules["tiers"] for part in tier["conditions"]} | {
        (INQUIRY, 1)
    }
    return Report(
        looked_at=report.data["looked_at"],
        moves=[Move(one["from"], one["to"], one["people"]) for one in report.data["moves"]],
        camps=past["camps"],
        people=past["people"],
        bought=past["bought"],
        tiers=[TierRates(one["tier"], Rate(*one["old"]), Rate(*one["new"])) for one in past["tiers"]],
        kinds=[
            KindRates(
                one["kind"],
                kind_words(one["kind"]),
                [Step(least, Rate(*rate), (one["kind"], least) in asked) for least, *rate in one["steps"]],
            )
            for one in past["kinds"]
        ],
        orders=[
            OrderMove(one["from"], one["to"], one["orders"], one["people"])
            for one in report.data.get("orders", [])  # reports of before 23 November 2026 counted none
        ],
    )


def people_moved(*, tenant_id: int, before: str, after: str) -> list[int]:
    """Customer ids of those who would go from one place to the other. One query."""
    report = rule_report_of(tenant_id=tenant_id, has_people=True)
    return report.people.get("moves", {}).get(f"{before}>{after}", []) if report else []


def people_of_orders(*, tenant_id: int, before: str, after: str) -> list[int]:
    """Customer ids of those whose orders would go from one class to the other. One query."""
    report = rule_report_of(tenant_id=tenant_id, has_people=True)
    return report.people.get("orders", {}).get(f"{before}>{after}", []) if report else []


def people_of_tier(*, tenant_id: int, rule: str, tier: str, bought_only: bool) -> list[int]:
    """Customer ids of one tier in past camps by the "old" or "new" rule. One query."""
    place = 1 if rule == OLD else 2
    return [row[0] for row in _past(tenant_id) if row[place] == tier and (row[3] or not bought_only)]


def people_of_kind(*, tenant_id: int, kind: str, least: int, bought_only: bool) -> list[int]:
    """Customer ids of those who did it `least` times at least in past camps; 0: never. One query."""
    return [
        row[0]
        for row in _past(tenant_id)
        if (row[4].get(kind, 0) >= least if least else not row[4].get(kind)) and (row[3] or not bought_only)
    ]


def _past(tenant_id: int) -> list[list[Any]]:
    report = rule_report_of(tenant_id=tenant_id, has_people=True)
    return report.people.get("past", []) if report else []
