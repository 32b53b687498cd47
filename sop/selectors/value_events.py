"""Reads of value events: lists, who signed up and came, what came of it (R64)."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Q, QuerySet

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_in, follows_of
from groups.selectors import members_current
from groups.selectors.bringing import brought_by
from sop.models import EventGroup, EventSignup, ValueEvent
from sop.policies.value_events import Outcome, pairs
from tenants import clock
from wecom.archive.selectors import coverage

if TYPE_CHECKING:
    from tenants.models import Tenant

AFTER = timedelta(days=7)  # who was brought and befriended until then is put down to the event
TALK = timedelta(hours=24)  # how long after the start what members say is put down to it
PAIR_S = 600
SIGNED = Q(signups__signed_at__isnull=False, signups__withdrawn_at=None)


def event_list(*, tenant_id: int) -> QuerySet[ValueEvent]:
    """Events, the latest first, each with how many `signed` and `came`."""
    return (
        ValueEvent.objects.filter(tenant_id=tenant_id)
        .select_related("staff")
        .annotate(
            signed=Count("signups", filter=SIGNED),
            came=Count("signups", filter=Q(signups__came_at__isnull=False)),
        )
        .order_by("-starts_at", "-pk")
    )


def event_get(*, tenant_id: int, event_id: int) -> ValueEvent:
    """Raises ValueEvent.DoesNotExist, also for another tenant's id."""
    return ValueEvent.objects.select_related("staff", "run", "tenant").get(tenant_id=tenant_id, pk=event_id)


def event_by_token(*, tenant_id: int, token: str) -> tuple[ValueEvent, bool] | None:
    """(the event that a public token names, whether it is the check-in's), or None."""
    row = ValueEvent.objects.filter(Q(token=token) | Q(check_in=token), tenant_id=tenant_id).first()
    return (row, row.check_in == token) if row else None


def event_group_ids(*, event: ValueEvent) -> list[int]:
    rows = EventGroup.objects.filter(tenant_id=event.tenant_id, event=event)
    return list(rows.order_by("group_id").values_list("group_id", flat=True))


def signups_of(*, event: ValueEvent) -> QuerySet[EventSignup]:
    """Everybody who signed up or came, by when they signed up."""
    rows = EventSignup.objects.filter(tenant_id=event.tenant_id, event=event)
    return rows.select_related("customer").order_by("signed_at", "came_at", "pk")


def signup_of(*, event: ValueEvent, customer_id: int) -> EventSignup | None:
    rows = EventSignup.objects.filter(tenant_id=event.tenant_id, event=event, customer=customer_id)
    return rows.first()


def signed_count(*, event: ValueEvent) -> int:
    rows = EventSignup.objects.filter(tenant_id=event.tenant_id, event=event, withdrawn_at=None)
    return rows.filter(signed_at__isnull=False).count()


def signed_up_for_runs(*, tenant_id: int, people: Mapping[int, Collection[int]]) -> dict[int, set[int]]:
    """{run: those of these customers who are signed up for the event that it carries out}. One query."""
    rows = EventSignup.objects.filter(
        tenant_id=tenant_id, event__run__in=list(people), customer__in=set().union(*people.values()),
        signed_at__isnull=False, withdrawn_at=None,
    )  # fmt: skip
    signed: dict[int, set[int]] = {run_id: set() for run_id in people}
    for run_id, customer_id in rows.values_list("event__run_id", "customer_id"):
        signed[run_id].add(customer_id)
    return {run_id: signed[run_id].intersection(some) for run_id, some in people.items()}


def event_outcome(*, tenant: "Tenant", event: ValueEvent) -> Outcome:
    """What came of an event; figures are None until it has begun, or while nothing tells them. Six queries."""
    rows = list(signups_of(event=event))
    signed = [row for row in rows if row.signed_at and not row.withdrawn_at]
    came = [row for row in rows if row.came_at]
    groups = members_current(tenant_id=tenant.pk, group_ids=event_group_ids(event=event))
    invited = {one for some in groups.values() for one in some}
    if clock.now() < event.starts_at:
        return Outcome(len(invited), len(signed), None, None, None, None, None, None)
    present = {row.customer_id for row in came}
    since, until = event.starts_at, event.ends_at + AFTER
    friends = follows_of(tenant_id=tenant.pk, customer_ids=present | {row.customer_id for row in signed})
    return Outcome(
        invited=len(invited),
        signed=len(signed),
        came=len(came),
        walked_in=sum(not row.signed_at or row.withdrawn_at is not None for row in came),
        replayed=sum(row.replay_at is not None for row in rows) if event.replay_url else None,
        replied=len(_spoke(tenant.pk, event, present)) if _hears(tenant.pk) else None,
        brought=len(
            brought_by(
                tenant_id=tenant.pk, external_userids=[row.customer.external_userid for row in came],
                since=since, until=until,
            )
        ),
        new_friends=len(
            set(
                friends.filter(followed_at__gte=since, followed_at__lt=until).values_list("customer_id", flat=True)
            )
        ),
    )  # fmt: skip


def talked_pairs(*, tenant: "Tenant", event: ValueEvent) -> int | None:
    """Pairs of attendees who spoke one right after the other in an invited group from its start on; None unheard.

    WeCom tells nobody who befriends whom among customers: this is talk, not friendship.
    """
    if not _hears(tenant.pk) or clock.now() < event.starts_at:
        return None
    present = set(signups_of(event=event).filter(came_at__isnull=False).values_list("customer_id", flat=True))
    said: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for group_id, who, at in _spoke_rows(tenant.pk, event).values_list(
        "group_id", "customer_id", "occurred_at"
    ):
        said[group_id].append((who, at))
    found = {pair for talk in said.values() for pair in pairs(talk, within_s=PAIR_S)}
    return sum(one in present and other in present for one, other in found)


def _hears(tenant_id: int) -> bool:
    return coverage(tenant_id=tenant_id).sees_messages


def _spoke_rows(tenant_id: int, event: ValueEvent) -> QuerySet:
    rows = behaviours_in(
        tenant_id=tenant_id,
        since=event.starts_at,
        until=event.starts_at + TALK,
        kinds=[BehaviourKind.MESSAGE],
    )
    return rows.filter(group_id__in=event_group_ids(event=event), customer_id__isnull=False).order_by(
        "occurred_at"
    )


def _spoke(tenant_id: int, event: ValueEvent, among: set[int]) -> set[int]:
    rows = _spoke_rows(tenant_id, event).filter(customer_id__in=among).order_by()
    return set(rows.values_list("customer_id", flat=True).distinct())
