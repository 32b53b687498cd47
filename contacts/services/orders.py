"""Order rows from order and refund behaviours (R38): a pure function of the behaviours on record.

Whatever order they arrive in, the same behaviours give the same row: it is derived again from all of them each time
one arrives. A refund that came first waits as a row without `ordered_at`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection, transaction

from contacts.enums import OrderClass, OrderScene, SkuKind
from contacts.models import Order
from contacts.selectors.identity import as_persons, records_under
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

_ENSURE = """
insert into contacts_order (tenant_id, source, order_no, sku_id, told_kind, nth, title, state, order_class,
  class_confirmed_by)
select %s, source, order_no, '', '', 1, '', 'paid', 'unknown', ''
from unnest(%s::text[], %s::text[]) as k(source, order_no) order by source, order_no
on conflict (tenant_id, source, order_no) do nothing
"""
_LOCK = """
select id from contacts_order o join unnest(%s::text[], %s::text[]) as k(source, order_no) using (source, order_no)
where tenant_id = %s order by source, order_no for no key update of o
"""
# A refund without an amount, or of an order whose amount is not known, is taken as a full one.
_DERIVE = """
with told as (
    select source, object_id as order_no,
        max(customer_id) as customer_id,
        min(occurred_at) filter (where kind = 'order') as ordered_at,
        max(occurred_at) filter (where kind = 'refund') as refunded_at,
        (array_agg(amount_fen order by occurred_at, event_id) filter (where kind = 'order'))[1] as amount_fen,
        (array_agg(object_title order by occurred_at, event_id) filter (where kind = 'order'))[1] as title,
        (array_agg(coalesce(data->>'sku_id', '') order by occurred_at, event_id) filter (where kind = 'order'))[1]
            as sku_id,
        (array_agg(coalesce(data->>'sku_kind', '') order by occurred_at, event_id) filter (where kind = 'order'))[1]
            as sku_kind,
        (array_agg(coalesce(data->>'scene', '') order by occurred_at, event_id) filter (where kind = 'order'))[1]
            as scene,
        (array_agg(coalesce(data->>'campaign', '') order by occurred_at, event_id) filter (where kind = 'order'))[1]
            as campaign,
        (array_agg(coalesce(data->>'distributor', '') order by occurred_at, event_id) filter (where kind = 'order'))[1]
            as seller,
        sum(amount_fen) filter (where kind = 'refund') as refund_fen,
        bool_or(amount_fen is null) filter (where kind = 'refund') as refund_is_full
    from contacts_behaviour
    where tenant_id = %s and kind in ('order', 'refund')
        and (source, object_id) in (select * from unnest(%s::text[], %s::text[]))
    group by source, object_id
)
update contacts_order o set
    customer_id = told.customer_id, ordered_at = told.ordered_at, refunded_at = told.refunded_at,
    amount_fen = told.amount_fen, refund_fen = told.refund_fen,
    title = coalesce(told.title, ''), sku_id = coalesce(left(told.sku_id, 128), ''),
    told_kind = case when told.sku_kind = any(%s) then told.sku_kind else '' end,
    told_scene = case when told.scene = any(%s) then told.scene else '' end,
    scene = case when told.scene = any(%s) then told.scene else o.scene end,
    told_seller = case when upper(told.seller) ~ '^[A-Z0-9]{4,16}$' then upper(told.seller) else '' end,
    told_campaign = case when told.campaign ~ '^[0-9]{1,18}$' then told.campaign else '' end,
    state = case
        when told.refunded_at is null then 'paid'
        when told.refund_is_full or told.amount_fen is null or told.refund_fen >= told.amount_fen then 'refunded'
        else 'paid'
    end
