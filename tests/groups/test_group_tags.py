"""Group tags: by hand and by rule, their history, who hears of them, and what chooses groups by them (R27)."""

from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from groups.enums import GroupTagSource, Kind, State
from groups.errors import GroupRuleInvalid, GroupTagTaken, GroupUnknown
from groups.events import GroupsTagged, GroupsUntagged
from groups.models import GroupTag, GroupTagPast, GroupTagRule, GroupTagTie
from groups.policies import group_tags as rules
from groups.selectors.group_tags import groups_tagged, tags_by_group
from groups.services import group_tag_rules as by_rule
from groups.services.glance import glance_refresh
from groups.services.group_tags import group_tag_save, group_tag_set_archived, groups_tag, groups_untag
from outbox.models import EventRow
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers, make_order
from tests.factories.groups import fill_group, make_group, make_ready_group

BIG = rules.GroupCondition(rules.SIZE, rules.AT_LEAST, 3)


@given(st.integers(0, 10**6), st.integers(0, rules.NUMBER_MAX))
def test_a_figure_meets_exactly_one_side_or_both_at_its_value(seen, value):
    above = rules.meets(rules.GroupCondition(rules.SIZE, rules.AT_LEAST, value), seen)
    below = rules.meets(rules.GroupCondition(rules.SIZE, rules.AT_MOST, value), seen)
    assert (above, below) == (seen >= value, seen <= value)


@given(st.lists(st.sampled_from(rules.NUMBERS), min_size=1, max_size=3, unique=True), st.booleans())
def test_what_nobody_knows_never_gives_a_tag(facts, needs_all):
    conditions = [rules.GroupCondition(one, rules.AT_MOST, rules.NUMBER_MAX) for one in facts]
    assert not rules.group_judged(conditions, needs_all=needs_all, facts={}).holds


