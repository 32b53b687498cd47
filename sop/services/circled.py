"""Steps for a circle (R21): whoever leaves it before a message goes out is left out, with the rule on record."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sop.enums import CIRCLES_OF, GROUP_CHANNELS, RecipientState, Rule, RunState, TouchState
from sop.models import Touch
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
    rows: list[Recipient] = []
    for touch in touches:
        audience = touch.step.audience
        if audience not in CIRCLES_OF or touch.channel in GROUP_CHANNELS or touch.group_id is None:
            continue
        ask: dict[str, Any] = {"tenant_id": tenant.pk, "audience": audience, "group_ids": [touch.group_id]}
        if touch.step.is_personal:
            before = set(
                touch.recipients.filter(state=RecipientState.PLANNED).values_list("customer_id", flat=True)
            )
        else:
            day = clock.local_date(touch.run.created_at, tenant.timezone)
            before = circle_seats(**ask, day=day)[touch.group_id]
        gone = before - circle_seats(**ask)[touch.group_id] - set(people.get(touch.pk, ())) if before else ()
        rows += [(touch.pk, one, RecipientState.BLOCKED, Rule.CIRCLE_LEFT) for one in sorted(gone)]
    return rows


def circles_follow(*, tenant: "Tenant") -> int:
    """Leave everybody who is no longer in the circle out of what was handed over and waits to be sent.

    In the caller's transaction. Returns how many places were taken out. One query where nothing waits. Safe to repeat.
    """
    waiting = Touch.objects.filter(
        tenant=tenant,
        state__in=[TouchState.HANDED, TouchState.PARKED],
        step__audience__in=list(CIRCLES_OF),
        run__state=RunState.RUNNING,
        group__isnull=False,
    ).exclude(channel__in=GROUP_CHANNELS)
    dropped = 0
    for touch in waiting.select_related("step").order_by("pk"):
        group_id = touch.group_id or 0
        inside = circle_seats(tenant_id=tenant.pk, audience=touch.step.audience, group_ids=[group_id])
        asked = touch.recipients.filter(state=RecipientState.PLANNED).values_list("customer_id", flat=True)
        gone = sorted(set(asked) - inside[group_id])
        if gone:
            dropped += people_drop(
                tenant=tenant,
                touches=Touch.objects.filter(tenant=tenant, pk=touch.pk),
                customer_ids=gone,
                rule=Rule.CIRCLE_LEFT,
                reason=str(Rule.CIRCLE_LEFT.label),
            )
    return dropped
