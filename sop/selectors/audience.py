"""Who a touch is for at this moment: present members, narrowed by what they did, bought or decided."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection

from contacts.selectors import behaviours_for, buyers_in
from groups.selectors import members_current
from groups.selectors.circles import circle_members
from leads.selectors import undecided_customer_ids
from sop.enums import CIRCLES_OF, GROUP_CHANNELS, Audience, RecipientState
from sop.models import TouchRecipient
from sop.selectors.value_events import signed_up_for_run
from tenants import clock

if TYPE_CHECKING:
    from sop.models import Run, Touch

RUN_SOURCE = "sop.run"
# From the people, of whom each has a few rows, to their touches: the other way it would read the whole run a batch.
_REACHED = """
with had as materialized (
    select touch_id, customer_id from sop_touchrecipient
    where tenant_id = %(tenant)s and customer_id = any(%(people)s) and state <> 'blocked'
)
select t.id, t.run_id, s.key, had.customer_id from had
join sop_touch t on t.tenant_id = %(tenant)s and t.id = had.touch_id and t.run_id = any(%(runs)s) and not t.is_talk
join sop_step s on s.tenant_id = t.tenant_id and s.id = t.step_id and s.key = any(%(keys)s)
"""


def audience_resolve(*, tenant_id: int, zone: str, touches: Iterable["Touch"]) -> dict[int, list[int]]:
    """Touch id -> customer ids, for touches with `run` and `step` loaded.

    A group message reaches every present member, whatever the step's audience. A private one keeps those of the
    audience, without people this step has reached through another group of the run.
    """
    wanted = list(touches)
    members = members_current(
        tenant_id=tenant_id, group_ids=sorted({touch.group_id for touch in wanted if touch.group_id})
    )
    found: dict[int, list[int]] = {}
    by_need: dict[tuple[int, str], list[Touch]] = defaultdict(list)
    for touch in wanted:
        if touch.channel in GROUP_CHANNELS:
            found[touch.pk] = list(members.get(touch.group_id or 0, ()))
        else:
            by_need[touch.run_id, touch.step.audience].append(touch)
    for (_, audience), some in by_need.items():
        found.update(_narrowed(tenant_id, zone, audience, some, members))
    return _without_reached(tenant_id, wanted, found)


def _narrowed(
    tenant_id: int, zone: str, audience: str, touches: list["Touch"], members: dict[int, list[int]]
) -> dict[int, list[int]]:
    personal = [one for one in touches if audience == Audience.JOINED or one.is_talk or one.step.is_personal]
    named: dict[int, list[int]] = {one.pk: [] for one in personal}
    named |= _joined(tenant_id, personal, members) if personal else {}
    if audience == Audience.JOINED:
        return named
    seats = {one.pk: named.get(one.pk, members.get(one.group_id or 0, [])) for one in touches}
    if audience in CIRCLES_OF:
        inside = circle_seats(
            tenant_id=tenant_id, audience=audience, group_ids=[one.group_id or 0 for one in touches]
        )
        return {one.pk: [who for who in seats[one.pk] if who in inside[one.group_id or 0]] for one in touches}
    everyone = sorted({one for some in seats.values() for one in some})
    keep = _of_audience(tenant_id, zone, audience, touches[0].run, everyone)
    return {pk: [one for one in some if one in keep] for pk, some in seats.items()}


def circle_seats(
    *, tenant_id: int, audience: str, group_ids: Iterable[int], day: date | None = None
) -> dict[int, set[int]]:
    """{group: those who stand in the circles of this audience there}, now or on a day (R21). One query."""
    return circle_members(tenant_id=tenant_id, group_ids=group_ids, circles=CIRCLES_OF[audience], day=day)


def _of_audience(tenant_id: int, zone: str, audience: str, run: "Run", everyone: list[int]) -> frozenset[int]:
    if audience == Audience.UNDECIDED:
        return frozenset(
            undecided_customer_ids(
                tenant_id=tenant_id, source_kind=RUN_SOURCE, source_id=run.pk, customer_ids=everyone
            )
        )
    if audience == Audience.SIGNED_UP:
        return signed_up_for_run(tenant_id=tenant_id, run_id=run.pk, customer_ids=everyone)
    since = clock.day_bounds(run.starts_on, zone)[0]
    if audience == Audience.BUYERS:
        return frozenset(buyers_in(tenant_id=tenant_id, customer_ids=everyone, since=since))
    if audience in (Audience.INTERACTED, Audience.UNINTERACTED) and run.key_interaction:
        interacted = frozenset(
            interacted_ids(tenant_id=tenant_id, run=run, customer_ids=everyone, since=since)
        )
        return interacted if audience == Audience.INTERACTED else frozenset(everyone) - interacted
    return frozenset(everyone)


def audience_in_run(
    *, tenant_id: int, zone: str, audience: str, run: "Run", customer_ids: Iterable[int]
) -> frozenset[int]:
    """Those of these people who belong to a step's audience in a run at present; circles are of a group, so
    circle_seats tells those."""
    return _of_audience(tenant_id, zone, audience, run, sorted(set(customer_ids)))


def interacted_ids(*, tenant_id: int, run: "Run", customer_ids: Iterable[int], since: datetime) -> set[int]:
    """Those who did the run's key interaction since then (R45, R53)."""
    rows = behaviours_for(
        tenant_id=tenant_id, customer_ids=customer_ids, since=since, kinds=[run.key_interaction]
    ).order_by()
    if run.key_interaction_object:
        rows = rows.filter(object_id=run.key_interaction_object)
    return set(rows.values_list("customer_id", flat=True).distinct())


def _joined(tenant_id: int, touches: list["Touch"], members: dict[int, list[int]]) -> dict[int, list[int]]:
    """A touch that fires for single people was planned with them; those who left the group since are dropped."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = TouchRecipient.objects.filter(
        tenant_id=tenant_id, touch__in=[touch.pk for touch in touches], state=RecipientState.PLANNED
    )
    group_of = {touch.pk: touch.group_id or 0 for touch in touches}
    present = {group_id: frozenset(members.get(group_id, ())) for group_id in set(group_of.values())}
    for touch_id, customer_id in rows.values_list("touch_id", "customer_id").order_by("customer_id"):
        if customer_id in present[group_of[touch_id]]:
            found[touch_id].append(customer_id)
    return found


def _without_reached(
    tenant_id: int, touches: list["Touch"], found: dict[int, list[int]]
) -> dict[int, list[int]]:
    private = [
        touch
        for touch in touches
        if touch.channel not in GROUP_CHANNELS and not touch.step.repeats and not touch.is_talk
    ]
    if not private:
        return found
    reached: dict[tuple[int, str], set[int]] = defaultdict(set)
    asked = {touch.pk for touch in private}
    with connection.cursor() as cursor:
        cursor.execute(
            _REACHED,
            {
                "tenant": tenant_id,
                "people": sorted({one for touch in private for one in found.get(touch.pk, ())}),
                "runs": sorted({touch.run_id for touch in private}),
                "keys": sorted({touch.step.key for touch in private}),
            },
        )
        for touch_id, run_id, key, customer_id in cursor.fetchall():
            if touch_id not in asked:
                reached[run_id, key].add(customer_id)
    for touch in sorted(private, key=lambda one: one.pk):
        seen = reached[touch.run_id, touch.step.key]
        found[touch.pk] = [one for one in found.get(touch.pk, ()) if one not in seen]
        seen.update(found[touch.pk])
    return found
