"""What content does about events and about what people say of its items on Today."""

from content.services.knowledge_duties import duties_refresh
from content.services.knowledge_quiz import card_settle
from tenants.audit import Actor
from tenants.models import Tenant


def on_camps_changed(*, tenant_id: int, events: list[object]) -> None:
    """A camp began, moved or ended: other people are to know its cards, or by another day. Safe to repeat."""
    duties_refresh(tenant=Tenant.objects.get(pk=tenant_id))


def on_card_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """“Done” said of a card on Today. Taking it back leaves what somebody read as it was."""
    if verb == "done":
        card_settle(tenant=tenant, standing_id=source_id, actor=actor)
