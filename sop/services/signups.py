"""Who signs up for a value event, withdraws, comes, looks at the replay (R64)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from contacts.selectors import customers_by_external
from sop.enums import EventState, SignupOrigin
from sop.errors import EventClosed, EventFull
from sop.models import EventSignup, ValueEvent
from sop.policies.value_events import Door, door
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


def sign_up(
    *, tenant: "Tenant", event_id: int, customer_id: int, origin: str = SignupOrigin.PAGE
) -> EventSignup:
    """Take a seat; who withdrew may come back. Safe to repeat and in parallel: the last seat goes to one person.

    Raises EventClosed once it is over or called off, EventFull.
    """
    with transaction.atomic():
        event = ValueEvent.objects.select_for_update().get(tenant=tenant, pk=event_id)
        row = EventSignup.objects.filter(tenant=tenant, event=event, customer=customer_id).first()
        is_signed = row is not None and row.signed_at is not None and row.withdrawn_at is None
        seats = EventSignup.objects.filter(
            tenant=tenant, event=event, signed_at__isnull=False, withdrawn_at=None
        ).count()
        open_now = door(
            now=clock.now(), ends_at=event.ends_at, is_cancelled=event.state == EventState.CANCELLED,
            is_signed=is_signed, signed=seats, capacity=event.capacity,
        )  # fmt: skip
        if open_now is Door.SIGNED:
            assert row is not None
            return row
        if open_now is Door.FULL:
            raise EventFull
        if open_now is not Door.OPEN:
            raise EventClosed
        row = row or EventSignup(tenant=tenant, event=event, customer_id=customer_id)
        row.signed_at, row.signed_by, row.withdrawn_at = clock.now(), origin, None
        row.save()
    return row


def withdraw(*, tenant: "Tenant", event_id: int, customer_id: int) -> None:
    """Give the seat back before it begins. Safe to repeat. Raises EventClosed afterwards."""
    with transaction.atomic():
        event = ValueEvent.objects.select_for_update().get(tenant=tenant, pk=event_id)
        if clock.now() >= event.starts_at:
            raise EventClosed
        rows = EventSignup.objects.filter(
            tenant=tenant, event=event, customer=customer_id, withdrawn_at=None, signed_at__isnull=False
        )
        rows.update(withdrawn_at=clock.now())


def came_mark(
    *,
    tenant: "Tenant",
    event_id: int,
    customer_id: int,
    has_come: bool,
    origin: str,
    actor: Actor | None = None,
) -> None:
    """Note that somebody came, or that this was wrong. Safe to repeat: the first time stays.

    `actor` None: the person himself, by the check-in page. Raises NotPermitted, EventClosed for one called off.
    """
    if actor is not None:
        require(actor, Permission.WORK)
    with transaction.atomic():
        event = ValueEvent.objects.select_for_update().get(tenant=tenant, pk=event_id)
        if event.state == EventState.CANCELLED:
            raise EventClosed
        row, _made = EventSignup.objects.get_or_create(tenant=tenant, event=event, customer_id=customer_id)
        if (row.came_at is not None) == has_come:
            return
        row.came_at, row.came_by = (clock.now(), origin) if has_come else (None, "")
        row.save(update_fields=["came_at", "came_by"])
        if actor is not None:
            verb = "sop.event.came" if has_come else "sop.event.not_come"
            audit.record(
                tenant=tenant, actor=actor, verb=verb, target=event, changes={"customer": [None, customer_id]}
            )


def replay_seen(*, tenant: "Tenant", event_id: int, customer_id: int) -> None:
    """Note the first opening of the replay by somebody who signed up or came. Safe to repeat."""
    EventSignup.objects.filter(tenant=tenant, event=event_id, customer=customer_id, replay_at=None).update(
        replay_at=clock.now()
    )


@dataclass(frozen=True)
class Taken:
    """What a file of attendance brought: how many came anew, and which ids nobody knows."""

    came: int
    unknown: list[str]


def came_from_ids(*, tenant: "Tenant", event_id: int, external_userids: Iterable[str], actor: Actor) -> Taken:
    """Attendance from a list of WeCom's customer ids. Safe to repeat. Raises NotPermitted, EventClosed."""
    require(actor, Permission.OPERATE)
    wanted = list(dict.fromkeys(one.strip() for one in external_userids if one.strip()))
    known = customers_by_external(tenant_id=tenant.pk, external_userids=wanted)
    with transaction.atomic():
        event = ValueEvent.objects.select_for_update().get(tenant=tenant, pk=event_id)
        if event.state == EventState.CANCELLED:
            raise EventClosed
        present = set(
            EventSignup.objects.filter(tenant=tenant, event=event, came_at__isnull=False).values_list(
                "customer_id", flat=True
            )
        )
        fresh = sorted({known[one].pk for one in wanted if one in known} - present)
        EventSignup.objects.bulk_create(
            [EventSignup(tenant=tenant, event=event, customer_id=one) for one in fresh], ignore_conflicts=True
        )
        EventSignup.objects.filter(tenant=tenant, event=event, customer__in=fresh).update(
            came_at=clock.now(), came_by=SignupOrigin.FILE
        )
        audit.record(
            tenant=tenant, actor=actor, verb="sop.event.attendance_read", target=event,
            changes={"came": [None, len(fresh)]},
        )  # fmt: skip
    return Taken(len(fresh), [one for one in wanted if one not in known])
