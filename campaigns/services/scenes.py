"""What led to each order (R93): worked out from what is on record, so that working it out again changes nothing."""

from collections.abc import Iterable
from datetime import timedelta

from campaigns.enums import ATTRIBUTION_DAYS, NEWCOMER_DAYS
from campaigns.policies.scenes import campaign_of, scene_of
from campaigns.selectors.scenes import coupon_orders, pasts_of, told_campaigns
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import as_persons, records_under
from contacts.services.orders import Led, orders_led
from sop.selectors.led import steps_before
from tenants import preferences


def orders_follow(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Scene, campaign and step of every order of these people, by all their records; how many changed.

    A constant number of queries. Safe to repeat, in any order.
    """
    people = as_persons(tenant_id=tenant_id, customer_ids=customer_ids)
    person_of = {**{one: one for one in people}, **records_under(tenant_id=tenant_id, person_ids=people)}
    orders = [
        one for one in orders_for(tenant_id=tenant_id, customer_ids=person_of) if one.ordered_at is not None
    ]
    if not orders:
        return 0
    days = preferences.values(tenant_id, ATTRIBUTION_DAYS, NEWCOMER_DAYS)
    window, newcomer = timedelta(days=days[ATTRIBUTION_DAYS.key]), timedelta(days=days[NEWCOMER_DAYS.key])
    paid = [
        (person_of[one.customer_id], one.ordered_at)
        for one in orders
        if one.state == OrderState.PAID and one.customer_id is not None and one.ordered_at is not None
    ]
    pasts = pasts_of(tenant_id=tenant_id, person_of=person_of, paid=paid)
    steps = steps_before(tenant_id=tenant_id, order_ids=[one.pk for one in orders])
    told = told_campaigns(
        tenant_id=tenant_id, told={one.told_campaign for one in orders if one.told_campaign}
    )
    used = coupon_orders(tenant_id=tenant_id, order_nos=[one.order_no for one in orders])
    led = {}
    for one in orders:
        if one.customer_id is None or one.ordered_at is None:
            continue
        past, at = pasts[person_of[one.customer_id]], one.ordered_at
        campaign_id = told.get(one.told_campaign) or used.get(one.order_no)
        campaign_id = campaign_id or campaign_of(past, at=at, window=window)
        scene = scene_of(
            past, at=at, newcomer=newcomer, has_campaign=campaign_id is not None, told=one.told_scene
        )
        led[one.pk] = Led(scene=scene, campaign_id=campaign_id, step_id=steps.get(one.pk))
    return orders_led(tenant_id=tenant_id, led=led)
