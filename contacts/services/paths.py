"""The way in set by hand (R30)."""

from django.db import transaction

from contacts.enums import WayIn
from contacts.errors import CustomerUnknown, ReasonMissing
from contacts.models import Customer, WayInSet
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def way_in_set(*, tenant: Tenant, customer_id: int, way: str, reason: str, actor: Actor) -> None:
    """Staff know the way somebody came; `way` "": the order of events tells it again. Safe to repeat.

    Raises CustomerUnknown, ReasonMissing, NotPermitted, ValueError for a way that there is not.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonMissing
    wanted = WayIn(way) if way else None
    with transaction.atomic():
        customer = (
            Customer.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=customer_id).first()
        )
        if customer is None:
            raise CustomerUnknown
        rows = WayInSet.objects.filter(tenant=tenant, customer=customer)
        before = rows.values_list("way", flat=True).first()
        if before == wanted:
            return
        if wanted is None:
            rows.delete()
        else:
            told = {
                "way": wanted,
                "reason": reason.strip()[:200],
                "set_by": actor.name[:128],
                "set_at": clock.now(),
            }
            WayInSet.objects.update_or_create(tenant=tenant, customer=customer, defaults=told)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.customer.way_set",
            target=customer,
            changes={"way_in": [before, wanted]},
            reason=reason.strip(),
        )
