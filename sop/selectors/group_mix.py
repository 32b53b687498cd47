"""What a group was told over four weeks, by type of content, against the targets of its weeks (R60, R62)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from groups.selectors.facts import limits_of
from sop.enums import GROUP_CHANNELS, ContentType
from sop.models import Touch
from sop.policies.push import Share, Targets, mix
from sop.selectors.materials import DONE
from sop.selectors.push import targets_of
from tenants import clock

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

WEEKS = 4
WEEK_DAYS = 7


@dataclass(frozen=True)
class MixWeek:
    """One week from its Monday: messages that went to the whole group, by type."""

    monday: date
    counts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class GroupMix:
    """Four weeks, the oldest first, and all of them together against what a week should hold."""

    weeks: list[MixWeek]
    shares: list[Share]

    @property
    def total(self) -> int:
        return sum(week.total for week in self.weeks)

    @property
    def types(self) -> list[tuple[str, str]]:
        """(type, its name) of those that went out, in their usual order."""
        sent = {kind for week in self.weeks for kind, count in week.counts.items() if count}
        return [(kind, str(label)) for kind, label in ContentType.choices if kind in sent]


def group_mix(*, tenant: "Tenant", group: "Group") -> GroupMix:
    """The four weeks that end with this one; carried-out messages to the whole group, service messages left out.

    Three queries at most.
    """
    today = clock.local_date(clock.now(), tenant.timezone)
    monday = today - timedelta(days=today.weekday())
    first = monday - timedelta(days=WEEK_DAYS * (WEEKS - 1))
    rows = Touch.objects.filter(
        tenant=tenant, group=group, channel__in=GROUP_CHANNELS, state__in=DONE, step__is_service=False,
        planned_at__gte=clock.day_bounds(first, tenant.timezone)[0],
        planned_at__lt=clock.day_bounds(monday + timedelta(days=WEEK_DAYS), tenant.timezone)[0],
    )  # fmt: skip
    by_week: dict[date, Counter[str]] = {
        first + timedelta(days=WEEK_DAYS * number): Counter() for number in range(WEEKS)
    }
    for at, kind in rows.values_list("planned_at", "step__content_type"):
        day = clock.local_date(at, tenant.timezone)
        by_week[day - timedelta(days=day.weekday())][kind] += 1
    weeks = [MixWeek(one, dict(counts)) for one, counts in by_week.items()]
    targets = targets_of(tenant_id=tenant.pk, kind=group.kind, limits=limits_of(tenant_id=tenant.pk))
    return GroupMix(weeks, _shares(weeks, targets))


def _shares(weeks: Iterable[MixWeek], targets: Targets) -> list[Share]:
    """All weeks together; percents are of what was sent, counts of four weeks."""
    sent = [kind for week in weeks for kind, count in week.counts.items() for _one in range(count)]
    if not sent:
        return []
    return mix(
        sent,
        Targets(
            norms=targets.norms * WEEKS,
            value_percent=targets.value_percent,
            topics=targets.topics * WEEKS,
            activities=targets.activities * WEEKS,
            marketing_percent=targets.marketing_percent,
            places=len(sent),
        ),
    )


def mix_chart(found: GroupMix, names: list[str]) -> dict[str, Any] | None:
    """Stacked bars a week as an ECharts option; `names` of the weeks. None where nothing was sent."""
    if not found.total:
        return None
    return {
        "legend": {"data": [label for _kind, label in found.types]},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "xAxis": {"type": "category", "data": names},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": label, "type": "bar", "stack": "mix",
                "data": [week.counts.get(kind, 0) for week in found.weeks],
            }
            for kind, label in found.types
        ],
    }  # fmt: skip
