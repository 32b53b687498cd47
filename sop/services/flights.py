"""Ask for a trial flight, and fly it in the background."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from contacts.services.touch import gate_limits
from groups.selectors import groups_by_id, groups_to_pick
from outbox.dispatch import enqueue
from sop.enums import CLOSE_MINUTES, SLEEP_DAYS, STAFF_MINUTES_A_DAY, Anchor, FlightState, StepRole
from sop.models import Flight, Step, Version
from sop.policies import calendar
from sop.policies.flight import FlightStep, Plan, fly, invented_hands
from sop.policies.plan import is_conversation
from sop.selectors.habits import habits_from_camps
from sop.selectors.hands import staff_by_role
from sop.selectors.preview import steps_in_run
from sop.services.runs import group_fits, group_is_ready, groups_busy, works_inside
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.sending.ledger import quota_rules

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.audit import Actor

FLY_TASK = "sop.fly"
SEED = 20  # one for all, so that two flights differ by their versions only


@dataclass(frozen=True)
class FlightWish:
    """What is to be flown: so many groups of so many members, from a day on.

    `group_ids`: groups of the tenant whose colleagues carry the first of them, so that names stand beside the minutes.
    Further groups have invented ones: `colleagues` in each group, the owner among them, who runs `groups_each` groups.
    """

    version: Version
    beside: Version | None
    starts_on: date
    groups: int
    members: int
    groups_each: int
    colleagues: int = len(StepRole.values)
    group_ids: Sequence[int] = ()


def flight_ask(*, tenant: Tenant, wish: FlightWish, actor: "Actor") -> Flight:
    """Put a flight down and have it flown soon. Each call is a flight of its own."""
    flight = Flight.objects.create(
        tenant=tenant,
        version=wish.version,
        beside=wish.beside,
        asked={
            "starts_on": wish.starts_on.isoformat(),
            "groups": wish.groups,
            "members": wish.members,
            "groups_each": wish.groups_each,
            "colleagues": wish.colleagues,
            "group_ids": list(wish.group_ids),
            "seed": SEED,
        },
        created_by=actor.name,
    )
    enqueue(FLY_TASK, tenant_id=tenant.pk, flight_id=flight.pk)
    return flight


def flight_fly(*, tenant_id: int, flight_id: int) -> None:
    """Fly one that waits; nothing for one that was flown. Writes the result, sends nothing. Safe to repeat."""
    flight = Flight.objects.select_related("version", "beside").get(tenant_id=tenant_id, pk=flight_id)
    if flight.state != FlightState.WAITING:
        return
    tenant = Tenant.objects.get(pk=tenant_id)
    began = time.monotonic()
    habits = habits_from_camps(tenant=tenant, now=clock.now())
    versions = [one for one in (flight.version, flight.beside) if one is not None]
    flown = []
    for version in versions:
        plan = _plan(tenant, version, flight.asked)
        result = fly(
            plan, habits, seed=flight.asked["seed"], asleep_days=SLEEP_DAYS, close_minutes=CLOSE_MINUTES
        )
        flown.append({"version_id": version.pk, **_as_json(asdict(result))})
    flight.result = {"habits": habits.as_dict(), "flights": flown}
    flight.state, flight.seconds = FlightState.DONE, round(time.monotonic() - began, 2)
    flight.save(update_fields=["result", "state", "seconds"])


def flight_give_up(*, tenant_id: int, flight_id: int) -> None:
    """The flight could not be flown: its page says so instead of waiting for ever."""
    Flight.objects.filter(tenant_id=tenant_id, pk=flight_id, state=FlightState.WAITING).update(
        state=FlightState.FAILED
    )


def _plan(tenant: Tenant, version: Version, asked: dict[str, Any]) -> Plan:
    starts_on = date.fromisoformat(asked["starts_on"])
    return Plan(
        starts_on=starts_on,
        days=version.days + version.after_days,
        steps=tuple(_steps(tenant, version, starts_on)),
        groups=asked["groups"],
        members=asked["members"],
        hands=_hands(tenant, asked),
        staff_minutes=preferences.value(tenant.pk, STAFF_MINUTES_A_DAY),
        quota_rules=tuple(quota_rules(tenant_id=tenant.pk)),
        limits=gate_limits(tenant_id=tenant.pk),
    )


def _hands(tenant: Tenant, asked: dict[str, Any]) -> tuple[Mapping[str, str], ...]:
    """Who holds the roles of each group: "staff 7" for somebody real."""
    ids = asked.get("group_ids", [])[: asked["groups"]]
    real = groups_by_id(tenant_id=tenant.pk, group_ids=ids)
    roles = staff_by_role(tenant_id=tenant.pk, groups=real.values())
    held = invented_hands(
        groups=asked["groups"],
        groups_each=asked["groups_each"],
        colleagues=asked.get("colleagues", len(StepRole.values)),
    )
    known = [{role: f"staff {who or 0}" for role, who in roles[one].items()} for one in ids if one in roles]
    return (*known, *held[len(known) :])


def groups_to_fly(*, tenant: Tenant, version: Version, starts_on: date) -> "list[Group]":
    """The groups that a run of the version would be offered from that day: live, of its type and in no other camp."""
    steps = list(Step.objects.filter(tenant=tenant, version=version))
    inside = works_inside(steps)
    fit = [
        one
        for one in groups_to_pick(tenant_id=tenant.pk)
        if group_is_ready(one, is_inside=inside) and group_fits(one, version)
    ]
    ids = [one.pk for one in fit]
    busy = groups_busy(tenant=tenant, group_ids=ids, version=version, starts_on=starts_on)
    taken = {row.group_id for row in busy}
    return [one for one in fit if one.pk not in taken]


def _steps(tenant: Tenant, version: Version, starts_on: date) -> list[FlightStep]:
    """Steps with a moment, and those that wait for a join; the others nobody can foresee."""
    steps = list(Step.objects.filter(tenant=tenant, version=version).order_by("day", "at", "priority", "pk"))
    planned = steps_in_run(tenant, version, steps, starts_on, None)
    found = []
    for step in steps:
        place = planned[step.pk]
        due_at = None
        if step.anchor != Anchor.MEMBER_JOIN:
            if place.day is None or place.at is None:
                continue
            due_at = calendar.due_at(starts_on=starts_on, day=place.day, at=place.at, zone=tenant.timezone)
        found.append(
            FlightStep(
                key=step.key,
                title=step.title,
                due_at=due_at,
                after_join=timedelta(minutes=max(step.offset_minutes, 0)),
                window=timedelta(minutes=step.window_minutes),
                channel=step.channel,
                replace_channel=step.replace_channel,
                on_block=step.on_block,
                audience=step.audience,
                role=step.role,
                priority=step.priority,
                cost_minutes=step.cost_minutes,
                is_marketing=step.is_marketing,
                is_service=step.is_service,
                is_talk=is_conversation(place),
                sells=step.sells,
                gives_value=step.gives_value,
            )
        )
    return found


def _as_json(value: Any) -> Any:
    """Dates as ISO text; everything else JSON knows."""
    if isinstance(value, dict):
        return {str(key): _as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value
