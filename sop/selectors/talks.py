"""What came of a broadcast, person by person; and the share of conversations in a run (R55)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for
from contacts.selectors.exposures import people_by_touch
from groups.selectors import members_current
from sop.enums import GROUP_CHANNELS, INTERNAL_CHANNELS, REF, Channel, TouchState
from sop.models import Run, Touch, TouchRecipient
from sop.policies.talks import Heard, is_broadcast_machine

if TYPE_CHECKING:
    from tenants.models import Tenant

CLICKS = (BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK)
CONVERSATION = Q(is_talk=True) | Q(channel__in=[Channel.STAFF_TASK, Channel.CALL]) | Q(step__opens_talk=True)
SENT = (TouchState.SUBMITTED, TouchState.CONFIRMED)


def talks_to_come(touches: "QuerySet[Touch]") -> "QuerySet[Touch]":
    """Broadcasts among these that will leave conversations behind and have not yet."""
    rows = touches.filter(is_talk=False, talked_at=None, state__in=SENT, done_at__isnull=False)
    return rows.exclude(step__talk_for="").exclude(channel__in=INTERNAL_CHANNELS)


def heard_of(*, touch: Touch, since: datetime) -> Heard:
    """What the people a broadcast reached did since then. A constant number of queries."""
    reached = _reached(touch)
    kinds = {*CLICKS, BehaviourKind.MESSAGE}
    run = touch.run
    if run.key_interaction:
        kinds.add(BehaviourKind(run.key_interaction))
    acts = behaviours_for(
        tenant_id=touch.tenant_id, customer_ids=reached, since=since, kinds=kinds
    ).order_by()
    links = {link.get("object_id") or link["key"] for link in touch.step.links}
    clicked, replied, interacted = set(), set(), set()
    for one, kind, what, where in acts.values_list("customer_id", "kind", "object_id", "group_id"):
        if kind in CLICKS and (not links or what in links):
            clicked.add(one)
        if kind == BehaviourKind.MESSAGE and (touch.channel not in GROUP_CHANNELS or where == touch.group_id):
            replied.add(one)
        if kind == run.key_interaction and run.key_interaction_object in ("", what):
            interacted.add(one)
    return Heard(frozenset(reached), frozenset(clicked), frozenset(replied), frozenset(interacted))


def _reached(touch: Touch) -> set[int]:
    """Who is on record as reached; of a group message those who still sit in the group."""
    key = f"{REF}:{touch.pk}"
    reached = set(people_by_touch(tenant_id=touch.tenant_id, touch_keys=[key]).get(key, ()))
    if touch.channel not in GROUP_CHANNELS:
        rows = TouchRecipient.objects.filter(tenant_id=touch.tenant_id, touch=touch, state="sent")
        return set(rows.values_list("customer_id", flat=True))
    seats = members_current(tenant_id=touch.tenant_id, group_ids=[touch.group_id or 0])
    here = set(seats.get(touch.group_id or 0, ()))
    return reached & here if reached else here


def talked_with(*, run: Run, step_key: str, customer_ids: Iterable[int]) -> set[int]:
    """Those of these people who have a conversation of this step in this run already."""
    rows = TouchRecipient.objects.filter(
        tenant_id=run.tenant_id, touch__run=run, touch__step__key=step_key, touch__is_talk=True,
        customer__in=list(customer_ids),
    )  # fmt: skip
    return set(rows.values_list("customer_id", flat=True))


@dataclass(frozen=True)
class Talk:
    """Carried-out touches of a run by kind; `waiting` conversations are with staff or still to come."""

    broadcasts: int
    conversations: int
    waiting: int

    @property
    def is_machine(self) -> bool:
        return is_broadcast_machine(broadcasts=self.broadcasts, conversations=self.conversations)


def _figures() -> dict[str, Q]:
    sent = Q(state__in=SENT)
    waits = Q(state__in=[TouchState.PLANNED, TouchState.CLAIMED, TouchState.HANDED])
    return {
        "broadcast": sent & ~CONVERSATION,
        "conversation": sent & CONVERSATION,
        "waiting": waits & Q(is_talk=True),
    }


def run_talk(*, tenant: "Tenant", run: Run, payments: Collection[str] = ()) -> Talk:
    """`payments`: in groups paid for in one of these ways only. One query."""
    rows = Touch.objects.filter(tenant=tenant, run=run).exclude(channel__in=INTERNAL_CHANNELS)
    if payments:
        rows = rows.filter(group__payment_basis__in=payments)
    counts = rows.aggregate(**{name: Count("pk", filter=condition) for name, condition in _figures().items()})
    return Talk(counts["broadcast"], counts["conversation"], counts["waiting"])


def speech_touches(*, tenant: "Tenant", speech: str) -> QuerySet[Touch]:
    """The touches behind one figure of `run_talk`: broadcast, conversation or waiting. Raises KeyError for another."""
    rows = Touch.objects.filter(tenant=tenant).exclude(channel__in=INTERNAL_CHANNELS)
    return rows.filter(_figures()[speech])
