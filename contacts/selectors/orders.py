"""Orders with why their customers bought (R72)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.db.models import QuerySet

from contacts.enums import OrderState
from contacts.models import Order

_WHO_SAID = """
with people as (
    select distinct coalesce(c.person_id, c.id) as person from contacts_order o
    join contacts_customer c on c.tenant_id = o.tenant_id and c.id = o.customer_id
    where o.tenant_id = %(tenant)s and o.class_confirmed_by = '' and o.ordered_at is not null
)
select p.person from people p
where exists (
    select 1 from contacts_customer r
    join contacts_behaviour b on b.tenant_id = r.tenant_id and b.customer_id = r.id and b.kind = 'message'
    where r.tenant_id = %(tenant)s and (r.id = p.person or r.person_id = p.person)
        and exists (select 1 from unnest(%(words)s::text[]) as w(word) where strpos(b.text, w.word) > 0)
)
order by 1
"""


def orders_classed(*, tenant_id: int) -> QuerySet[Order]:
    """Orders of known people, newest first, whatever became of them."""
    rows = Order.objects.filter(tenant_id=tenant_id, ordered_at__isnull=False, customer__isnull=False)
    return rows.select_related("customer").order_by("-ordered_at", "-pk")


def orders_numbered(*, tenant_id: int, order_no: str) -> list[Order]:
    """The orders of this number, one of each source that has it. One query."""
    return list(Order.objects.filter(tenant_id=tenant_id, order_no=order_no).order_by("pk"))


def open_buyers(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Those of these people with an order that nobody has judged yet. One query."""
    rows = Order.objects.filter(tenant_id=tenant_id, customer_id__in=set(customer_ids), class_confirmed_by="")
    return set(rows.values_list("customer_id", flat=True))


def open_buyers_who_said(*, tenant_id: int, words: Iterable[str]) -> list[int]:
    """The people with an order that nobody has judged, of whom any record wrote one of these words. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WHO_SAID, {"tenant": tenant_id, "words": list(words)})
        return [row[0] for row in cursor.fetchall()]


def buyers_between(*, tenant_id: int, since: datetime, until: datetime) -> QuerySet:
    """A query of ids: the records with a paid, not refunded order placed in [since, until)."""
    rows = Order.objects.filter(
        tenant_id=tenant_id, state=OrderState.PAID, ordered_at__gte=since, ordered_at__lt=until
    )
    return rows.filter(customer_id__isnull=False).values("customer_id")
