"""Orders and refunds from a file (R38): they join the stream of behaviours, from which order rows are derived."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from contacts.enums import BehaviourKind, Verdict
from contacts.models import Behaviour, Order, Sheet, SheetRow
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.sheet_people import Judged, People, faulty
from tenants.models import Tenant


def judge(*, tenant: Tenant, sheet: Sheet, lines: Sequence[dict[str, Any]]) -> list[Judged]:
    """What each line would do now. A constant number of queries."""
    people = People(tenant.pk, lines)
    numbers = {told["order_no"] for told in lines}
    orders: dict[str, dict[str, Order]] = {}
    for row in Order.objects.filter(tenant=tenant, order_no__in=numbers):
        orders.setdefault(row.order_no, {})[row.source] = row
    events = {_refund_id(told) for told in lines if "refund_fen" in told}
    known = set(
        Behaviour.objects.filter(tenant=tenant, source=sheet.source, event_id__in=events).values_list(
            "event_id", flat=True
        )
    )
    return [_judged(sheet, told, people, orders.get(told["order_no"], {}), known) for told in lines]


def _judged(
    sheet: Sheet, told: dict[str, Any], people: People, orders: dict[str, Order], known: set[str]
) -> Judged:
    who = people.find(told)
    if who.fault:
        return who.fault
    if elsewhere := sorted(set(orders) - {sheet.source}):
        why = _("This order came from %(source)s already. Upload the file with that source.")
        return faulty("order_no", why % {"source": elsewhere[0]})
    order = orders.get(sheet.source)
    changes: list[list[Any]] = []
    if order is None or order.ordered_at is None:
        names = ("amount_fen", "ordered_at", "sku_code", "sku_name", "sku_kind", "scene", "distributor")
        changes = [[name, None, told[name]] for name in names if name in told]
    elif fault := _contradiction(order, told, who.customer.pk if who.customer else None):
        return fault
    if "refund_fen" in told and _refund_id(told) not in known:
        before = (order.refund_fen if order else None) or 0
        if before + told["refund_fen"] > told["amount_fen"]:
            return faulty("refund_amount", _("With the refunds known already this is more than was paid."))
        changes.append(["refund_fen", before or None, before + told["refund_fen"]])
    is_new = order is None or order.ordered_at is None
    verdict = Verdict.NEW if is_new else Verdict.CHANGE if changes else Verdict.SAME
    waits = "" if who.customer else _("Not known yet: the order waits for this person.")
    customer_id = who.customer.pk if who.customer else None
    return Judged(verdict, key=told["order_no"], customer_id=customer_id, message=waits, changes=changes)


def _contradiction(order: Order, told: dict[str, Any], customer_id: int | None) -> Judged | None:
    """An order on record is not rewritten: what it led to has been counted."""
    if order.amount_fen != told["amount_fen"]:
        return faulty(
            "amount", _("This order is known with another amount. Correct the line, or add a refund.")
        )
    if order.customer_id and customer_id and order.customer_id != customer_id:
        return faulty("order_no", _("This order is another person's. Correct the line."))
    return None


def _refund_id(told: dict[str, Any]) -> str:
    return f"refund:{told['order_no']}:{told['refund_fen']}:{told['refunded_at'][:10]}"


def write(*, tenant: Tenant, sheet: Sheet, rows: Sequence[SheetRow]) -> None:
    """Record the orders and refunds of lines that were just judged anew. An event counts once. In a transaction."""
    items = []
    for row in rows:
        fields = {change[0] for change in row.changes}
        if "amount_fen" in fields:
            items.append(
                _item(row, BehaviourKind.ORDER, f"order:{row.key}", "ordered_at", row.told["amount_fen"])
            )
        if "refund_fen" in fields:
            paid_back = row.told["refund_fen"]
            items.append(_item(row, BehaviourKind.REFUND, _refund_id(row.told), "refunded_at", paid_back))
    behaviour_record_many(tenant_id=tenant.pk, source=sheet.source, items=items)


def _item(row: SheetRow, kind: str, event_id: str, at: str, amount_fen: int) -> BehaviourItem:
    told = row.told
    beside = {"sku_id": "sku_code", "sku_kind": "sku_kind", "scene": "scene", "distributor": "distributor"}
    return BehaviourItem(
        event_id=event_id,
        kind=kind,
        occurred_at=datetime.fromisoformat(told[at]),
        customer_id=row.customer_id,
        external_userid=told.get("external_userid", ""),
        object_kind="order",
        object_id=row.key,
        object_title=told.get("sku_name", ""),
        amount_fen=amount_fen,
        data={name: told[column] for name, column in beside.items() if column in told},
    )
