"""Funnels: asking for one, keeping it, and counting it anew from the raw rows in a task."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import F, Q

from analytics.enums import FUNNEL_STEPS
from analytics.errors import FunnelNameTaken, FunnelsFull, FunnelUnknown, StepsInvalid
from analytics.models import Funnel, FunnelFigures, FunnelPerson
from analytics.selectors.funnel_rows import STORE, SUM, funnel_values, walkers_sql
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.services import require

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tenants.audit import Actor
    from tenants.models import Tenant

COUNT_TASK = "analytics.count_funnels"
REST = timedelta(hours=1)  # how often one is counted anew, however often it is marked
UNNAMED_STAY = timedelta(days=7)
MOST_NAMED, MOST_UNNAMED = 40, 20
FEWEST_STEPS, MOST_STEPS = 2, 6
WAYS_WINDOW_HOURS, WAYS_DAYS = 30 * 24, 90
_ONE_AT_A_TIME = "select pg_try_advisory_xact_lock(hashtext('analytics_funnels'), %s::int)"
_TABLE = "pg_temp.funnel_walkers"


def funnel_ask(
    *, tenant: "Tenant", steps: Sequence[str], window_hours: int, days: int, name: str, actor: "Actor"
) -> Funnel:
    """A funnel to be counted in a task; without a name it goes after a week. The same question without a name again
    is the same funnel.

    Raises StepsInvalid, FunnelNameTaken, FunnelsFull, NotPermitted. Safe to repeat without a name.
    """
    require(actor, Permission.WORK)
    if not FEWEST_STEPS <= len(steps) <= MOST_STEPS or any(one not in FUNNEL_STEPS for one in steps):
        raise StepsInvalid
    name = name.strip()
    with transaction.atomic():
        rows = Funnel.objects.select_for_update().filter(tenant=tenant).order_by("created_at")
        held = list(rows)
        if name and any(one.name == name for one in held):
            raise FunnelNameTaken
        asked = {"steps": list(steps), "window_hours": window_hours, "days": days}
        if not name:
            same = [
                one for one in held if not one.name and all(getattr(one, key) == asked[key] for key in asked)
            ]
            if same:
                return same[0]
        if name and sum(bool(one.name) for one in held) >= MOST_NAMED:
            raise FunnelsFull
        unnamed = [one for one in held if not one.name]
        if not name and len(unnamed) >= MOST_UNNAMED:
            unnamed[0].delete()
        funnel = Funnel.objects.create(
            tenant=tenant,
            name=name,
            owner_id=actor.id,
            owner_name=actor.name[:128],
            created_at=clock.now(),
            **asked,
        )
        if name:
            audit.record(tenant=tenant, actor=actor, verb="analytics.funnel.saved", target=funnel)
    enqueue(COUNT_TASK, tenant_id=tenant.pk)
    return funnel


def ways_keep(*, tenant: "Tenant", named: Mapping[str, Sequence[str]], actor: "Actor") -> list[Funnel]:
    """The funnels of these names, asked for with these steps where there are none yet, in the order given.

    Raises as funnel_ask. Safe to repeat.
    """
    require(actor, Permission.WORK)
    held = {one.name: one for one in Funnel.objects.filter(tenant=tenant, name__in=list(named))}
    return [
        held.get(name)
        or funnel_ask(
            tenant=tenant, steps=steps, window_hours=WAYS_WINDOW_HOURS, days=WAYS_DAYS, name=name, actor=actor
        )
        for name, steps in named.items()
    ]


def funnel_name(*, tenant: "Tenant", funnel_id: int, name: str, actor: "Actor") -> Funnel:
    """Keep a funnel under a name; whoever names one without a name owns it.

    Raises FunnelUnknown, FunnelNameTaken, FunnelsFull, StepsInvalid (no name), NotPermitted. Safe to repeat.
    """
    require(actor, Permission.WORK)
    name = name.strip()[:64]
    with transaction.atomic():
        held = {one.pk: one for one in Funnel.objects.select_for_update().filter(tenant=tenant)}
        if funnel_id not in held:
            raise FunnelUnknown
        funnel = held[funnel_id]
        _mine(funnel, actor)
        if not name:
            raise StepsInvalid
        if any(one.name == name and one.pk != funnel_id for one in held.values()):
            raise FunnelNameTaken
        if not funnel.name and sum(bool(one.name) for one in held.values()) >= MOST_NAMED:
            raise FunnelsFull
        if not funnel.name:
            funnel.owner_id, funnel.owner_name = actor.id, actor.name[:128]
        funnel.name = name
        funnel.save(update_fields=["name", "owner_id", "owner_name"])
        audit.record(tenant=tenant, actor=actor, verb="analytics.funnel.saved", target=funnel)
    return funnel


def funnel_delete(*, tenant: "Tenant", funnel_id: int, actor: "Actor") -> None:
    """Forget a funnel with all it counted; another's only with MANAGE. Raises FunnelUnknown, NotPermitted."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        funnel = Funnel.objects.select_for_update().filter(tenant=tenant, pk=funnel_id).first()
        if funnel is None:
            raise FunnelUnknown
        _mine(funnel, actor)
        audit.record(tenant=tenant, actor=actor, verb="analytics.funnel.deleted", target=funnel)
        funnel.delete()


