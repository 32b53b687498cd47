"""Why customers bought (R72): suggested from the record, judged anew when more arrives, confirmed by people."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from analytics.handlers import on_exposures_moved, on_persons_changed
from analytics.services.order_classes import order_classes_renew
from contacts.events import ExposuresMoved
from contacts.models import Exposure, Order
from contacts.services.identity import customers_merge
from contacts.services.orders import orders_confirm_classes
from contacts.services.touch import gate_release
from outbox.models import EventRow
from sop.models import Step
from tenants.enums import Role
from tenants.models import AuditEntry, Membership, User
from tests.analytics.test_camp import _touch
from tests.factories.contacts import make_customer
from tests.factories.leads import act, item

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def signed_in(client, tenant):
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def push(tenant, world, person, at):
    """A sales message that reached the person."""
    step = Step.objects.get_or_create(
        tenant=tenant, version=world["version"], key="sell",
        defaults={
            "title": "限时优惠", "channel": "group_forward", "content_type": "marketing", "day": 1, "at": "09:00",
            "is_marketing": True,
        },
    )[0]  # fmt: skip
    touch = _touch(tenant, world, "confirmed", at=at, step=step)
    Exposure.objects.create(
        tenant=tenant, customer=person, touch_key=f"sop.touch:{touch.pk}", local_date=at.date(), at=at,
        channel="group_forward",
    )  # fmt: skip
    return f"sop.touch:{touch.pk}"


def classes():
    return dict(Order.objects.values_list("customer_id", "order_class"))


def bought(tenant, person, at):
    act(tenant, item(person, "order", at, fen=198000))
    order_classes_renew(tenant_id=tenant.pk, customer_ids=[person.pk])
    return Order.objects.get(customer=person)


def test_golden_cases(tenant, world, frozen):
    asked, pushed_first, nobody = world["people"][:3]
    nine = frozen.moment
    act(tenant, item(asked, "message", nine + timedelta(hours=1), text="年课多少钱"))
    push(tenant, world, pushed_first, nine)
    act(tenant, item(pushed_first, "message", nine + timedelta(hours=1), text="年课多少钱"))
    for who in (asked, pushed_first, nobody):
        bought(tenant, who, nine + timedelta(hours=2))
    assert classes() == {asked.pk: "active", pushed_first.pk: "stimulated", nobody.pk: "unknown"}


def test_what_arrives_late_suggests_anew_and_never_over_a_person(tenant, owner, world, frozen):
    late, held = world["people"][:2]
    nine = frozen.moment
    for who in (late, held):
        push(tenant, world, who, nine + timedelta(hours=1))
        order = bought(tenant, who, nine + timedelta(hours=2))
        assert order.order_class == "stimulated"
    orders_confirm_classes(
        tenant=tenant, classes={Order.objects.get(customer=held).pk: "stimulated"}, actor=owner
    )
    for who in (late, held):  # the archive brings the question of 09:00 a day later
        act(tenant, item(who, "message", nine, text="年课多少钱"))
    order_classes_renew(tenant_id=tenant.pk, customer_ids=[late.pk, held.pk])
    assert classes() == {late.pk: "active", held.pk: "stimulated"}


def test_a_push_that_reached_nobody_after_all_is_told_and_judged_anew(tenant, world, frozen):
    who = world["people"][0]
    key = push(tenant, world, who, frozen.moment)
    assert bought(tenant, who, frozen.moment + timedelta(hours=2)).order_class == "stimulated"
    with transaction.atomic():
        gate_release(tenant_id=tenant.pk, keys=[key], now=frozen.moment + timedelta(hours=3))
    assert EventRow.objects.filter(name="contacts.exposures.moved").count() == 1
    on_exposures_moved(
        tenant_id=tenant.pk,
        events=[ExposuresMoved(tenant_id=tenant.pk, occurred_at=frozen.moment, customer_ids=[who.pk])],
    )
    assert classes() == {who.pk: "unknown"}


def test_a_person_with_two_records_is_judged_as_one(tenant, owner, world, frozen):
    buyer = world["people"][0]
    other = make_customer(tenant=tenant)
    push(tenant, world, buyer, frozen.moment + timedelta(hours=1))
    assert bought(tenant, buyer, frozen.moment + timedelta(hours=2)).order_class == "stimulated"
    act(tenant, item(other, "message", frozen.moment, text="年课多少钱"))
    customers_merge(tenant=tenant, goes_on_id=buyer.pk, other_id=other.pk, actor=owner, reason="同一个人")

    class Changed:
        customer_ids = [other.pk]

    on_persons_changed(tenant_id=tenant.pk, events=[Changed()])
    assert classes() == {buyer.pk: "active"}


def test_the_page_shows_the_evidence_counts_by_camp_and_takes_many_at_once(
    signed_in,
    tenant,
    world,
    frozen,
):
    asked, pushed, nobody = world["people"][:3]
    outside = make_customer(tenant=tenant, name="营外的人")
    nine = frozen.moment
    act(tenant, item(asked, "message", nine, text="年课多少钱"))
    push(tenant, world, pushed, nine)
    for who in (asked, pushed, nobody, outside):
        bought(tenant, who, nine + timedelta(hours=2))
    frozen.move(hours=3)
    url = f"/t/{tenant.slug}/insights/orders/"
    with CaptureQueriesContext(connection) as queries:
        page = signed_in.get(url).content.decode()
    assert len(queries) <= 25
    rows = {
        name: row for row in re.findall(r"<tr.*?</tr>", page, re.S) for name in [row] if 'name="pick"' in row
    }
    told = {
        who.pk: next(row for row in rows if f"/customers/{who.pk}/" in row)
        for who in (asked, pushed, nobody, outside)
    }
    assert "年课多少钱" in told[asked.pk]
    assert "none before it" in told[asked.pk]
    assert "限时优惠" in told[pushed.pk]
    assert "nothing says why" in told[nobody.pk]
    assert "was in no camp then" in told[outside.pk]
    camp = next(row for row in re.findall(r"<tr.*?</tr>", page, re.S) if "第6期" in row and "pick" not in row)
    assert re.findall(r">(\d+)<", camp) == ["1", "1", "1", "3", "3"]
    picked = list(Order.objects.values_list("pk", flat=True))
    signed_in.post(f"{url}class/?as=suggested", {"pick": picked})
    assert dict(Order.objects.exclude(class_confirmed_by="").values_list("customer_id", "order_class")) == {
        asked.pk: "active", pushed.pk: "stimulated",
    }  # fmt: skip
    signed_in.post(f"{url}class/?as=active", {"every": "1", "query": "state=open"})
    assert classes() == {
        asked.pk: "active",
        pushed.pk: "stimulated",
        nobody.pk: "active",
        outside.pk: "active",
    }
    signed_in.post(f"{url}class/?as=active", {"every": "1", "query": "state=all"})
    signed_in.post(f"{url}class/?as=again", {"every": "1", "query": "state=all"})
    assert classes() == {
        asked.pk: "active",
        pushed.pk: "stimulated",
        nobody.pk: "unknown",
        outside.pk: "unknown",
    }
    assert AuditEntry.objects.filter(verb="contacts.order.classed").count() == 5
    exported = b"".join(signed_in.get(f"{url}?state=all&export=csv").streaming_content).decode("utf-8-sig")
    assert len(exported.strip().splitlines()) == 5


def test_orders_of_another_company_and_a_viewers_press_change_nothing(
    signed_in,
    tenant,
    other_tenant,
    world,
    frozen,
):
    order = bought(tenant, world["people"][0], frozen.moment)
    Membership.objects.filter(user__email="lin@example.com").update(role=Role.VIEWER)
    url = f"/t/{tenant.slug}/insights/orders/class/?as=active"
    assert signed_in.post(url, {"pick": [order.pk]}).status_code == 403
    Membership.objects.filter(user__email="lin@example.com").update(role=Role.OWNER)
    assert signed_in.post(url, {"pick": ["-1", "x", "999999999", "😀", str(10**30)]}).status_code == 302
    assert Order.objects.get().class_confirmed_by == ""
