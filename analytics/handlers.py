"""Reactions to others' events. Each may come again and in any order."""

from analytics.services import order_classes_renew
from contacts.events import BehavioursRecorded

_CLASSIFYING = {"order", "message"}


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Judge the orders of those who bought or asked."""
    people = {one for event in events if _CLASSIFYING & set(event.kinds) for one in event.customer_ids}
    if people:
        order_classes_renew(tenant_id=tenant_id, customer_ids=people)
