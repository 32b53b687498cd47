"""Reads of testimonials: whether each may be shown, and what stands behind it."""

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from contacts.enums import OrderState
from content.enums import SCOPE_NEEDED, ProofProblem, ProofScope
from content.models import MaterialEdition, Proof
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


def unproved(*, tenant: "Tenant", said: Iterable[tuple[str, str]]) -> dict[tuple[str, str], ProofProblem]:
    """{(words, channel): why they may not go there now} of words that some material made of a testimonial says, in any
    of its editions; `channel` is a touch's. Words taken over by hand are known too.

    Two queries at most, one where the company has no such material.
    """
    rows = MaterialEdition.objects.filter(tenant_id=tenant.pk, material__needs_proof=True)
    bound: dict[str, set[int]] = {}
    for text, variants, proof_id in rows.values_list("text", "variants", "material__proof_id"):
        for one in (text, *(variant["text"] for variant in variants)):
            if one.strip():
                bound.setdefault(one.strip(), set()).add(proof_id or 0)
    wanted = {(text, channel) for text, channel in said if text.strip() in bound}
    if not wanted:
        return {}
    ids = {pk for text, _channel in wanted for pk in bound[text.strip()]}
    proofs = {row.pk: row for row in proof_list(tenant_id=tenant.pk).filter(pk__in=ids)}
    today = clock.local_date(clock.now(), tenant.timezone)
    found = {}
    for text, channel in wanted:
        needed = SCOPE_NEEDED.get(channel, ProofScope.PRIVATE)
        each = [_stands(proofs.get(pk), today, needed) for pk in sorted(bound[text.strip()])]
        if not any(one.is_shown for one in each):
            found[text, channel] = each[0].problems[0]
    return found


def _stands(proof: Proof | None, today: date, needed: str) -> Standing:
    return standing(evidence_of(proof), today=today, needed=needed) if proof else Standing()
