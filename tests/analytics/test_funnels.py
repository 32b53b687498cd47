"""Step funnels: every figure and its people against a count by hand, bit by bit against at once, and the pages."""

import random
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from analytics.errors import FunnelNameTaken, FunnelUnknown, StepsInvalid
from analytics.handlers import on_behaviours_recorded, on_persons_changed
from analytics.models import Funnel, FunnelFigures, FunnelPerson
from analytics.selectors.funnels import funnel_people
from analytics.services.funnels import (
    funnel_again,
    funnel_ask,
    funnel_delete,
    funnels_count,
    has_funnels_due,
    tenants_with_funnels,
)
from contacts.events import BehavioursRecorded, PersonsChanged
from contacts.models import Channel, Customer, CustomerTag, Follow, Order, Tag
from groups.models import CircleSpell
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.analytics.funnels_by_hand import figures_by_hand
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import make_group, make_member
from tests.factories.leads import make_camp
from tests.factories.team import make_staff

pytestmark = pytest.mark.integration
DAY = timedelta(days=1)


@pytest.fixture
def inside(tenant: Tenant, frozen: MovableClock) -> Iterable[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def client(tenant: Tenant) -> Client:
    made = Client()
    User.objects.update(language="en")
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


def make_world(tenant: Tenant, seed: int) -> None:
    """Forty days: people in up to three groups, of two records, friends of staff, leads, tags, circles, orders given
    back, acts at one moment."""
    dice, now = random.Random(seed), clock.now()
    groups = [make_group(tenant=tenant, kind=kind) for kind in ("flash", "new_user", "")]
    channels = [Channel.objects.create(tenant=tenant, name=f"渠道{n}", kind="content") for n in range(2)]
    tags = [Tag.objects.create(tenant=tenant, name=f"标签{n}") for n in range(2)]
    gone = Tag.objects.create(tenant=tenant, name="旧", deleted_at=now)
    people, staff = make_customers(tenant=tenant, count=14), make_staff(tenant=tenant)
    for one, other in ((1, 0), (5, 4)):
        Customer.objects.filter(pk=people[one].pk).update(person=people[other])
    make_member(group=groups[0], staff=staff)
    window = make_camp(tenant=tenant, customers=people[:8], starts_at=now - 30 * DAY)
    for person in people[:6]:
        lead = window.leads.model.objects.filter(window=window, customer=person).first()
        values = {
            "state": "open",
            "tier": dice.choice(["S", "A+", "A", "B"]),
            "next_action": "call",
            "next_action_at": now,
        }
        if lead is None:
            window.leads.model.objects.create(tenant=tenant, window=window, customer=person, **values)
        else:
            window.leads.model.objects.filter(pk=lead.pk).update(**values)
    for person in people:
        for group in dice.sample(groups, dice.randint(0, 3)):
            joined = now - timedelta(minutes=dice.randint(1, 60 * 24 * 40))
            left = joined + 3 * DAY if dice.random() < 0.3 and joined + 3 * DAY < now else None
            make_member(
                group=group, customer=person, joined_at=joined, left_at=left, quit_scene="left" if left else "",
                is_creation_invitee=dice.random() < 0.2, channel=dice.choice([None, *channels]),
            )  # fmt: skip
        if dice.random() < 0.6:
            Follow.objects.create(
                tenant=tenant, customer=person, staff=staff, state="full", channel=dice.choice([None, *channels]),
                followed_at=now - timedelta(minutes=dice.randint(1, 60 * 24 * 40)),
            )  # fmt: skip
        for tag in dice.sample([*tags, gone], dice.randint(0, 3)):
            CustomerTag.objects.create(tenant=tenant, customer=person, tag=tag, source="manual")
        for group in dice.sample(groups, dice.randint(0, 2)):
            CircleSpell.objects.create(
                tenant=tenant, group=group, customer=person, circle=dice.choice(["core", "influence", "periphery"]),
                from_day=now.date() - 9 * DAY, until_day=dice.choice([None, None, now.date() - DAY]),
            )  # fmt: skip
    for _ in range(150):
        make_behaviour(
            tenant=tenant, customer=dice.choice(people), group=dice.choice([None, *groups]),
            kind=dice.choice(["message", "link_click", "purchase_click", "pay_click"]),
            occurred_at=now - dice.choice(
                [timedelta(minutes=dice.randint(0, 60 * 24 * 40)), timedelta(hours=dice.randint(0, 9))]
            ),
        )  # fmt: skip
    for number in range(16):
        make_order(
            tenant=tenant, customer=dice.choice(people), order_no=f"o{seed}-{number}",
            state=dice.choice(["paid", "paid", "refunded"]),
            ordered_at=now - timedelta(minutes=dice.randint(1, 60 * 24 * 40)),
        )  # fmt: skip


def ask(tenant: Tenant, steps: list[str], *, hours: int = 240, days: int = 30, name: str = "") -> Funnel:
    return funnel_ask(tenant=tenant, steps=steps, window_hours=hours, days=days, name=name, actor=SYSTEM)


def count_all(tenant: Tenant) -> None:
    while funnels_count(tenant=tenant):
        pass


def kept(funnel: Funnel) -> dict[tuple[str, int], tuple[Any, ...]]:
    rows = FunnelFigures.objects.filter(funnel=funnel)
    return {(one.segment, one.step): (one.reached, one.waiting, one.dropped, one.median_s) for one in rows}


def expected(tenant: Tenant, funnel: Funnel) -> dict[tuple[str, int], tuple[Any, ...]]:
    found = figures_by_hand(tenant, funnel.steps, timedelta(hours=funnel.window_hours), funnel.days)
    return {
        key: (len(reached), len(waiting), len(dropped), wait if wait is None else pytest.approx(wait))
        for key, (reached, waiting, dropped, wait) in found.items()
    }


FUNNELS = (
    (["join", "message", "order"], 240, 30),
    (["friend", "join", "message", "order"], 24 * 20, 40),
    (["link_click", "purchase_click", "pay_click"], 72, 20),
    (["message", "message"], 24, 7),
)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_equals_a_count_by_hand_and_opens_exactly_its_people(inside: Tenant, seed: int) -> None:
    make_world(inside, seed)
    funnels = [ask(inside, steps, hours=hours, days=days) for steps, hours, days in FUNNELS]

    count_all(inside)

    opened = 0
    for funnel in funnels:
        funnel.refresh_from_db()
        assert kept(funnel) == expected(inside, funnel), funnel.steps
        by_hand = figures_by_hand(inside, funnel.steps, timedelta(hours=funnel.window_hours), funnel.days)
        for (segment, step), (reached, waiting, dropped, _wait) in by_hand.items():
            for part, who in (("reached", reached), ("waiting", waiting), ("dropped", dropped)):
                rows = funnel_people(funnel=funnel, step=step, part=part, segment=segment)
                assert sorted(rows.values_list("customer_id", flat=True)) == sorted(who), (
                    segment,
                    step,
                    part,
                )
                opened += len(who)
    assert opened > 200


def test_what_comes_late_is_given_back_or_joined_counts_as_if_counted_at_once(
    inside: Tenant, frozen: MovableClock
) -> None:
    make_world(inside, 8)
    funnel = ask(inside, ["join", "message", "order"], name="入群到下单")
    count_all(inside)
    before, now = kept(funnel), clock.now()
    person, other = Customer.objects.filter(person=None).order_by("pk")[1:3]
    late = make_behaviour(tenant=inside, customer=person, kind="message", occurred_at=now - 3 * DAY)
    buyer = FunnelPerson.objects.filter(funnel=funnel, reached=3).earliest("customer_id").customer
    orders = Order.objects.filter(Q(customer=buyer) | Q(customer__person=buyer), tenant=inside)
    assert orders.update(state="refunded")
    told = [
        BehavioursRecorded(
            tenant_id=inside.pk, occurred_at=now, customer_ids=[person.pk], behaviour_ids=[late.pk], kinds=["message"],
            first_at=late.occurred_at, last_at=late.occurred_at,
        ),
        BehavioursRecorded(
            tenant_id=inside.pk, occurred_at=now, customer_ids=[buyer.pk], behaviour_ids=[], kinds=["refund"],
            first_at=now, last_at=now,
        ),
    ]  # fmt: skip
    for event in told:
        on_behaviours_recorded(tenant_id=inside.pk, events=[event])
    assert not has_funnels_due(tenant=inside)  # an hour of rest
    frozen.move(minutes=61)
    count_all(inside)
    assert kept(funnel) != before
    assert kept(funnel) == expected(inside, funnel)

    Customer.objects.filter(pk=other.pk).update(person=person)
    joined = PersonsChanged(tenant_id=inside.pk, occurred_at=now, customer_ids=[person.pk, other.pk])
    on_persons_changed(tenant_id=inside.pk, events=[joined])
    frozen.move(minutes=61)
    count_all(inside)
    bit_by_bit = kept(funnel), people_of(funnel)
    assert bit_by_bit[0] == expected(inside, funnel)

    FunnelPerson.objects.all().delete()
    FunnelFigures.objects.all().delete()
    Funnel.objects.update(until=None, done=0)
    count_all(inside)
    assert (kept(funnel), people_of(funnel)) == bit_by_bit


def people_of(funnel: Funnel) -> list[tuple[Any, ...]]:
    rows = FunnelPerson.objects.filter(funnel=funnel).order_by("customer_id")
    return list(rows.values_list("customer_id", "reached", "moments", "segments"))


def test_a_kept_funnel_is_counted_every_night_and_one_without_a_name_goes_after_a_week(
    inside: Tenant, frozen: MovableClock
) -> None:
    make_world(inside, 4)
    kept_one, asked = ask(inside, ["join", "message"], name="入群发言"), ask(inside, ["join", "order"])
    assert ask(inside, ["join", "order"]).pk == asked.pk
    assert inside.pk in tenants_with_funnels()
    count_all(inside)
    assert not has_funnels_due(tenant=inside)
    frozen.move(days=1)
    assert inside.pk in tenants_with_funnels()
    count_all(inside)
    assert Funnel.objects.get(pk=kept_one.pk).until == clock.now()
    assert Funnel.objects.get(pk=asked.pk).until == clock.now() - DAY
    frozen.move(days=7)
    count_all(inside)
    assert not Funnel.objects.filter(pk=asked.pk).exists()
    assert not FunnelPerson.objects.filter(funnel=asked.pk).exists()
    assert Funnel.objects.filter(pk=kept_one.pk).exists()


def test_what_is_no_funnel_is_refused_and_only_its_owner_or_a_manager_deletes_one(inside: Tenant) -> None:
    one = Actor(kind="user", id=1, name="甲", permissions=frozenset({Permission.WORK}))
    other = Actor(kind="user", id=2, name="乙", permissions=frozenset({Permission.WORK}))
    values = {"tenant": inside, "window_hours": 24, "days": 7}
    for steps in (["join"], ["join", "flying"], ["join"] * 7, []):
        with pytest.raises(StepsInvalid):
            funnel_ask(**values, steps=steps, name="", actor=one)
    funnel = funnel_ask(**values, steps=["join", "order"], name="漏斗 😀", actor=one)
    with pytest.raises(FunnelNameTaken):
        funnel_ask(**values, steps=["join", "order"], name=" 漏斗 😀 ", actor=other)
    with pytest.raises(NotPermitted):
        funnel_delete(tenant=inside, funnel_id=funnel.pk, actor=other)
    funnel_delete(tenant=inside, funnel_id=funnel.pk, actor=one)
    with pytest.raises(FunnelUnknown):
        funnel_again(tenant=inside, funnel_id=funnel.pk, actor=one)


def there(tenant: Tenant, name: str, **kwargs: Any) -> str:
    return reverse(f"analytics:{name}", kwargs={"tenant_slug": tenant.slug, **kwargs})


@pytest.fixture
def page_world(tenant: Tenant, frozen: MovableClock) -> list[Customer]:
    """Ten people joined nine days ago: six wrote after an hour, two of them ordered a day later, one of these got all
    back; two more joined today."""
    with tenant_scope(tenant):
        group, now = make_group(tenant=tenant, kind="flash"), clock.now()
        people = make_customers(tenant=tenant, count=12)
        for number, person in enumerate(people):
            make_member(
                group=group, customer=person, joined_at=now - (9 * DAY if number < 10 else timedelta(hours=1))
            )
        for person in people[:6]:
            make_behaviour(
                tenant=tenant, customer=person, group=group, kind="message",
                occurred_at=now - 9 * DAY + timedelta(hours=1),
            )  # fmt: skip
        make_order(tenant=tenant, customer=people[0], ordered_at=now - 8 * DAY)
        make_order(tenant=tenant, customer=people[1], ordered_at=now - 8 * DAY, state="refunded")
    return people


def asked_by_form(client: Client, tenant: Tenant, **more: str) -> str:
    told = {"step_1": "join", "step_2": "message", "step_3": "order", "window": "7", "days": "30", **more}
    answer = client.post(there(tenant, "funnel_new"), told)
    assert answer.status_code == 302
    return str(answer["Location"])


def rows_of(text: str) -> list[list[str]]:
    body = re.search(r"<tbody>(.*?)</tbody>", text, re.S)
    assert body is not None
    found = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)
        for row in re.findall(r"<tr>(.*?)</tr>", body[1], re.S)
    ]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in found]


