"""The figures of days: what they count, when they are summed anew, and that bit by bit equals at once."""

import random
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db.models import Q

from analytics.handlers import on_behaviours_recorded, on_persons_changed, on_seats_corrected
from analytics.models import DayFigures, DayFill
from analytics.services import fills
from analytics.services.fills import days_fill, has_days_due, tenants_to_fill
from contacts.events import BehavioursRecorded, PersonsChanged
from contacts.models import Behaviour, Customer, Order
from groups.events import SeatsCorrected
from groups.models import Group, Member
from groups.selectors.activity import ACTIVE_KINDS
from tenants import clock
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customer, make_order
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff

pytestmark = pytest.mark.integration
FIGURES = [one.name for one in DayFigures._meta.fields if one.name not in ("id", "tenant", "group", "day")]
DAYS = 40


@pytest.fixture
def inside(tenant: Tenant, frozen: MovableClock) -> Iterable[Tenant]:
    with tenant_scope(tenant):
        yield tenant


def fill_all(tenant: Tenant) -> None:
    while days_fill(tenant=tenant):
        pass


def shown(tenant: Tenant) -> dict[tuple[date, int | None], dict[str, int]]:
    """{(day, group): figures} as they are stored."""
    rows = DayFigures.objects.filter(tenant=tenant).values("day", "group_id", *FIGURES)
    return {(row.pop("day"), row.pop("group_id")): row for row in rows}


def counted(tenant: Tenant, day: date, group_id: int | None) -> dict[str, int]:
    """The same by hand, from the raw rows, one person after the other."""
    begins, ends = clock.day_bounds(day, tenant.timezone)
    until = min(ends, clock.now())
    person = {
        pk: head or pk for pk, head in Customer.objects.filter(tenant=tenant).values_list("pk", "person_id")
    }
    spells = [
        one
        for one in Member.objects.filter(tenant=tenant, is_staff=False)
        if group_id in (None, one.group_id)
    ]

    def who(spell: Member) -> int:
        return person[spell.customer_id] if spell.customer_id else -spell.pk

    def sits(spell: Member, at: datetime) -> bool:
        return spell.joined_at < at and (spell.left_at is None or spell.left_at >= at)

    present = {who(one) for one in spells if sits(one, until)}
    acts = list(
        Behaviour.objects.filter(
            tenant=tenant, kind__in=ACTIVE_KINDS, customer__isnull=False, occurred_at__lt=until
        )
    )
    orders = list(
        Order.objects.filter(tenant=tenant, state="paid", customer__isnull=False, ordered_at__lt=until)
    )

    def since(days: int) -> datetime:
        return clock.day_bounds(day - timedelta(days=days - 1), tenant.timezone)[0]

    def active(days: int) -> int:
        return len(present & {
            person[one.customer_id] for one in acts
            if one.occurred_at >= since(days) and (group_id is None or one.group_id in (None, group_id))
        })  # fmt: skip

    def said(days: int) -> list[Behaviour]:
        return [
            one for one in acts
            if one.kind == "message" and one.group_id and group_id in (None, one.group_id)
            and one.occurred_at >= since(days)
        ]  # fmt: skip

    def bought(days: int) -> list[Order]:
        return [
            one for one in orders
            if one.ordered_at >= since(days) and any(
                who(spell) == person[one.customer_id] and spell.joined_at <= one.ordered_at
                and (spell.left_at is None or spell.left_at > one.ordered_at) for spell in spells
            )
        ]  # fmt: skip

    came = [one for one in spells if not one.is_creation_invitee and begins <= one.joined_at < until]
    went = [
        one
        for one in spells
        if one.left_at and one.quit_scene != "dissolved" and begins <= one.left_at < until
    ]
    found = {
        "customers": len(present), "joined": len(came), "left": len(went),
        "removed": sum(one.quit_scene == "removed" for one in went), "messages": len(said(1)),
        "orders": len(bought(1)),
        "paid_fen": sum((one.amount_fen or 0) - (one.refund_fen or 0) for one in bought(1)),
    }  # fmt: skip
    for days in (1, 7, 28):
        found[f"active_{days}"] = active(days)
        found[f"speakers_{days}"] = len(present & {person[one.customer_id] for one in said(days)})
        found[f"buyers_{days}"] = len({person[one.customer_id] for one in bought(days)})
    return found


