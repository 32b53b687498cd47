"""Files with a preview: uploaded, judged line by line, written in slices when a person says so, taken back."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from types import ModuleType

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts.enums import IMPORT_ROWS, SheetKind, Verdict
from contacts.errors import ImportDone, ImportRefused, SheetNotChecked, SheetStays
from contacts.models import Sheet, SheetRow
from contacts.policies.files import Unreadable
from contacts.policies.sheets import Line, sheet_header, sheet_lines
from contacts.policies.spreadsheets import text_of
from contacts.services import sheet_customers, sheet_orders, sheet_skus, sheet_tags
from contacts.services.sheet_people import Judged, faulty
from outbox.dispatch import enqueue
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SLICE = 500
_WORKS: dict[str, ModuleType] = {
    SheetKind.CUSTOMERS: sheet_customers,
    SheetKind.ORDERS: sheet_orders,
    SheetKind.TAGS: sheet_tags,
    SheetKind.SKUS: sheet_skus,
}
# What customers did moves tiers and stages that people have acted on: orders are corrected, never taken back.
UNDOABLE = frozenset({SheetKind.CUSTOMERS, SheetKind.TAGS})


def sheet_upload(
    *, tenant: Tenant, kind: str, name: str, raw: bytes, actor: Actor, source: str = "import"
) -> Sheet:
    """Keep a file and have its lines judged; nothing else is written. Raises ImportRefused, NotPermitted."""
    require(actor, Permission.OPERATE)
    try:
        body = text_of(raw)
        header, total = sheet_header(body, kind)
    except Unreadable as error:
        raise ImportRefused(str(error)) from error
    if not total:
        raise ImportRefused(_("The file has a header and no lines."))
    most = preferences.value(tenant.pk, IMPORT_ROWS)
    if total > most:
        raise ImportRefused(_("The file has more than %(most)s rows. Split it.") % {"most": f"{most:,}"})
    with transaction.atomic():
        sheet = Sheet.objects.create(
            tenant=tenant,
            kind=SheetKind(kind),
            name=name[:200],
            source=source,
            uploaded_by=actor.name[:128],
            created_at=clock.now(),
            body=body,
            header=header,
            total=total,
        )
        enqueue("contacts.check_sheet", tenant_id=tenant.pk, sheet_id=sheet.pk)
    return sheet


def sheet_check(*, tenant: Tenant, sheet_id: int) -> None:
    """Judge a file's lines to the end, a slice a transaction. Safe to repeat: it goes on where it stopped."""
    sheet = Sheet.objects.get(tenant=tenant, pk=sheet_id)
    if sheet.checked_at is not None:
        return
    lines = sheet_lines(sheet.body, kind=sheet.kind, zone=tenant.timezone, now=sheet.created_at)
    rest = islice(lines, sheet.checked, None)
    while part := list(islice(rest, SLICE)):
        if not _check_slice(tenant, sheet_id, sheet.checked, part):
            return  # another worker is at it
        sheet.checked += len(part)
    Sheet.objects.filter(tenant=tenant, pk=sheet_id, checked_at=None).update(checked_at=clock.now(), body="")


def _check_slice(tenant: Tenant, sheet_id: int, checked: int, part: list[Line]) -> bool:
    with transaction.atomic():
        sheet = Sheet.objects.select_for_update(no_key=True).defer("body").get(tenant=tenant, pk=sheet_id)
        if sheet.checked != checked:
            return False
        verdicts = _judged(tenant, sheet, part)
        SheetRow.objects.bulk_create(
            SheetRow(
                tenant=tenant,
                sheet=sheet,
                line=line.line,
                cells=line.cells,
                told=line.told,
                key=one.key[:200],
                verdict=one.verdict,
                column=one.column,
                message=one.message[:300],
                customer_id=one.customer_id,
                changes=one.changes,
            )
            for line, one in zip(part, verdicts, strict=True)
        )
        counts = Counter(sheet.counts)
        counts.update(str(one.verdict) for one in verdicts)
        sheet.counts, sheet.checked = dict(counts), checked + len(part)
        sheet.save(update_fields=["counts", "checked"])
    return True


def _judged(tenant: Tenant, sheet: Sheet, part: Sequence[Line]) -> list[Judged]:
    """A verdict for each line; of two lines about the same thing the second is a fault."""
    good = [line for line in part if line.fault is None]
    fresh = iter(_WORKS[sheet.kind].judge(tenant=tenant, sheet=sheet, lines=[line.told for line in good]))
    made = [faulty(*line.fault) if line.fault else next(fresh) for line in part]
    before = SheetRow.objects.filter(tenant=tenant, sheet=sheet, key__in={one.key for one in made} - {""})
    seen = dict(before.values_list("key", "line"))
    for at, (line, one) in enumerate(zip(part, made, strict=True)):
        if one.key and one.verdict != Verdict.FAULT:
            if one.key in seen:
                why = _("Line %(line)s is about the same already: keep one of the two.")
                made[at] = faulty("", why % {"line": seen[one.key]})
            else:
                seen[one.key] = line.line
    return made