def test_a_funnel_is_asked_for_counted_behind_the_page_and_kept(
    client: Client, tenant: Tenant, page_world: list[Customer]
) -> None:
    url = asked_by_form(client, tenant)
    assert "Counting the people" in client.get(url).text
    with tenant_scope(tenant):
        count_all(tenant)
    text = client.get(url).text
    assert rows_of(text) == [
        ["Joined a group", "12", "100.0%", "–", "–", "4", "2"],
        ["Sent a message", "6", "50.0%", "50.0%", "1 h 0 min", "5", "0"],
        ["Ordered", "1", "8.3%", "16.7%", "23 h 0 min", "–", "–"],
    ]
    links = [one.replace("&amp;", "&") for one in re.findall(r'href="([^"]*/people/[^"]*)"', text)]
    dropped = next(one for one in links if "step=2" in one and "part=dropped" in one)
    shown = client.get(dropped).text
    assert all(str(person) in shown for person in page_world[1:6])
    assert "5 people" in shown
    told = b"".join(client.get(url, {"export": "csv", "by": "kind"}).streaming_content).decode("utf-8-sig")
    assert told.splitlines()[1].split(",")[2:6] == ["12", "1.0", "4", "2"]
    assert len(told.splitlines()) == 1 + 3 + 3

    pk = int(url.rstrip("/").rpartition("/")[2])
    client.post(there(tenant, "funnel_act", pk=pk, verb="name"), {"name": "入群到下单"})
    assert "入群到下单" in client.get(there(tenant, "funnels")).text
    client.post(there(tenant, "funnel_act", pk=pk, verb="delete"))
    assert client.get(url).status_code == 404


