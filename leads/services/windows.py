"""Windows: the time and the people whose intent is read."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from leads.enums import BASE_RATE, COHORT_DAYS
from leads.errors import WindowMismatch
from leads.models import Window, WindowMember
from leads.services.recompute import BATCH, leads_recompute
from outbox.dispatch import enqueue
from tenants import clock, preferences
from tenants.arrays import array_literal, ids_of

REBUILD_TASK = "leads.rebuild_window"
Joined = tuple[int, int | None, datetime]  # customer id, group id, joined at
_INSERT = """
insert into leads_windowmember (tenant_id, window_id, customer_id, group_id, joined_at, in_cohort)
select %(tenant)s, %(window)s, person, room, at, at < %(frozen)s
from unnest(%(people)s::bigint[], %(groups)s::bigint[], %(moments)s::timestamptz[]) as t(person, room, at)
on conflict do nothing
"""


def window_open(
    *,
    tenant_id: int,
    source_kind: str,
    source_id: int,
    name: str,
    starts_at: datetime,
    ends_at: datetime,
    members: Iterable[Joined],
    group_ids: Iterable[int] = (),
) -> Window:
    """Start reading the intent of these customers; or, for a source seen before, change its name, end and groups.

    `members`: (customer id, group id, joined at), customers only, one person in several groups any number of
    times: the earliest join counts. Who has joined by the end of the first day (a setting) is the cohort; it is
    frozen then. Later members stand apart. Safe to repeat. Raises WindowMismatch.
    """
    if ends_at <= starts_at:
        raise WindowMismatch
    joined = list(members)
    groups = sorted({*group_ids, *(group for _, group, _ in joined if group is not None)})
    own = preferences.values(tenant_id, COHORT_DAYS, BASE_RATE)
    with transaction.atomic():
        window, created = Window.objects.get_or_create(
            tenant_id=tenant_id,
            source_kind=source_kind,
            source_id=source_id,
            defaults={
                "name": name,
                "starts_at": starts_at,
                "ends_at": ends_at,
                "frozen_at": max(starts_at, clock.now()) + timedelta(days=own[COHORT_DAYS.key]),
                "base_rate": own[BASE_RATE.key],
                "group_ids": groups,
                "opened_at": clock.now(),
            },
        )
        if not created:
            window = Window.objects.select_for_update().get(tenant_id=tenant_id, pk=window.pk)
            window.name, window.ends_at = name, ends_at
            window.group_ids = sorted({*window.group_ids, *groups})
            if ends_at > clock.now():
                window.ended_at = None
            window.save(update_fields=["name", "ends_at", "group_ids", "ended_at"])
        _members_put(window, joined)
        enqueue(REBUILD_TASK, tenant_id=tenant_id, window_id=window.pk)
    return window


def window_members_add(*, tenant_id: int, window_id: int, members: Iterable[Joined]) -> int:
    """Take people into a window. Returns how many are new to it. Safe to repeat; the earliest join wins.

    Raises Window.DoesNotExist for an unknown or foreign window.
    """
    joined = list(members)
    with transaction.atomic():
        window = Window.objects.get(tenant_id=tenant_id, pk=window_id)
        new = _members_put(window, joined)
        leads_recompute(tenant_id=tenant_id, customer_ids=[one for one, _, _ in joined], window_id=window.pk)
    return new


def _members_put(window: Window, joined: list[Joined]) -> int:
    first: dict[int, Joined] = {}
    for row in sorted(joined, key=lambda one: (one[2], one[1] or 0)):
        first.setdefault(row[0], row)
    known = {
        one.customer_id: one
        for one in WindowMember.objects.select_for_update()
        .filter(tenant_id=window.tenant_id, window=window, customer_id__in=ids_of(first))
        .order_by("pk")
    }
    earlier = []
    for customer_id, member in known.items():
        _, group_id, joined_at = first[customer_id]
        if joined_at < member.joined_at:
            member.joined_at, member.group_id = joined_at, group_id
            member.in_cohort = joined_at < window.frozen_at
            earlier.append(member)
    WindowMember.objects.bulk_update(earlier, ["joined_at", "group", "in_cohort"], batch_size=BATCH)
    new = [row for customer_id, row in sorted(first.items()) if customer_id not in known]
    if new:
        _insert(window, new)
    return len(new)


def _insert(window: Window, rows: list[Joined]) -> None:
    """New members by one statement, however many: a camp of 100 groups has 20,000."""
    people, groups, moments = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "tenant": window.tenant_id, "window": window.pk, "frozen": window.frozen_at,
                "people": array_literal(people),
                "groups": array_literal("null" if one is None else one for one in groups),
                "moments": array_literal(f'"{one.isoformat()}"' for one in moments),
            },
        )  # fmt: skip


def window_close(*, tenant_id: int, source_kind: str, source_id: int, ends_at: datetime) -> None:
    """End a window early, as when its run is cancelled. Unknown windows are left alone. Safe to repeat."""
    with transaction.atomic():
        for window in Window.objects.select_for_update().filter(
            tenant_id=tenant_id, source_kind=source_kind, source_id=source_id, ends_at__gt=ends_at
        ):
            window.ends_at = max(ends_at, window.starts_at + timedelta(seconds=1))
            window.save(update_fields=["ends_at"])
            enqueue(REBUILD_TASK, tenant_id=tenant_id, window_id=window.pk)


def window_rebuild(*, tenant_id: int, window_id: int) -> int:
    """Derive all leads of a window anew. Safe to repeat: equal rows come out. Returns how many leads changed."""
    people = WindowMember.objects.filter(tenant_id=tenant_id, window_id=window_id).order_by("customer_id")
    ids = list(people.values_list("customer_id", flat=True))
    return leads_recompute(tenant_id=tenant_id, customer_ids=ids, window_id=window_id)


def windows_running(*, tenant_id: int, group_ids: Iterable[int]) -> list[Window]:
    """Windows not over yet that cover any of these groups."""
    wanted = set(group_ids)
    rows = Window.objects.filter(tenant_id=tenant_id, ends_at__gt=clock.now()).order_by("pk")
    return [one for one in rows if wanted & set(one.group_ids)]
