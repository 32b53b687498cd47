"""Leads on the phone: whose they are, what a stranger to the customer sees, and planning the next step."""

from datetime import timedelta

import pytest
from django.test import Client

from leads.models import FollowUp, Lead, LeadEvent
from team.models import Staff, WorkItem
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_follow
from tests.factories.leads import act, lead_of, make_camp, purchase_clicks
from tests.factories.team import make_staff
from tests.phone import hold_phone

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(tenant: Tenant, frozen: MovableClock) -> Staff:
    with tenant_scope(tenant):
        return make_staff(tenant=tenant, name="林晓")


@pytest.fixture
def lead(tenant: Tenant, staff: Staff, frozen: MovableClock) -> Lead:
    """陈先生's lead; nobody is a friend of his and nobody owns it."""
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, app=staff.app, name="陈先生")
        make_camp(tenant=tenant, customers=[person])
        frozen.move(hours=1)
        act(tenant, *purchase_clicks(person, 3, frozen.moment - timedelta(minutes=40)))
        return lead_of(person)


@pytest.fixture
def phone(tenant: Tenant, staff: Staff) -> Client:
    return hold_phone(tenant, staff)


def own(tenant: Tenant, lead: Lead, staff: Staff) -> None:
    with tenant_scope(tenant):
        Lead.objects.filter(pk=lead.pk).update(owner=staff)


def test_task_of_every_lead_opens_something_on_the_phone(tenant: Tenant, lead: Lead) -> None:
    with tenant_scope(tenant):
        assert (
            WorkItem.objects.get(source_kind="leads.lead").phone_url == f"/m/{tenant.slug}/leads/{lead.pk}/"
        )


def test_owner_who_is_no_friend_sees_the_lead_and_how_to_get_in_touch(
    tenant: Tenant, lead: Lead, staff: Staff, phone: Client
) -> None:
    own(tenant, lead, staff)
    url = f"/m/{tenant.slug}/leads/{lead.pk}/"
    page = phone.get(url).content.decode()
    assert ("陈先生" in page, "nobody of the staff is their friend" in page) == (True, True)
    assert 'data-ww="chat"' not in page  # nobody can write to a stranger
    with tenant_scope(tenant):
        other = make_staff(tenant=tenant, app=staff.app, name="何静")
        make_follow(tenant=tenant, customer=lead.customer, staff=other)
    assert "they are a friend of 何静" in phone.get(url).content.decode()
    with tenant_scope(tenant):
        make_follow(tenant=tenant, customer=lead.customer, staff=staff)
        external = lead.customer.external_userid
    assert phone.get(url).headers["location"] == f"/m/{tenant.slug}/customer/{external}/"


def test_lead_of_a_colleague_is_not_there(
    tenant: Tenant, other_tenant: Tenant, lead: Lead, staff: Staff, phone: Client
) -> None:
    with tenant_scope(tenant):
        colleague = make_staff(tenant=tenant, app=staff.app)
    own(tenant, lead, colleague)
    base = f"/m/{tenant.slug}/leads/{lead.pk}/"
    told = {"result": "talked", "key": "k1", "in_minutes": "60", "action": "reply"}
    answers = [
        phone.get(base),
        phone.post(f"{base}next/", told),
        phone.post(f"{base}follow/", told),
        phone.post(f"{base}s/confirm/"),
    ]
    assert [one.status_code for one in answers] == [404] * 4


def test_next_step_is_planned_in_own_words_with_a_reason_once_it_is_late(
    tenant: Tenant, lead: Lead, staff: Staff, phone: Client, frozen: MovableClock
) -> None:
    own(tenant, lead, staff)
    url = f"/m/{tenant.slug}/leads/{lead.pk}/next/"
    told = {"action": "reply", "other": "问孩子几点睡", "in_minutes": "60"}
    assert phone.post(url, told).status_code == 302
    with tenant_scope(tenant):
        assert Lead.objects.get().next_action == "问孩子几点睡"
    frozen.move(days=2)
    assert phone.post(url, told).status_code == 409  # late, and no reason
    assert phone.post(url, {**told, "reason": "出差"}).status_code == 302
    with tenant_scope(tenant):
        assert LeadEvent.objects.filter(kind="snoozed").count() == 1
    assert phone.post(url, {"action": "reply"}).status_code == 409


def test_follow_up_from_the_phone_keeps_what_was_said(
    tenant: Tenant, lead: Lead, staff: Staff, phone: Client
) -> None:
    own(tenant, lead, staff)
    told = {"result": "talked", "key": "k1", "in_minutes": "60", "note": "周末再聊"}
    for _time in range(2):
        assert phone.post(f"/m/{tenant.slug}/leads/{lead.pk}/follow/", told).status_code == 302
    with tenant_scope(tenant):
        assert FollowUp.objects.get().note == "周末再聊"
        assert Lead.objects.get().follow_count == 1
