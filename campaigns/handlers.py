"""What campaigns do when something happens elsewhere. Database only; each may be called again with the same events."""

from campaigns.services.scenes import orders_follow
from contacts.enums import BehaviourKind
from contacts.events import BehavioursRecorded

_BOUGHT = {BehaviourKind.ORDER, BehaviourKind.REFUND}


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Each order gets its scene, campaign and step (R93). Safe to repeat, in any order."""
    buyers = {one for event in events if _BOUGHT & set(event.kinds) for one in event.customer_ids}
    if buyers:
        orders_follow(tenant_id=tenant_id, customer_ids=buyers)
