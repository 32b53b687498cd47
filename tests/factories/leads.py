"""Windows, members and leads. Leads come from behaviours, so there is no lead factory: use `make_camp`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contacts.models import Customer
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from leads.models import Lead, Window
from leads.services import leads_recompute, window_open
from tenants import clock
from tenants.models import Tenant


def make_camp(
    *,
    tenant: Tenant,
    customers: Iterable[Customer],
    source_id: int = 1,
    days: int = 33,
    starts_at: datetime | None = None,
    group_id: int | None = None,
    name: str = "启蒙营第6期",
) -> Window:
    """A window over these customers, who joined when it began."""
    start = starts_at or clock.now()
    return window_open(
        tenant_id=tenant.pk,
        source_kind="sop.run",
        source_id=source_id,
        name=name,
        starts_at=start,
        ends_at=start + timedelta(days=days),
        members=[(one.pk, group_id, start) for one in customers],
        group_ids=[group_id] if group_id else [],
    )


def item(
    customer: Customer,
    kind: str,
    at: datetime,
    *,
    event_id: str = "",
    link: str = "year",
    text: str = "",
    fen: int | None = None,
) -> BehaviourItem:
    name = event_id or f"{kind}-{customer.pk}-{at.isoformat()}-{text}"
    is_order = kind in ("order", "refund")
    return BehaviourItem(
        event_id=name, kind=kind, occurred_at=at, customer_id=customer.pk, text=text, amount_fen=fen,
        object_id=f"o-{customer.pk}" if is_order else (link if kind.endswith("click") else ""),
    )  # fmt: skip


def act(tenant: Tenant, *items: BehaviourItem) -> None:
    """Record behaviours and derive the leads, as the relay would."""
    behaviour_record_many(tenant_id=tenant.pk, source="test", items=list(items))
    leads_recompute(tenant_id=tenant.pk, customer_ids={one.customer_id for one in items if one.customer_id})


def purchase_clicks(customer: Customer, count: int, start: datetime) -> list[BehaviourItem]:
    return [item(customer, "purchase_click", start + timedelta(minutes=10 * one)) for one in range(count)]


def lead_of(customer: Customer) -> Lead:
    return Lead.objects.select_related("customer", "window", "owner").get(customer=customer)