from told where o.tenant_id = %s and o.source = told.source and o.order_no = told.order_no
"""
# The same order of locks as above: who derives and who counts cannot lock each other out.
_LOCK_OF = """
select id from contacts_order where tenant_id = %s and customer_id = any(%s)
order by source, order_no for no key update
"""
_NUMBER = """
with counted as (
    select o.id, case when o.sku_id = '' then 1 else 1 + count(*) filter (where o.state = 'paid') over (
        partition by coalesce(c.person_id, c.id), o.sku_id order by o.ordered_at, o.id
        rows between unbounded preceding and 1 preceding
    ) end as nth
    from contacts_order o join contacts_customer c on c.id = o.customer_id
    where o.tenant_id = %s and o.customer_id = any(%s)
)
update contacts_order o set nth = counted.nth from counted where o.id = counted.id and o.nth <> counted.nth
"""


def orders_derive(*, tenant_id: int, keys: list[tuple[str, str]]) -> None:
    """Bring the rows of these (source, order number) pairs up to date. In the caller's transaction; repeatable."""
    if not keys:
        return
    sources, numbers = (list(column) for column in zip(*sorted(set(keys)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_ENSURE, [tenant_id, sources, numbers])
        cursor.execute(_LOCK, [sources, numbers, tenant_id])
        scenes = OrderScene.values
        cursor.execute(_DERIVE, [tenant_id, sources, numbers, SkuKind.values, scenes, scenes, tenant_id])


def orders_number(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Count anew which purchase of its SKU each order of these people is; refunded ones do not count.

    All records of a person count together. Returns how many orders changed. Safe to repeat, in any order.
    """
    people = as_persons(tenant_id=tenant_id, customer_ids=customer_ids)
    ids = sorted({*people, *records_under(tenant_id=tenant_id, person_ids=people)})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_OF, [tenant_id, ids])
        cursor.execute(_NUMBER, [tenant_id, ids])
        return cursor.rowcount


def orders_confirm_classes(*, tenant: Tenant, classes: Mapping[int, str], actor: Actor) -> int:
    """A person says of many orders why the customers bought: {order id: OrderClass}. Returns how many are now
    confirmed that were not, or not so. Orders of elsewhere are left out. Safe to repeat. Raises NotPermitted."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        rows = Order.objects.select_for_update(no_key=True).filter(tenant=tenant, pk__in=list(classes))
        moved = [
            one
            for one in rows.order_by("source", "order_no")
            if not one.class_confirmed_by or one.order_class != classes[one.pk]
        ]
        changes = {one.pk: {"order_class": [one.order_class, str(classes[one.pk])]} for one in moved}
        for one in moved:
            one.order_class, one.class_confirmed_by = OrderClass(classes[one.pk]), actor.name[:128]
        Order.objects.bulk_update(moved, ["order_class", "class_confirmed_by"], batch_size=500)
        audit.record_many(
            tenant=tenant, actor=actor, verb="contacts.order.classed", targets=moved, changes=changes
        )
    return len(moved)


def orders_open_again(*, tenant: Tenant, order_ids: Iterable[int], actor: Actor) -> list[int]:
    """What a person had said of these orders is taken back: the rule may suggest again. Returns their customers."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        rows = Order.objects.select_for_update(no_key=True).filter(tenant=tenant, pk__in=list(order_ids))
        held = [one for one in rows.order_by("source", "order_no") if one.class_confirmed_by]
        changes = {one.pk: {"class_confirmed_by": [one.class_confirmed_by, ""]} for one in held}
        for one in held:
            one.class_confirmed_by = ""
        Order.objects.bulk_update(held, ["class_confirmed_by"], batch_size=500)
        audit.record_many(
            tenant=tenant, actor=actor, verb="contacts.order.unclassed", targets=held, changes=changes
        )
    return [one.customer_id for one in held if one.customer_id is not None]


def order_classes_suggest(*, tenant_id: int, classes: dict[int, str]) -> int:
    """Store what the rule suggests, {order id: OrderClass}; orders a person has judged stay. Safe to repeat.

    Returns how many rows changed. At most one query a class.
    """
    changed = 0
    for name in sorted(set(classes.values())):
        ids = [pk for pk, wanted in classes.items() if wanted == name]
        rows = Order.objects.filter(tenant_id=tenant_id, pk__in=ids, class_confirmed_by="")
        changed += rows.exclude(order_class=name).update(order_class=OrderClass(name))
    return changed


@dataclass(frozen=True)
class Led:
    """What led to an order: its scene, and the ids of its campaign and of its step of an SOP, if any."""

    scene: str
    campaign_id: int | None
    step_id: int | None


def orders_led(*, tenant_id: int, led: Mapping[int, Led]) -> int:
    """Store {order: what led to it}; how many changed. What its source said of the scene stays. Safe to repeat."""
    with transaction.atomic():
        rows = Order.objects.select_for_update(no_key=True).filter(tenant_id=tenant_id, pk__in=list(led))
        moved = []
        for row in rows.order_by("source", "order_no"):
            found = led[row.pk]
            scene = OrderScene(row.told_scene or found.scene)
            if (row.scene, row.campaign_id, row.step_id) != (scene, found.campaign_id, found.step_id):
                row.scene, row.campaign_id, row.step_id = scene, found.campaign_id, found.step_id
                moved.append(row)
        Order.objects.bulk_update(moved, ["scene", "campaign", "step"], batch_size=500)
    return len(moved)