def make_world(tenant: Tenant, seed: int, frozen: MovableClock) -> list[Group]:
    """Forty days of three groups: people in several, of two records, not known yet, staff, comings, goings, orders."""
    dice = random.Random(seed)
    now = clock.now()
    groups = [make_group(tenant=tenant) for _ in range(3)]
    people = [make_customer(tenant=tenant) for _ in range(12)]
    Customer.objects.filter(pk=people[1].pk).update(person=people[0])
    Customer.objects.filter(pk=people[5].pk).update(person=people[4])
    make_member(group=groups[0], staff=make_staff(tenant=tenant), joined_at=now - timedelta(days=DAYS))
    make_member(group=groups[0], joined_at=now - timedelta(days=20))
    for person in people:
        for group in dice.sample(groups, dice.randint(1, 3)):
            joined = now - timedelta(hours=dice.randint(1, 24 * DAYS))
            left = joined + timedelta(hours=dice.randint(1, 500)) if dice.random() < 0.4 else None
            left = left if left and left < now else None
            scene = dice.choice(["left", "removed", "dissolved"]) if left else ""
            make_member(
                group=group, customer=person, joined_at=joined, left_at=left, quit_scene=scene,
                is_creation_invitee=dice.random() < 0.2,
            )  # fmt: skip
    for _ in range(90):
        make_behaviour(
            tenant=tenant, customer=dice.choice(people), group=dice.choice([None, *groups]),
            kind=dice.choice(["message", "message", "checkin", "link_click", "join"]),
            occurred_at=now - timedelta(minutes=dice.randint(1, 60 * 24 * DAYS)),
        )  # fmt: skip
    for number in range(15):
        make_order(
            tenant=tenant, customer=dice.choice(people), order_no=f"o{seed}-{number}",
            amount_fen=dice.randint(1, 9) * 1000, refund_fen=dice.choice([None, None, 500]),
            state=dice.choice(["paid", "paid", "refunded"]),
            ordered_at=now - timedelta(minutes=dice.randint(1, 60 * 24 * DAYS)),
        )  # fmt: skip
    return groups


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_of_every_day_equals_a_count_by_hand(
    inside: Tenant, frozen: MovableClock, seed: int
) -> None:
    groups = make_world(inside, seed, frozen)

    fill_all(inside)

    stored = shown(inside)
    days = list(DayFill.objects.filter(tenant=inside).values_list("day", flat=True))
    assert len(days) > 28
    for day in days:
        for group_id in (None, *(one.pk for one in groups)):
            nothing = dict.fromkeys(FIGURES, 0)
            assert stored.get((day, group_id), nothing) == counted(inside, day, group_id), (day, group_id)


def test_summing_bit_by_bit_equals_summing_at_once(inside: Tenant, frozen: MovableClock) -> None:
    groups = make_world(inside, 7, frozen)
    fill_all(inside)
    dice, now = random.Random(5), clock.now()
    person, other = Customer.objects.filter(person=None).order_by("pk")[:2]

    late = make_behaviour(
        tenant=inside, customer=person, group=groups[0], kind="message", occurred_at=now - timedelta(days=25)
    )
    told = BehavioursRecorded(
        tenant_id=inside.pk, occurred_at=now, customer_ids=[person.pk], behaviour_ids=[late.pk], kinds=["message"],
        first_at=late.occurred_at, last_at=late.occurred_at,
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=inside.pk, events=[told])
    fill_all(inside)
    order = Order.objects.filter(tenant=inside, state="paid").order_by("ordered_at").first()
    assert order is not None
    assert order.customer_id is not None
    Order.objects.filter(pk=order.pk).update(state="refunded")
    refunded = BehavioursRecorded(
        tenant_id=inside.pk, occurred_at=now, customer_ids=[order.customer_id], behaviour_ids=[], kinds=["refund"],
        first_at=now, last_at=now,
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=inside.pk, events=[refunded])
    fill_all(inside)
    newcomer = make_customer(tenant=inside)
    seat = make_member(
        group=groups[2], customer=newcomer, joined_at=now - timedelta(days=dice.randint(3, 15))
    )
    corrected = SeatsCorrected(
        tenant_id=inside.pk, occurred_at=now, group_id=groups[2].pk, since=seat.joined_at
    )
    on_seats_corrected(tenant_id=inside.pk, events=[corrected])
    fill_all(inside)
    Customer.objects.filter(pk=other.pk).update(person=person)
    joined = PersonsChanged(tenant_id=inside.pk, occurred_at=now, customer_ids=[person.pk, other.pk])
    on_persons_changed(tenant_id=inside.pk, events=[joined])
    frozen.move(minutes=11)  # today is summed again
    fill_all(inside)

    bit_by_bit = shown(inside)
    DayFigures.objects.filter(tenant=inside).delete()
    DayFill.objects.filter(tenant=inside).update(done=0, until=None)
    fill_all(inside)
    assert bit_by_bit == shown(inside)


