"""Reactions to others' events. Each may come again and in any order."""

from datetime import datetime
from typing import Protocol

from contacts.events import BehavioursRecorded, CustomerOptedOut, PersonsChanged
from leads.services.recompute import leads_recompute
from leads.services.windows import window_members_add, windows_running


class MemberJoined(Protocol):
    """groups.member.joined, as far as leads reads it; groups stands beside leads, so its class is not imported."""

    group_id: int
    customer_ids: list[int]
    joined_at: datetime


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Derive the leads of everybody something happened to."""
    leads_recompute(tenant_id=tenant_id, customer_ids={one for event in events for one in event.customer_ids})


def on_customer_opted_out(*, tenant_id: int, events: list[CustomerOptedOut]) -> None:
    """Whoever wants no marketing is no lead any more, until they want it again."""
    leads_recompute(tenant_id=tenant_id, customer_ids={event.customer_id for event in events})


def on_persons_changed(*, tenant_id: int, events: list[PersonsChanged]) -> None:
    """Who was two is one lead now, or the other way round."""
    leads_recompute(tenant_id=tenant_id, customer_ids={one for event in events for one in event.customer_ids})


def on_member_joined(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Take new members of a camp's group into its window."""
    groups = {one.group_id for one in events}
    for window in windows_running(tenant_id=tenant_id, group_ids=groups):
        joined = [
            (customer_id, event.group_id, event.joined_at)
            for event in events
            if event.group_id in window.group_ids
            for customer_id in event.customer_ids
        ]
        window_members_add(tenant_id=tenant_id, window_id=window.pk, members=joined)
