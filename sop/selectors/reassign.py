"""Who may take which touches from whom. A constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.selectors import follow_staff_ids
from groups.selectors import staff_in
from sop.enums import RecipientState, TouchState
from sop.models import Touch, TouchRecipient
from sop.policies.reassign import Colleague, Held, Refusal, refusal
from team.enums import StaffKind
from team.selectors import on_shift, staff_kinds, staff_list, suited
from tenants import clock

if TYPE_CHECKING:
    from team.models import Staff
    from tenants.models import Tenant

WORDS: dict[Refusal, Any] = {
    Refusal.NOT_OPEN: gettext_lazy("is done or over"),
    Refusal.SAME: gettext_lazy("is theirs already"),
    Refusal.OWNER_ONLY: gettext_lazy("goes out from the group's owner alone: WeCom takes no other sender"),
    Refusal.AT_WECOM: gettext_lazy("waits in WeCom for its sender's tap already"),
    Refusal.NOT_IN_GROUP: gettext_lazy("the colleague does not sit in the group"),
    Refusal.NO_CONTACT: gettext_lazy("the colleague is no contact of its people"),
}
AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Match:
    """One colleague and what of the touches they may take; `refused` [(touch, why)].

    `kind`: StaffKind or ""; `suits`: whether it is suggested for the camp's links of the touches, None where they have
    none or nobody has said a kind; `is_on`: at work when the first of them is due.
    """

    staff: "Staff"
    taken: list[Touch]
    refused: list[tuple[Touch, Refusal]]
    kind: str = ""
    suits: bool | None = None
    is_on: bool = True

    @property
    def order(self) -> tuple[int, bool, int, str]:
        """Whom to ask first: who may take most, is at work then, and is of a kind suggested for it."""
        return (-len(self.taken), not self.is_on, {True: 0, None: 1, False: 2}[self.suits], str(self.staff))

    @property
    def notes(self) -> list[str]:
        """What stands beside the name: the kind, suggested or not, and that the person is not at work then."""
        label = str(StaffKind(self.kind).label) if self.kind else ""
        said = [_("suggested: %(kind)s") % {"kind": label} if self.suits else label] if label else []
        return [*said, *([] if self.is_on else [_("not at work then")])]


def matches(
    *, tenant: "Tenant", touches: Sequence[Touch], staff_ids: Iterable[int] | None = None
) -> list[Match]:
    """For each active colleague (or those named) what they may take, in the order of whom to ask first."""
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
    kinds = staff_kinds(tenant_id=tenant.pk, staff_ids=wanted)
    links = {one.step.link for one in touches if one.step.link}
    due_at = max(clock.now(), min((one.due_at for one in touches), default=clock.now()))
    on_then = on_shift(tenant_id=tenant.pk, at=due_at)
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
                kind=kinds.get(staff.pk, ""),
                suits=suited(kind=kinds[staff.pk], links=links) if links and staff.pk in kinds else None,
                is_on=on_then is None or staff.pk in on_then,
            )
        )
    return sorted(found, key=lambda one: one.order)


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
