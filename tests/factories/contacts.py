"""Customers, follows, tags, behaviours and orders."""

import itertools
from typing import Any

from contacts.models import Behaviour, Customer, CustomerTag, Follow, Order, Tag, TagGroup
from team.models import Staff
from tenants import clock
from tenants.models import Tenant
from tests.factories.team import _app
from wecom.models import App

_numbers = itertools.count(1)


def make_customer(*, tenant: Tenant, app: App | None = None, **fields: Any) -> Customer:
    number = next(_numbers)
    values = {"external_userid": f"wm{number:08d}", "name": f"客户{number}", "kind": 1}
    return Customer.objects.create(tenant=tenant, app=_app(tenant, app), **{**values, **fields})


def make_customers(*, tenant: Tenant, count: int, app: App | None = None) -> list[Customer]:
    """Many at once, in one insert."""
    app = _app(tenant, app)
    return Customer.objects.bulk_create(
        Customer(tenant=tenant, app=app, external_userid=f"wm{number:08d}", name=f"客户{number}", kind=1)
        for number in itertools.islice(_numbers, count)
    )


def make_follow(*, tenant: Tenant, customer: Customer, staff: Staff, **fields: Any) -> Follow:
    values = {"state": "full", "followed_at": clock.now()}
    return Follow.objects.create(tenant=tenant, customer=customer, staff=staff, **{**values, **fields})


def make_tag(*, tenant: Tenant, app: App | None = None, name: str = "高意向", group: str = "意向") -> Tag:
    number = next(_numbers)
    app = _app(tenant, app)
    holder, _ = TagGroup.objects.get_or_create(
        tenant=tenant, app=app, name=group, defaults={"group_id": f"etg{number}"}
    )
    return Tag.objects.create(tenant=tenant, app=app, tag_id=f"et{number}", group=holder, name=name)


def make_customer_tag(*, tenant: Tenant, customer: Customer, tag: Tag, **fields: Any) -> CustomerTag:
    values = {"source": "manual"}
    return CustomerTag.objects.create(tenant=tenant, customer=customer, tag=tag, **{**values, **fields})


def make_behaviour(
    *, tenant: Tenant, customer: Customer | None, kind: str = "link_click", **fields: Any
) -> Behaviour:
    values = {
        "source": "test",
        "event_id": f"e{next(_numbers)}",
        "occurred_at": clock.now(),
        "external_userid": customer.external_userid if customer else "",
    }
    return Behaviour.objects.create(tenant=tenant, customer=customer, kind=kind, **{**values, **fields})


def make_order(*, tenant: Tenant, customer: Customer, **fields: Any) -> Order:
    values = {
        "source": "shop",
        "order_no": f"o{next(_numbers)}",
        "state": "paid",
        "amount_fen": 198000,
        "ordered_at": clock.now(),
        "title": "正价课",
    }
    return Order.objects.create(tenant=tenant, customer=customer, **{**values, **fields})
