"""The tier rule from draft to version: who moves, how past camps went, publishing, taking back."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from leads.errors import RuleDraftMissing, RuleMoved, RuleNotPreviewed, RuleUnchanged
from leads.models import Lead, RuleDraft, RuleReport, RuleVersion
from leads.policies.rules import BUILT_IN, rule_data
from leads.selectors.reports import people_moved, people_of_kind, people_of_tier, report_read
from leads.services import leads_recompute, rules_current, window_rebuild
from leads.services.rule_drafts import rule_draft_drop, rule_draft_save, rule_publish, rule_restore
from leads.services.rule_reports import rule_report_ask, rule_report_make
from leads.services.sweep import sweep, tenants_with_due
from tenants.errors import NotPermitted
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope, unscoped
from tests.factories.contacts import make_customer, make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks

pytestmark = [pytest.mark.django_db, pytest.mark.integration]

SOFT = rule_data(
    purchase_clicks=2, lessons=2, assignments=2, learning_both=False, click_gap_s=5, keywords="多少钱 好的",
    s_needs_confirmation=True, suggestion_hours=200, won_min_fen=5_000,
)  # fmt: skip
TWO_CLICKS = {**BUILT_IN, "tiers": [BUILT_IN["tiers"][0], SOFT["tiers"][1], BUILT_IN["tiers"][2]]}


@pytest.fixture(autouse=True)
def _scope(tenant, frozen):
    with tenant_scope(tenant):
        yield


def drafted(tenant, actor, rules) -> RuleReport:
    """The draft saved and counted, as the task would."""
    rule_draft_save(tenant=tenant, actor=actor, rules=rules)
    rule_report_make(tenant_id=tenant.pk)
    return RuleReport.objects.get()


def published(tenant, actor, rules, note="") -> RuleVersion:
    drafted(tenant, actor, rules)
    return rule_publish(tenant=tenant, actor=actor, note=note)


def places(window) -> dict[int, str]:
    return {one.customer_id: one.standing for one in Lead.objects.filter(window=window) if one.standing}


def stream(tenant, customers, start, rng):
    kinds = ["purchase_click", "pay_click", "lesson", "assignment", "message", "order"]
    return [
        item(
            rng.choice(customers), rng.choices(kinds, [8, 0.3, 6, 6, 3, 0.7])[0],
            start + timedelta(minutes=rng.randrange(6 * 1440)), event_id=f"e{number}", link=rng.choice("abc"),
            text=rng.choice(["多少钱", "好的", "早上好"]), fen=rng.choice([900, 198000]),
        )
        for number in range(260)
    ]  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("rules", [SOFT, TWO_CLICKS])
def test_the_preview_equals_the_result_after_publishing(tenant, owner, frozen, seed, rules):
    rng = random.Random(seed)
    customers = make_customers(tenant=tenant, count=60)
    window = make_camp(tenant=tenant, customers=customers)
    items = stream(tenant, customers, frozen.moment, rng)
    frozen.move(days=6)
    act(tenant, *items)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[one.pk for one in customers])
    before = places(window)
    report = drafted(tenant, owner, rules)
    promised = {(one["from"], one["to"]): one["people"] for one in report.data["moves"]}
    people = {pair: people_moved(tenant_id=tenant.pk, before=pair[0], after=pair[1]) for pair in promised}
    assert places(window) == before
    rule_publish(tenant=tenant, actor=owner)
    window_rebuild(tenant_id=tenant.pk, window_id=window.pk)
    after = places(window)
    moved: dict[tuple[str, str], list[int]] = {}
    for one in sorted(before.keys() | after.keys()):
        pair = (before.get(one, ""), after.get(one, ""))
        if pair[0] != pair[1]:
            moved.setdefault(pair, []).append(one)
    assert moved
    assert people == moved
    assert promised == {pair: len(ids) for pair, ids in moved.items()}
    assert report.data["looked_at"] == 60


def test_publishing_makes_a_version_that_never_changes_and_says_what_changed(tenant, owner, frozen):
    made = published(tenant, owner, TWO_CLICKS, note="  前两期都是两次  ")
    assert (made.number, made.published_by, made.note) == (2, owner.name, "前两期都是两次")
    assert not RuleDraft.objects.exists()
    entry = AuditEntry.objects.filter(verb="leads.rule.published").get()
    assert entry.changes["version"] == [1, 2]
    assert set(entry.changes) == {"version", "A"}
    for wrong in (lambda: RuleVersion.objects.update(rules={}), lambda: RuleVersion.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            wrong()


def test_new_rule_moves_people_from_its_publication_and_never_before(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    window = make_camp(tenant=tenant, customers=[customer])
    act(tenant, *purchase_clicks(customer, 2, frozen.moment))
    frozen.move(hours=1)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[customer.pk])
    assert not Lead.objects.exists()
    published(tenant, owner, TWO_CLICKS)
    at = frozen.moment
    frozen.move(hours=1)
    window_rebuild(tenant_id=tenant.pk, window_id=window.pk)
    lead = lead_of(customer)
    assert (lead.tier, lead.tier_since, lead.rule_version) == ("A", at, 2)


def test_who_bought_keeps_their_tier_when_another_rule_comes(tenant, owner, frozen):
    customer = make_customer(tenant=tenant)
    window = make_camp(tenant=tenant, customers=[customer])
    clicks = purchase_clicks(customer, 3, frozen.moment)
    frozen.move(hours=1)
    act(tenant, *clicks, item(customer, "order", frozen.moment, fen=198000))
    frozen.move(hours=1)
    five = rule_data(
        purchase_clicks=5, lessons=3, assignments=3, learning_both=True, click_gap_s=5, keywords="多少钱",
        s_needs_confirmation=True, suggestion_hours=24, won_min_fen=0,
    )  # fmt: skip
    published(tenant, owner, five)
    window_rebuild(tenant_id=tenant.pk, window_id=window.pk)
    lead = lead_of(customer)
    assert (lead.state, lead.tier, lead.rule_version) == ("won", "A", 1)


def test_a_draft_is_published_only_after_it_was_seen_who_moves(tenant, owner, frozen):
    rule_draft_save(tenant=tenant, actor=owner, rules=TWO_CLICKS)
    with pytest.raises(RuleNotPreviewed):
        rule_publish(tenant=tenant, actor=owner)
    rule_report_make(tenant_id=tenant.pk)
    rule_draft_save(tenant=tenant, actor=owner, rules=SOFT)
    with pytest.raises(RuleNotPreviewed):
        rule_publish(tenant=tenant, actor=owner)


def test_a_draft_of_an_older_version_is_looked_at_again(tenant, owner, frozen):
    drafted(tenant, owner, TWO_CLICKS)
    RuleVersion.objects.create(tenant=tenant, number=2, rules=SOFT)
    with pytest.raises(RuleMoved):
        rule_publish(tenant=tenant, actor=owner)


def test_nothing_is_drafted_or_published_that_changes_nothing(tenant, owner, frozen):
    with pytest.raises(RuleUnchanged):
        rule_draft_save(tenant=tenant, actor=owner, rules=BUILT_IN)
    with pytest.raises(RuleDraftMissing):
        rule_publish(tenant=tenant, actor=owner)


def test_only_who_may_manage_settings_changes_the_rule(tenant, owner, frozen):
    weak = replace(owner, permissions=frozenset({"view", "work", "operate"}))
    drafted(tenant, owner, TWO_CLICKS)
    for wrong in (
        lambda: rule_draft_save(tenant=tenant, actor=weak, rules=SOFT),
        lambda: rule_publish(tenant=tenant, actor=weak),
        lambda: rule_restore(tenant=tenant, actor=weak, number=1),
        lambda: rule_draft_drop(tenant=tenant, actor=weak),
    ):
        with pytest.raises(NotPermitted):
            wrong()
    assert RuleDraft.objects.get().rules == TWO_CLICKS


def test_an_older_version_is_taken_up_again_as_a_new_one(tenant, owner, frozen):
    published(tenant, owner, TWO_CLICKS)
    frozen.move(days=1)
    rule_restore(tenant=tenant, actor=owner, number=1)
    rule_report_make(tenant_id=tenant.pk)
    again = rule_publish(tenant=tenant, actor=owner)
    assert (again.number, again.restores, again.rules) == (3, 1, BUILT_IN)
    assert [rule.number for _, rule in rules_current(tenant_id=tenant.pk)] == [1, 2, 3]


def test_a_dropped_draft_leaves_the_rule_as_it_was(tenant, owner, frozen):
    rule_draft_save(tenant=tenant, actor=owner, rules=SOFT)
    for _ in range(2):
        rule_draft_drop(tenant=tenant, actor=owner)
    assert not RuleDraft.objects.exists()
    assert len(rules_current(tenant_id=tenant.pk)) == 1
    assert AuditEntry.objects.filter(verb="leads.rule.dropped").count() == 1


def test_past_camps_are_judged_by_both_rules_each_person_once_with_the_people(tenant, owner, frozen):
    people = make_customers(tenant=tenant, count=6)
    make_camp(tenant=tenant, customers=people, source_id=1, days=10)
    start = frozen.moment
    frozen.move(days=2)
    act(
        tenant,
        *purchase_clicks(people[0], 3, start), item(people[0], "order", frozen.moment, fen=198000),
        *purchase_clicks(people[1], 2, start), item(people[1], "order", frozen.moment, fen=198000),
        *purchase_clicks(people[2], 2, start),
    )  # fmt: skip
    frozen.move(days=10)
    make_camp(tenant=tenant, customers=people[4:], source_id=2, days=5, name="第7期")
    frozen.move(days=6)
    found = report_read(drafted(tenant, owner, TWO_CLICKS), rules=BUILT_IN)
    assert (found.people, found.bought, found.camps) == (6, 2, ["第7期", "启蒙营第6期"])
    rates = {
        one.tier: (one.old.people, one.old.bought, one.new.people, one.new.bought) for one in found.tiers
    }
    assert rates["A"] == (1, 1, 3, 2)
    assert rates[""] == (5, 1, 3, 0)
    clicked = next(one for one in found.kinds if one.kind == "purchase_click")
    assert [(one.least, one.rate.people, one.rate.bought, one.is_asked) for one in clicked.steps] == [
        (0, 3, 0, False), (1, 3, 2, False), (2, 3, 2, False), (3, 1, 1, True),
    ]  # fmt: skip
    ids = [one.pk for one in people]
    assert people_of_tier(tenant_id=tenant.pk, rule="old", tier="A", bought_only=False) == ids[:1]
    assert set(people_of_tier(tenant_id=tenant.pk, rule="new", tier="A", bought_only=True)) == set(ids[:2])
    assert set(people_of_kind(tenant_id=tenant.pk, kind="purchase_click", least=2, bought_only=False)) == set(
        ids[:3]
    )
    assert set(people_of_kind(tenant_id=tenant.pk, kind="purchase_click", least=0, bought_only=False)) == set(
        ids[3:]
    )


def test_a_count_that_was_asked_for_anew_meanwhile_is_not_overwritten_by_the_older_one(
    tenant, owner, frozen, monkeypatch
):
    rule_draft_save(tenant=tenant, actor=owner, rules=TWO_CLICKS)

    def ask_again(**_: object):
        frozen.move(seconds=1)
        rule_report_ask(tenant_id=tenant.pk)
        return 0, {}

    with monkeypatch.context() as patch:
        patch.setattr("leads.services.rule_reports.moves_by", ask_again)
        rule_report_make(tenant_id=tenant.pk)
    assert RuleReport.objects.get().made_at is None
    rule_report_make(tenant_id=tenant.pk)
    assert RuleReport.objects.get().made_at == frozen.moment


def test_a_count_that_was_lost_is_asked_for_again(tenant, owner, frozen):
    rule_draft_save(tenant=tenant, actor=owner, rules=TWO_CLICKS)
    frozen.move(minutes=5)
    with unscoped("the tick of a test"):
        assert tenants_with_due() == []
    frozen.move(minutes=6)
    with unscoped("the tick of a test"):
        assert tenants_with_due() == [tenant.pk]
    sweep(tenant_id=tenant.pk)
    assert RuleReport.objects.get().asked_at == frozen.moment
