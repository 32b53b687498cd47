"""What leads tells the rest of the product."""

from dataclasses import dataclass, field
from typing import ClassVar

from outbox.contracts import DomainEvent


@dataclass(frozen=True, kw_only=True)
class TiersChanged(DomainEvent):
    """Tiers or states moved. `changes`: [[lead_id, customer_id, tier before, tier now, state before, state now]]."""

    name: ClassVar[str] = "leads.tier.changed"

    changes: list[list] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RulePublished(DomainEvent):
    """Another tier rule is in force. `words`: those that one of the two rules listens for and the other does not."""

    name: ClassVar[str] = "leads.rule.published"

    number: int = 0
    words: list[str] = field(default_factory=list)
