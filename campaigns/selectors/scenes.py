"""What is on record of people that says what led to their orders (R93)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from campaigns.enums import AwardState
from campaigns.models import Award, Campaign, Coupon
from campaigns.policies.scenes import Past, Stay
from groups.enums import Kind
from groups.selectors.members import spells_of


def pasts_of(
    *, tenant_id: int, person_of: Mapping[int, int], paid: Iterable[tuple[int, datetime]]
) -> dict[int, Past]:
    """{person: what is on record}. `person_of`: {record: person}; `paid`: (person, when) of orders. Two queries."""
    joined: dict[int, datetime] = {}
    flash: dict[int, list[Stay]] = defaultdict(list)
    for record, kind, since, until in spells_of(tenant_id=tenant_id, customer_ids=person_of):
        person = person_of[record]
        joined[person] = min(since, joined.get(person, since))
        if kind == Kind.FLASH:
            flash[person].append(Stay(since, until))
    prizes: dict[int, dict[int, datetime]] = defaultdict(dict)
    rows = Award.objects.filter(tenant_id=tenant_id, customer_id__in=list(person_of))
    rows = rows.exclude(state=AwardState.RETURNED).order_by("-made_at", "-pk")
    for record, campaign_id, at in rows.values_list("customer_id", "campaign_id", "made_at"):
        prizes[person_of[record]][campaign_id] = at  # the first prize of a campaign opens its window
    ordered: dict[int, list[datetime]] = defaultdict(list)
    for person, at in paid:
        ordered[person].append(at)
    return {
        person: Past(
            first_joined=joined.get(person),
            ordered=tuple(ordered[person]),
            prizes=prizes[person],
            flash=tuple(flash[person]),
        )
        for person in set(person_of.values())
    }


def told_campaigns(*, tenant_id: int, told: Iterable[str]) -> dict[str, int]:
    """{what a source said: campaign} of those that are this company's. One query."""
    ids = {int(one) for one in told}
    known = (
        Campaign.objects.filter(tenant_id=tenant_id, pk__in=ids).values_list("pk", flat=True) if ids else []
    )
    return {str(pk): pk for pk in known}


def coupon_orders(*, tenant_id: int, order_nos: Iterable[str]) -> dict[str, int]:
    """{order number: the campaign whose coupon was used on it}. One query."""
    rows = Coupon.objects.filter(tenant_id=tenant_id, order_no__in=[one for one in order_nos if one])
    return dict(rows.values_list("order_no", "award__campaign_id"))
