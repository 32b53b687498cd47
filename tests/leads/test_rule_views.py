"""The pages of the tier rule, of past camps and of any day, as people use them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.forms import RuleForm
from leads.models import RuleDraft, RuleVersion
from leads.policies.rules import BUILT_IN
from leads.services.rule_reports import rule_report_make
from tenants.enums import Role
from tenants.models import Membership, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customer, make_customers
from tests.factories.leads import act, item, lead_of, make_camp, purchase_clicks

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


@pytest.fixture
def signed_in(client, tenant):
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def base(tenant):
    return f"/t/{tenant.slug}/leads/"


def typed(**changes) -> dict[str, object]:
    """The form as the browser sends it, with these changes."""
    shown = RuleForm.initial_of(BUILT_IN) | changes
    return {
        key: "on" if value is True else value
        for key, value in shown.items()
        if value is not False and value is not None
    }


def two_clicks(tenant, frozen):
    """Three customers with two clicks each, one with three, in a camp that runs."""
    people = make_customers(tenant=tenant, count=4)
    make_camp(tenant=tenant, customers=people)
    start = frozen.moment
    frozen.move(hours=2)
    act(tenant, *[one for who in people for one in purchase_clicks(who, 2, start)])
    act(tenant, item(people[3], "purchase_click", frozen.moment))
    return people


def test_a_rule_is_changed_previewed_published_and_taken_back_by_the_pages(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        two_clicks(tenant, frozen)
    answer = signed_in.post(f"{base}rules/draft/", typed(t1_need0=2))
    assert answer.status_code == 302
    assert "Counting who moves" in signed_in.get(f"{base}rules/draft/").content.decode()
    assert signed_in.post(f"{base}rules/draft/publish/").status_code == 409
    with tenant_scope(tenant):
        rule_report_make(tenant_id=tenant.pk)
    page = signed_in.get(f"{base}rules/draft/").content.decode()
    assert "3 of 4 people in running camps" in page
    people = signed_in.get(f"{base}rules/people/?of=moves&before=&after=A").content.decode()
    assert people.count('class="q-link" href="/t/') == 3
    assert signed_in.post(f"{base}rules/draft/publish/", {"note": "two are enough"}).status_code == 302
    page = signed_in.get(f"{base}rules/").content.decode()
    assert "two are enough" in page
    assert "Opened a purchase link at least 2 times" in page
    assert signed_in.post(f"{base}rules/1/restore/").status_code == 302
    with tenant_scope(tenant):
        assert (RuleVersion.objects.count(), RuleDraft.objects.get().restores) == (2, 1)
    assert signed_in.post(f"{base}rules/draft/drop/").status_code == 302
    with tenant_scope(tenant):
        assert not RuleDraft.objects.exists()


def test_a_rule_without_any_behaviour_for_a_tier_is_refused_and_what_was_typed_stays(
    signed_in, base, tenant, frozen
):
    answer = signed_in.post(f"{base}rules/draft/", typed(t1_kind0="", keywords="多少钱 团购价"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Tier A needs at least one behaviour." in page
    assert "团购价" in page


def test_the_rule_page_shows_everyone_the_rule_and_only_managers_the_way_to_change_it(
    signed_in, base, tenant, frozen
):
    assert f"{base}rules/draft/" in signed_in.get(f"{base}rules/").content.decode()
    with tenant_scope(tenant):
        Membership.objects.update(role=Role.SALES)
    page = signed_in.get(f"{base}rules/").content.decode()
    assert "Clicked pay at least 1 time" in page
    assert f"{base}rules/draft/" not in page
    assert signed_in.get(f"{base}rules/draft/").status_code == 403


def test_past_camps_stand_by_tier_and_behaviour_and_each_figure_opens_its_people(
    signed_in, base, tenant, frozen
):
    assert "Not counted yet" in signed_in.get(f"{base}conversion/").content.decode()
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=5)
        make_camp(tenant=tenant, customers=people, days=5)
        start = frozen.moment
        frozen.move(days=1)
        act(tenant, *[one for who in people[:2] for one in purchase_clicks(who, 3, start)])
        act(tenant, item(people[0], "order", frozen.moment, fen=198000))
    frozen.move(days=9)
    assert signed_in.post(f"{base}rules/count/").status_code == 302
    assert "Counting past camps" in signed_in.get(f"{base}conversion/").content.decode()
    with tenant_scope(tenant):
        rule_report_make(tenant_id=tenant.pk)
    page = signed_in.get(f"{base}conversion/").content.decode()
    assert "50.0%" in page
    assert "9.5%–90.5%" in page
    for query, count in (
        ("of=tier&rule=new&tier=A", 2), ("of=tier&rule=new&tier=A&bought=1", 1), ("of=tier&rule=old&tier=", 3),
        ("of=kind&kind=purchase_click&least=3", 2), ("of=kind&kind=purchase_click&least=0", 3),
    ):  # fmt: skip
        found = signed_in.get(f"{base}rules/people/?{query}").content.decode()
        assert found.count('class="q-link" href="/t/') == count, query
    for wrong in ("", "of=kind&kind=order&least=1", "of=tier&rule=x&tier=A", "of=moves&before=A&after=Q"):
        assert signed_in.get(f"{base}rules/people/?{wrong}").status_code == 404
    assert signed_in.get(f"{base}rules/people/?of=tier&rule=new&tier=A&export=csv").status_code == 200


def test_any_day_lists_everybody_with_their_place_then_and_now(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customer = make_customer(tenant=tenant, name="刘女士")
        make_camp(tenant=tenant, customers=[customer])
        clicks = purchase_clicks(customer, 3, frozen.moment)
        frozen.move(hours=1)
        act(tenant, *clicks)
        day = frozen.moment.date().isoformat()
        frozen.move(days=2)
        act(tenant, item(customer, "pay_click", frozen.moment))
    page = signed_in.get(f"{base}days/?day={day}").content.decode()
    assert "刘女士" in page
    assert f"?asof={day}" in page
    assert signed_in.get(f"{base}days/?day={day}&place=A").content.decode().count("刘女士") >= 1
    assert "刘女士" not in signed_in.get(f"{base}days/?day={day}&place=B").content.decode()
    assert signed_in.get(f"{base}days/?day={day}&export=csv").status_code == 200
    before = (frozen.moment - timedelta(days=30)).date().isoformat()
    assert "No camp ran that day" in signed_in.get(f"{base}days/?day={before}").content.decode()
    for odd in ("9999-12-31", "0001-01-01", "2026-13-40", "x"):
        assert signed_in.get(f"{base}days/?day={odd}").status_code == 200


def test_the_card_says_what_one_more_click_would_make(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        customer = make_customer(tenant=tenant)
        make_camp(tenant=tenant, customers=[customer])
        start = frozen.moment
        frozen.move(hours=3)
        act(
            tenant,
            *purchase_clicks(customer, 2, start),
            *[
                item(customer, kind, start + timedelta(minutes=n))
                for kind in ("lesson", "assignment")
                for n in range(3)
            ],
        )
        assert lead_of(customer).tier == "B"
    page = signed_in.get(base).content.decode()
    assert "Opens the purchase link 1 more time" in page


def test_the_pages_ask_a_few_questions_of_the_database(signed_in, base, tenant, frozen):
    with tenant_scope(tenant):
        two_clicks(tenant, frozen)
    signed_in.post(f"{base}rules/draft/", typed(t1_need0=2))
    with tenant_scope(tenant):
        rule_report_make(tenant_id=tenant.pk)
    day = frozen.moment.date().isoformat()
    for path in (
        "rules/",
        "rules/draft/",
        "conversion/",
        f"days/?day={day}",
        "rules/people/?of=moves&before=&after=A",
        "",
    ):
        with CaptureQueriesContext(connection) as seen:
            assert signed_in.get(f"{base}{path}").status_code == 200
        assert len(seen) <= 25, path
