"""Acquisition links 获客助手: the paid balance, who came by a link, and the balance's events (PROTOCOL 2.3, 3.13)."""

from __future__ import annotations

from dataclasses import dataclass, field

LOW_BALANCE = 20


@dataclass
class LinkCustomer:
    """One customer who came by a link. `has_chatted`: they wrote first."""

    link_id: str
    userid: str
    external_userid: str
    state: str
    at: int
    has_chatted: bool = False


@dataclass
class Acquisition:
    """`batches` are what was bought: (expires at, bought, left), the oldest first."""

    batches: list[list[int]] = field(default_factory=list)
    clicks: list[tuple[str, str, int]] = field(default_factory=list)
    customers: list[LinkCustomer] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(left for _, _, left in self.batches)

    @property
    def total(self) -> int:
        return sum(bought for _, bought, _ in self.batches)

    def spend(self) -> None:
        """One new customer costs one from the oldest batch that has any left."""
        for batch in self.batches:
            if batch[2] > 0:
                batch[2] -= 1
                return
