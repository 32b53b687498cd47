"""What campaigns do when something happens elsewhere. Database only; each may be called again with the same events."""

from campaigns.services.flash import node_settle
from campaigns.services.scenes import orders_follow
from contacts.enums import BehaviourKind
from contacts.events import BehavioursRecorded
from tenants.audit import Actor
from tenants.models import Tenant

_BOUGHT = {BehaviourKind.ORDER, BehaviourKind.REFUND}


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Each order gets its scene, campaign and step (R93). Safe to repeat, in any order."""
    buyers = {one for event in events if _BOUGHT & set(event.kinds) for one in event.customer_ids}
    if buyers:
        orders_follow(tenant_id=tenant_id, customer_ids=buyers)


def on_flash_node_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Done or undone on the task of a flash run's node."""
    node_settle(tenant=tenant, node_id=source_id, is_posted=verb == "done", actor=actor, from_item=True)
