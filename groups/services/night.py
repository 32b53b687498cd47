"""Every night each running group is judged anew: time alone breaks rules."""

from datetime import timedelta

from django.core.cache import cache

from groups.enums import LIVE_STATES, NIGHTLY_AT
from groups.models import Group, GroupFinding, NightCheck
from groups.selectors.ads import ads_counted, ads_mark
from groups.services.glance import glances_bring_up
from groups.services.overdue import overdue_ask
from groups.services.welcome_words import welcomes_flag
from tenants import clock, preferences
from tenants.models import Tenant

ADS_KEPT_S = 2 * 24 * 60 * 60  # a night that fell out leaves the count of the one before
UNDER_WAY_S = 600  # no judgement lasts longer: its task is ended


def tenants_unjudged() -> list[int]:
    """Tenants with running groups and no night check of their present day. Across tenants: the caller is a tick.

    `groups_judge_night` waits for the tenant's own hour.
    """
    now = clock.now()
    running = Group.objects.filter(state__in=LIVE_STATES, dismissed_at=None)
    judged = set(
        NightCheck.objects.filter(day__gte=(now - timedelta(days=2)).date()).values_list("tenant_id", "day")
    )
    ids = running.values_list("tenant_id", flat=True).distinct()
    zones = dict(Tenant.objects.filter(pk__in=list(ids), suspended_at=None).values_list("pk", "timezone"))
    return [one for one, zone in zones.items() if (one, clock.local_date(now, zone)) not in judged]


def groups_judge_night(*, tenant_id: int) -> int:
    """Judge every running group of the tenant once a local day, from its hour on. Returns how many; 0 when done.

    Safe to repeat and in parallel: a night that breaks off is begun again.
    """
    tenant = Tenant.objects.get(pk=tenant_id)
    now = clock.now()
    today = clock.local_date(now, tenant.timezone)
    begins_at = clock.at_local(today, preferences.value(tenant_id, NIGHTLY_AT), tenant.timezone)
    if now < begins_at or NightCheck.objects.filter(tenant=tenant, day=today).exists():
        return 0
    rows = Group.objects.filter(tenant=tenant, state__in=LIVE_STATES, dismissed_at=None).order_by("pk")
    group_ids = list(rows.values_list("pk", flat=True))
    mark = f"groups:night:{tenant_id}:{today}"
    if not cache.add(mark, 1, timeout=UNDER_WAY_S):
        return 0  # a tick comes before the last one's judgement has ended
    try:
        ads = ads_counted(tenant_id=tenant_id, group_ids=group_ids)
        cache.set(ads_mark(tenant_id), ads, timeout=ADS_KEPT_S)
        glances_bring_up(tenant_id=tenant_id, group_ids=group_ids)
        overdue_ask(tenant=tenant)
        welcomes_flag(tenant=tenant)  # a testimonial's permission ends by itself
    finally:
        cache.delete(mark)
    NightCheck.objects.bulk_create(
        [
            NightCheck(
                tenant=tenant,
                day=today,
                at=clock.now(),
                group_count=len(group_ids),
                finding_count=GroupFinding.objects.filter(tenant=tenant, group_id__in=group_ids).count(),
            )
        ],
        ignore_conflicts=True,
    )
    return len(group_ids)
