"""Where work goes and where orders come from, by tier (R71)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet, Sum

from leads.enums import TIERS
from leads.models import FollowUp, Lead

ENERGY_DAYS = 7
FEW_ORDERS = 30  # below, shares are an indication only


def energy_since(now: datetime) -> datetime:
    """The start of the span that the split speaks about."""
    return now - timedelta(days=ENERGY_DAYS)


@dataclass(frozen=True)
class Energy:
    """How work and orders split over one tier. Shares are None when there is nothing to share.

    `unmeasured`: follow-ups whose minutes nobody noted; they stand in `touches` and not in `minutes`.
    """

    tier: str
    touches: int
    minutes: int
    unmeasured: int
    won: int
    touch_share: float | None
    minute_share: float | None
    won_share: float | None

    @property
    def work_share(self) -> float | None:
        """By minutes where any are noted, else by follow-ups."""
        return self.touch_share if self.minute_share is None else self.minute_share

    @property
    def min_per_order(self) -> int | None:
        return round(self.minutes / self.won) if self.won and self.minutes else None


@dataclass(frozen=True)
class EnergySplit:
    """The split over all tiers, its sample, and the tier that takes most work for the orders it brings, if any."""

    tiers: list[Energy]
    touches: int
    minutes: int
    unmeasured: int
    won: int
    heaviest: Energy | None

    @property
    def is_few(self) -> bool:
        return self.won < FEW_ORDERS


def energy_split(leads: QuerySet[Lead], *, now: datetime, won: Mapping[str, int]) -> EnergySplit:
    """Follow-ups and orders of the last ENERGY_DAYS by tier. `won`: {tier: orders}. One query."""
    ids = leads.order_by().values("pk")
    rows = (
        FollowUp.objects.filter(lead__in=ids, at__gte=energy_since(now))
        .values("tier")
        .annotate(
            touches=Count("pk"), spent_min=Sum("minutes"), unmeasured=Count("pk", filter=Q(minutes=None))
        )
        .order_by()
    )
    spent = {row["tier"]: row for row in rows if row["tier"] in TIERS}
    touches = sum(row["touches"] for row in spent.values())
    minutes = sum(row["spent_min"] or 0 for row in spent.values())
    orders = sum(won[tier] for tier in TIERS)
    tiers = []
    for tier in TIERS:
        row = spent.get(tier, {"touches": 0, "spent_min": 0, "unmeasured": 0})
        tiers.append(
            Energy(
                tier=tier, touches=row["touches"], minutes=row["spent_min"] or 0,
                unmeasured=row["unmeasured"], won=won[tier],
                touch_share=_share(row["touches"], touches), minute_share=_share(row["spent_min"] or 0, minutes),
                won_share=_share(won[tier], orders),
            )
        )  # fmt: skip
    unmeasured = sum(one.unmeasured for one in tiers)
    return EnergySplit(tiers, touches, minutes, unmeasured, orders, _heaviest(tiers))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _heaviest(tiers: list[Energy]) -> Energy | None:
    """The tier whose share of the work is furthest above its share of the orders."""
    told = [
        (one.work_share - one.won_share, one) for one in tiers if one.work_share and one.won_share is not None
    ]
    gap, found = max(told, key=lambda pair: pair[0], default=(0.0, None))
    return found if gap >= 0.1 else None
