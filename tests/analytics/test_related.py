"""Figures beside a north star (R97) and scores by hand (R98)."""

import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from analytics.enums import Verdict
from analytics.errors import RelatedExists, RelatedInvalid, ScoreInvalid
from analytics.models import DayFigures, NorthStar, RelatedMetric, Score
from analytics.policies import PAIRS_LEAST, correlation
from analytics.selectors.related import Beside, related_of
from analytics.selectors.standings import ground_of
from analytics.services.related import RelatedWish, related_drop, related_save, score_give
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Membership, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.analytics.test_stars import client, make_star, page, world  # noqa: F401 - two are fixtures
from tests.conftest import MovableClock

pytestmark = pytest.mark.integration


@pytest.fixture
def star(tenant: Tenant, owner: Actor, world: object) -> Iterable[NorthStar]:  # noqa: F811
    return make_star(tenant, owner)


def wish(**fields: object) -> RelatedWish:
    told = {
        "step": "retention", "metric": "day_active", "name": "", "rubric": "", "link": "活跃的人更常下单",
        "strategy": "每周一次体验课", "impact": 1, "target": 5, **fields,
    }  # fmt: skip
    return RelatedWish(**told)  # type: ignore[arg-type]


def by_hand(**fields: object) -> RelatedWish:
    told = {
        "metric": "",
        "name": "破冰质量",
        "rubric": "1 没人说话 5 人人自我介绍",
        "target": 400,
        "step": "activation",
    }
    return wish(**{**told, **fields})


def put(star: NorthStar, owner: Actor, told: RelatedWish) -> RelatedMetric:
    return related_save(tenant=star.tenant, star_id=star.pk, wish=told, actor=owner)


def beside(star: NorthStar) -> list[Beside]:
    tree = related_of(ground_of(tenant=star.tenant, star=star))
    return [one for _step, rows in tree for one in rows]


def test_each_step_has_its_figures_with_target_and_verdict_the_weightiest_first(
    star: NorthStar, owner: Actor
) -> None:
    put(star, owner, wish(metric="day_messages", impact=3, target=4))
    put(star, owner, wish(impact=1, target=50))
    put(star, owner, wish(step="acquisition", metric="day_joined", target=100))

    tree = related_of(ground_of(tenant=star.tenant, star=star))

    assert [str(step) for step, _rows in tree] == [
        "retention",
        "activation",
        "referral",
        "revenue",
        "acquisition",
    ]
    assert [(one.row.metric, one.standing.actual, one.standing.verdict) for one in beside(star)] == [
        ("day_active", 4, Verdict.BEHIND), ("day_messages", 4, Verdict.REACHED), ("day_joined", 4, Verdict.BEHIND),
    ]  # fmt: skip


def test_every_figure_beside_it_opens_exactly_its_people(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
) -> None:
    for metric in ("day_active", "day_customers", "day_joined"):
        put(star, owner, wish(metric=metric))
    text = client.get(page(tenant, "star", pk=star.pk)).text
    found = re.findall(r'q-link" href="([^"]+days/[^"]+)">(\d+)</a> / ', text)
    assert sorted(int(told) for _url, told in found) == [4, 4, 10]
    for url, told in found:
        counted = re.search(r"(\d+) (?:person|people|time)", client.get(url.replace("&amp;", "&")).text)
        assert counted is not None
        assert counted[1] == told


def test_two_figures_are_compared_only_over_enough_days_and_never_called_a_cause(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
) -> None:
    put(star, owner, wish())
    today = clock.local_date(clock.now(), tenant.timezone)
    DayFigures.objects.filter(group=None).update(active_1=5, buyers_1=5)
    days = DayFigures.objects.filter(group=None, day__lt=today).order_by("-day")
    for number, row in enumerate(days):
        DayFigures.objects.filter(pk=row.pk).update(active_1=number % 7, buyers_1=2 * (number % 7))
    text = client.get(page(tenant, "star", pk=star.pk)).text
    [one] = beside(star)
    assert one.together.days == days.count() == 40
    assert one.together.r == pytest.approx(1.0)
    assert "r = +1.00" in text
    assert "over 40 days; not a cause" in text

    DayFigures.objects.filter(group=None, day__lt=today - timedelta(days=PAIRS_LEAST - 1)).delete()

    assert (beside(star)[0].together.days, beside(star)[0].together.r) == (PAIRS_LEAST - 1, None)
    assert "r = " not in client.get(page(tenant, "star", pk=star.pk)).text


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), max_size=40), st.integers(1, 9))
def test_a_correlation_lies_between_its_bounds_and_knows_no_scale(
    pairs: list[tuple[int, int]], by: int
) -> None:
    told = correlation([(float(x), float(y)) for x, y in pairs])
    scaled = correlation([(float(x * by + 3), float(y)) for x, y in pairs])
    still = len({x for x, _y in pairs}) < 2 or len({y for _x, y in pairs}) < 2
    assert (told is None) == (len(pairs) < PAIRS_LEAST or still)
    if told is not None and scaled is not None:
        assert -1.0 <= told <= 1.0
        assert scaled == pytest.approx(told, abs=1e-6)


