"""The pages of leads as people use them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.enums import LeadState
from leads.models import Doubt, FollowUp
from tenants.enums import Role
from tenants.models import Membership, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def signed_in(client, tenant):
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def base(tenant):
    return f"/t/{tenant.slug}/leads/"


def seed(tenant, moment, count=3):
    """`count` customers who clicked pay, one who asked, one who bought."""
    customers = make_customers(tenant=tenant, count=count)
    asked, bought = make_customer(tenant=tenant, name="王女士"), make_customer(tenant=tenant, name="何女士")
    make_camp(tenant=tenant, customers=[*customers, asked, bought], name="启蒙营第6期")
    act(
        tenant,
        *[item(one, "pay_click", moment) for one in customers],
        item(asked, "message", moment, text="年课现在报多少钱"),
        item(bought, "order", moment, fen=198000),
    )
    return customers, asked, bought


def test_board_shows_open_leads_by_tier_and_leaves_buyers_out(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        seed(tenant, frozen.moment)
    page = signed_in.get(base).content.decode()
    assert "年课现在报多少钱" in page
    assert "何女士" not in page
    assert page.count('class="q-lead') - page.count('class="q-leads') == 4


@pytest.mark.parametrize("tab", ["today", "overdue", "won", "not_buying"])
def test_tab_lists_and_exports(signed_in, base, tenant, frozen, tab):
    with tenant_scope(tenant):
        seed(tenant, frozen.moment)
    assert signed_in.get(f"{base}list/{tab}/").status_code == 200
    export = signed_in.get(f"{base}list/{tab}/?export=csv")
    assert export.status_code == 200
    body = b"".join(export.streaming_content if export.streaming else [export.content]).decode("utf-8-sig")
    assert ("何女士" in body) == (tab == "won")


def test_a_question_that_may_be_s_says_so_in_lists_and_files(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        seed(tenant, frozen.moment)
    page = signed_in.get(f"{base}list/next/").content.decode()
    row = next(one for one in page.split("<tr")[1:] if "王女士" in one)
    assert ">S?<" in row
    export = signed_in.get(f"{base}list/next/?export=csv")
    body = b"".join(export.streaming_content if export.streaming else [export.content]).decode("utf-8-sig")
    assert "S?,王女士" in body


def test_what_ended_is_listed_the_latest_first_in_cards_on_the_phone_and_an_empty_list_says_so(
    signed_in, base, tenant, frozen
):
    with tenant_scope(tenant):
        seed(tenant, frozen.moment)
    User.objects.update(language="en")
    won, none = (signed_in.get(f"{base}list/{tab}/").content.decode() for tab in ("won", "not_buying"))
    assert ("The latest first" in won, "Past due first" in won) == (True, False)
    assert 'class="table q-table is-cards' in won
    assert "No rows match these filters." in none


def test_board_needs_at_most_25_queries_for_3_and_30_leads(signed_in, base, tenant, frozen):
    counts = []
    for number, size in enumerate((3, 30)):
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=size)
            make_camp(tenant=tenant, customers=people, source_id=number + 1)
            act(tenant, *[item(one, "pay_click", frozen.moment) for one in people])
        signed_in.get(base)
        with CaptureQueriesContext(connection) as seen:
            assert signed_in.get(base).status_code == 200
        counts.append(len([one for one in seen if "set_config" not in one["sql"]]))
    assert counts[0] == counts[1] <= 25


def test_detail_says_why_and_what_is_one_step_away(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customer = make_customer(tenant=tenant, name="刘女士")
        make_camp(tenant=tenant, customers=[customer])
        start = frozen.moment
        frozen.move(days=2)
        act(tenant, *purchase_clicks(customer, 3, start + timedelta(days=1)))
        lead = lead_of(customer)
    with CaptureQueriesContext(connection) as seen:
        page = signed_in.get(f"{base}{lead.pk}/").content.decode()
    assert len([one for one in seen if "set_config" not in one["sql"]]) <= 25
    assert "刘女士" in page
    early = signed_in.get(f"{base}{lead.pk}/?asof=2026-03-02").content.decode()
    assert 'class="q-tier is-a" title="">A</span><h3 id="why">' in page.replace("\n", "")
    assert '<span class="q-tier is-a" title="">A</span><h3' not in early


def test_lead_of_another_tenant_is_404(signed_in, base, tenant, other_tenant, frozen):
    with tenant_scope(other_tenant):
        customer = make_customer(tenant=other_tenant)
        make_camp(tenant=other_tenant, customers=[customer])
        act(other_tenant, item(customer, "pay_click", frozen.moment))
        pk = lead_of(customer).pk
    assert signed_in.get(f"{base}{pk}/").status_code == 404
    for verb in ("follow", "next", "close", "reopen", "doubts", "s/confirm"):
        answer = signed_in.post(f"{base}{pk}/{verb}/", {"result": "talked", "key": "k", "action": "x", "in_minutes": 5,
                                                        "state": "won", "text": "x"})  # fmt: skip
        assert answer.status_code == 404, verb


def test_one_tap_logs_a_follow_up_and_goes_back(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customers, *_ = seed(tenant, frozen.moment)
        lead = lead_of(customers[0])
    answer = signed_in.post(
        f"{base}{lead.pk}/follow/", {"result": "new_doubt", "doubt": "比线下贵", "key": "a"}
    )
    assert answer.status_code == 302
    with tenant_scope(tenant):
        assert FollowUp.objects.get().result == "new_doubt"
        assert Doubt.objects.get().text == "比线下贵"


def test_not_buying_without_reason_is_refused_with_its_code(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customers, *_ = seed(tenant, frozen.moment)
        lead = lead_of(customers[0])
    answer = signed_in.post(f"{base}{lead.pk}/close/", {"state": "not_buying"})
    assert answer.status_code == 409
    assert "LEAD-03" in answer.content.decode()
    assert (
        signed_in.post(f"{base}{lead.pk}/close/", {"state": "not_buying", "reason": "price"}).status_code
        == 302
    )
    with tenant_scope(tenant):
        assert lead_of(customers[0]).state == LeadState.NOT_BUYING
    assert signed_in.post(f"{base}{lead.pk}/reopen/").status_code == 302
    with tenant_scope(tenant):
        assert lead_of(customers[0]).state == LeadState.OPEN


def test_next_action_at_a_local_time_is_stored_in_utc(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customers, *_ = seed(tenant, frozen.moment)
        lead = lead_of(customers[0])
    answer = signed_in.post(f"{base}{lead.pk}/next/", {"action": "ask_how", "at": "2026-03-03T20:00"})
    assert answer.status_code == 302
    with tenant_scope(tenant):
        assert lead_of(customers[0]).next_action_at.isoformat() == "2026-03-03T12:00:00+00:00"


def test_bulk_assign_gives_picked_leads_to_a_colleague(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customers, *_ = seed(tenant, frozen.moment)
        staff = make_staff(tenant=tenant, name="周岚")
        picked = [lead_of(one).pk for one in customers[:2]]
    assert signed_in.post(f"{base}assign/", {"pick": picked, "staff": staff.pk}).status_code == 302
    with tenant_scope(tenant):
        assert [lead_of(one).owner for one in customers] == [staff, staff, None]


def test_filters_stay_in_the_url_and_narrow_the_board(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customers, *_ = seed(tenant, frozen.moment)
        staff = make_staff(tenant=tenant)
        lead = lead_of(customers[0])
        lead.owner = staff
        lead.save()
    for query, wanted in (
        (f"owner={staff.pk}", 1),
        ("owner=none", 3),
        (f"camp={lead.window_id}", 4),
        ("owner=999999999", 0),
    ):
        page = signed_in.get(f"{base}?{query}").content.decode()
        assert page.count('name="pick"') == wanted, query


def test_viewer_reads_and_may_not_write(client, tenant, base, make_user, frozen):
    with tenant_scope(tenant):
        customers, *_ = seed(tenant, frozen.moment)
        lead = lead_of(customers[0])
        viewer = make_user("viewer@example.com", "看客")
        Membership.objects.create(tenant=tenant, user=viewer, role=Role.VIEWER)
    client.force_login(viewer)
    page = client.get(f"{base}{lead.pk}/")
    assert page.status_code == 200
    assert 'name="result"' not in page.content.decode()
    assert client.post(f"{base}{lead.pk}/follow/", {"result": "talked", "key": "k"}).status_code == 403
