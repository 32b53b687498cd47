"""Reads of testimonials: whether each may be shown, and what stands behind it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, JSONField, QuerySet, Value

from contacts.enums import OrderState
from content.enums import SCOPE_NEEDED, ProofProblem, ProofScope
from content.models import MaterialEdition, Proof
from content.policies.proofs import Evidence, Standing, is_said_in, standing
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

PRIVATE = "private"  # said by a colleague in a chat with one person, by no channel of an SOP


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
    *, tenant: "Tenant", proof_ids: "Iterable[int] | QuerySet", needed: str = ProofScope.PRIVATE
) -> dict[int, Standing]:
    """{testimonial: whether it may be shown now}; one that is gone is absent. One query, none for no ids; they may be
    a query of one column."""
    wanted = proof_ids if isinstance(proof_ids, QuerySet) else set(proof_ids)
    if not isinstance(wanted, QuerySet) and not wanted:
        return {}
    today = clock.local_date(clock.now(), tenant.timezone)
    rows = proof_list(tenant_id=tenant.pk).filter(pk__in=wanted)
    return {row.pk: standing(evidence_of(row), today=today, needed=needed) for row in rows}


@dataclass(frozen=True)
class Shown:
    """What is about to be shown: words, the channel of a touch, the material it was taken from, its pictures."""

    text: str
    channel: str
    material_id: int | None = None
    asset_ids: frozenset[int] = frozenset()


def unproved(*, tenant: "Tenant", shown: Iterable[Shown]) -> dict[Shown, ProofProblem]:
    """{what is shown: why it may not go there now}, of what is a testimonial: taken from a material made of one,
    however its words were changed since; with a testimonial's picture; or with its words, alone or within others.

    One query, a second where there is something to judge.
    """
    wanted = set(shown)
    if not wanted:
        return {}
    known = _known(tenant.pk)
    bound = {one: known.behind(one) for one in wanted}
    ids = {pk for some in bound.values() for group in some for pk in group}
    if not ids:
        return {}
    proofs = {row.pk: row for row in proof_list(tenant_id=tenant.pk).filter(pk__in=ids)}
    today = clock.local_date(clock.now(), tenant.timezone)
    found = {}
    for one, groups in bound.items():
        needed = SCOPE_NEEDED.get(one.channel, ProofScope.PRIVATE)
        for some in groups:
            each = [_stands(proofs.get(pk), today, needed) for pk in sorted(some)]
            if one not in found and not any(stands.is_shown for stands in each):
                found[one] = each[0].problems[0]
    return found


@dataclass(frozen=True)
class _Known:
    """The company's testimonials by what shows them: a material, a picture, words; 0 for a testimonial that is gone."""

    materials: dict[int, set[int]]
    pictures: dict[int, set[int]]
    words: dict[str, set[int]]

    def behind(self, shown: Shown) -> list[set[int]]:
        """Testimonials that must stand: of each set one."""
        text = shown.text.strip()
        said = {pk for words, some in self.words.items() if is_said_in(words, text) for pk in some}
        some = [self.materials.get(shown.material_id or 0, set()), said]
        return [one for one in (*some, *(self.pictures.get(pk, set()) for pk in shown.asset_ids)) if one]


def _known(tenant_id: int) -> _Known:
    """One query."""
    materials: dict[int, set[int]] = defaultdict(set)
    pictures: dict[int, set[int]] = defaultdict(set)
    words: dict[str, set[int]] = defaultdict(set)
    editions = MaterialEdition.objects.filter(tenant_id=tenant_id, material__needs_proof=True).order_by()
    proofs = Proof.objects.filter(tenant_id=tenant_id).order_by()
    # (material, what it says, its other wordings, testimonial, picture) of editions, then of testimonials themselves.
    rows = editions.annotate(picture=Value(None, output_field=BigIntegerField())).values_list(
        "material_id", "text", "variants", "material__proof_id", "picture"
    )
    own = proofs.annotate(
        material=Value(None, output_field=BigIntegerField()), variants=Value([], output_field=JSONField())
    ).values_list("material", "text", "variants", "pk", "asset_id")
    for material_id, text, variants, proof_id, asset_id in rows.union(own, all=True):
        if material_id is not None:
            materials[material_id].add(proof_id or 0)
        if asset_id is not None:
            pictures[asset_id].add(proof_id)
        for one in (text, *(variant["text"] for variant in variants)):
            words[one.strip()].add(proof_id or 0)
    words.pop("", None)
    return _Known(materials, pictures, words)


def _stands(proof: Proof | None, today: date, needed: str) -> Standing:
    return standing(evidence_of(proof), today=today, needed=needed) if proof else Standing()
