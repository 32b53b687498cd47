"""The next step of several leads set at once: from the board, with its reason, history, trail and work items."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from leads.errors import NextActionMissing, NextActionPast, ReasonMissing, ShareStale
from leads.models import Lead, LeadEvent
from leads.services import leads_plan
from leads.services.share import MOST
from team.models import WorkItem
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Membership, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, lead_of, make_camp

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


READER = Actor("user", "7", "何静")  # no permission at all


@pytest.fixture(autouse=True)
def scoped(tenant: Tenant, other_tenant: Tenant, frozen: MovableClock) -> Iterator[Tenant]:
    with tenant_scope(tenant):
        yield tenant


@pytest.fixture
def signed_in(client: Client, tenant: Tenant) -> Client:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def three(tenant: Tenant, frozen: MovableClock) -> list[Lead]:
    """Two of one camp and one of another clicked pay: each is due in half an hour."""
    people = make_customers(tenant=tenant, count=3)
    make_camp(tenant=tenant, customers=people[:2])
    make_camp(tenant=tenant, customers=people[2:], source_id=2)
    act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])
    return [lead_of(one) for one in people]


def planned(leads: list[Lead]) -> set[tuple[str, object]]:
    return set(
        Lead.objects.filter(pk__in=[one.pk for one in leads]).values_list("next_action", "next_action_at")
    )


def test_every_open_lead_gets_the_step_and_tells_it_and_the_others_stay(
    tenant: Tenant, owner: Actor, frozen: MovableClock, three: list[Lead]
) -> None:
    Lead.objects.filter(pk=three[1].pk).update(state="won", closed_at=frozen.moment)
    at = frozen.moment + timedelta(hours=3)
    ids = [*(one.pk for one in three), 2**50]
    assert leads_plan(tenant=tenant, lead_ids=ids, action=" 打电话 ", at=at, actor=owner) == 2
    assert planned([three[0], three[2]]) == {("打电话", at)}
    assert planned([three[1]]) != {("打电话", at)}
    rows = LeadEvent.objects.filter(kind="next_set")
    assert {row.lead_id for row in rows} == {three[0].pk, three[2].pk}
    assert {row.data["action"] for row in rows} == {"打电话"}
    trail = AuditEntry.objects.filter(verb="leads.lead.next_set")
    assert [row.changes["next_action"] for row in trail] == [["ask_payment", "打电话"]] * 2
    items = WorkItem.objects.filter(source_kind="leads.lead", source_id__in=[three[0].pk, three[2].pk])
    assert {(one.due_at, one.title.rpartition(": ")[2]) for one in items} == {(at, "打电话")}
    frozen.move(minutes=5)
    act(tenant, item(three[0].customer, "lesson", frozen.moment))  # deriving anew keeps what a person planned
    assert planned([three[0]]) == {("打电话", at)}


def test_one_past_due_asks_for_a_reason_and_without_it_none_is_moved(
    tenant: Tenant, owner: Actor, frozen: MovableClock, three: list[Lead]
) -> None:
    before = planned(three)
    frozen.move(minutes=31)
    at = frozen.moment + timedelta(hours=3)
    asked = {"tenant": tenant, "lead_ids": [one.pk for one in three], "action": "ask_how", "actor": owner}
    with pytest.raises(ReasonMissing):
        leads_plan(**asked, at=at)
    assert planned(three) == before
    assert leads_plan(**asked, at=at, reason="今天开会") == 3
    assert planned(three) == {("ask_how", at)}
    told = LeadEvent.objects.filter(kind="snoozed").values_list("data__reason", flat=True)
    assert list(told) == ["今天开会"] * 3


def test_a_step_without_words_in_the_past_or_for_too_many_is_refused(
    tenant: Tenant, owner: Actor, frozen: MovableClock, three: list[Lead]
) -> None:
    ids, soon = [one.pk for one in three], frozen.moment + timedelta(hours=1)
    before = planned(three)
    cases = [
        (NextActionMissing, {"action": "  ", "at": soon, "lead_ids": ids}),
        (NextActionPast, {"action": "x", "at": frozen.moment - timedelta(seconds=1), "lead_ids": ids}),
        (ShareStale, {"action": "x", "at": soon, "lead_ids": [*range(2**40, 2**40 + MOST + 1)]}),
    ]
    for refused, asked in cases:
        with pytest.raises(refused):
            leads_plan(tenant=tenant, actor=owner, **asked)
    with pytest.raises(NotPermitted):
        leads_plan(tenant=tenant, actor=READER, action="x", at=soon, lead_ids=ids)
    assert planned(three) == before


def test_lead_of_another_company_is_left_out(
    tenant: Tenant, other_tenant: Tenant, owner: Actor, frozen: MovableClock, three: list[Lead]
) -> None:
    at = frozen.moment + timedelta(hours=1)
    ids = [one.pk for one in three]
    assert leads_plan(tenant=other_tenant, lead_ids=ids, action="x", at=at, actor=owner) == 0
    assert ("x", at) not in planned(three)


def test_it_takes_the_same_statements_for_one_and_twenty(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    people = make_customers(tenant=tenant, count=21)
    make_camp(tenant=tenant, customers=people)
    act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])
    ids = [lead_of(one).pk for one in people]
    costs = []
    for some in (ids[:1], ids[1:]):
        with CaptureQueriesContext(connection) as seen:
            leads_plan(
                tenant=tenant, lead_ids=some, action="x", at=frozen.moment + timedelta(hours=1), actor=owner
            )
        costs.append(len(seen))
    assert costs[0] == costs[1]


def test_from_the_board_the_drawer_names_the_picked_and_a_tap_saves(
    signed_in: Client, tenant: Tenant, frozen: MovableClock, three: list[Lead]
) -> None:
    base = f"/t/{tenant.slug}/leads/"
    assert f'hx-get="{base}next/"' in signed_in.get(base).text
    Lead.objects.filter(pk=three[2].pk).update(state="won", closed_at=frozen.moment)
    frozen.move(minutes=31)
    picked = "&".join(f"pick={one.pk}" for one in three) + "&pick=x&pick=99999999999999999999"
    drawer = signed_in.get(
        f"{base}next/?{picked}&back={base}%3Ftier%3DA", headers={"HX-Request": "true"}
    ).text
    assert ("2 open leads" in drawer, "1 is not open any more" in drawer, "2 are past due" in drawer) == (
        True,
    ) * 3
    assert all(str(one.customer) in drawer for one in three[:2])
    assert str(three[2].customer) not in drawer
    minutes = int(re.search(r'name="in_minutes" value="(\d+)"', drawer).group(1))  # type: ignore[union-attr]
    form = {"pick": [one.pk for one in three], "action": "ask_how", "other": "", "in_minutes": minutes}
    assert signed_in.post(f"{base}next/", form, headers={"HX-Request": "true"}).status_code == 409
    assert ("ask_how", frozen.moment + timedelta(minutes=minutes)) not in planned(three)
    answer = signed_in.post(f"{base}next/", {**form, "reason": "开会", "back": f"{base}?tier=A"})
    assert answer.headers["Location"] == f"{base}?tier=A"
    assert planned(three[:2]) == {("ask_how", frozen.moment + timedelta(minutes=minutes))}


def test_nothing_picked_says_so_and_readers_are_refused(signed_in: Client, tenant: Tenant) -> None:
    url = f"/t/{tenant.slug}/leads/next/"
    page = signed_in.get(url, headers={"HX-Request": "true"}).text
    assert "None of the picked leads is open" in page
    assert "in_minutes" not in page
    Membership.objects.filter(user__email="lin@example.com").update(role=Role.VIEWER)
    assert signed_in.get(url).status_code == 403
    assert signed_in.post(url, {}).status_code == 403
