"""Who may take which touches from whom. A constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from contacts.selectors import follow_staff_ids
from groups.selectors import staff_in
from sop.enums import RecipientState, TouchState
from sop.models import Reassignment, Touch, TouchRecipient
from sop.policies.reassign import Colleague, Held, Refusal, refusal
from team.selectors import staff_list
from tenants import clock

if TYPE_CHECKING:
    from team.models import Staff
    from tenants.models import Tenant

WORDS: dict[Refusal, Any] = {
    Refusal.NOT_OPEN: _("is done or over"),
    Refusal.SAME: _("is theirs already"),
    Refusal.OWNER_ONLY: _("goes out from the group's owner alone: WeCom takes no other sender"),
    Refusal.AT_WECOM: _("waits in WeCom for its sender's tap already"),
    Refusal.NOT_IN_GROUP: _("the colleague does not sit in the group"),
    Refusal.NO_CONTACT: _("the colleague is no contact of its people"),
}
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Match:
    """One colleague and what of the touches they may take; `refused` [(touch, why)]."""

    staff: "Staff"
    taken: list[Touch]
    refused: list[tuple[Touch, Refusal]]


def matches(
    *, tenant: "Tenant", touches: Sequence[Touch], staff_ids: Iterable[int] | None = None
) -> list[Match]:
    """For each active colleague (or those named) what they may take, who may take most first."""
    people: dict[int, set[int]] = defaultdict(set)
    rows = TouchRecipient.objects.filter(tenant=tenant, touch__in=[one.pk for one in touches])
    for touch_id, customer_id in rows.exclude(state=RecipientState.BLOCKED).values_list(
        "touch_id", "customer_id"
    ):
        people[touch_id].add(customer_id)
    seats: dict[int, set[int]] = defaultdict(set)
    in_groups = staff_in(tenant_id=tenant.pk, group_ids={one.group_id for one in touches if one.group_id})
    for group_id, sitting in in_groups.items():
        for staff_id in sitting:
            seats[staff_id].add(group_id)
    contacts: dict[int, set[int]] = defaultdict(set)
    ties = follow_staff_ids(
        tenant_id=tenant.pk, customer_ids={one for some in people.values() for one in some}
    )
    for customer_id, followers in ties.items():
        for staff_id in followers:
            contacts[staff_id].add(customer_id)
    wanted = None if staff_ids is None else set(staff_ids)
    found = []
    for staff in staff_list(tenant_id=tenant.pk, active_only=True):
        if wanted is not None and staff.pk not in wanted:
            continue
        colleague = Colleague(staff.pk, frozenset(seats[staff.pk]), frozenset(contacts[staff.pk]))
        judged = [(one, refusal(_held(one, people), colleague)) for one in touches]
        found.append(
            Match(
                staff,
                [one for one, why in judged if why is None],
                [(one, why) for one, why in judged if why is not None],
            )
        )
    return sorted(found, key=lambda one: (-len(one.taken), str(one.staff)))


def _held(touch: Touch, people: dict[int, set[int]]) -> Held:
    return Held(
        touch.state, touch.channel, touch.staff_id, touch.group_id, touch.send_id is not None,
        frozenset(people.get(touch.pk, ())),
    )  # fmt: skip


def touches_open(*, tenant: "Tenant", touch_ids: Iterable[int]) -> list[Touch]:
    """Those of these touches that are somebody's to do, with what a list shows."""
    rows = Touch.objects.filter(tenant=tenant, pk__in=list(touch_ids)).select_related(
        "step", "run", "group", "staff"
    )
    return list(rows.filter(state__in=[TouchState.PLANNED, TouchState.HANDED]).order_by("due_at", "pk"))


def touches_of_leavers(*, tenant: "Tenant", staff_id: int | None = None) -> list[Touch]:
    """What somebody who is not with the company any more had to do now and in the coming seven days."""
    rows = Touch.objects.filter(
        tenant=tenant, staff__is_active=False, state__in=[TouchState.PLANNED, TouchState.HANDED],
        due_at__lt=clock.now() + AHEAD,
    ).select_related("step", "run", "group", "staff")  # fmt: skip
    if staff_id is not None:
        rows = rows.filter(staff=staff_id)
    return list(rows.order_by("staff_id", "due_at", "pk")[:1000])


def reassignment_get(*, tenant: "Tenant", batch_id: int) -> Reassignment:
    """Raises Reassignment.DoesNotExist."""
    return Reassignment.objects.get(tenant=tenant, pk=batch_id)
