"""What content does about events and about what people say of its items on Today."""

from django.urls import reverse

from content.services.knowledge_duties import duties_refresh
from content.services.knowledge_quiz import card_settle
from team.services import Opens
from tenants.audit import Actor
from tenants.models import Tenant


def on_camps_changed(*, tenant_id: int, events: list[object]) -> None:
    """A camp began, moved or ended: other people are to know its cards, or by another day. Safe to repeat."""
    duties_refresh(tenant=Tenant.objects.get(pk=tenant_id))


def on_card_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> Opens | None:
    """“Done” said of a card on Today: a card with a test opens it. Taking it back leaves what was read as it was."""
    begun = card_settle(tenant=tenant, standing_id=source_id, actor=actor) if verb == "done" else None
    if begun is None:
        return None
    desk = {"tenant_slug": tenant.slug, "pk": begun.pk}
    phone = {"phone_slug": tenant.slug, "pk": begun.pk}
    return Opens(
        reverse("content:knowledge_quiz", kwargs=desk), reverse("content_phone:knowledge_quiz", kwargs=phone)
    )