def test_the_two_ways_in_stand_side_by_side(
    client: Client, tenant: Tenant, page_world: list[Customer]
) -> None:
    first = client.post(there(tenant, "funnel_ways"))
    assert client.post(there(tenant, "funnel_ways"))["Location"] == first["Location"]
    with tenant_scope(tenant):
        assert Funnel.objects.count() == 2
        count_all(tenant)
    text = client.get(first["Location"]).text
    assert "A: group first" in text
    assert "B: friend first" in text


def test_a_funnel_of_another_company_is_not_found(
    client: Client, tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        foreign = ask(other_tenant, ["join", "order"], name="别家")
    assert client.get(there(tenant, "funnel", pk=foreign.pk)).status_code == 404
    assert client.get(there(tenant, "funnel_people", pk=foreign.pk)).status_code == 404
    for verb in ("name", "delete", "again"):
        assert client.post(there(tenant, "funnel_act", pk=foreign.pk, verb=verb)).status_code == 404
    with tenant_scope(tenant):
        mine = ask(tenant, ["join", "order"], name="自家")
    people = there(tenant, "funnel_people", pk=mine.pk)
    assert client.get(people, {"step": "3"}).status_code == 404
    assert client.get(people, {"step": "9" * 4000}).status_code == 404
    assert client.get(people, {"segment": "planet:1"}).status_code == 404
    assert client.post(there(tenant, "funnel_act", pk=mine.pk, verb="fly")).status_code == 404
