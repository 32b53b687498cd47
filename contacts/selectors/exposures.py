"""What has reached a person today and this week, beside the caps."""

from dataclasses import dataclass

from contacts.enums import CAP_PER_DAY, CAP_PER_WEEK
from contacts.models import Exposure, ExposureDay, ExposureWeek
from contacts.policies.touch import week_start
from tenants import clock, preferences
from tenants.models import Tenant


@dataclass(frozen=True)
class Exposures:
    """Messages of the tenant's present local day and week (from Monday), and how many the caps allow."""

    today: int
    week: int
    per_day: int
    per_week: int


def exposures_now(*, tenant: Tenant, customer_id: int) -> Exposures:
    """Three queries."""
    day = clock.local_date(clock.now(), tenant.timezone)
    caps = preferences.values(tenant.pk, CAP_PER_DAY, CAP_PER_WEEK)
    who = {"tenant": tenant, "customer_id": customer_id}
    today = ExposureDay.objects.filter(**who, local_date=day).values_list("count", flat=True).first()
    week = (
        ExposureWeek.objects.filter(**who, starts_on=week_start(day)).values_list("count", flat=True).first()
    )
    return Exposures(today or 0, week or 0, caps[CAP_PER_DAY.key], caps[CAP_PER_WEEK.key])


def people_exposed(*, tenant_id: int, touch_keys: list[str]) -> set[int]:
    """Customer ids on record for any of these touches, given back or not. One query, none for no keys."""
    if not touch_keys:
        return set()
    rows = Exposure.objects.filter(tenant=tenant_id, touch_key__in=touch_keys)
    return set(rows.values_list("customer_id", flat=True).distinct())
