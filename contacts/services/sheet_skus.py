"""SKUs from a file (R38): added, or changed where the file says otherwise."""

from collections.abc import Sequence
from typing import Any

from contacts.enums import Verdict
from contacts.models import Sheet, SheetRow, Sku
from contacts.services.sheet_people import Judged
from contacts.services.skus import FIELDS, skus_tell
from tenants.models import Tenant


def judge(*, tenant: Tenant, sheet: Sheet, lines: Sequence[dict[str, Any]]) -> list[Judged]:
    """What each line would do now. One query."""
    codes = {told["code"] for told in lines}
    known = {one.code: one for one in Sku.objects.filter(tenant=tenant, code__in=codes)}
    return [_judged(told, known.get(told["code"])) for told in lines]


def _judged(told: dict[str, Any], sku: Sku | None) -> Judged:
    changes = [
        [f"sku_{field}", getattr(sku, field) if sku else None, told[field]]
        for field in FIELDS
        if field in told and (sku is None or getattr(sku, field) != told[field])
    ]
    verdict = Verdict.NEW if sku is None else Verdict.CHANGE if changes else Verdict.SAME
    return Judged(verdict, key=told["code"], changes=changes)


def write(*, tenant: Tenant, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Add or change the SKUs of lines that were just judged anew. In a transaction."""
    items = [{name: row.told[name] for name in ("code", *FIELDS) if name in row.told} for row in rows]
    skus_tell(tenant_id=tenant.pk, items=items, by=sheet.started_by)
