"""Tags by rule on real rows: given with evidence, taken off with history, apart from WeCom's and from hands."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation

from contacts.enums import TagEnd
from contacts.errors import RuleInvalid, TagForeign, TagTaken, TagUnknown
from contacts.events import BehavioursRecorded
from contacts.handlers import on_behaviours_recorded
from contacts.models import Channel, Customer, CustomerTag, Tag, TagPast, TagRule
from contacts.policies.tag_rules import Condition
from contacts.selectors.tags import evidence_words, fact_names
from contacts.services.tag_manager import tag_save, tag_set_archived, tags_add_builtin
from contacts.services.tag_rules import (
    rules_judge,
    rules_run_chunk,
    tag_rule_end,
    tag_rule_save,
    tags_expire,
    tenants_with_due_tags,
)
from contacts.services.tags import customer_tag_add, customer_tag_remove, tags_store, wecom_tags_set
from contacts.tasks import sweep_tags
from groups.models import CircleSpell
from tenants import clock
from tenants.audit import Actor
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.scoping import tenant_scope, unscoped
from tests.conftest import MovableClock
from tests.factories.contacts import (
    make_behaviour,
    make_customer,
    make_customer_tag,
    make_customers,
    make_follow,
    make_order,
    make_tag,
)
from tests.factories.groups import make_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
LEARNS = (Condition("did:lesson", 3, 7),)


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def ruled(tenant: Tenant, owner: Actor, *conditions: Condition, **more: Any) -> Tag:
    tag = tag_save(tenant=tenant, name=f"标签{Tag.objects.count()}", group="运营", actor=owner)
    values = {"needs_all": True, "keeps_days": None, **more}
    tag_rule_save(tenant=tenant, tag_id=tag.pk, conditions=conditions or LEARNS, actor=owner, **values)
    return tag


def holders(tag: Tag) -> list[tuple[int, str]]:
    return sorted(CustomerTag.objects.filter(tag=tag).values_list("customer_id", "source"))


def test_the_third_lesson_gives_the_tag_with_what_was_counted(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    tag, person = ruled(scoped, owner), make_customer(tenant=scoped)
    for _number in range(2):
        make_behaviour(tenant=scoped, customer=person, kind="lesson")
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert holders(tag) == []
    make_behaviour(tenant=scoped, customer=person, kind="lesson")
    told = BehavioursRecorded(
        tenant_id=scoped.pk, occurred_at=frozen.moment, customer_ids=[person.pk], behaviour_ids=[1],
        kinds=["lesson"], first_at=frozen.moment, last_at=frozen.moment,
    )  # fmt: skip
    on_behaviours_recorded(tenant_id=scoped.pk, events=[told])
    on_behaviours_recorded(tenant_id=scoped.pk, events=[told])
    tie = CustomerTag.objects.get(tag=tag)
    assert (tie.customer_id, tie.source, tie.staff_id) == (person.pk, "rule", None)
    assert tie.evidence["found"] == [
        {"fact": "did:lesson", "at_least": 3, "days": 7, "count": 3, "at": frozen.moment.isoformat()}
    ]
    assert len(evidence_words(tie.evidence, fact_names(tenant_id=scoped.pk))) == 1


def test_a_rule_that_no_longer_holds_takes_the_tag_off_and_keeps_its_history(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    tag, person = ruled(scoped, owner), make_customer(tenant=scoped)
    for _number in range(3):
        make_behaviour(tenant=scoped, customer=person, kind="lesson")
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    given_at = frozen.moment
    frozen.move(days=7)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert holders(tag) == []
    past = TagPast.objects.get(tag=tag)
    assert (past.added_at, past.ended_at, past.why) == (given_at, frozen.moment, TagEnd.RULE)
    assert past.evidence["found"][0]["count"] == 3


def test_tags_by_rule_and_by_hand_survive_reading_wecom_again(scoped: Tenant, owner: Actor) -> None:
    person, staff = make_customer(tenant=scoped), make_staff(tenant=scoped)
    wecoms = make_tag(tenant=scoped)
    ours = ruled(scoped, owner, Condition("bought"))
    tag_rule_save(
        tenant=scoped, tag_id=wecoms.pk, conditions=(Condition("bought"),), needs_all=True, keeps_days=None,
        actor=owner,
    )  # fmt: skip
    by_hand = tag_save(tenant=scoped, name="周末有空", group="运营", actor=owner)
    make_order(tenant=scoped, customer=person)
    make_customer_tag(tenant=scoped, customer=person, tag=wecoms, staff=staff, source="wecom")
    customer_tag_add(tenant=scoped, customer_id=person.pk, tag_id=by_hand.pk, actor=owner)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    tags_store(tenant_id=scoped.pk, app_id=person.app_id, groups=[])
    wecom_tags_set(tenant_id=scoped.pk, wanted={(staff.pk, person.pk): set()}, read_at=clock.now())
    assert holders(ours) == [(person.pk, "rule")]
    assert holders(wecoms) == [(person.pk, "rule")]
    assert holders(by_hand) == [(person.pk, "manual")]
    assert set(Tag.objects.filter(deleted_at=None).values_list("pk", flat=True)) == {ours.pk, by_hand.pk}
    assert TagPast.objects.get().why == TagEnd.WECOM


def test_a_tag_with_days_stays_that_long_after_the_rule_last_held(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    tag, person = (
        ruled(scoped, owner, Condition("did:live", 1, 1), keeps_days=3),
        make_customer(tenant=scoped),
    )
    make_behaviour(tenant=scoped, customer=person, kind="live")
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    frozen.move(days=2, hours=23)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert holders(tag) == [(person.pk, "rule")]
    frozen.move(hours=1)
    assert tags_expire(tenant_id=scoped.pk) == 1
    assert holders(tag) == []
    assert TagPast.objects.get().why == TagEnd.EXPIRED


def test_a_tag_by_hand_comes_off_when_its_time_is_over(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    tag, person = make_tag(tenant=scoped), make_customer(tenant=scoped)
    until = frozen.moment + timedelta(days=1)
    customer_tag_add(tenant=scoped, customer_id=person.pk, tag_id=tag.pk, actor=owner, expires_at=until)
    assert tags_expire(tenant_id=scoped.pk) == 0
    frozen.move(days=1)
    with unscoped("a test is the tick"):
        assert tenants_with_due_tags() == [scoped.pk]
    sweep_tags(tenant_id=scoped.pk)
    assert holders(tag) == []
    with unscoped("a test is the tick"):
        assert tenants_with_due_tags() == []


def test_taking_off_by_hand_is_kept_and_leaves_the_rules_tag(scoped: Tenant, owner: Actor) -> None:
    tag, person = ruled(scoped, owner, Condition("bought")), make_customer(tenant=scoped)
    make_order(tenant=scoped, customer=person)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    customer_tag_add(tenant=scoped, customer_id=person.pk, tag_id=tag.pk, actor=owner)
    for _twice in range(2):
        customer_tag_remove(tenant=scoped, customer_id=person.pk, tag_id=tag.pk, actor=owner)
    assert holders(tag) == [(person.pk, "rule")]
    past = TagPast.objects.get()
    assert (past.why, past.ended_by, past.source) == (TagEnd.HAND, owner.name, "manual")


def test_everyone_is_judged_in_chunks_and_again_when_hours_have_passed(
    scoped: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.services.tag_rules.CHUNK", 2)
    people = make_customers(tenant=scoped, count=4)
    for person in people[1:]:
        make_order(tenant=scoped, customer=person)
    tag = ruled(scoped, owner, Condition("bought"))
    chunks = 0
    while rules_run_chunk(tenant_id=scoped.pk):
        chunks += 1
    assert chunks == 3  # two full ones and the empty one that ends the run
    assert [one for one, _source in holders(tag)] == [one.pk for one in people[1:]]
    assert TagRule.objects.get().ran_at == frozen.moment
    make_order(tenant=scoped, customer=people[0])
    assert not rules_run_chunk(tenant_id=scoped.pk)
    frozen.move(hours=6)
    sweep_tags(tenant_id=scoped.pk)
    assert len(holders(tag)) == 4


def test_silence_counts_from_the_last_act_and_exactly_seven_days_are_not_yet_silent(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    tag, person = ruled(scoped, owner, Condition("silent", 7)), make_customer(tenant=scoped)
    make_behaviour(tenant=scoped, customer=person, kind="checkin")
    make_behaviour(tenant=scoped, customer=person, kind="join", occurred_at=frozen.moment + timedelta(days=5))
    frozen.move(days=7)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert holders(tag) == []
    frozen.move(seconds=1)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert holders(tag) == [(person.pk, "rule")]


@pytest.mark.parametrize("people", [1, 3])
def test_judging_asks_the_same_number_of_queries_for_any_number_of_people(
    scoped: Tenant, owner: Actor, people: int, django_assert_num_queries: Any
) -> None:
    ruled(scoped, owner, Condition("bought"), Condition("did:lesson", 2, 7), Condition("silent", 3))
    made = make_customers(tenant=scoped, count=people)
    for person in made:
        make_behaviour(tenant=scoped, customer=person, kind="lesson")
    with django_assert_num_queries(10):
        rules_judge(tenant_id=scoped.pk, customer_ids=[one.pk for one in made])


def test_ending_a_rule_takes_its_tags_off_and_says_so(scoped: Tenant, owner: Actor) -> None:
    tag, person = ruled(scoped, owner, Condition("bought")), make_customer(tenant=scoped)
    make_order(tenant=scoped, customer=person)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    tag_rule_end(tenant=scoped, tag_id=tag.pk, actor=owner)
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert holders(tag) == []
    assert TagPast.objects.get().why == TagEnd.RETIRED
    entry = AuditEntry.objects.get(verb="contacts.tag.rule_ended")
    assert entry.changes["people"] == [1, 0]


def test_a_rule_saved_unchanged_stays_and_a_changed_one_is_a_new_version(
    scoped: Tenant, owner: Actor
) -> None:
    tag = ruled(scoped, owner)
    same = {"tenant": scoped, "tag_id": tag.pk, "needs_all": True, "keeps_days": None, "actor": owner}
    assert tag_rule_save(conditions=LEARNS, **same).version == 1
    assert tag_rule_save(conditions=(Condition("bought"),), **same).version == 2


@pytest.mark.parametrize(
    "conditions",
    [
        (),
        (Condition("bought", 0),),
        (Condition("did:lesson", 1, 400),),
        (Condition("bought"), Condition("bought", 2)),
    ],
)
def test_a_rule_that_means_nothing_is_refused(scoped: Tenant, owner: Actor, conditions: tuple) -> None:
    tag = tag_save(tenant=scoped, name="空", group="运营", actor=owner)
    with pytest.raises(RuleInvalid):
        tag_rule_save(
            tenant=scoped, tag_id=tag.pk, conditions=conditions, needs_all=True, keeps_days=None, actor=owner
        )


def test_own_tags_are_unique_in_their_group_and_wecoms_are_not_ours_to_change(
    scoped: Tenant, owner: Actor
) -> None:
    tag = tag_save(tenant=scoped, name="老客", group="来源", actor=owner)
    with pytest.raises(TagTaken):
        tag_save(tenant=scoped, name="老客", group="来源", actor=owner)
    with pytest.raises(TagForeign):
        tag_set_archived(tenant=scoped, tag_id=make_tag(tenant=scoped).pk, is_archived=True, actor=owner)
    tag_set_archived(tenant=scoped, tag_id=tag.pk, is_archived=True, actor=owner)
    second = tag_save(tenant=scoped, name="老客", group="来源", actor=owner)
    with pytest.raises(TagTaken):
        tag_set_archived(tenant=scoped, tag_id=tag.pk, is_archived=False, actor=owner)
    assert second.group_id == tag.group_id


def test_a_tag_of_another_company_gets_no_rule(
    tenant: Tenant, other_tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(other_tenant):
        foreign = make_tag(tenant=other_tenant)
    with tenant_scope(tenant), pytest.raises(TagUnknown):
        tag_rule_save(
            tenant=tenant, tag_id=foreign.pk, conditions=LEARNS, needs_all=True, keeps_days=None, actor=owner
        )


def test_built_in_tags_come_once_and_only_from_who_may(scoped: Tenant, owner: Actor) -> None:
    made = tags_add_builtin(tenant=scoped, actor=owner)
    assert made == TagRule.objects.filter(is_active=True).count() > 0
    assert tags_add_builtin(tenant=scoped, actor=owner) == 0
    with pytest.raises(NotPermitted):
        tags_add_builtin(tenant=scoped, actor=Actor("user", 1, "访客"))


def test_a_tag_whose_rule_is_gone_comes_off_at_its_end_and_is_not_looked_at_again(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person, tag = (
        make_customer(tenant=scoped),
        tag_save(tenant=scoped, name="活跃", group="内部", actor=owner),
    )
    make_customer_tag(
        tenant=scoped, customer=person, tag=tag, source="rule", expires_at=frozen.moment + timedelta(hours=1)
    )
    frozen.move(hours=2)
    with unscoped("the tick looks across tenants"):
        assert tenants_with_due_tags() == [scoped.pk]
    assert tags_expire(tenant_id=scoped.pk) == 1
    assert TagPast.objects.get().why == TagEnd.RETIRED
    with unscoped("the tick looks across tenants"):
        assert tenants_with_due_tags() == []


def test_another_end_of_a_tag_is_audited_with_both_days(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person, tag = make_customer(tenant=scoped), make_tag(tenant=scoped)
    who = {"tenant": scoped, "customer_id": person.pk, "tag_id": tag.pk, "actor": owner}
    until = frozen.moment + timedelta(days=3)
    customer_tag_add(**who)
    customer_tag_add(**who, expires_at=until)
    customer_tag_add(**who, expires_at=until)
    entry = AuditEntry.objects.get(verb="contacts.customer.tag_moved")
    assert entry.changes["tag_until"] == [None, until.isoformat()]


def test_built_in_tags_tell_source_circle_and_kind_of_order(scoped: Tenant, owner: Actor) -> None:
    channel = Channel.objects.create(tenant=scoped, name="小红书", kind="content")
    with translation.override("en"):
        tags_add_builtin(tenant=scoped, actor=owner)
    person, other = make_customer(tenant=scoped), make_customer(tenant=scoped)
    make_follow(tenant=scoped, customer=person, staff=make_staff(tenant=scoped), channel=channel)
    group = make_group(tenant=scoped)
    CircleSpell.objects.create(
        tenant=scoped, group=group, customer=person, circle="core", from_day=date(2026, 3, 1), active_days=9
    )
    make_order(tenant=scoped, customer=person, told_kind="upsell")
    make_order(tenant=scoped, customer=other, told_kind="first")
    rules_judge(tenant_id=scoped.pk, customer_ids=[person.pk, other.pk])

    def carried(one: Customer) -> set[str]:
        return set(CustomerTag.objects.filter(customer=one).values_list("tag__name", flat=True))

    expected = {"From 小红书", "Core circle", "Bought: Upsell"}
    assert expected <= carried(person)
    assert carried(other) & {*expected, "Bought: First basic"} == {"Bought: First basic"}


def test_a_rule_changed_in_the_middle_of_its_run_begins_with_the_first_person_again(
    scoped: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("contacts.services.tag_rules.CHUNK", 2)
    people = make_customers(tenant=scoped, count=4)
    for person in people:
        make_order(tenant=scoped, customer=person)
    tag = ruled(scoped, owner, Condition("bought", 2))
    assert rules_run_chunk(tenant_id=scoped.pk)
    assert holders(tag) == []
    tag_rule_save(
        tenant=scoped, tag_id=tag.pk, conditions=(Condition("bought"),), needs_all=True, keeps_days=None,
        actor=owner,
    )  # fmt: skip
    while rules_run_chunk(tenant_id=scoped.pk):
        pass
    assert [one for one, _source in holders(tag)] == [one.pk for one in people]
