"""Writes of social proof (R67): a testimonial with its order and permission, taken back, turned into a material."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.selectors import customer_get
from contacts.selectors.skus import order_list
from content.enums import MaterialType, NameShown, ProofKind, ProofScope
from content.errors import ProofInvalid, ProofUnpublished, ReasonNeeded
from content.models import Material, MaterialEdition, Proof
from content.policies.proofs import name_shown
from content.selectors.proofs import proof_get, standing_of
from content.services.library import About, Said, material_save
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.keeping.assets import asset_ids_in, assets_erase

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, kw_only=True)
class ProofWish:
    """A testimonial as it is written down. Without a customer, an order or a permission it stays unpublished."""

    kind: str
    title: str
    text: str
    customer_id: int | None
    order_id: int | None
    scope: str
    name_shown: str
    permitted: bool
    permitted_until: date | None
    permission_note: str
    asset_id: int | None = None


def proof_save(*, tenant: Tenant, wish: ProofWish, actor: Actor, proof_id: int | None = None) -> Proof:
    """Write down a testimonial, or change one. The order must be the customer's own.

    Its words change nothing that was approved: a material made of it keeps its editions. Raises ProofInvalid,
    NotPermitted; Customer.DoesNotExist for a stranger's id. A change is safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = Proof(tenant=tenant, created_by=actor.name[:128])
        if proof_id is not None:
            row = Proof.objects.select_for_update().get(tenant=tenant, pk=proof_id)
        _who(tenant, row, wish)
        row.kind, row.scope = ProofKind(wish.kind), ProofScope(wish.scope)
        row.name_shown, row.title, row.text = (
            NameShown(wish.name_shown),
            wish.title.strip()[:64],
            wish.text.strip(),
        )
        if wish.asset_id is not None:
            row.asset_id = wish.asset_id
        _permission(row, wish, actor)
        row.save()
        verb = "content.proof.written" if proof_id is None else "content.proof.changed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=row, changes={"scope": [None, row.scope]})
    return row


def _who(tenant: Tenant, row: Proof, wish: ProofWish) -> None:
    row.customer = (
        customer_get(tenant_id=tenant.pk, customer_id=wish.customer_id) if wish.customer_id else None
    )
    row.order = None
    if wish.order_id is None:
        return
    order = order_list(tenant_id=tenant.pk).filter(pk=wish.order_id).first()
    buyer = order.customer if order is not None else None
    person = row.customer
    if order is None or buyer is None or person is None:
        raise ProofInvalid(_("Choose the customer and one of the customer's own orders."))
    if (buyer.person_id or buyer.pk) != (person.person_id or person.pk):
        raise ProofInvalid(_("This order belongs to somebody else."))
    row.order = order


def _permission(row: Proof, wish: ProofWish, actor: Actor) -> None:
    """A permission is recorded once, by whoever recorded it; a new one after a withdrawal starts anew."""
    row.permission_note, row.permitted_until = wish.permission_note.strip()[:200], wish.permitted_until
    if not wish.permitted:
        row.permitted_at, row.permission_by = None, ""
        return
    if not row.permission_note:
        raise ProofInvalid(_("Say how the permission was given, and where that is kept."))
    if row.permitted_at is None or row.withdrawn_at is not None:
        row.permitted_at, row.permission_by = clock.now(), actor.name[:128]
        row.withdrawn_at, row.withdrawn_reason = None, ""


def proof_withdraw(*, tenant: Tenant, proof_id: int, reason: str, actor: Actor) -> Proof:
    """The customer takes the permission back: from now on nothing that is made of it can be picked or sent.

    Anybody who works with customers may record it. Raises ReasonNeeded, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        row = Proof.objects.select_for_update().get(tenant=tenant, pk=proof_id)
        if row.withdrawn_at is None:
            row.withdrawn_at, row.withdrawn_reason = clock.now(), reason.strip()[:200]
            row.save(update_fields=["withdrawn_at", "withdrawn_reason"])
            audit.record(
                tenant=tenant, actor=actor, verb="content.proof.withdrawn", target=row,
                changes={"reason": [None, row.withdrawn_reason]},
            )  # fmt: skip
    return row


def proof_pictures_erase(tenant_id: int, rows: "QuerySet[Proof]") -> int:
    """Remove the pictures of testimonials that are about to be erased; how many. In the caller's transaction.

    One stays where another testimonial, or a material of other origin, is the same picture. Materials that were made
    of these testimonials cannot be used any more, so that theirs goes.
    """
    ids = list(rows.values_list("pk", flat=True))
    pictures = {one for one in rows.values_list("asset_id", flat=True) if one is not None}
    if not pictures:
        return 0
    others = Proof.objects.filter(tenant_id=tenant_id, asset_id__in=pictures).exclude(pk__in=ids)
    kept = set(others.values_list("asset_id", flat=True))
    for model, made_of in ((Material, "proof"), (MaterialEdition, "material__proof")):
        own_words = model.objects.filter(tenant_id=tenant_id).exclude(attachments=[])
        for parts in own_words.exclude(**{f"{made_of}__in": ids}).values_list("attachments", flat=True):
            kept.update(asset_ids_in(parts))
    return assets_erase(tenant_id=tenant_id, asset_ids=pictures - kept)


def proof_material(*, tenant: Tenant, proof_id: int, actor: Actor) -> Material:
    """A draft made of a testimonial that may be shown, bound to it for good. Not safe to repeat.

    Raises ProofUnpublished with the reason, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    row = proof_get(tenant_id=tenant.pk, proof_id=proof_id)
    problems = standing_of(tenant=tenant, proof_ids=[row.pk])[row.pk].problems
    if problems:
        raise ProofUnpublished(problems[0].label, code=problems[0].value)
    name = name_shown(row.customer.name if row.customer else "", row.name_shown)
    words = f"{row.text}\n—— {name}" if name else row.text
    along = [{"kind": "image", "title": row.title, "asset_id": row.asset_id}] if row.asset_id else []
    with transaction.atomic():
        made = material_save(
            tenant=tenant, actor=actor, about=About(),
            said=Said(kind=MaterialType.MARKETING, title=row.title, text=words, attachments=along),
        )  # fmt: skip
        Material.objects.filter(tenant=tenant, pk=made.pk).update(proof=row, needs_proof=True)
    return made
