"""The price a SKU may be compared with (R91): asked by an operator, granted by a leader (R128), proven by orders."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.urls import reverse

from contacts.enums import ANCHOR_SALES
from contacts.errors import AnchorUnproven, ReasonMissing
from contacts.models import PriceAnchor, Sku
from contacts.policies.prices import PriceFacts
from contacts.selectors.prices import price_facts
from contacts.services.skus import sku_locked
from team.selectors import approval_of
from team.services import approval_ask
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import Words, say, say_count, say_list

KIND = "contacts.anchor"


def anchor_asked(*, tenant_id: int, sku_id: int) -> Any:
    """The request that waits for one SKU, or None. One query."""
    return approval_of(tenant_id=tenant_id, kind=KIND, target=_target(sku_id))


def anchor_ask(*, tenant: Tenant, sku_id: int, price_fen: int, reason: str, actor: Actor) -> None:
    """Ask a leader to let a price be compared with. The request says what the orders say. Safe to repeat.

    Raises NotPermitted, ReasonMissing, AnchorUnproven, SkuUnknown, ApprovalWaits.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        sku, facts = _proven(tenant, sku_id, price_fen, reason)
        approval_ask(
            tenant=tenant, kind=KIND, target=_target(sku.pk), label=sku.name, reason=reason, actor=actor,
            said=_said(tenant, price_fen, facts), wish={"sku_id": sku.pk, "price_fen": price_fen},
            url=f"{reverse('contacts:skus', args=[tenant.slug])}?q={sku.code}",
        )  # fmt: skip


def anchor_set(*, tenant: Tenant, sku_id: int, price_fen: int, reason: str, actor: Actor) -> PriceAnchor:
    """Let a price be compared with; the one before ends. The same price again proves it anew.

    Raises NotPermitted, ReasonMissing, AnchorUnproven, SkuUnknown.
    """
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        sku, facts = _proven(tenant, sku_id, price_fen, reason)
        before = _end(tenant, sku, actor)
        kept = {**asdict(facts), "last_at": facts.last_at.isoformat() if facts.last_at else None}
        row = PriceAnchor.objects.create(
            tenant=tenant, sku=sku, price_fen=price_fen, reason=reason.strip()[:500], facts=kept,
            set_by=actor.name[:128],
        )  # fmt: skip
        audit.record(
            tenant=tenant, actor=actor, verb="contacts.sku.anchored", target=sku, reason=row.reason,
            changes={"anchor_fen": [before, price_fen], "sales": [None, facts.sales]},
        )  # fmt: skip
    return row


def anchor_granted(*, tenant: Tenant, wish: Mapping[str, Any], reason: str, actor: Actor) -> None:
    """A leader granted it: the price may be compared with, if its proof still stands."""
    anchor_set(tenant=tenant, sku_id=wish["sku_id"], price_fen=wish["price_fen"], reason=reason, actor=actor)


def anchor_end(*, tenant: Tenant, sku_id: int, actor: Actor) -> None:
    """The SKU is compared with no price any more. Safe to repeat. Raises NotPermitted, SkuUnknown."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        sku = sku_locked(tenant, sku_id)
        before = _end(tenant, sku, actor)
        if before is not None:
            audit.record(
                tenant=tenant, actor=actor, verb="contacts.sku.unanchored", target=sku,
                changes={"anchor_fen": [before, None]},
            )  # fmt: skip


def _end(tenant: Tenant, sku: Sku, actor: Actor) -> int | None:
    """End the present one; returns its price in fen."""
    row = PriceAnchor.objects.filter(tenant=tenant, sku=sku, ended_at=None).first()
    if row is None:
        return None
    row.ended_at, row.ended_by = clock.now(), actor.name[:128]
    row.save(update_fields=["ended_at", "ended_by"])
    return row.price_fen


def _proven(tenant: Tenant, sku_id: int, price_fen: int, reason: str) -> tuple[Sku, PriceFacts]:
    if not reason.strip():
        raise ReasonMissing
    sku = sku_locked(tenant, sku_id)
    facts = price_facts(tenant_id=tenant.pk, code=sku.code, price_fen=price_fen)
    if price_fen < 1 or not facts.is_proven(preferences.value(tenant.pk, ANCHOR_SALES)):
        raise AnchorUnproven(days=facts.days)
    return sku, facts


def _said(tenant: Tenant, price_fen: int, facts: PriceFacts) -> Words:
    """What would happen and what the orders say, as the approver reads it."""
    day = clock.local_date(facts.last_at, tenant.timezone).isoformat() if facts.last_at else "–"
    proof = say_count(
        "Compare with ¥%(price)s: paid %(n)s time in %(days)s days, last on %(day)s",
        "Compare with ¥%(price)s: paid %(n)s times in %(days)s days, last on %(day)s",
        facts.sales,
    ) % {"price": yuan(price_fen), "n": facts.sales, "days": facts.days, "day": day}
    if not facts.is_above_basis(price_fen):
        return proof
    basis = say("Beware: it sold for ¥%(basis)s lately, and discounts are measured by that")
    return say_list((proof, basis % {"basis": yuan(facts.basis_fen or 0)}))


def yuan(fen: int) -> str:
    """29900 -> 299, 29950 -> 299.50."""
    return f"{fen / 100:.2f}".removesuffix(".00")


def _target(sku_id: int) -> str:
    return f"sku:{sku_id}"
