"""North stars (R96): exactly one at a time, standing where the screens say, and named by every plan."""

import re
from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from analytics.enums import Course, Verdict
from analytics.errors import ReasonMissing, ServesMissing, StarExists, StarInvalid
from analytics.models import NorthStar, Serving, StarChange
from analytics.policies import verdict_of
from analytics.selectors.stars import plans_serving, plans_silent, standing_of, star_for_plans
from analytics.services.fills import days_fill
from analytics.services.stars import StarWish, serving_note, star_change, star_set
from campaigns.errors import CampaignIncomplete
from campaigns.services.frame import Idea, campaign_set_idea
from campaigns.services.life import campaign_start
from demo.camp import camp_code
from groups.models import Group
from sop.errors import VersionFrozen
from sop.models import Run
from sop.services.runs import RunWish, run_start
from sop.services.templates import template_clone, version_publish
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Membership, Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.campaigns import make_campaign
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import make_group, make_member
from tests.factories.sop import make_run, make_step, make_version
from tests.factories.team import make_department, make_staff
from tests.parallel import in_parallel

pytestmark = pytest.mark.integration


@pytest.fixture
def client(tenant: Tenant) -> Client:
    made = Client()
    User.objects.update(language="en")
    made.force_login(User.objects.get(email="lin@example.com"))
    return made


@pytest.fixture
def world(tenant: Tenant, frozen: MovableClock) -> Iterable[list[Group]]:
    """Three groups of ten people, the first two owned by team 7 with one person in both; four wrote, two bought."""
    with tenant_scope(tenant):
        now = clock.now()
        ours, others = (
            make_staff(tenant=tenant, department_ids=[7]),
            make_staff(tenant=tenant, department_ids=[8]),
        )
        make_department(tenant=tenant, dept_id=7, name="一组")
        groups = [
            make_group(tenant=tenant, name=f"群{number}", owner=others if number == 2 else ours)
            for number in range(3)
        ]
        people = make_customers(tenant=tenant, count=10)
        for number, person in enumerate(people):
            joined = now - timedelta(days=40 if number < 6 else 2)
            make_member(group=groups[number % 3], customer=person, joined_at=joined)
        make_member(group=groups[1], customer=people[0], joined_at=now - timedelta(days=40))
        for person in people[:4]:
            make_behaviour(
                tenant=tenant, customer=person, group=groups[people.index(person) % 3], kind="message",
                occurred_at=now - timedelta(hours=2),
            )  # fmt: skip
        for person, fen in ((people[0], 19_900), (people[2], 5_000)):
            make_order(tenant=tenant, customer=person, amount_fen=fen, ordered_at=now - timedelta(hours=3))
        while days_fill(tenant=tenant):
            pass
        yield groups


def make_star(tenant: Tenant, owner: Actor, **fields: object) -> NorthStar:
    today = clock.local_date(clock.now(), tenant.timezone)
    wish = {
        "scope": "company", "place": 0, "metric": "day_buyers", "target": 10, "starts_on": today - timedelta(days=9),
        "ends_on": today + timedelta(days=10), **fields,
    }  # fmt: skip
    return star_set(tenant=tenant, wish=StarWish(**wish), actor=owner)  # type: ignore[arg-type]


def page(tenant: Tenant, name: str, **kwargs: object) -> str:
    return reverse(f"analytics:{name}", kwargs={"tenant_slug": tenant.slug, **kwargs})


