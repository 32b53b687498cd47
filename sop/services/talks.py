"""Conversation tasks that broadcasts leave behind: touches like any other, for one person each (R55).

They pass the gate when they fall due, stand on Today and the phone, are reminded of, given away and proven as every
touch is; they end with evidence or with a reason.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count

from contacts.selectors import follow_staff_ids
from contacts.services.touch import gate_release
from sop.enums import REF, Channel, RecipientState, Rule, RunState, TouchState
from sop.enums.talks import TALK_WINDOW_HOURS
from sop.errors import ReasonMissing, TouchFixed
from sop.models import Run, Touch, TouchRecipient
from sop.policies import talks as policy
from sop.policies.talks import Slot
from sop.selectors.reminders import rules_of
from sop.selectors.talks import heard_of, talked_with, talks_to_come
from sop.services.proofs import is_own, touch_locked
from sop.services.results import bundles_close
from sop.services.state import touch_move, touches_store
from team.selectors import staff_by_id
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

BATCH = 50


def talks_spawn(*, tenant: "Tenant") -> int:
    """Plan the conversations of broadcasts whose hours are over. Returns how many. Safe to repeat and in parallel.

    Once a person, step and run, whatever groups the person sits in: each run is locked while its are planned.
    """
    now, made = clock.now(), 0
    own = Touch.objects.filter(tenant=tenant, run__state=RunState.RUNNING, done_at__lte=now)
    due = talks_to_come(own)
    for run_id in sorted(set(due.order_by().values_list("run_id", flat=True))):
        with transaction.atomic():
            run = Run.objects.select_for_update(no_key=True).get(tenant=tenant, pk=run_id)
            rows = due.filter(run=run).select_related("step", "run", "group").order_by("done_at", "pk")
            for touch in rows[:BATCH]:
                if touch.done_at and touch.done_at + timedelta(hours=touch.step.talk_hours) <= now:
                    made += _spawn(tenant, touch, now)
                    Touch.objects.filter(tenant=tenant, pk=touch.pk).update(talked_at=now)
    return made


def _spawn(tenant: "Tenant", touch: Touch, now: datetime) -> int:
    step = touch.step
    people = policy.talk_with(step.talk_for, heard_of(touch=touch, since=touch.handed_at or now))
    new = people - talked_with(run=touch.run, step_key=step.key, customer_ids=people)
    ties = _followers(tenant, new)
    owner = touch.group.owner_id if touch.group is not None else None
    slots = policy.spread(
        customers=new, followers=ties, first=[touch.staff_id, owner], most_a_day=step.talk_most,
        had=_had(tenant, {one for some in ties.values() for one in some}, now),
    )  # fmt: skip
    start = _awake(tenant, now)
    rows = Touch.objects.bulk_create(_touch(touch, slot, number, start) for number, slot in enumerate(slots))
    TouchRecipient.objects.bulk_create(
        TouchRecipient(
            tenant=tenant, touch=row, customer_id=slot.customer_id, state=RecipientState.PLANNED, at=None
        )
        for row, slot in zip(rows, slots, strict=True)
    )
    return len(rows)


def _followers(tenant: "Tenant", people: Collection[int]) -> dict[int, list[int]]:
    """{customer: active colleagues who are contacts}."""
    ties = follow_staff_ids(tenant_id=tenant.pk, customer_ids=people)
    staff = staff_by_id(tenant_id=tenant.pk, staff_ids={one for some in ties.values() for one in some})
    return {
        customer: [one for one in some if one in staff and staff[one].is_active]
        for customer, some in ties.items()
    }


def _had(tenant: "Tenant", staff_ids: set[int], now: datetime) -> dict[tuple[int, int], int]:
    """{(colleague, days from today): conversations planned for that day}."""
    today = clock.local_date(now, tenant.timezone)
    since = clock.day_bounds(today, tenant.timezone)[0]
    rows = Touch.objects.filter(tenant=tenant, is_talk=True, staff__in=staff_ids, planned_at__gte=since)
    found: dict[tuple[int, int], int] = defaultdict(int)
    for staff_id, at, count in rows.values_list("staff_id", "planned_at").annotate(count=Count("pk")):
        found[staff_id, (clock.local_date(at, tenant.timezone) - today).days] += count
    return found


def _awake(tenant: "Tenant", now: datetime) -> datetime:
    """Now, or the next moment of a day at which staff work and nobody is disturbed."""
    hours = rules_of(tenant.pk).hours
    steps = (now + timedelta(minutes=one) for one in range(0, 24 * 60, 15))
    return next((at for at in steps if hours.may_ring(clock.local(at, tenant.timezone).time())), now)


def _touch(source: Touch, slot: Slot, number: int, start: datetime) -> Touch:
    """A second apart, so that each person is a task of its own."""
    due = start + timedelta(days=slot.days, seconds=number)
    return Touch(
        tenant_id=source.tenant_id, run=source.run, step=source.step, group=source.group, staff_id=slot.staff_id,
        occurrence=f"talk:{slot.customer_id}", is_talk=True, channel=Channel.STAFF_TASK, planned_at=due, due_at=due,
        window_ends_at=due + timedelta(hours=TALK_WINDOW_HOURS),
    )  # fmt: skip


def talk_leave(*, tenant: "Tenant", touch_id: int, reason: str, actor: Actor) -> Touch:
    """A conversation is not needed: it ends with the reason, and counts with nobody. Safe to repeat.

    Raises ReasonMissing, TouchFixed for anything but an open conversation, NotPermitted for others' without OPERATE.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        touch = touch_locked(tenant, touch_id)
        if (
            not is_own(touch, actor)
            and actor.kind != "system"
            and Permission.OPERATE not in actor.permissions
        ):
            raise NotPermitted
        if touch.state == TouchState.SKIPPED:
            return touch
        if not touch.is_talk or touch.state != TouchState.HANDED:
            raise TouchFixed
        words = f"{actor.name}: {reason.strip()}"
        touch_move(touch, TouchState.SKIPPED, rule=Rule.BY_HAND, reason=words, at=clock.now())
        touches_store([touch])
        gate_release(tenant_id=tenant.pk, keys=[f"{REF}:{touch.pk}"], now=clock.now())
        bundles_close(tenant_id=tenant.pk, touches=[touch], state="cancelled")
        audit.record(tenant=tenant, actor=actor, verb="sop.touch.skipped", target=touch, reason=reason)
    return touch
