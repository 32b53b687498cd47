"""The catalogue of what is sold (R38): by hand, by API, by file."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from contacts.enums import SkuKind
from contacts.errors import SkuTaken, SkuUnknown
from contacts.models import Sku
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

CREATED, CHANGED, UNCHANGED = "created", "changed", "unchanged"
FIELDS = ("name", "price_fen", "kind")


def sku_save(
    *,
    tenant: Tenant,
    code: str,
    name: str,
    price_fen: int | None,
    kind: str,
    actor: Actor,
    sku_id: int | None = None,
) -> Sku:
    """Add a SKU, or change one. Its code stays for good: orders name it by that.

    Raises SkuTaken, SkuUnknown, NotPermitted. Not safe to repeat: the second addition is SkuTaken.
    """
    require(actor, Permission.OPERATE)
    wanted = {"name": name.strip()[:200], "price_fen": price_fen, "kind": SkuKind(kind).value}
    with transaction.atomic():
        if sku_id is None:
            sku, is_new = Sku.objects.get_or_create(
                tenant=tenant,
                code=code.strip()[:128],
                defaults={**wanted, "changed_at": clock.now(), "changed_by": actor.name[:128]},
            )
            if not is_new:
                raise SkuTaken
            changes = {field: [None, value] for field, value in wanted.items()}
        else:
            sku = sku_locked(tenant, sku_id)
            changes = _apply(sku, wanted, actor.name)
            sku.save()
        if changes:
            verb = "contacts.sku.changed" if sku_id else "contacts.sku.added"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=sku, changes=changes)
    return sku


def sku_set_archived(*, tenant: Tenant, sku_id: int, is_archived: bool, actor: Actor) -> Sku:
    """Put a SKU away, or take it back; its orders keep their kind. Raises SkuUnknown, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        sku = sku_locked(tenant, sku_id)
        if bool(sku.archived_at) != is_archived:
            sku.archived_at = clock.now() if is_archived else None
            sku.save(update_fields=["archived_at"])
            verb = "contacts.sku.archived" if is_archived else "contacts.sku.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=sku)
    return sku


def skus_tell(*, tenant_id: int, items: Iterable[Mapping[str, Any]], by: str) -> list[str]:
    """What another system or a file says of SKUs: {"code", "name"} and any of "price_fen", "kind", "archived".

    A SKU is known by its code; what an item leaves out stays. Answers created, changed or unchanged for each item, in
    order. One transaction; safe to repeat.
    """
    told = list(items)
    with transaction.atomic():
        codes = {one["code"] for one in told}
        Sku.objects.bulk_create(
            [
                Sku(tenant_id=tenant_id, code=code, changed_by="")
                for code in sorted(codes - _known(tenant_id, codes))
            ],
            ignore_conflicts=True,
        )
        held = Sku.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, code__in=codes)
        rows = {row.code: row for row in held.order_by("code")}
        answers = [_tell(rows[one["code"]], one, by) for one in told]
        Sku.objects.bulk_update(rows.values(), [*FIELDS, "archived_at", "changed_at", "changed_by"])
    return answers


def _known(tenant_id: int, codes: set[str]) -> set[str]:
    return set(Sku.objects.filter(tenant_id=tenant_id, code__in=codes).values_list("code", flat=True))


def _tell(sku: Sku, one: Mapping[str, Any], by: str) -> str:
    """A row without a name was made a moment ago, by whoever speaks first."""
    is_new = not sku.name
    changes = _apply(sku, {field: one[field] for field in FIELDS if field in one}, by)
    if "archived" in one and bool(sku.archived_at) != one["archived"]:
        sku.archived_at = clock.now() if one["archived"] else None
        changes["archived"] = [not one["archived"], one["archived"]]
    return CREATED if is_new else CHANGED if changes else UNCHANGED


def _apply(sku: Sku, wanted: Mapping[str, Any], by: str) -> dict[str, list[Any]]:
    """Set what differs. Returns {field: [before, after]}."""
    changes = {
        field: [getattr(sku, field), value] for field, value in wanted.items() if getattr(sku, field) != value
    }
    for field, (_before, value) in changes.items():
        setattr(sku, field, value)
    if changes:
        sku.changed_at, sku.changed_by = clock.now(), by[:128]
    return changes


def sku_locked(tenant: Tenant, sku_id: int) -> Sku:
    """The SKU, locked to the end of the caller's transaction. Raises SkuUnknown."""
    sku = Sku.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=sku_id).first()
    if sku is None:
        raise SkuUnknown
    return sku
