"""Passes over all running groups, slice by slice: a slice is one transaction, a cut-off pass goes on where it stood."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import transaction

from groups.enums import LIVE_STATES, NIGHTLY_AT, SILENCE_WEEKDAY, MemberPassKind
from groups.models import Group, MemberPass
from outbox.dispatch import enqueue
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SLICE_GROUPS = 50
TASK = "groups.go_through_members"

Slice = Callable[[Tenant, MemberPass, Sequence[Group]], tuple[int, int]]


def tenants_with_passes() -> list[int]:
    """Tenants with a pass under way, or with running groups and no circles of their day. Across tenants: for a tick."""
    now = clock.now()
    under_way = set(MemberPass.objects.filter(finished_at=None).values_list("tenant_id", flat=True))
    running = Group.objects.filter(state__in=LIVE_STATES).values_list("tenant_id", flat=True).distinct()
    done = set(
        MemberPass.objects.filter(
            kind=MemberPassKind.CIRCLES, day__gte=(now - timedelta(days=2)).date(), finished_at__isnull=False
        ).values_list("tenant_id", "day")
    )
    zones = Tenant.objects.filter(pk__in=list(running), suspended_at=None).values_list("pk", "timezone")
    unseen = {one for one, zone in zones if (one, clock.local_date(now, zone)) not in done}
    return sorted(under_way | unseen)


def passes_begin_due(*, tenant: Tenant) -> None:
    """Begin what the tenant's night asks for: circles every day, the review on its weekday. Safe to repeat."""
    now = clock.now()
    today = clock.local_date(now, tenant.timezone)
    own = preferences.values(tenant.pk, NIGHTLY_AT, SILENCE_WEEKDAY)
    if now < clock.at_local(today, own[NIGHTLY_AT.key], tenant.timezone):
        return
    kinds = [MemberPassKind.CIRCLES]
    if today.isoweekday() == own[SILENCE_WEEKDAY.key]:
        kinds.append(MemberPassKind.SILENCE)
    for kind in kinds:
        if not MemberPass.objects.filter(tenant=tenant, kind=kind, day=today).exists():
            pass_begin(tenant=tenant, kind=kind)


def pass_begin(*, tenant: Tenant, kind: str, asked_by: str = "") -> None:
    """Begin a pass unless one of its kind is under way. Safe to repeat and in parallel."""
    now = clock.now()
    MemberPass.objects.bulk_create(
        [
            MemberPass(
                tenant=tenant, kind=kind, asked_by=asked_by[:128], began_at=now,
                day=clock.local_date(now, tenant.timezone),
            )
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def review_ask(*, tenant: Tenant, actor: Actor) -> None:
    """Somebody wants the review of silent members now. Raises NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        pass_begin(tenant=tenant, kind=MemberPassKind.SILENCE, asked_by=actor.name)
        audit.record(tenant=tenant, actor=actor, verb="groups.silence.asked")
        enqueue(TASK, tenant_id=tenant.pk)


def pass_go_on(*, tenant: Tenant, kind: str, work: Slice) -> bool:
    """One slice of the pass under way. Returns whether there is nothing left to do, or another worker does it."""
    with transaction.atomic():
        row = (
            MemberPass.objects.select_for_update(skip_locked=True)
            .filter(tenant=tenant, kind=kind, finished_at=None)
            .first()
        )
        if row is None:
            return True
        rows = Group.objects.filter(tenant=tenant, state__in=LIVE_STATES, pk__gt=row.position).order_by("pk")
        groups = list(rows[:SLICE_GROUPS])
        if groups:
            found, unknown = work(tenant, row, groups)
            row.position = groups[-1].pk
            row.group_count += len(groups)
            row.found_count += found
            row.unknown_count += unknown
        if len(groups) < SLICE_GROUPS:
            row.finished_at = clock.now()
        row.save(update_fields=["position", "group_count", "found_count", "unknown_count", "finished_at"])
    return row.finished_at is not None
