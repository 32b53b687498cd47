"""Retention counted by hand, one person after the other, from the raw rows: what the product's own counting has to
equal. Nothing here is taken from it but the names of the cells."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from contacts.models import Behaviour, Channel, Customer
from groups.models import Group, Member
from groups.selectors.activity import ACTIVE_KINDS
from leads.models import Window, WindowMember
from tenants import clock
from tenants.models import Tenant
from tests.factories.contacts import make_behaviour, make_customers
from tests.factories.groups import make_group, make_member
from tests.factories.leads import make_camp
from tests.factories.team import make_staff

DAYS = 75


def make_world(tenant: Tenant, seed: int) -> list[Group]:
    """Eleven weeks of three groups and a camp in two of them: people in several groups, of two records, not known yet,
    staff, comings and goings and comings back, two channels."""
    dice, now = random.Random(seed), clock.now()
    groups = [make_group(tenant=tenant) for _ in range(3)]
    channels = [Channel.objects.create(tenant=tenant, name=f"渠道{n}", kind="content") for n in range(2)]
    people = make_customers(tenant=tenant, count=14)
    Customer.objects.filter(pk=people[1].pk).update(person=people[0])
    Customer.objects.filter(pk=people[5].pk).update(person=people[4])
    make_member(group=groups[0], staff=make_staff(tenant=tenant), joined_at=now - timedelta(days=DAYS))
    make_member(group=groups[0], joined_at=now - timedelta(days=20))
    for person in people:
        for group in dice.sample(groups, dice.randint(1, 3)):
            joined = now - timedelta(minutes=dice.randint(1, 60 * 24 * DAYS))
            while joined < now:
                left = (
                    joined + timedelta(minutes=dice.randint(1, 60 * 24 * 40)) if dice.random() < 0.6 else None
                )
                left = left if left and left < now else None
                make_member(
                    group=group, customer=person, joined_at=joined, left_at=left, quit_scene="left" if left else "",
                    is_creation_invitee=dice.random() < 0.2, channel=dice.choice([None, *channels]),
                )  # fmt: skip
                if left is None or dice.random() < 0.5:
                    break
                joined = left + timedelta(days=dice.randint(1, 12))
    window = make_camp(tenant=tenant, customers=people[:5], source_id=77, starts_at=now - timedelta(days=40))
    Window.objects.filter(pk=window.pk).update(group_ids=[one.pk for one in groups[:2]])
    WindowMember.objects.filter(window=window, customer=people[3]).update(joined_at=now - timedelta(days=30))
    for _ in range(260):
        make_behaviour(
            tenant=tenant, customer=dice.choice(people), group=dice.choice([None, *groups]),
            kind=dice.choice(["message", "message", "checkin", "link_click", "join", "refund"]),
            occurred_at=now - timedelta(minutes=dice.randint(1, 60 * 24 * DAYS)),
        )  # fmt: skip
    return groups


def counted(tenant: Tenant) -> dict[tuple[str, int, date], dict[str, Any]]:
    """{(of, of_id, week): {cell: the set of people, or None while it is not due}}."""
    person = {
        pk: head or pk for pk, head in Customer.objects.filter(tenant=tenant).values_list("pk", "person_id")
    }
    today = clock.local_date(clock.now(), tenant.timezone)
    until = _midnight(tenant, today)
    spells = list(
        Member.objects.filter(tenant=tenant, is_staff=False, joined_at__lt=until).order_by("joined_at")
    )
    acts = list(Behaviour.objects.filter(tenant=tenant, kind__in=ACTIVE_KINDS, occurred_at__lt=until))
    found: dict[tuple[str, int, date], dict[str, Any]] = {}
    for of, of_id, mine, came in _cohorts(tenant, spells, person):
        for who, at in came.items():
            if at >= until:
                continue
            day0 = clock.local_date(at, tenant.timezone)
            week = day0 - timedelta(days=day0.weekday())
            row = found.setdefault((of, of_id, week), {"people": set()})
            row["people"].add(who)
            seats = [one for one in mine if _who(one, person) == who]
            for days in (1, 7, 30):
                begins = _midnight(tenant, day0 + timedelta(days=days))
                ends = _midnight(tenant, day0 + timedelta(days=days + 1))
                is_due = _midnight(tenant, week + timedelta(days=7 + days)) <= until
                done = [
                    one.occurred_at for one in acts
                    if one.customer_id and person[one.customer_id] == who and any(
                        one.group_id in (None, seat.group_id) and seat.joined_at <= one.occurred_at
                        and (seat.left_at is None or one.occurred_at < seat.left_at) for seat in seats
                    )
                ]  # fmt: skip
                held = {
                    "seat_on": any(
                        s.joined_at < ends and (not s.left_at or s.left_at >= ends) for s in seats
                    ),
                    "seat_since": any(not s.left_at or s.left_at >= begins for s in seats),
                    "act_on": any(begins <= at < ends for at in done),
                    "act_since": any(at >= begins for at in done),
                }
                for measure, is_so in held.items():
                    cell = row.setdefault(f"{measure}_{days}", set() if is_due else None)
                    if is_due and is_so:
                        cell.add(who)
    return found


def _midnight(tenant: Tenant, day: date) -> datetime:
    return clock.day_bounds(day, tenant.timezone)[0]


def _who(spell: Member, person: dict[int, int]) -> int:
    return person[spell.customer_id] if spell.customer_id else -spell.pk


def _cohorts(
    tenant: Tenant, spells: list[Member], person: dict[int, int]
) -> Iterator[tuple[str, int, list[Member], dict[int, datetime]]]:
    """Each cohort's name, its seats, and when each person came into it first."""

    def first(mine: list[Member]) -> dict[int, datetime]:
        came: dict[int, datetime] = {}
        for one in mine:
            if not one.is_creation_invitee:
                came.setdefault(_who(one, person), one.joined_at)
        return came

    yield "company", 0, spells, first(spells)
    for group_id in {one.group_id for one in spells}:
        mine = [one for one in spells if one.group_id == group_id]
        yield "group", group_id, mine, first(mine)
    for channel_id in {one.channel_id for one in spells if one.channel_id}:
        mine = [one for one in spells if one.channel_id == channel_id]
        yield "channel", channel_id, mine, first(mine)
    for window in Window.objects.filter(tenant=tenant, source_kind="sop.run"):
        came: dict[int, datetime] = {}
        for member in WindowMember.objects.filter(window=window).order_by("joined_at"):
            came.setdefault(person[member.customer_id], member.joined_at)
        yield (
            "camp",
            window.source_id,
            [one for one in spells if one.group_id in window.group_ids],
            came,
        )