def test_what_no_machine_watches_is_the_mean_of_each_scorers_latest_and_marked(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
    frozen: MovableClock,
) -> None:
    row = put(star, owner, by_hand())
    sales = Actor(kind="staff", id=5, name="小雨", permissions=PERMISSIONS[Role.SALES])
    assert beside(star)[0].standing.verdict == Verdict.UNKNOWN  # nobody has scored it

    score_give(tenant=tenant, related_id=row.pk, points=1, note="", actor=sales)
    score_give(
        tenant=tenant, related_id=row.pk, points=3, note="一半人开口", actor=sales
    )  # the same day: replaces
    frozen.move(days=1)
    score_give(tenant=tenant, related_id=row.pk, points=5, note="", actor=owner)
    score_give(tenant=tenant, related_id=row.pk, points=4, note="", actor=sales)

    [one] = beside(star)
    assert (one.standing.actual, one.standing.verdict, len(one.scores)) == (450, Verdict.REACHED, 2)
    assert Score.objects.count() == 3
    text = client.get(page(tenant, "star", pk=star.pk)).text
    assert all(word in text for word in ("by hand", "2 scorers", "小雨 4", "4.5"))
    drawer = client.get(page(tenant, "score", pk=row.pk)).text
    assert all(word in drawer for word in ("1 没人说话 5 人人自我介绍", "一半人开口", "小雨"))
    told = AuditEntry.objects.filter(verb="analytics.related.scored").order_by("pk")[1]
    assert told.changes["points"] == [1, 3]


@pytest.mark.parametrize("points", [0, 6, -1, 10**9])
def test_points_go_from_one_to_five(tenant: Tenant, star: NorthStar, owner: Actor, points: int) -> None:
    row = put(star, owner, by_hand())
    with pytest.raises(ScoreInvalid):
        score_give(tenant=tenant, related_id=row.pk, points=points, note="", actor=owner)


def test_what_is_counted_is_not_scored(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
) -> None:
    row = put(star, owner, wish())
    with pytest.raises(RelatedMetric.DoesNotExist):
        score_give(tenant=tenant, related_id=row.pk, points=3, note="", actor=owner)
    assert client.get(page(tenant, "score", pk=row.pk)).status_code == 404


@pytest.mark.parametrize(
    "fields",
    [{"metric": "day_buyers"}, {"metric": "revenue"}, {"metric": "nothing"}, {"target": 0}, {"link": " "},
     {"strategy": ""}, {"impact": 9}, {"step": "x"}, {"metric": "", "name": "破冰", "rubric": ""},
     {"metric": "", "name": "破冰", "rubric": "1 差 5 好", "target": 501}],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(star: NorthStar, owner: Actor, fields: dict[str, object]) -> None:
    with pytest.raises(RelatedInvalid):
        put(star, owner, wish(**fields))


def test_a_figure_stands_once_until_it_is_taken_away_and_scores_stay(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
) -> None:
    first = put(star, owner, by_hand())
    with pytest.raises(RelatedExists):
        put(star, owner, by_hand())
    score_give(tenant=tenant, related_id=first.pk, points=3, note="", actor=owner)

    client.post(page(tenant, "related_drop", pk=first.pk))

    assert beside(star) == []
    put(star, owner, by_hand())
    assert (Score.objects.count(), len(beside(star)[0].scores)) == (1, 0)


def test_the_page_puts_and_changes_one_in_peoples_units(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
) -> None:
    sent = {"step": "revenue", "metric": "day_paid_fen", "link": "成交额", "strategy": "限时课", "impact": "1",
            "target": "100.50"}  # fmt: skip
    assert client.post(page(tenant, "related_new", pk=star.pk), sent).status_code == 204
    row = RelatedMetric.objects.get()
    assert row.target == 10_050
    assert 'value="100.5' in client.get(page(tenant, "related", pk=row.pk)).text
    client.post(page(tenant, "related", pk=row.pk), {**sent, "target": "200"})
    row.refresh_from_db()
    assert row.target == 20_000
    missing = {**sent, "metric": "", "target": "6"}
    assert client.post(page(tenant, "related_new", pk=star.pk), missing).status_code == 422


def test_roles_and_companies_are_kept_apart(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
) -> None:
    row = put(star, owner, by_hand())
    sales = Actor(kind="staff", id=5, name="小雨", permissions=PERMISSIONS[Role.SALES])
    with pytest.raises(NotPermitted):
        put(star, sales, wish())
    with pytest.raises(NotPermitted):
        related_drop(tenant=tenant, related_id=row.pk, actor=sales)
    Membership.objects.update(role=Role.SALES)
    assert client.post(page(tenant, "related_drop", pk=row.pk)).status_code == 403
    assert client.post(page(tenant, "score", pk=row.pk), {"points": "4"}).status_code == 204


def test_a_foreign_figure_is_not_there(
    client: Client,  # noqa: F811
    tenant: Tenant,
    other_tenant: Tenant,
    owner: Actor,
    frozen: MovableClock,
) -> None:
    with tenant_scope(other_tenant):
        theirs = put(make_star(other_tenant, owner), owner, by_hand())
    for name, sent in (("related", {"target": "1"}), ("related_drop", {}), ("score", {"points": "3"})):
        assert client.post(page(tenant, name, pk=theirs.pk), sent).status_code == 404
    assert client.post(page(tenant, "related_new", pk=theirs.star_id), {}).status_code == 404


def test_the_tree_asks_a_constant_number_of_questions(
    client: Client,  # noqa: F811
    tenant: Tenant,
    star: NorthStar,
    owner: Actor,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for metric in (
        "day_active",
        "day_customers",
        "day_joined",
        "day_speakers",
        "day_messages",
        "day_paid_fen",
    ):
        put(star, owner, wish(metric=metric))
    put(star, owner, by_hand())
    there = page(tenant, "star", pk=star.pk)
    client.get(there)
    with django_assert_max_num_queries(25):
        assert client.get(there).status_code == 200
