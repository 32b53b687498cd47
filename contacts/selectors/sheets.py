"""Reads of files with a preview."""

from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.enums import Education, Gender, OrderScene, ProfileField, SheetKind, SkuKind, Verdict
from contacts.models import Order, Sheet, SheetRow
from contacts.policies.files import column_of, unread_columns
from contacts.policies.masking import masked_phone
from contacts.policies.sheets import COLUMNS
from tenants import clock

STUCK = timedelta(minutes=2)

LABELS: dict[str, Any] = {
    **dict(ProfileField.choices),
    "name": _("Name"),
    "phone": _("Phone"),
    "unionid": _("Union id"),
    "tag": _("Tag"),
    "tag_at_wecom": _("Tag in WeCom, taken off by a call to WeCom"),
    "amount_fen": _("Amount"),
    "refund_fen": _("Refunded"),
    "ordered_at": _("Ordered at"),
    "sku_code": _("SKU"),
    "sku_name": _("Goods"),
    "sku_kind": _("Kind of order"),
    "scene": _("Scene"),
    "distributor": _("Distributor's code"),
    "sku_price_fen": _("Price"),
}
FAULT_HEADER = (
    _("line"),
    _("column"),
    _("reason"),
)  # stands before a file's own header in its file of faults
_WORDS: dict[str, dict[str, Any]] = {
    "gender": dict(Gender.choices),
    "education": dict(Education.choices),
    "sku_kind": dict(SkuKind.choices),
    "scene": dict(OrderScene.choices),
}


def sheets_recent(*, tenant_id: int, limit: int) -> list[Sheet]:
    """The latest files, without what they hold."""
    return list(
        Sheet.objects.filter(tenant_id=tenant_id).defer("body").order_by("-created_at", "-pk")[:limit]
    )


def sheet_get(*, tenant_id: int, sheet_id: int) -> Sheet:
    """Raises Sheet.DoesNotExist, also for another tenant's id."""
    return Sheet.objects.defer("body").get(tenant_id=tenant_id, pk=sheet_id)


def sheet_rows(*, sheet: Sheet) -> QuerySet[SheetRow]:
    """The lines that are judged, in the order of the file."""
    rows = SheetRow.objects.filter(tenant_id=sheet.tenant_id, sheet=sheet)
    return rows.select_related("customer").order_by("line")


def sheet_faults(*, sheet: Sheet) -> QuerySet[SheetRow]:
    """The lines that cannot be written."""
    return sheet_rows(sheet=sheet).filter(verdict=Verdict.FAULT)


def order_sources(*, tenant_id: int) -> list[str]:
    """The shops whose orders are known."""
    rows = Order.objects.filter(tenant_id=tenant_id)
    return sorted(rows.values_list("source", flat=True).distinct())


def change_words(change: list[Any], *, may_see: bool) -> tuple[Any, Any, Any]:
    """(what, before, after) as people read it; money and times stay fen and ISO text."""
    name, before, after = change
    if name == "phone":
        before, after = (masked_phone(one or "", may_see=may_see) for one in (before, after))
    words = _WORDS.get(name, {})
    return LABELS.get(name, name), words.get(before, before), words.get(after, after)


def columns_of(kind: str) -> list[tuple[str, str, bool]]:
    """(column, its Chinese name, whether it names people) of one kind of file."""
    who = set(COLUMNS[SheetKind.TAGS]) & set(COLUMNS[SheetKind.CUSTOMERS])
    return [(name, aliases[0], name in who) for name, aliases in COLUMNS[kind].items()]


def columns_unread(sheet: Sheet) -> list[str]:
    """The columns of this file that nothing is read from, those of our own file of faults left out."""
    ours = {str(one) for one in FAULT_HEADER}
    return [one for one in unread_columns(sheet.header, columns=COLUMNS[sheet.kind]) if one not in ours]


def fault_column(sheet: Sheet, name: str) -> str:
    """The column of a fault as the file itself calls it."""
    return column_of(name, sheet.header, columns=COLUMNS[sheet.kind]) if name else ""


def sheets_stuck() -> list[tuple[int, int, str]]:
    """(tenant id, file id, task) of files whose work stopped halfway. Across tenants: call inside unscoped()."""
    late = clock.now() - STUCK
    found = Sheet.objects.filter(
        Q(checked_at=None, created_at__lt=late)
        | Q(written_at=None, started_at__lt=late)
        | Q(undone_at=None, undo_at__lt=late)
    ).only("tenant_id", "checked_at", "started_at", "undo_at")
    return [(row.tenant_id, row.pk, _task(row)) for row in found.order_by("pk")]


def _task(row: Sheet) -> str:
    if row.undo_at is not None:
        return "contacts.undo_sheet"
    return "contacts.check_sheet" if row.checked_at is None else "contacts.write_sheet"