def test_what_comes_in_before_the_first_fill_does_not_shorten_the_history(
    inside: Tenant, frozen: MovableClock
) -> None:
    group, person = make_group(tenant=inside), make_customer(tenant=inside)
    make_member(group=group, customer=person, joined_at=clock.now() - timedelta(days=30))
    fills.acts_mark(tenant=inside, moments=[clock.now() - timedelta(days=1)])

    fill_all(inside)

    assert DayFill.objects.filter(tenant=inside).count() == 31


def test_what_comes_in_while_a_day_is_summed_makes_it_due_again(
    inside: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = make_group(tenant=inside)
    make_member(group=group, customer=make_customer(tenant=inside), joined_at=clock.now() - timedelta(days=3))
    fill_all(inside)
    yesterday = clock.local_date(clock.now(), inside.timezone) - timedelta(days=1)
    fills.days_mark(tenant_id=inside.pk, first=yesterday, last=yesterday)
    real = fills.day_values

    def meanwhile(**values: Any) -> dict[str, object]:
        fills.days_mark(tenant_id=inside.pk, first=yesterday, last=yesterday)
        return real(**values)

    monkeypatch.setattr(fills, "day_values", meanwhile)
    assert days_fill(tenant=inside) == 1
    monkeypatch.setattr(fills, "day_values", real)

    assert has_days_due(tenant=inside)
    assert days_fill(tenant=inside) == 1
    assert not has_days_due(tenant=inside)


def test_today_is_summed_again_every_ten_minutes_and_closed_after_midnight(
    inside: Tenant, frozen: MovableClock
) -> None:
    group = make_group(tenant=inside)
    person = make_customer(tenant=inside)
    make_member(group=group, customer=person, joined_at=clock.now() - timedelta(days=2))
    fill_all(inside)
    today = clock.local_date(clock.now(), inside.timezone)
    make_behaviour(tenant=inside, customer=person, group=group, kind="message")

    frozen.move(minutes=9)
    assert days_fill(tenant=inside) == 0
    assert inside.pk not in tenants_to_fill()
    frozen.move(minutes=2)
    assert inside.pk in tenants_to_fill()
    fill_all(inside)
    assert DayFigures.objects.get(tenant=inside, group=None, day=today).messages == 1

    make_behaviour(tenant=inside, customer=person, group=group, kind="message")
    ends = clock.day_bounds(today, inside.timezone)[1]
    frozen.move(seconds=int((ends - clock.now()).total_seconds()) + 60)
    fill_all(inside)
    closed = DayFill.objects.get(tenant=inside, day=today)
    assert (closed.until, closed.done) == (ends, closed.wanted)
    assert DayFigures.objects.get(tenant=inside, group=None, day=today).messages == 2


def test_other_companies_and_unknown_people_do_not_count(
    tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        make_member(group=make_group(tenant=other_tenant), customer=make_customer(tenant=other_tenant))
    with tenant_scope(tenant):
        fill_all(tenant)
        assert not DayFill.objects.filter(tenant=tenant).exists()
        make_member(group=make_group(tenant=tenant))
        fill_all(tenant)
        newest = DayFigures.objects.filter(Q(group=None), tenant=tenant).order_by("-day").first()
        assert newest is not None
        assert newest.customers == 1