def sheet_start(*, tenant: Tenant, sheet_id: int, actor: Actor) -> Sheet:
    """A person says: write the good lines. Raises SheetNotChecked, ImportDone, Sheet.DoesNotExist, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        sheet = Sheet.objects.select_for_update(no_key=True).get(tenant=tenant, pk=sheet_id)
        if sheet.checked_at is None:
            raise SheetNotChecked
        if sheet.started_at is not None:
            raise ImportDone
        sheet.started_at, sheet.started_by = clock.now(), actor.name[:128]
        sheet.save(update_fields=["started_at", "started_by"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.sheet.started",
            target=sheet,
            changes={"rows": [0, sum(sheet.counts.get(one, 0) for one in (Verdict.NEW, Verdict.CHANGE))]},
        )
        enqueue("contacts.write_sheet", tenant_id=tenant.pk, sheet_id=sheet.pk)
    return sheet


def sheet_write(*, tenant: Tenant, sheet_id: int) -> None:
    """Write a started file to its end, a slice a transaction. Safe to repeat, also in parallel and after a kill."""
    while _write_slice(tenant, sheet_id):
        pass


def _write_slice(tenant: Tenant, sheet_id: int) -> bool:
    """Whether more is to do. Each line is judged anew: what somebody did since the preview is not undone by it."""
    with transaction.atomic():
        sheet = Sheet.objects.select_for_update(no_key=True).get(tenant=tenant, pk=sheet_id)
        if sheet.started_at is None or sheet.written_at is not None:
            return False
        rows = list(_waiting(sheet).order_by("line")[:SLICE])
        due = _anew(tenant, sheet, [row for row in rows if row.verdict != Verdict.FAULT])
        if due:
            _WORKS[sheet.kind].write(tenant=tenant, sheet=sheet, rows=due)
        now = clock.now()
        for row in rows:
            row.written_at = now
        SheetRow.objects.bulk_update(
            rows, ["verdict", "column", "message", "customer", "key", "changes", "before", "written_at"]
        )
        sheet.done += len(rows)
        sheet.written += len(due)
        sheet.written_at = None if _waiting(sheet).exists() else now
        sheet.save(update_fields=["done", "written", "written_at"])
        return sheet.written_at is None


def _waiting(sheet: Sheet) -> QuerySet[SheetRow]:
    return SheetRow.objects.filter(tenant_id=sheet.tenant_id, sheet=sheet, written_at=None)


def _anew(tenant: Tenant, sheet: Sheet, rows: list[SheetRow]) -> list[SheetRow]:
    """Those that still change something, with what they change now."""
    due = []
    fresh = _WORKS[sheet.kind].judge(tenant=tenant, sheet=sheet, lines=[row.told for row in rows])
    for row, one in zip(rows, fresh, strict=True):
        if one.verdict == Verdict.FAULT:
            row.verdict, row.column, row.message, row.changes = one.verdict, one.column, one.message[:300], []
            continue
        row.customer_id, row.key, row.changes = one.customer_id, one.key[:200], one.changes
        if one.changes or one.verdict == Verdict.NEW:
            due.append(row)
    return due


def sheet_undo(*, tenant: Tenant, sheet_id: int, actor: Actor) -> Sheet:
    """A person says: take it back. Raises SheetStays, Sheet.DoesNotExist, NotPermitted. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        sheet = Sheet.objects.select_for_update(no_key=True).get(tenant=tenant, pk=sheet_id)
        if sheet.kind not in UNDOABLE or sheet.written_at is None:
            raise SheetStays
        if sheet.undo_at is None:
            sheet.undo_at = clock.now()
            sheet.save(update_fields=["undo_at"])
            audit.record(tenant=tenant, actor=actor, verb="contacts.sheet.undone", target=sheet)
            enqueue("contacts.undo_sheet", tenant_id=tenant.pk, sheet_id=sheet.pk)
    return sheet


def sheet_take_back(*, tenant: Tenant, sheet_id: int) -> None:
    """Take a file back to its end, the last lines first. Safe to repeat, also in parallel and after a kill."""
    while _undo_slice(tenant, sheet_id):
        pass


def _undo_slice(tenant: Tenant, sheet_id: int) -> bool:
    with transaction.atomic():
        sheet = Sheet.objects.select_for_update(no_key=True).get(tenant=tenant, pk=sheet_id)
        if sheet.undo_at is None or sheet.undone_at is not None:
            return False
        written = SheetRow.objects.filter(
            tenant=tenant, sheet=sheet, undone_at=None, written_at__isnull=False
        )
        rows = list(written.exclude(verdict=Verdict.FAULT).exclude(changes=[]).order_by("-line")[:SLICE])
        now = clock.now()
        if rows:
            _WORKS[sheet.kind].undo(tenant=tenant, sheet=sheet, rows=rows)
            SheetRow.objects.filter(tenant=tenant, pk__in=[row.pk for row in rows]).update(undone_at=now)
        sheet.undone += len(rows)
        sheet.undone_at = None if rows else now
        sheet.save(update_fields=["undone", "undone_at"])
        return bool(rows)
