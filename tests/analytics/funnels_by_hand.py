"""A funnel counted by hand, one person after the other, from the raw rows: what the product has to equal."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from contacts.models import Behaviour, Customer, CustomerTag, Follow, Order
from groups.models import CircleSpell, Member
from leads.enums import TIERS
from leads.models import Lead
from tenants import clock
from tenants.models import Tenant


def moments_of(tenant: Tenant, step: str, who: Iterable[int]) -> list[datetime]:
    """When any of these records took a step, whenever."""
    mine = {"tenant": tenant, "customer__in": list(who)}
    found: list[Any]
    if step == "join":
        found = [
            one.joined_at
            for one in Member.objects.filter(**mine, is_staff=False)
            if not one.is_creation_invitee
        ]
    elif step == "order":
        found = [one.ordered_at for one in Order.objects.filter(**mine) if one.state == "paid"]
    elif step == "friend":
        found = [one.followed_at for one in Follow.objects.filter(**mine) if one.followed_at]
    else:
        found = [one.occurred_at for one in Behaviour.objects.filter(**mine) if one.kind == step]
    return sorted(found)


def walks_by_hand(
    tenant: Tenant, steps: list[str], window: timedelta, days: int
) -> dict[int, list[datetime]]:
    """{person: the moments of the steps taken}."""
    now = clock.now()
    first_day = clock.local_date(now, tenant.timezone) - timedelta(days=days - 1)
    since = clock.day_bounds(first_day, tenant.timezone)[0]
    found = {}
    for person in Customer.objects.filter(tenant=tenant, person=None):
        records = [person.pk, *Customer.objects.filter(person=person).values_list("pk", flat=True)]
        took: list[datetime] = []
        for step in steps:
            later = [
                at for at in moments_of(tenant, step, records)
                if since <= at < now and (not took or took[-1] < at <= took[0] + window)
            ]  # fmt: skip
            if not later:
                break
            took.append(later[0])
        if took:
            found[person.pk] = took
    return found


def segments_by_hand(tenant: Tenant, person: int) -> set[str]:
    """What a person is told apart by now."""
    records = [person, *Customer.objects.filter(person=person).values_list("pk", flat=True)]
    mine = {"tenant": tenant, "customer__in": records}
    tiers = [one.tier for one in Lead.objects.filter(**mine, state="open") if one.tier]
    seats = list(Member.objects.filter(**mine, is_staff=False).select_related("group"))
    came = [(one.joined_at, one.channel_id) for one in seats if one.channel_id]
    came += [(one.followed_at, one.channel_id) for one in Follow.objects.filter(**mine) if one.channel_id]
    kinds = {one.group.kind for one in seats if one.left_at is None} or {""}
    circles = [one.circle for one in CircleSpell.objects.filter(**mine, until_day=None)]
    tags = {str(one.tag_id) for one in CustomerTag.objects.filter(**mine, tag__deleted_at=None)} or {""}
    closest = [one for one in ("core", "influence", "periphery") if one in circles]
    return {
        f"tier:{min(tiers, key=TIERS.index) if tiers else ''}", f"channel:{min(came)[1] if came else ''}",
        f"circle:{closest[0] if closest else ''}", *(f"kind:{one}" for one in kinds), *(f"tag:{one}" for one in tags),
    }  # fmt: skip


def figures_by_hand(
    tenant: Tenant, steps: list[str], window: timedelta, days: int
) -> dict[tuple[str, int], tuple[set[int], set[int], set[int], float | None]]:
    """{(segment, step): (who reached it, who waits, who dropped out, the median seconds since the step before)}."""
    now, walks = clock.now(), walks_by_hand(tenant, steps, window, days)
    found: dict[tuple[str, int], tuple[set[int], set[int], set[int], float | None]] = {}
    told = {person: segments_by_hand(tenant, person) | {""} for person in walks}
    for segment in {one for some in told.values() for one in some}:
        mine = {person: took for person, took in walks.items() if segment in told[person]}
        for step in range(1, len(steps) + 1):
            reached = {person for person, took in mine.items() if len(took) >= step}
            if not reached:
                continue
            stuck = {person for person in reached if len(mine[person]) == step and step < len(steps)}
            waiting = {person for person in stuck if mine[person][0] + window > now}
            waits = (
                [(mine[one][step - 1] - mine[one][step - 2]).total_seconds() for one in reached]
                if step > 1
                else []
            )
            found[segment, step] = (reached, waiting, stuck - waiting, median(waits) if waits else None)
    return found
