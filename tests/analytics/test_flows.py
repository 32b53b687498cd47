"""Who moved between two days (R107): by stage, circle and tier, each cell with its people."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.selectors.camps import camp_get
from analytics.selectors.flows import Asked, flow_counts, flow_people, places
from analytics.views import orders_chart
from contacts.models import Customer, StageMove
from contacts.services.identity import customers_merge
from groups.models import CircleSpell, Member
from leads.models import Lead, LeadEvent, Window
from tenants import clock
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers, make_order
from tests.factories.groups import make_group

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
DAY = timedelta(days=1)


@pytest.fixture
def web(client, tenant):
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def asked(tenant, frozen, kind, **more):
    today = clock.local_date(frozen.moment, tenant.timezone)
    return Asked(tenant.pk, kind, today - 7 * DAY, today, tenant.timezone, frozen.moment, **more)


def agree(told):
    """Counts, after each cell has opened as many people as it says."""
    found = flow_counts(told)
    for (before, after), many in found.items():
        assert len(set(flow_people(told, before=before, after=after))) == many
        assert before in places(told.kind, of=0)
        assert after in places(told.kind, of=1)
    return found


def opens(web, tenant, query):
    """The page's numbers, after each link has opened as many people as it says."""
    url = f"/t/{tenant.slug}/insights/flows/"
    page = web.get(url, query).content.decode()
    assert "<table" not in page.split("<main", 1)[1]  # the counts come after the page
    after = re.search(r'hx-get="([^"]*part=figures[^"]*)"', page).group(1).replace("&amp;", "&")
    with CaptureQueriesContext(connection) as queries:
        part = web.get(url + after).content.decode()
    assert len(queries) <= 25
    links = re.findall(r'href="([^"]*flows/people/[^"]*)">(\d+)', part)
    for link, count in links:
        assert f"<span>{count} p" in web.get(link.replace("&amp;", "&")).content.decode()
    answer = web.get(url, {**query, "export": "csv"})
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").strip().splitlines()
    numbers = [int(cell) for line in lines[1:] for cell in line.split(",")[1:-1] if int(cell)]
    assert sorted(numbers) == sorted(int(count) for _link, count in links)
    return part, links


def test_stages_are_told_backwards_from_where_people_stand(web, tenant, owner, frozen):
    now = frozen.moment
    with tenant_scope(tenant):
        same, moved, twice, new, one, other = make_customers(tenant=tenant, count=6)
        Customer.objects.update(first_seen_at=now - 30 * DAY, stage=3)
        Customer.objects.filter(pk=new.pk).update(first_seen_at=now - DAY)
        for person, steps in ((moved, [(2, 3, 3)]), (twice, [(1, 2, 9), (2, 4, 3), (4, 3, 1)])):
            for before, after, days in steps:
                StageMove.objects.create(
                    tenant=tenant,
                    customer=person,
                    from_stage=before,
                    to_stage=after,
                    source="rule",
                    at=now - days * DAY,
                )
        customers_merge(tenant=tenant, goes_on_id=one.pk, other_id=other.pk, actor=owner, reason="同一个人")
        Customer.objects.filter(pk__in=[one.pk, other.pk]).update(stage=3)
        found = agree(asked(tenant, frozen, "stage"))
        assert found == {("3", "3"): 2, ("2", "3"): 2, ("", "3"): 1}
        told = asked(tenant, frozen, "stage")
        assert flow_people(told, before="2", after="3") == sorted([moved.pk, twice.pk])
        assert same.pk in flow_people(told, before="3", after="3")
    part, links = opens(web, tenant, {"of": "stage"})
    assert sorted(count for _link, count in links) == ["1", "2", "2"]
    assert "5 people" in part
    assert "2 moved" in part
    assert "1 came new" in part
    # a flow that ended earlier: the move of yesterday has not happened yet
    today = clock.local_date(now, tenant.timezone)
    earlier = {"of": "stage", "first": str(today - 12 * DAY), "then": str(today - 2 * DAY)}
    _part, links = opens(web, tenant, earlier)
    assert sorted(count for _link, count in links) == ["1", "1", "2"]


