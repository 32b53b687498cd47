"""Reads of testimonials: whether each may be shown, and what stands behind it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from contacts.enums import OrderState
from content.enums import ProofScope
from content.models import Proof
from content.policies.proofs import Evidence, Standing, standing
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant


def proof_list(*, tenant_id: int) -> QuerySet[Proof]:
    """Every testimonial with its customer and order, the newest first."""
    rows = Proof.objects.filter(tenant_id=tenant_id).select_related("customer", "order__customer")
    return rows.order_by("-created_at", "-pk")


def proof_get(*, tenant_id: int, proof_id: int) -> Proof:
    """Raises Proof.DoesNotExist, also for another tenant's id."""
    return proof_list(tenant_id=tenant_id).get(pk=proof_id)


def _person(customer: Any) -> int:
    """One id for all records of one person."""
    return int(customer.person_id or customer.pk)


def evidence_of(proof: Proof) -> Evidence:
    """What stands behind one read by proof_list. No query."""
    order, customer = proof.order, proof.customer
    buyer = order.customer if order is not None else None
    is_own = buyer is not None and customer is not None and _person(buyer) == _person(customer)
    return Evidence(
        has_customer=customer is not None,
        has_order=is_own,
        is_paid=order is not None and order.state == OrderState.PAID,
        is_permitted=proof.permitted_at is not None and bool(proof.permission_note),
        is_withdrawn=proof.withdrawn_at is not None,
        until=proof.permitted_until,
        scope=proof.scope,
    )


def standing_of(
    *, tenant: "Tenant", proof_ids: Iterable[int], needed: str = ProofScope.PRIVATE
) -> dict[int, Standing]:
    """{testimonial: whether it may be shown now}; one that is gone is absent. One query, none for no ids."""
    wanted = set(proof_ids)
    if not wanted:
        return {}
    today = clock.local_date(clock.now(), tenant.timezone)
    rows = proof_list(tenant_id=tenant.pk).filter(pk__in=wanted)
    return {row.pk: standing(evidence_of(row), today=today, needed=needed) for row in rows}