def test_a_place_has_exactly_one_at_a_time_and_every_other_place_its_own(
    tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    first = make_star(tenant, owner)

    with pytest.raises(StarExists):
        make_star(tenant, owner, metric="day_active", starts_on=first.ends_on, ends_on=first.ends_on)

    after = first.ends_on + timedelta(days=1)
    make_star(tenant, owner, starts_on=after, ends_on=after)
    make_star(tenant, owner, scope="team", place=_department(tenant))
    assert NorthStar.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_of_two_who_choose_at_once_one_wins(tenant: Tenant, owner: Actor) -> None:
    seen: list[str] = []

    def choose(number: int) -> None:
        with tenant_scope(tenant):
            try:
                make_star(tenant, owner, target=number + 1)
                seen.append("chosen")
            except StarExists:
                seen.append("refused")

    in_parallel(4, choose)

    assert sorted(seen) == ["chosen", "refused", "refused", "refused"]


@pytest.mark.parametrize(
    ("metric", "shown"),
    [
        ("day_customers", 10),
        ("day_active", 4),
        ("day_buyers", 2),
        ("day_paid_fen", 24_900),
        ("day_joined", 4),
    ],
)
def test_the_companys_stands_where_the_overview_says(
    tenant: Tenant, owner: Actor, world: list[Group], metric: str, shown: int
) -> None:
    assert standing_of(tenant=tenant, star=make_star(tenant, owner, metric=metric)).actual == shown


@pytest.mark.parametrize(
    ("metric", "shown"),
    [("day_customers", 7), ("day_active", 3), ("day_buyers", 1), ("day_paid_fen", 19_900), ("day_joined", 3),
     ("day_messages", 3)],
)  # fmt: skip
def test_a_teams_counts_the_groups_of_its_owners_and_each_person_once(
    tenant: Tenant, owner: Actor, world: list[Group], metric: str, shown: int
) -> None:
    star = make_star(tenant, owner, scope="team", place=_department(tenant), metric=metric)

    assert star.place_name == "一组"
    assert standing_of(tenant=tenant, star=star).actual == shown


def test_a_figure_of_people_opens_exactly_those(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    opened = []
    for scope, place in (("company", 0), ("team", _department(tenant))):
        for metric in ("day_customers", "day_active", "day_buyers", "day_joined"):
            NorthStar.objects.all().delete()
            star = make_star(tenant, owner, scope=scope, place=place, metric=metric)
            text = client.get(page(tenant, "star", pk=star.pk), {"part": "now"}).text
            told = re.search(r'q-big"><a href="([^"]+)">(\d+)</a>', text)
            assert told is not None, metric
            there = told[1].replace("&amp;", "&")
            counted = re.search(r"(\d+) (?:person|people|time)", client.get(there).text)
            lines = client.get(f"{there}&export=csv").getvalue().decode("utf-8-sig").strip().splitlines()
            assert counted is not None
            assert int(told[2]) == int(counted[1]) == len(lines) - 1
            opened.append(int(told[2]))
    assert opened == [10, 4, 2, 4, 7, 3, 1, 3]


def test_what_no_source_tells_of_is_unknown_and_no_zero(
    client: Client, tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        star = make_star(tenant, owner)
        assert standing_of(tenant=tenant, star=star).verdict == Verdict.UNKNOWN
        person = make_customers(tenant=tenant, count=1)[0]
        make_member(
            group=make_group(tenant=tenant), customer=person, joined_at=clock.now() - timedelta(days=20)
        )
        while days_fill(tenant=tenant):
            pass
        found = standing_of(tenant=tenant, star=star)
    assert (found.actual, found.verdict) == (None, Verdict.UNKNOWN)
    assert "No source tells of it yet." in client.get(page(tenant, "star", pk=star.pk)).text


@given(
    course=st.sampled_from(list(Course)), actual=st.integers(0, 300), more=st.integers(0, 100),
    target=st.integers(1, 200), base=st.none() | st.integers(0, 300), gone=st.floats(0.01, 1),
)  # fmt: skip
def test_more_never_judges_worse_and_the_end_leaves_nothing_open(
    course: Course, actual: int, more: int, target: int, base: int | None, gone: float
) -> None:
    order = [Verdict.BEHIND, Verdict.ON_COURSE, Verdict.REACHED]
    told = verdict_of(course, actual=actual, target=target, base=base, gone=gone)
    better = verdict_of(course, actual=actual + more, target=target, base=base, gone=gone)
    over = verdict_of(course, actual=actual, target=target, base=base, gone=1.0)
    assert order.index(better) >= order.index(told)
    assert over == (Verdict.REACHED if actual >= target else Verdict.BEHIND)
    assert (actual >= target) <= (told in (Verdict.REACHED, Verdict.ON_COURSE))


@pytest.mark.parametrize(
    ("course", "actual", "base", "gone", "told"),
    [
        (Course.ADDS, 49, None, 0.5, Verdict.BEHIND),
        (Course.ADDS, 50, None, 0.5, Verdict.ON_COURSE),
        (Course.CLIMBS, 85, 80, 0.5, Verdict.BEHIND),  # half of the way from 80 to 100 is 90
        (Course.CLIMBS, 90, 80, 0.5, Verdict.ON_COURSE),
        (Course.HOLDS, 99, None, 0.1, Verdict.BEHIND),
        (Course.HOLDS, 100, None, 0.9, Verdict.ON_COURSE),
        (Course.ADDS, 100, None, 0.1, Verdict.REACHED),
        (Course.ADDS, None, None, 0.5, Verdict.UNKNOWN),
        (Course.ADDS, 10, None, 0.0, Verdict.UNKNOWN),
    ],
)
def test_the_verdict_goes_by_its_stated_rule(
    course: Course, actual: int | None, base: int | None, gone: float, told: Verdict
) -> None:
    assert verdict_of(course, actual=actual, target=100, base=base, gone=gone) == told


def test_another_target_needs_a_reason_and_the_old_one_stays(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    star = make_star(tenant, owner)
    asked = {
        "tenant": tenant,
        "star_id": star.pk,
        "metric": star.metric,
        "ends_on": star.ends_on,
        "actor": owner,
    }
    with pytest.raises(ReasonMissing):
        star_change(target=20, reason="  ", **asked)  # type: ignore[arg-type]
    assert star_change(target=10, reason="", **asked).target == 10  # type: ignore[arg-type]
    assert StarChange.objects.count() == 0  # nothing changed, nothing is kept

    star_change(target=20, reason="双十二加码", **asked)  # type: ignore[arg-type]

    star.refresh_from_db()
    past = StarChange.objects.get()
    assert (star.target, past.target, past.reason, past.changed_by) == (20, 10, "双十二加码", "林晓")
    told = AuditEntry.objects.get(verb="analytics.star.changed")
    assert (told.changes["target"], told.reason) == (["10", "20"], "双十二加码")
    assert "双十二加码" in client.get(page(tenant, "star", pk=star.pk)).text


@pytest.mark.parametrize(
    "fields",
    [{"metric": "revenue"}, {"metric": "nothing"}, {"target": 0}, {"target": -5}, {"target": 10**14},
     {"ends_on": date(2020, 1, 1)}, {"scope": "team", "place": 999_999}, {"scope": "camp", "place": 999_999},
     {"scope": "company", "place": 5}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(
    tenant: Tenant, owner: Actor, world: list[Group], fields: dict[str, object]
) -> None:
    with pytest.raises(StarInvalid):
        make_star(tenant, owner, **fields)
    assert NorthStar.objects.count() == 0


def test_only_a_leader_chooses(client: Client, tenant: Tenant, owner: Actor, world: list[Group]) -> None:
    operator = Actor.of_user(User.objects.get(email="lin@example.com"), PERMISSIONS[Role.OPERATOR])
    with pytest.raises(NotPermitted):
        make_star(tenant, operator)
    Membership.objects.update(role=Role.OPERATOR)
    assert client.post(page(tenant, "star_new"), {"whose": "company:0"}).status_code == 403
    assert "Choose a north star" not in client.get(page(tenant, "stars")).text


def test_a_leader_chooses_in_yuan_and_percent(client: Client, tenant: Tenant, world: list[Group]) -> None:
    sent = {"whose": "company:0", "metric": "day_paid_fen", "target": "3000.50", "starts_on": "2026-03-01",
            "ends_on": "2026-03-31"}  # fmt: skip
    answer = client.post(page(tenant, "star_new"), sent)

    star = NorthStar.objects.get()
    assert (answer.status_code, star.target, star.ends_on) == (302, 300_050, date(2026, 3, 31))
    assert "¥3,000.5" in client.get(page(tenant, "star", pk=star.pk)).text
    again = client.post(page(tenant, "star_new"), {**sent, "metric": "day_active", "target": "5"})
    assert again.status_code == 409
    assert "STAR-01" in again.text
    wrong = client.post(page(tenant, "star_new"), {**sent, "metric": "revenue"})
    assert wrong.status_code == 422


def test_while_one_is_in_force_a_run_says_how_it_serves_it(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    version = make_version(tenant=tenant)
    make_step(tenant=tenant, version=version, channel="internal")
    wish = {
        "version_id": version.pk,
        "name": "第7期",
        "group_ids": [world[0].pk],
        "starts_on": date(2026, 3, 9),
    }
    star = make_star(tenant, owner)

    with pytest.raises(ServesMissing):
        run_start(tenant=tenant, wish=RunWish(**wish), actor=owner)  # type: ignore[arg-type]
    assert Run.objects.count() == 0

    run = run_start(tenant=tenant, wish=RunWish(**wish, serves="让更多人体验课后下单"), actor=owner)  # type: ignore[arg-type]

    assert [(one.plan_id, one.words) for one in plans_serving(tenant_id=tenant.pk, star_id=star.pk)] == [
        (run.pk, "让更多人体验课后下单")
    ]
    there = reverse("sop:run", kwargs={"tenant_slug": tenant.slug, "pk": run.pk})
    assert "让更多人体验课后下单" in client.get(there).text
    assert "让更多人体验课后下单" in client.get(page(tenant, "star", pk=star.pk)).text
    form = client.get(reverse("sop:run_new", kwargs={"tenant_slug": tenant.slug})).text
    assert 'name="serves"' in form


def test_without_one_nobody_is_asked(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    version = make_version(tenant=tenant)
    make_step(tenant=tenant, version=version, channel="internal")
    wish = RunWish(version_id=version.pk, name="第7期", group_ids=[world[0].pk], starts_on=date(2026, 3, 9))
    run_start(tenant=tenant, wish=wish, actor=owner)
    assert Serving.objects.count() == 0
    assert 'name="serves"' not in client.get(reverse("sop:run_new", kwargs={"tenant_slug": tenant.slug})).text


def test_a_template_says_so_when_it_is_published(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    make_star(tenant, owner)
    version = template_clone(tenant=tenant, code=camp_code(), language="zh", actor=owner)
    shown = client.get(reverse("sop:version", kwargs={"tenant_slug": tenant.slug, "pk": version.pk})).text
    with pytest.raises(ServesMissing):
        version_publish(tenant=tenant, version_id=version.pk, actor=owner)

    version_publish(tenant=tenant, version_id=version.pk, actor=owner, serves="周周有体验，月月有成交")

    assert 'name="serves"' in shown
    assert Serving.objects.get().words == "周周有体验，月月有成交"
    with pytest.raises(VersionFrozen):
        version_publish(tenant=tenant, version_id=version.pk, actor=owner, serves="x")


def test_a_campaign_lacks_it_until_it_is_said(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    played = make_campaign(tenant=tenant, actor=owner, is_started=False)
    make_star(tenant, owner)
    row = played.campaign
    with pytest.raises(CampaignIncomplete) as refused:
        campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner)
    idea = Idea(
        name=row.name, about=row.about, theme=row.theme, goal_kind=row.goal_kind, goal_target=row.goal_target,
        serves="邀来的家长先体验再购买",
    )  # fmt: skip

    campaign_set_idea(tenant=tenant, campaign_id=row.pk, idea=idea, actor=owner)

    assert refused.value.code == "CAMP-70"
    assert campaign_start(tenant=tenant, campaign_id=row.pk, actor=owner).state == "running"
    detail = reverse("campaigns:detail", kwargs={"tenant_slug": tenant.slug, "pk": row.pk})
    assert "邀来的家长先体验再购买" in client.get(detail).text


def test_what_runs_and_says_nothing_is_named_and_can_be_told_from_the_page(
    client: Client, tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    run = make_run(tenant=tenant, version=make_version(tenant=tenant), groups=[world[0]], name="第5期")
    star = make_star(tenant, owner)
    assert [one.name for one in plans_silent(tenant_id=tenant.pk, star_id=star.pk)] == ["第5期"]
    serve = page(tenant, "serve", kind="run", pk=run.pk)
    assert serve in client.get(page(tenant, "star", pk=star.pk)).text

    assert client.post(serve, {"words": "把老群的人带回来 🌱"}).status_code == 204

    assert plans_silent(tenant_id=tenant.pk, star_id=star.pk) == []
    assert Serving.objects.get().words == "把老群的人带回来 🌱"
    client.post(serve, {"words": "把老群的人带回来 🌱"})
    assert AuditEntry.objects.filter(verb="analytics.star.served").count() == 1  # said twice, noted once
    assert client.post(page(tenant, "serve", kind="nothing", pk=run.pk), {"words": "x"}).status_code == 404


def test_a_foreign_plan_and_star_are_not_there(
    client: Client, tenant: Tenant, other_tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        make_star(tenant, owner)
    with tenant_scope(other_tenant):
        theirs = make_run(tenant=other_tenant, version=make_version(tenant=other_tenant), groups=[])
        zhou = Actor.of_user(User.objects.get(email="zhou@example.com"), PERMISSIONS[Role.OWNER])
        star = make_star(other_tenant, zhou)
    assert client.post(page(tenant, "serve", kind="run", pk=theirs.pk), {"words": "x"}).status_code == 404
    assert client.get(page(tenant, "star", pk=star.pk)).status_code == 404
    assert client.post(page(tenant, "star_change", pk=star.pk), {"target": "5"}).status_code == 404


def test_a_team_is_asked_for_where_the_company_has_none(
    tenant: Tenant, owner: Actor, world: list[Group]
) -> None:
    today = clock.local_date(clock.now(), tenant.timezone)
    team = make_star(tenant, owner, scope="team", place=_department(tenant))
    assert star_for_plans(tenant_id=tenant.pk, day=today) == team
    company = make_star(tenant, owner)
    assert star_for_plans(tenant_id=tenant.pk, day=today) == company
    run = make_run(tenant=tenant, version=make_version(tenant=tenant), groups=[world[0]])
    note = serving_note(tenant=tenant, kind="run", plan_id=run.pk, words="a" * 500, actor=owner)
    assert note is not None
    assert (note.star, len(note.words)) == (company, 200)


def test_the_pages_ask_a_constant_number_of_questions(
    client: Client,
    tenant: Tenant,
    owner: Actor,
    world: list[Group],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    star = make_star(tenant, owner)
    for number in range(6):
        run = make_run(tenant=tenant, version=make_version(tenant=tenant), groups=[world[0]])
        if number % 2:
            serving_note(tenant=tenant, kind="run", plan_id=run.pk, words="x", actor=owner)
    for there in (page(tenant, "stars"), page(tenant, "star", pk=star.pk)):
        client.get(there)
        with django_assert_max_num_queries(25):
            assert client.get(there).status_code == 200


def _department(tenant: Tenant) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select id from team_department where tenant_id = %s and dept_id = 7", [tenant.pk])
        found: int = cursor.fetchone()[0]
    return found