def test_a_person_in_two_groups_stands_in_the_innermost_circle(web, tenant, frozen):
    today = clock.local_date(frozen.moment, tenant.timezone)
    with tenant_scope(tenant):
        a, b, c = make_customers(tenant=tenant, count=3)
        first, second = make_group(tenant=tenant, name="一群"), make_group(tenant=tenant, name="二群")

        def spell(group, person, circle, begins, ends=None):
            CircleSpell.objects.create(
                tenant=tenant, group=group, customer=person, circle=circle, from_day=today - begins * DAY,
                until_day=None if ends is None else today - ends * DAY,
            )  # fmt: skip

        spell(first, a, "periphery", 20, 3)
        spell(first, a, "core", 3)
        spell(second, a, "influence", 20)
        spell(first, b, "influence", 20, 7)  # the last day was the eighth before today
        spell(first, c, "periphery", 2)
        found = agree(asked(tenant, frozen, "circle"))
        assert found == {("influence", "core"): 1, ("", "periphery"): 1}
        assert agree(asked(tenant, frozen, "circle", group_id=second.pk)) == {("influence", "influence"): 1}
        assert agree(asked(tenant, frozen, "circle", group_id=first.pk))[("periphery", "core")] == 1
    _part, links = opens(web, tenant, {"of": "circle", "group": str(first.pk)})
    assert len(links) == 2
    assert web.get(f"/t/{tenant.slug}/insights/flows/?of=circle&group=999999").status_code == 404


def test_tiers_of_a_camp_are_told_for_both_days_with_who_bought_and_who_left(
    web, tenant, owner, world, frozen
):
    frozen.move(days=10)
    now = frozen.moment
    run, people = world["run"], world["people"]
    with tenant_scope(tenant):
        window = Window.objects.get(source_id=run.pk)
        for person, moves in (
            (people[0], [("B", 9), ("A", 2)]), (people[1], [("A+", 9)]), (people[2], [("A", 9), ("S", 1)]),
        ):  # fmt: skip
            lead, _made = Lead.objects.get_or_create(
                tenant=tenant, window=window, customer=person, defaults={"state": "unranked"}
            )
            for tier, days in moves:
                LeadEvent.objects.create(
                    tenant=tenant,
                    lead=lead,
                    at=now - days * DAY,
                    kind="tier",
                    data={"from": "", "to": tier, "rule": 1},
                )
        make_order(tenant=tenant, customer=people[1], ordered_at=now - DAY)
        Member.objects.filter(customer=people[2]).update(left_at=now - timedelta(hours=1))
        camp = camp_get(tenant_id=tenant.pk, run_id=run.pk)
        found = agree(asked(tenant, frozen, "tier", camp=camp))
        assert (found["B", "A"], found["A+", "won"], found["A", "left"]) == (1, 1, 1)
        assert sum(found.values()) == 11
        customers_merge(
            tenant=tenant, goes_on_id=people[5].pk, other_id=people[0].pk, actor=owner, reason="同一个人"
        )
        found = agree(asked(tenant, frozen, "tier", camp=camp))
        assert found["B", "A"] == 1
        assert sum(found.values()) == 10
    opens(web, tenant, {"of": "tier", "camp": str(run.pk)})
    assert web.get(f"/t/{tenant.slug}/insights/flows/?of=tier&camp=999999").status_code == 404


@pytest.mark.parametrize(
    "query", ["first=x&then=2999-01-01", "first=2026-03-09&then=2026-01-01", "of=%F0%9F%98%80"]
)
def test_days_that_make_no_sense_show_the_last_week_or_what_was_meant(web, tenant, frozen, query):
    assert web.get(f"/t/{tenant.slug}/insights/flows/?{query}&figures=1").status_code == 200
    assert web.get(f"/t/{tenant.slug}/insights/flows/people/?f=x").status_code == 404


def test_another_companys_list_is_not_there(web, tenant, other_tenant, frozen):
    with tenant_scope(tenant):
        make_customers(tenant=tenant, count=1)
        Customer.objects.update(first_seen_at=frozen.moment - 30 * DAY)
    part = web.get(f"/t/{tenant.slug}/insights/flows/?part=figures").content.decode()
    link = re.search(r'href="/t/[^/]+(/insights/flows/people/[^"]*)"', part).group(1).replace("&amp;", "&")
    assert web.get(f"/t/{tenant.slug}{link}").status_code == 200
    assert web.get(f"/t/{other_tenant.slug}{link}").status_code == 404


def test_a_chart_of_orders_marks_only_peaks_that_came(web, tenant, world, frozen, monkeypatch):
    marked = []

    def chart(days, peaks=()):
        marked.append([name for name, _first, _last in peaks])
        return orders_chart(days, peaks)

    monkeypatch.setattr("analytics.views.orders_chart", chart)
    monkeypatch.setattr("analytics.views.peak_days", lambda **_asked: (2, 9))
    with tenant_scope(tenant):
        window = Window.objects.get(source_id=world["run"].pk)
        for number in range(3):
            make_order(
                tenant=tenant,
                customer=world["people"][number],
                ordered_at=window.starts_at + DAY + timedelta(hours=1),
            )
    frozen.move(days=12)
    page = web.get(f"/t/{tenant.slug}/insights/camps/{world['run'].pk}/").content.decode()
    assert marked == [["Opening"]]
    assert "no peak: not more a day than on the days between" in page
