"""Edges of what people do with leads that a fault could move unseen: each was seen to fail with its fault planted."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from leads.errors import LeadClosed, OwnerUnknown
from leads.models import Doubt, FollowUp, Lead, LeadEvent
from leads.selectors.board import lead_list, lead_tab, tab_counts
from leads.services import (
    doubt_answer,
    doubt_raise,
    lead_close,
    lead_follow_up,
    lead_reopen,
    lead_set_next_action,
    leads_give,
    leads_recompute,
    leads_take_back,
)
from leads.services.sweep import sweep
from team.models import Staff
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_follow
from tests.factories.groups import fill_group, make_group
from tests.factories.leads import act, item, lead_of, make_camp
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture(autouse=True)
def scoped(tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def lead(tenant: Tenant, frozen: MovableClock) -> Lead:
    person = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "pay_click", frozen.moment))
    return lead_of(person)


def test_the_first_answer_to_a_doubt_stays(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    doubt = doubt_raise(tenant=tenant, lead_id=lead.pk, text="比线下贵", actor=owner)
    doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer="每节 20.6 元", actor=owner)
    answered_at = frozen.moment
    frozen.move(minutes=5)
    doubt_answer(tenant=tenant, doubt_id=doubt.pk, answer="别的话", actor=owner)
    kept = Doubt.objects.get()
    assert (kept.answer, kept.answered_at) == ("每节 20.6 元", answered_at)
    assert LeadEvent.objects.filter(kind="doubt_answered").count() == 1


def test_two_talks_keep_the_first_moment_and_the_deadline_each_was_logged_by(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    first, due = frozen.moment + timedelta(minutes=5), lead.sla_due_at
    for key in ("a", "b"):
        frozen.move(minutes=5)
        lead_follow_up(tenant=tenant, lead_id=lead.pk, result="talked", key=key, actor=owner)
    lead.refresh_from_db()
    assert (lead.first_followed_at, lead.followed_at, lead.follow_count) == (first, frozen.moment, 2)
    assert list(FollowUp.objects.order_by("pk").values_list("due_at", flat=True)) == [due, None]


def test_each_deadline_that_passed_is_told_once_also_at_its_very_moment(
    tenant: Tenant, frozen: MovableClock, lead: Lead
) -> None:
    frozen.move(minutes=29)
    sweep(tenant_id=tenant.pk)
    assert not LeadEvent.objects.filter(kind="sla_missed").exists()
    frozen.move(minutes=1)
    for _ in range(2):
        sweep(tenant_id=tenant.pk)
        assert LeadEvent.objects.filter(kind="sla_missed").count() == 1
        frozen.move(minutes=1)


def test_a_lead_that_ended_takes_no_plan_and_each_end_by_hand_is_taken_back(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    for state, reason in (("won", ""), ("not_buying", "price")):
        frozen.move(minutes=1)
        lead_close(tenant=tenant, lead_id=lead.pk, state=state, reason=reason, actor=owner)
        with pytest.raises(LeadClosed):
            lead_set_next_action(
                tenant=tenant, lead_id=lead.pk, action="x", at=frozen.moment + timedelta(hours=1), actor=owner
            )
        frozen.move(minutes=1)
        assert lead_reopen(tenant=tenant, lead_id=lead.pk, actor=owner).state == "open"


def test_what_ended_is_given_to_nobody_and_nobody_who_is_gone_gets_anything(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    staff = make_staff(tenant=tenant)
    Staff.objects.filter(pk=staff.pk).update(is_active=False)
    with pytest.raises(OwnerUnknown):
        leads_give(tenant=tenant, wanted={lead.pk: staff.pk}, actor=owner)
    Staff.objects.filter(pk=staff.pk).update(is_active=True)
    lead_close(tenant=tenant, lead_id=lead.pk, state="won", actor=owner)
    assert leads_give(tenant=tenant, wanted={lead.pk: staff.pk}, actor=owner) == (0, "")
    assert lead_of(lead.customer).owner_id is None


def test_giving_is_taken_back_within_a_day_and_not_after(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    staff = make_staff(tenant=tenant)
    for hours, back in ((24, 1), (25, 0)):
        _count, name = leads_give(tenant=tenant, wanted={lead.pk: staff.pk}, actor=owner)
        frozen.move(hours=hours)
        assert leads_take_back(tenant=tenant, act=name, actor=owner) == back


def test_a_group_owner_who_is_no_friend_gives_way_to_a_friend_and_stays_where_there_is_none(
    tenant: Tenant, frozen: MovableClock
) -> None:
    runs, friend = make_staff(tenant=tenant), make_staff(tenant=tenant)
    group = make_group(tenant=tenant, app=runs.app, owner=runs, state="active")
    known, unknown, both = (make_customer(tenant=tenant, app=runs.app) for _ in range(3))
    fill_group(group=group, customers=[known, unknown, both])
    for who, staff in ((known, friend), (both, runs), (both, friend)):
        make_follow(tenant=tenant, customer=who, staff=staff)
    make_camp(tenant=tenant, customers=[known, unknown, both], group_id=group.pk)
    act(tenant, *[item(one, "pay_click", frozen.moment) for one in (known, unknown, both)])
    owners = [lead_of(one).owner_id for one in (known, unknown, both)]
    assert owners == [friend.pk, runs.pk, runs.pk]


def test_a_suggestion_that_lapsed_leaves_by_itself(tenant: Tenant, frozen: MovableClock) -> None:
    person = make_customer(tenant=tenant)
    make_camp(tenant=tenant, customers=[person])
    act(tenant, item(person, "message", frozen.moment, text="多少钱"))
    assert lead_of(person).state == "open"
    frozen.move(hours=24, minutes=1)
    sweep(tenant_id=tenant.pk)
    assert (lead_of(person).state, lead_of(person).suggestion) == ("unranked", None)


def test_what_is_due_this_very_moment_is_overdue_in_the_tab_and_in_its_count(
    tenant: Tenant, frozen: MovableClock, lead: Lead
) -> None:
    rows = lead_list(tenant_id=tenant.pk)
    for minutes, late in ((29, 0), (30, 1)):
        now = lead.tier_since + timedelta(minutes=minutes)  # type: ignore[operator]
        counts = tab_counts(rows, now=now, day_ends_at=now)
        listed = lead_tab(rows, "overdue", now=now, day_ends_at=now).count()
        assert (counts["overdue"], listed) == (late, late)


def test_what_is_due_as_the_day_ends_is_tomorrows_in_the_tab_and_in_its_count(
    tenant: Tenant, frozen: MovableClock, lead: Lead
) -> None:
    rows, due = lead_list(tenant_id=tenant.pk), lead.next_action_at
    assert due is not None
    for ends, todays in ((due, 0), (due + timedelta(seconds=1), 1)):
        counts = tab_counts(rows, now=frozen.moment, day_ends_at=ends)
        listed = lead_tab(rows, "today", now=frozen.moment, day_ends_at=ends).count()
        assert (counts["today"], listed) == (todays, todays)


def test_a_plan_made_after_the_click_holds_and_a_click_after_the_plan_breaks_it(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    at = frozen.moment + timedelta(days=2)
    lead_set_next_action(tenant=tenant, lead_id=lead.pk, action="打电话", at=at, actor=owner)
    leads_recompute(tenant_id=tenant.pk, customer_ids=[lead.customer_id])
    assert (lead_of(lead.customer).next_action, lead_of(lead.customer).next_action_at) == ("打电话", at)
    frozen.move(minutes=10)
    act(tenant, item(lead.customer, "message", frozen.moment, text="多少钱"))
    kept = lead_of(lead.customer)
    assert (kept.next_action, kept.waiting_since) == ("打电话", lead.waiting_since)
    lead_follow_up(tenant=tenant, lead_id=lead.pk, result="talked", key="k", actor=owner)
    frozen.move(minutes=10)
    act(tenant, item(lead.customer, "message", frozen.moment, text="学费呢"))
    assert lead_of(lead.customer).next_action == "confirm_s"


def test_a_deadline_told_by_the_sweep_is_not_told_again_by_a_late_talk(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    frozen.move(minutes=31)
    sweep(tenant_id=tenant.pk)
    frozen.move(minutes=1)
    lead_follow_up(tenant=tenant, lead_id=lead.pk, result="talked", key="k", actor=owner)
    assert LeadEvent.objects.filter(kind="sla_missed").count() == 1


def test_a_lead_closed_by_hand_waits_for_nobody_to_confirm_its_question(
    tenant: Tenant, owner: Actor, frozen: MovableClock, lead: Lead
) -> None:
    act(tenant, item(lead.customer, "message", frozen.moment, text="多少钱"))
    assert lead_of(lead.customer).suggestion is not None
    frozen.move(minutes=1)
    lead_close(tenant=tenant, lead_id=lead.pk, state="not_buying", reason="price", actor=owner)
    closed = lead_of(lead.customer)
    assert (closed.suggestion, closed.s_suggested_at) == (None, None)
