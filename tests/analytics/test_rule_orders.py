"""A tier rule that listens for other words hears other questions: why people bought is previewed and suggested anew."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.handlers import on_rule_published
from analytics.services.order_classes import order_class_moves, order_classes_after_rule, order_classes_renew
from contacts.models import Order
from contacts.selectors.orders import open_buyers_who_said
from contacts.services.identity import customers_merge
from contacts.services.orders import orders_confirm_classes
from leads.events import RulePublished
from leads.models import RuleReport
from leads.policies.rules import BUILT_IN, rule_parse
from leads.selectors.reports import people_of_orders
from leads.services.rule_drafts import rule_draft_save, rule_publish
from leads.services.rule_reports import rule_report_make
from outbox.models import EventRow
from tenants.audit import Actor
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.analytics.test_order_classes import bought, classes, push
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.leads import act, item

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
World = dict[str, Any]
OTHER = {**BUILT_IN, "s": {**BUILT_IN["s"], "keywords": ["多少钱", "绘本"]}}  # hears 绘本, 学费 no more


def drafted(tenant: Tenant, owner: Actor, rules: dict[str, Any] = OTHER) -> RuleReport:
    rule_draft_save(tenant=tenant, actor=owner, rules=rules)
    rule_report_make(tenant_id=tenant.pk)
    return RuleReport.objects.get()


def told_events() -> list[RulePublished]:
    rows = EventRow.objects.filter(name="leads.rule.published").order_by("pk")
    return [
        RulePublished(tenant_id=row.tenant_id, occurred_at=row.occurred_at, **row.payload) for row in rows
    ]


def asking(tenant: Tenant, world: World, at: Any) -> dict[str, Any]:
    """Buyers after: a question by an old word, by a new one, by one both know, a push, and one a person judged."""
    old, new, both, silent, held = world["people"][:5]
    words = {old: "学费", new: "还送绘本吗", both: "年课多少钱", held: "送绘本吗"}
    act(tenant, *[item(who, "message", at, text=text) for who, text in words.items()])
    for who in (old, new, both, silent, held):
        push(tenant, world, who, at + timedelta(minutes=30))
        bought(tenant, who, at + timedelta(hours=1))
    return {"old": old, "new": new, "both": both, "silent": silent, "held": held}


def test_what_the_preview_promises_is_what_publishing_suggests_and_no_persons_word_moves(
    tenant: Tenant, owner: Actor, world: World, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = asking(tenant, world, frozen.moment)
    orders_confirm_classes(
        tenant=tenant, classes={Order.objects.get(customer=who["held"]).pk: "stimulated"}, actor=owner
    )
    before = classes()
    assert before == {
        who["old"].pk: "active", who["new"].pk: "stimulated", who["both"].pk: "active",
        who["silent"].pk: "stimulated", who["held"].pk: "stimulated",
    }  # fmt: skip
    report = drafted(tenant, owner)
    assert report.data["orders"] == [
        {"from": "active", "to": "stimulated", "orders": 1, "people": 1},
        {"from": "stimulated", "to": "active", "orders": 1, "people": 1},
    ]
    people = {"tenant_id": tenant.pk}
    assert people_of_orders(**people, before="active", after="stimulated") == [who["old"].pk]
    assert people_of_orders(**people, before="stimulated", after="active") == [who["new"].pk]
    assert people_of_orders(**people, before="unknown", after="active") == []
    assert classes() == before
    rule_publish(tenant=tenant, actor=owner)
    assert classes() == before  # in a task, not in the press
    (event,) = told_events()
    assert (event.number, set(event.words)) == (2, set(BUILT_IN["s"]["keywords"]) ^ {"多少钱", "绘本"})
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(
        "analytics.handlers.enqueue", lambda name, **told: asked.append({"task": name, **told})
    )
    on_rule_published(tenant_id=tenant.pk, events=[event, event])
    assert asked == [
        {"task": "analytics.renew_order_classes", "tenant_id": tenant.pk, "words": sorted(event.words)}
    ]
    for _ in range(2):
        order_classes_after_rule(tenant_id=tenant.pk, words=asked[0]["words"])
        assert classes() == before | {who["old"].pk: "stimulated", who["new"].pk: "active"}


def test_a_rule_that_hears_the_same_words_asks_for_nothing(
    tenant: Tenant, owner: Actor, world: World, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(tenant, world, frozen.moment)
    same = {**BUILT_IN, "click_gap_s": 9}
    assert drafted(tenant, owner, same).data["orders"] == []
    rule_publish(tenant=tenant, actor=owner)
    asked: list[str] = []
    monkeypatch.setattr("analytics.handlers.enqueue", lambda name, **_told: asked.append(name))
    on_rule_published(tenant_id=tenant.pk, events=told_events())
    assert (len(told_events()), asked) == (1, [])


def test_a_question_of_any_record_of_the_person_counts_and_the_preview_names_the_person_once(
    tenant: Tenant, owner: Actor, world: World, frozen: MovableClock
) -> None:
    buyer, other = world["people"][0], make_customer(tenant=tenant)
    push(tenant, world, buyer, frozen.moment + timedelta(minutes=30))
    act(tenant, item(other, "message", frozen.moment, text="送绘本吗"))
    for who in (buyer, other):
        bought(tenant, who, frozen.moment + timedelta(hours=1))
    customers_merge(tenant=tenant, goes_on_id=buyer.pk, other_id=other.pk, actor=owner, reason="同一个人")
    order_classes_renew(tenant_id=tenant.pk, customer_ids=[buyer.pk])
    assert open_buyers_who_said(tenant_id=tenant.pk, words=["绘本"]) == [buyer.pk]
    assert open_buyers_who_said(tenant_id=tenant.pk, words=["%", "_", "没人说过"]) == []
    (move,) = drafted(tenant, owner).data["orders"]
    assert move == {"from": "stimulated", "to": "active", "orders": 2, "people": 1}
    assert people_of_orders(tenant_id=tenant.pk, before="stimulated", after="active") == [buyer.pk]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_talk_moves_as_previewed(
    tenant: Tenant, owner: Actor, world: World, frozen: MovableClock, seed: int
) -> None:
    dice = random.Random(seed)
    people = world["people"][:8]
    for who in people:
        for _ in range(dice.randrange(4)):
            at = frozen.moment + timedelta(minutes=dice.randrange(120))
            if dice.random() < 0.4:
                push(tenant, world, who, at)
            else:
                act(tenant, item(who, "message", at, text=dice.choice(["学费", "送绘本吗", "多少钱", "早"])))
        bought(tenant, who, frozen.moment + timedelta(hours=1))
    before = classes()
    promised = {(one["from"], one["to"]): one["orders"] for one in drafted(tenant, owner).data["orders"]}
    rule_publish(tenant=tenant, actor=owner)
    order_classes_after_rule(tenant_id=tenant.pk, words=told_events()[0].words)
    after, moved = classes(), {}
    for one, was in before.items():
        if after[one] != was:
            moved[was, after[one]] = moved.get((was, after[one]), 0) + 1
    assert promised == moved
    order_classes_renew(tenant_id=tenant.pk, customer_ids=[one.pk for one in people])
    assert classes() == after  # nobody was left out


def test_preview_and_task_cost_the_same_for_one_and_eight(
    tenant: Tenant, world: World, frozen: MovableClock
) -> None:
    costs = []
    for some in (world["people"][:1], world["people"][1:8]):
        act(tenant, *[item(who, "message", frozen.moment, text="送绘本吗") for who in some])
        for who in some:
            bought(tenant, who, frozen.moment + timedelta(hours=1))
        with CaptureQueriesContext(connection) as seen:
            order_class_moves(tenant_id=tenant.pk, words=["绘本"], rule=rule_parse(2, OTHER))
            order_classes_after_rule(tenant_id=tenant.pk, words=["绘本"])
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_words_of_another_company_are_not_heard(
    tenant: Tenant, other_tenant: Tenant, world: World, frozen: MovableClock
) -> None:
    asking(tenant, world, frozen.moment)
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    assert open_buyers_who_said(tenant_id=tenant.pk, words=["绘本"]) != []
    assert open_buyers_who_said(tenant_id=other_tenant.pk, words=["绘本"]) == []


def test_the_draft_page_shows_the_orders_and_opens_their_people(
    client: Client, tenant: Tenant, owner: Actor, world: World, frozen: MovableClock
) -> None:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    who = asking(tenant, world, frozen.moment)
    base = f"/t/{tenant.slug}/leads/rules/"
    drafted(tenant, owner)
    page = client.get(f"{base}draft/").text
    assert "Why people bought" in page
    assert "3 orders get another reason suggested." in page
    assert "of=orders&amp;before=stimulated&amp;after=active" in page
    people = client.get(f"{base}people/?of=orders&before=stimulated&after=active").text
    assert people.count('class="q-link" href="/t/') == 2
    assert (str(who["new"]) in people, str(who["old"]) in people) == (True, False)
    for wrong in ("of=orders&before=x&after=active", "of=orders&before=active", "of=orders&before=A&after=B"):
        assert client.get(f"{base}people/?{wrong}").status_code == 404
    with tenant_scope(tenant):
        drafted(tenant, owner, {**BUILT_IN, "click_gap_s": 9})
    assert "Why people bought" not in client.get(f"{base}draft/").text