@pytest.mark.parametrize(
    ("fact", "op", "value", "is_valid"),
    [
        (rules.SIZE, rules.AT_LEAST, 150, True), (rules.SIZE, rules.IS, "150", False),
        (rules.SIZE, rules.AT_LEAST, "", False), (rules.KIND, rules.IS, "flash", True),
        (rules.KIND, rules.IS, "camp", False), (rules.SERIES, rules.IS, "启蒙", True),
        (rules.SERIES, rules.IS, " ", False), ("weather", rules.IS, "rain", False),
    ],
)  # fmt: skip
def test_a_condition_is_valid_only_with_a_value_that_fits(fact, op, value, is_valid):
    assert rules.is_valid(rules.GroupCondition(fact, op, value)) is is_valid


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestStored:
    def test_tagging_by_hand_twice_is_one_tag_and_one_event(self, tenant):
        with tenant_scope(tenant):
            group, other = make_group(tenant=tenant), make_group(tenant=tenant)
            tag = group_tag_save(tenant=tenant, name="华东", actor=SYSTEM)
            both = [group.pk, other.pk]
            assert groups_tag(tenant=tenant, tag_id=tag.pk, group_ids=both, actor=SYSTEM) == 2
            assert groups_tag(tenant=tenant, tag_id=tag.pk, group_ids=both, actor=SYSTEM) == 0
            (event,) = EventRow.objects.filter(name=GroupsTagged.name)
            assert event.payload == {"tag_id": tag.pk, "group_ids": sorted(both)}
            assert AuditEntry.objects.filter(verb="groups.group.tagged").count() == 2
            assert set(
                groups_tagged(tenant_id=tenant.pk, tag_ids=[tag.pk]).values_list("group_id", flat=True)
            ) == set(both)

    def test_a_foreign_group_among_the_picked_tags_none(self, tenant):
        with tenant_scope(tenant):
            group = make_group(tenant=tenant)
            tag = group_tag_save(tenant=tenant, name="华东", actor=SYSTEM)
            with pytest.raises(GroupUnknown):
                groups_tag(tenant=tenant, tag_id=tag.pk, group_ids=[group.pk, 10**9], actor=SYSTEM)
            assert not GroupTagTie.objects.filter(tenant=tenant).exists()

    def test_a_rule_gives_the_tag_when_people_come_and_takes_it_when_they_go(self, tenant):
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=4)
            group = fill_group(group=make_group(tenant=tenant), customers=people[:2])
            tag = group_tag_save(tenant=tenant, name="成型", actor=SYSTEM)
            by_rule.group_tag_rule_save(
                tenant=tenant, tag_id=tag.pk, conditions=[BIG], needs_all=True, actor=SYSTEM
            )
            by_rule.group_rules_run(tenant_id=tenant.pk)
            assert tags_by_group(tenant_id=tenant.pk, group_ids=[group.pk]) == {}
            fill_group(group=group, customers=people[2:])
            (tie,) = GroupTagTie.objects.filter(tenant=tenant)
            assert tie.evidence["found"] == [{"fact": "size", "op": "at_least", "value": 3, "seen": 4}]
            group.members.filter(customer__in=people[1:]).update(left_at=clock.now())
            glance_refresh(tenant=tenant, group_ids=[group.pk])
            assert not GroupTagTie.objects.filter(tenant=tenant).exists()
            (past,) = GroupTagPast.objects.filter(tenant=tenant)
            assert (past.why, past.group_id) == ("rule", group.pk)
            assert EventRow.objects.filter(name=GroupsUntagged.name).count() == 1

    def test_judging_again_changes_nothing_and_leaves_hands_alone(self, tenant):
        with tenant_scope(tenant):
            group = make_group(tenant=tenant, customer_count=5)
            tag = group_tag_save(tenant=tenant, name="成型", actor=SYSTEM)
            groups_tag(tenant=tenant, tag_id=tag.pk, group_ids=[group.pk], actor=SYSTEM)
            by_rule.group_tag_rule_save(
                tenant=tenant, tag_id=tag.pk, conditions=[BIG], needs_all=True, actor=SYSTEM
            )
            assert by_rule.group_rules_run(tenant_id=tenant.pk) == 1
            GroupTagRule.objects.filter(tenant=tenant).update(due_at=clock.now())
            assert by_rule.group_rules_run(tenant_id=tenant.pk) == 0
            assert EventRow.objects.filter(name=GroupsTagged.name).count() == 1
            by_rule.group_tag_rule_end(tenant=tenant, tag_id=tag.pk, actor=SYSTEM)
            (tie,) = GroupTagTie.objects.filter(tenant=tenant)
            assert tie.source == GroupTagSource.MANUAL
            assert not EventRow.objects.filter(name=GroupsUntagged.name).exists()
            assert groups_untag(tenant=tenant, tag_id=tag.pk, group_ids=[group.pk], actor=SYSTEM) == 1
            assert EventRow.objects.filter(name=GroupsUntagged.name).count() == 1

    def test_a_rule_reads_kind_stage_age_and_buyers(self, tenant):
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=4)
            make_order(tenant=tenant, customer=people[0])
            group = make_ready_group(
                tenant=tenant, state=State.ACTIVE, kind=Kind.NEW_USER,
                goes_live_at=clock.now() - timedelta(days=9, hours=1),
            )  # fmt: skip
            fill_group(group=group, customers=people)
            facts = by_rule.facts_of_groups(
                tenant=tenant, groups=[group], keys={rules.BUYERS, rules.AGE}, now=clock.now()
            )[group.pk]
            assert facts[rules.BUYERS] == 25
            assert facts[rules.AGE] == 9
            assert (facts[rules.KIND], facts[rules.STATE]) == (Kind.NEW_USER, State.ACTIVE)
            assert facts[rules.LEFT] is None or facts[rules.LEFT] >= 0

    def test_a_rule_that_fits_nothing_is_refused(self, tenant):
        with tenant_scope(tenant):
            tag = group_tag_save(tenant=tenant, name="成型", actor=SYSTEM)
            for conditions in ([], [BIG] * 2, [rules.GroupCondition("weather", rules.IS, "rain")]):
                with pytest.raises(GroupRuleInvalid):
                    by_rule.group_tag_rule_save(
                        tenant=tenant, tag_id=tag.pk, conditions=conditions, needs_all=True, actor=SYSTEM
                    )

    def test_a_name_is_taken_once_and_free_again_when_put_away(self, tenant):
        with tenant_scope(tenant):
            tag = group_tag_save(tenant=tenant, name="华东", actor=SYSTEM)
            with pytest.raises(GroupTagTaken):
                group_tag_save(tenant=tenant, name=" 华东 ", actor=SYSTEM)
            group_tag_set_archived(tenant=tenant, tag_id=tag.pk, is_archived=True, actor=SYSTEM)
            assert group_tag_save(tenant=tenant, name="华东", actor=SYSTEM).pk != tag.pk

    def test_the_rule_of_a_tag_put_away_rests_until_it_is_taken_back(self, tenant):
        with tenant_scope(tenant):
            group = make_group(tenant=tenant, customer_count=5)
            tag = group_tag_save(tenant=tenant, name="成型", actor=SYSTEM)
            by_rule.group_tag_rule_save(
                tenant=tenant, tag_id=tag.pk, conditions=[BIG], needs_all=True, actor=SYSTEM
            )
            group_tag_set_archived(tenant=tenant, tag_id=tag.pk, is_archived=True, actor=SYSTEM)
            assert by_rule.tenants_with_due_group_rules() == []
            assert by_rule.group_rules_run(tenant_id=tenant.pk) == 0
            assert by_rule.groups_judge_tags(tenant=tenant, groups=[group]) == 0
            group_tag_set_archived(tenant=tenant, tag_id=tag.pk, is_archived=False, actor=SYSTEM)
            assert by_rule.group_rules_run(tenant_id=tenant.pk) == 1

    def test_a_tag_is_taken_back_only_while_its_name_is_free(self, tenant):
        with tenant_scope(tenant):
            tag = group_tag_save(tenant=tenant, name="华东", actor=SYSTEM)
            group_tag_set_archived(tenant=tenant, tag_id=tag.pk, is_archived=True, actor=SYSTEM)
            group_tag_save(tenant=tenant, name="华东", actor=SYSTEM)
            with pytest.raises(GroupTagTaken):
                group_tag_set_archived(tenant=tenant, tag_id=tag.pk, is_archived=False, actor=SYSTEM)

    def test_due_rules_are_found_until_they_ran(self, tenant):
        with tenant_scope(tenant):
            assert by_rule.group_tags_add_builtin(tenant=tenant, actor=SYSTEM) == 8
            assert by_rule.group_tags_add_builtin(tenant=tenant, actor=SYSTEM) == 0
            assert by_rule.tenants_with_due_group_rules() == [tenant.pk]
            by_rule.group_rules_run(tenant_id=tenant.pk)
            assert by_rule.tenants_with_due_group_rules() == []


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestPages:
    @pytest.fixture
    def web(self, tenant):
        client = Client()
        client.force_login(User.objects.get(email="lin@example.com"))
        return client

    def test_an_operator_tags_picked_groups_and_finds_them_by_the_tag(self, tenant, web):
        with tenant_scope(tenant):
            groups = [make_group(tenant=tenant, name=f"小芽启蒙{n}群") for n in (1, 2, 3)]
        bulk = tenant_url(tenant, "groups:bulk_tag", verb="tag")
        picks = [group.pk for group in groups[:2]]
        assert web.post(bulk, {"pick": picks}).status_code == 200
        assert web.post(bulk, {"pick": picks, "decided": "1", "tag": "", "new_tag": ""}).status_code == 422
        answer = web.post(bulk, {"pick": picks, "decided": "1", "tag": "", "new_tag": "华东"})
        assert answer.status_code == 302
        with tenant_scope(tenant):
            tag = GroupTag.objects.get(tenant=tenant)
        page = web.get(tenant_url(tenant, "groups:list") + f"?group_tag={tag.pk}").content.decode()
        assert "小芽启蒙1群" in page
        assert "小芽启蒙3群" not in page
        detail = web.get(tenant_url(tenant, "groups:detail", pk=picks[0])).content.decode()
        assert "华东" in detail
        drawer = web.get(tenant_url(tenant, "groups:tags_of", pk=picks[0])).content.decode()
        assert "华东" in drawer
        web.post(tenant_url(tenant, "groups:untag", pk=picks[0], tag_pk=tag.pk))
        assert "华东" in web.get(tenant_url(tenant, "groups:tags_of", pk=picks[0])).content.decode()
        with tenant_scope(tenant):
            assert GroupTagTie.objects.filter(tenant=tenant).count() == 1

    def test_a_rule_is_tried_and_saved_on_its_page(self, tenant, web):
        with tenant_scope(tenant):
            make_group(tenant=tenant, name="小芽启蒙1群", customer_count=8)
            tag = group_tag_save(tenant=tenant, name="成型", actor=SYSTEM)
        url = tenant_url(tenant, "groups:tag_rule", tag_pk=tag.pk)
        told = {"needs_all": "1", "fact_1": "size", "op_1": "at_least", "number_1": "5"}
        tried = web.post(url, {**told, "try": "1"}).content.decode()
        assert "小芽启蒙1群" in tried
        with tenant_scope(tenant):
            assert not GroupTagRule.objects.filter(tenant=tenant).exists()
        assert web.post(url, {**told, "number_1": ""}).status_code == 422
        assert web.post(url, told).status_code == 302
        with tenant_scope(tenant):
            assert GroupTagRule.objects.get(tenant=tenant).conditions == [
                {"fact": "size", "op": "at_least", "value": 5}
            ]
        page = web.get(tenant_url(tenant, "groups:tags")).content.decode()
        assert "成型" in page
        assert web.get(url).status_code == 200
