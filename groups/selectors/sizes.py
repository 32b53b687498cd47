"""How active groups of each size are (R8): do people talk less where there are more of them?"""

from dataclasses import dataclass

from django.db.models import Count, Q

from groups.enums import LIVE_STATES, Circle
from groups.enums.sizes import SIZE_BANDS, SizeBand
from groups.models import CircleSpell, Group

_ENGAGED = (Circle.CORE, Circle.INFLUENCE)


@dataclass(frozen=True)
class SizeRow:
    """Groups of one band. `seats`: their customers whose circle is known; `active` of them did something on at least a
    day of the last 14, `engaged` stand in core or influence."""

    band: SizeBand
    groups: int
    seats: int
    active: int
    engaged: int

    @property
    def active_share(self) -> float | None:
        return self.active / self.seats if self.seats else None

    @property
    def engaged_share(self) -> float | None:
        return self.engaged / self.seats if self.seats else None


def activity_by_size(*, tenant_id: int) -> list[SizeRow]:
    """Every band in order, over the live groups in WeCom, as of last night's circles. Two queries."""
    rows = Group.objects.filter(tenant_id=tenant_id, state__in=LIVE_STATES, dismissed_at=None)
    rows = rows.exclude(chat_id="")
    sizes = dict(rows.values_list("pk", "customer_count"))
    spells = CircleSpell.objects.filter(tenant_id=tenant_id, until_day=None).order_by().values("group_id")
    told = spells.annotate(
        seats=Count("pk"),
        active=Count("pk", filter=Q(active_days__gt=0)),
        engaged=Count("pk", filter=Q(circle__in=_ENGAGED)),
    )
    counted = {row[0]: row[1:] for row in told.values_list("group_id", "seats", "active", "engaged")}
    found = []
    for band in SIZE_BANDS:
        ids = [pk for pk, customers in sizes.items() if band.holds(customers)]
        seats, active, engaged = (sum(counted.get(pk, (0, 0, 0))[part] for pk in ids) for part in range(3))
        found.append(SizeRow(band, len(ids), seats, active, engaged))
    return found
