"""Steps for a circle (R21): whoever leaves it before a message goes out is left out, with the rule on record."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sop.enums import CIRCLES_OF, GROUP_CHANNELS, RecipientState, Rule, RunState, TouchState
from sop.models import Touch, TouchRecipient
from sop.selectors.audience import circle_seats
from sop.services.drops import people_drop
from sop.services.recipients import Recipient
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

People = dict[int, list[int]]


def circle_left_note(*, tenant: "Tenant", touches: Sequence[Touch], people: People) -> list[Recipient]:
    """Rows of people who stood in the circle of a due touch on the day its run was planned, or for whom it was
    planned by name, and no longer do. Two queries a circle and day of planning, none without such a touch."""
    parts: dict[tuple[str, date | None], list[Touch]] = defaultdict(list)
    for touch in touches:
        if touch.step.audience in CIRCLES_OF and touch.channel not in GROUP_CHANNELS and touch.group_id:
            day = None if touch.step.is_personal else clock.local_date(touch.run.created_at, tenant.timezone)
            parts[touch.step.audience, day].append(touch)
    rows: list[Recipient] = []
    for (audience, day), some in parts.items():
        ask: dict[str, Any] = {
            "tenant_id": tenant.pk, "audience": audience, "group_ids": sorted({one.group_id or 0 for one in some}),
        }  # fmt: skip
        inside = circle_seats(**ask)
        planned = _planned(tenant, some) if day is None else circle_seats(**ask, day=day)
        for touch in some:
            before = planned[touch.pk if day is None else touch.group_id or 0]
            gone = before - inside[touch.group_id or 0] - set(people.get(touch.pk, ()))
            rows += [(touch.pk, one, RecipientState.BLOCKED, Rule.CIRCLE_LEFT) for one in sorted(gone)]
    return rows


def _planned(tenant: "Tenant", touches: Sequence[Touch]) -> dict[int, set[int]]:
    """{touch: customers it is still planned for}, each of the touches named. One query."""
    found: dict[int, set[int]] = {touch.pk: set() for touch in touches}
    rows = TouchRecipient.objects.filter(tenant=tenant, touch__in=list(found), state=RecipientState.PLANNED)
    for touch_id, customer_id in rows.values_list("touch_id", "customer_id"):
        found[touch_id].add(customer_id)
    return found


def circles_follow(*, tenant: "Tenant") -> int:
    """Leave everybody who is no longer in the circle out of what was handed over and waits to be sent.

    In the caller's transaction. Returns how many places were taken out. One query where nothing waits, else two and one
    for each circle, and more for each touch that somebody leaves. Safe to repeat.
    """
    rows = Touch.objects.filter(
        tenant=tenant,
        state__in=[TouchState.HANDED, TouchState.PARKED],
        step__audience__in=list(CIRCLES_OF),
        run__state=RunState.RUNNING,
        group__isnull=False,
    ).exclude(channel__in=GROUP_CHANNELS)
    waiting = list(rows.select_related("step").order_by("pk"))
    asked = _planned(tenant, waiting) if waiting else {}
    inside = {
        audience: circle_seats(
            tenant_id=tenant.pk,
            audience=audience,
            group_ids=sorted({one.group_id or 0 for one in waiting if one.step.audience == audience}),
        )
        for audience in {one.step.audience for one in waiting}
    }
    dropped = 0
    for touch in waiting:
        gone = sorted(asked[touch.pk] - inside[touch.step.audience][touch.group_id or 0])
        if gone:
            dropped += people_drop(
                tenant=tenant,
                touches=Touch.objects.filter(tenant=tenant, pk=touch.pk),
                customer_ids=gone,
                rule=Rule.CIRCLE_LEFT,
                reason=str(Rule.CIRCLE_LEFT.label),
            )
    return dropped