def funnel_again(*, tenant: "Tenant", funnel_id: int, actor: "Actor") -> None:
    """Count a funnel anew now. Raises FunnelUnknown, NotPermitted. Safe to repeat."""
    require(actor, Permission.WORK)
    if not Funnel.objects.filter(tenant=tenant, pk=funnel_id).update(until=None):
        raise FunnelUnknown
    enqueue(COUNT_TASK, tenant_id=tenant.pk)


def funnels_mark(*, tenant_id: int) -> None:
    """What is known of days that are over has changed: saved funnels are counted anew. Safe to repeat; cheap."""
    Funnel.objects.filter(tenant_id=tenant_id).exclude(name="").update(wanted=F("wanted") + 1)


def funnels_count(*, tenant: "Tenant", most: int = 1) -> int:
    """Count up to `most` funnels that are due, those never counted first; how many. 0 while another process counts."""
    Funnel.objects.filter(tenant=tenant, name="", created_at__lt=clock.now() - UNNAMED_STAY).delete()
    counted = 0
    for funnel in list(_due(tenant)[:most]):
        if not _count(tenant, funnel):
            break
        counted += 1
    return counted


def has_funnels_due(*, tenant: "Tenant") -> bool:
    """Whether a funnel of the company is still to be counted."""
    return _due(tenant).exists()


def tenants_with_funnels() -> list[int]:
    """Ids of tenants with a funnel that may be due. Across tenants: the caller is a tick."""
    since = clock.now() - timedelta(days=1)
    again = ~Q(name="") & (Q(until__lte=since) | Q(wanted__gt=F("done")))
    stale = Q(until=None) | again | Q(name="", created_at__lt=clock.now() - UNNAMED_STAY)
    rows = Funnel.objects.filter(stale, tenant__suspended_at=None).order_by()
    return list(rows.values_list("tenant_id", flat=True).distinct())


def _mine(funnel: Funnel, actor: "Actor") -> None:
    if funnel.name and funnel.owner_id != actor.id and Permission.MANAGE not in actor.permissions:
        raise NotPermitted


def _due(tenant: "Tenant") -> "QuerySet[Funnel]":
    """Funnels that were never counted; saved ones of yesterday, or marked since and counted more than REST ago."""
    now = clock.now()
    midnight = clock.day_bounds(clock.local_date(now, tenant.timezone), tenant.timezone)[0]
    again = Q(until__lt=midnight) | (Q(wanted__gt=F("done")) & Q(until__lt=now - REST))
    rows = Funnel.objects.filter(Q(until=None) | (~Q(name="") & again), tenant=tenant)
    return rows.order_by(F("until").asc(nulls_first=True), "pk")


def _count(tenant: "Tenant", funnel: Funnel) -> bool:
    """One funnel anew from the raw rows. False while another process counts funnels of this company."""
    now = clock.now()
    first_day = clock.local_date(now, tenant.timezone) - timedelta(days=funnel.days - 1)
    since = clock.day_bounds(first_day, tenant.timezone)[0]
    values = funnel_values(
        tenant_id=tenant.pk, funnel_id=funnel.pk, steps=funnel.steps, window_hours=funnel.window_hours, since=since,
        until=now,
    )  # fmt: skip
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_ONE_AT_A_TIME, [tenant.pk])
        if not cursor.fetchone()[0]:
            return False
        rows = Funnel.objects.filter(tenant=tenant, pk=funnel.pk)
        wanted = rows.values_list("wanted", flat=True).first()
        if wanted is None:
            return True  # forgotten meanwhile
        FunnelPerson.objects.filter(funnel=funnel).delete()
        FunnelFigures.objects.filter(funnel=funnel).delete()
        cursor.execute(f"drop table if exists {_TABLE}")
        cursor.execute(walkers_sql(funnel.steps, table=_TABLE.partition(".")[2]), values)
        cursor.execute(f"analyze {_TABLE}")
        cursor.execute(STORE.format(table=_TABLE), values)
        cursor.execute(SUM, values)
        rows.update(done=wanted, since=since, until=now)
    return True
