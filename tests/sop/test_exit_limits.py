"""Each exit rule on what is really on record; what the tick finds, what it leaves alone, and who may set rules."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contacts.models import Customer
from groups.models import Group, Member
from groups.services.group_tags import group_tag_save, groups_tag
from leads.models import Lead, Window
from sop.enums import ExitRule
from sop.errors import RunInvalid
from sop.models import RunExit, RunGroup, Touch, TouchRecipient
from sop.policies.exits import Exit
from sop.services.dispatch import dispatch_due
from sop.services.exits import exits_judge, run_exits_sweep, version_set_exits
from sop.services.following import exits_follow, runs_follow
from sop.services.planning import plan_apply
from sop.services.runs import window_put
from sop.services.templates import version_draft
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.models import AuditEntry
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customer_tag, make_order, make_tag
from tests.factories.sop import make_step, make_touch
from tests.sop.conftest import Camp
from tests.sop.test_exits_and_boosts import at, boosted, rows

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]


def ruled(made: Camp, *rules: dict[str, Any]) -> None:
    made.version.exits = list(rules)
    made.version.save()
    made.run.version.refresh_from_db()
    RunExit.objects.all().delete()


def out(made: Camp) -> tuple[set[int], set[int]]:
    """(people, groups) whom the rules take out of everybody now."""
    people = [one.pk for some in made.people for one in some]
    found = exits_judge(
        tenant=made.tenant, run=made.run, customer_ids=people, group_ids=[one.pk for one in made.groups]
    )
    assert set(RunExit.objects.values_list("customer", "group")) == {
        *((one, None) for one in found[0]), *((None, one) for one in found[1]),
    }  # fmt: skip
    return set(found[0]), set(found[1])


def test_each_rule_about_people_reads_what_is_on_record(camp: Make) -> None:
    made = camp(steps=[{}])
    who, other, _idle = made.people[0]
    tag = make_tag(tenant=made.tenant)
    make_customer_tag(tenant=made.tenant, customer=who, tag=tag, staff=made.staff)
    window_put(made.tenant, made.run)
    for one, tier in ((who, "A+"), (other, "B")):
        Lead.objects.create(
            tenant=made.tenant, customer=one, window=Window.objects.get(), tier=tier, state="open",
            next_action="call", next_action_at=at("11:00"), rule_version=1,
        )  # fmt: skip
    Customer.objects.filter(pk=who.pk).update(stage=5, opt_out_at=at("09:00"))
    Customer.objects.filter(pk=other.pk).update(stage=4)
    rules = {"EXIT-02": None, "EXIT-04": tag.pk, "EXIT-05": "A", "EXIT-06": 5}
    for rule, value in rules.items():
        ruled(made, {"rule": rule} | ({} if value is None else {"value": value}))
        assert (rule, out(made)) == (rule, ({who.pk}, set()))


def test_each_rule_about_groups_reads_what_is_on_record(camp: Make) -> None:
    made = camp(steps=[{}], groups=2)
    group = made.groups[0]
    tag = group_tag_save(tenant=made.tenant, name="满员", actor=SYSTEM)
    groups_tag(tenant=made.tenant, tag_id=tag.pk, group_ids=[group.pk], actor=SYSTEM)
    ruled(made, {"rule": "EXIT-08", "value": tag.pk})
    assert out(made) == (set(), {group.pk})
    for rule, fields in (
        ("EXIT-09", {"frozen_at": at("09:00")}), ("EXIT-10", {"dismissed_at": at("09:00")}),
        ("EXIT-10", {"dismissed_at": None, "state": "archived"}),
    ):  # fmt: skip
        ruled(made, {"rule": rule})
        assert out(made) == (set(), set())
        Group.objects.filter(pk=group.pk).update(**fields)
        assert (fields, out(made)) == (fields, (set(), {group.pk}))
        Group.objects.filter(pk=group.pk).update(frozen_at=None, dismissed_at=None)


def test_what_was_bought_before_the_first_day_keeps_nobody_out(camp: Make) -> None:
    made = camp(steps=[{}])
    before, within, _idle = made.people[0]
    make_order(tenant=made.tenant, customer=before, ordered_at=at("00:00") - timedelta(seconds=1))
    make_order(tenant=made.tenant, customer=within, ordered_at=at("00:00"))
    ruled(made, {"rule": "EXIT-01"})
    assert out(made) == ({within.pk}, set())


def test_the_tick_finds_who_left_and_who_sits_only_in_a_group_that_left_and_counts_both_kinds(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{}], groups=2)
    gone, away = made.people[0][0], made.people[1][0]
    ruled(made, {"rule": "EXIT-03"}, {"rule": "EXIT-07", "value": 2})
    Member.objects.filter(customer=gone).update(left_at=at("09:30"))
    Member.objects.filter(customer=away).update(group=made.groups[0])
    RunGroup.objects.filter(group=made.groups[1]).update(removed_at=at("09:30"))
    frozen.set(at("10:00"))
    assert run_exits_sweep(tenant=made.tenant, run=made.run) == 2
    assert set(RunExit.objects.values_list("customer", "group")) == {
        (gone.pk, None), (None, made.groups[0].pk),
    }  # fmt: skip
    other = made.people[1][1]
    assert run_exits_sweep(tenant=made.tenant, run=made.run, customer_ids=[other.pk]) == 2
    assert RunExit.objects.filter(customer=other, rule_code="EXIT-03").exists()


def test_what_was_handed_over_goes_to_the_others_once_the_tick_finds_a_buyer(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{"channel": "staff_task", "text": "早", "window_minutes": 300}])
    ruled(made, {"rule": "EXIT-01"})
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    buyer = made.people[0][0]
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("10:05"))
    frozen.set(at("10:10"))
    runs_follow(tenant=made.tenant)
    touch = Touch.objects.get()
    assert (rows(touch)[buyer.pk], touch.state, touch.recipients_count) == (
        ("blocked", "EXIT-01"),
        "handed",
        2,
    )


def test_a_group_that_left_the_run_before_judges_nobody_in_it(camp: Make) -> None:
    made = camp(steps=[{}], groups=2)
    ruled(made, {"rule": "EXIT-01"})
    buyer = made.people[0][0]
    make_order(tenant=made.tenant, customer=buyer, ordered_at=at("09:00"))
    RunGroup.objects.filter(group=made.groups[0]).update(removed_at=at("09:00"))
    exits_follow(tenant=made.tenant, group_ids=[made.groups[0].pk], customer_ids=[buyer.pk])
    assert not RunExit.objects.exists()
    exits_follow(tenant=made.tenant, group_ids=[made.groups[1].pk], customer_ids=[buyer.pk])
    assert RunExit.objects.filter(customer=buyer).exists()


def test_rules_that_can_never_be_judged_and_hands_that_may_not_are_refused_and_the_same_is_noted_once(
    camp: Make,
) -> None:
    made = camp(steps=[{}])
    draft = version_draft(tenant=made.tenant, version_id=made.version.pk, reason="买了就停", actor=SYSTEM)
    asked: dict[str, Any] = {"tenant": made.tenant, "version_id": draft.pk, "actor": SYSTEM}
    with pytest.raises(RunInvalid):
        version_set_exits(**asked, exits=[Exit(ExitRule.TIER, "Z")])
    sales = Actor.of_staff(made.staff.pk, "林晓", frozenset({Permission.WORK}))
    with pytest.raises(NotPermitted):
        version_set_exits(**asked | {"actor": sales}, exits=[Exit(ExitRule.BOUGHT)])
    for _again in range(2):
        version_set_exits(**asked, exits=[Exit(ExitRule.BOUGHT)])
    assert AuditEntry.objects.filter(verb="sop.version.exits_set").count() == 1


def test_a_boost_stops_by_the_tick_for_acts_that_no_event_told_of(camp: Make, frozen: MovableClock) -> None:
    made, touch = boosted(camp, frozen, channel="staff_task")
    doer = made.people[0][0]
    make_behaviour(tenant=made.tenant, customer=doer, kind="live", occurred_at=at("10:05"))
    frozen.set(at("10:06"))
    runs_follow(tenant=made.tenant)
    assert rows(touch)[doer.pk] == ("blocked", "SOP-15")
    assert TouchRecipient.objects.filter(touch=touch, state="planned").count() == 2


def test_what_waits_for_a_decision_ends_with_its_offer_and_nothing_else_does(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[], offer_ends_at=at("12:00"))
    last = make_step(tenant=made.tenant, version=made.version, anchor="offer_end", offset_minutes=-60)
    plain = make_step(tenant=made.tenant, version=made.version)
    common = {"tenant": made.tenant, "run": made.run, "group": made.groups[0]}
    waits, ahead = (
        make_touch(**common, step=last, state=one, occurrence=one) for one in ("parked", "planned")
    )
    other = make_touch(**common, step=plain, state="parked")
    for when, state in (("11:59", "parked"), ("12:00", "cancelled")):
        frozen.set(at(when))
        runs_follow(tenant=made.tenant)
        waits.refresh_from_db()
        assert waits.state == state
    for one, state in ((ahead, "planned"), (other, "parked")):
        one.refresh_from_db()
        assert one.state == state
