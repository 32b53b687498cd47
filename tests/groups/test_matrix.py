"""The map of groups and how far their members overlap (R14)."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from groups.enums import Kind, Scenario, State
from groups.models import CircleSpell, ReadinessAnswer
from groups.policies.matrix import COLUMNS, LONG, ROWS, SHORT, Spot, matrix_of, term_of
from groups.selectors.matrix import matrix_spots, overlaps
from groups.selectors.sizes import activity_by_size
from tenants import clock
from tenants.models import Preference, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff

DAY = date(2026, 3, 2)
SPOTS = st.lists(
    st.builds(
        Spot,
        pk=st.integers(1, 10**6), name=st.just("群"), series=st.sampled_from(["", "启蒙", "进阶"]),
        scenario=st.sampled_from(["", Scenario.CAMP]), kind=st.sampled_from(["", *Kind.values]),
        state=st.just(State.ACTIVE), risk=st.integers(0, 3), customers=st.integers(0, 500),
        side=st.sampled_from(["", "new", "old"]), audience=st.sampled_from(["", *"甲乙丙丁戊己"]),
        payment=st.sampled_from(["", "paid", "unpaid"]),
        term=st.sampled_from([SHORT, LONG]),
    ),
    max_size=30,
)  # fmt: skip


@given(SPOTS, st.sampled_from(ROWS), st.sampled_from(COLUMNS))
def test_every_group_stands_on_the_map_exactly_once(spots, by, across):
    made = matrix_of(spots, by=by, across=across)
    placed = [spot for row in made.rows for cell in row.cells for spot in cell.spots]
    assert sorted(placed, key=id) == sorted(spots, key=id)
    assert sum(row.groups for row in made.rows) == len(spots)
    assert all(len(row.cells) == len(made.columns) for row in made.rows)


@pytest.mark.parametrize(
    ("kind", "starts_on", "ends_on", "short_days", "term"),
    [
        (Kind.FLASH, None, None, 90, SHORT), (Kind.NEW_USER, DAY, DAY + timedelta(days=90), 90, SHORT),
        (Kind.NEW_USER, DAY, DAY + timedelta(days=91), 90, LONG), (Kind.SUPER_USER, DAY, None, 90, LONG),
        (Kind.NEW_USER, None, DAY, 1, SHORT), (Kind.NEW_USER, DAY, DAY + timedelta(days=31), 30, LONG),
    ],
)  # fmt: skip
def test_the_companys_days_part_short_from_long(kind, starts_on, ends_on, short_days, term):
    assert term_of(kind=kind, starts_on=starts_on, ends_on=ends_on, short_days=short_days) == term


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestOverlap:
    @pytest.fixture
    def scene(self, tenant):
        """Two series. Person 0 and 1 sit in both; person 0 in two groups of the first; a staff member in all."""
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=8)
            staff = make_staff(tenant=tenant)
            groups = {
                name: make_group(tenant=tenant, name=name, series=series, state=State.ACTIVE)
                for name, series in (("启蒙1", "启蒙"), ("启蒙2", "启蒙"), ("进阶1", "进阶"))
            }
            over = make_group(tenant=tenant, name="旧群", series="旧", state=State.ARCHIVED)
            fill_group(group=groups["启蒙1"], customers=people[:4], staff=[staff])
            fill_group(group=groups["启蒙2"], customers=[people[0], people[4]], staff=[staff])
            fill_group(group=groups["进阶1"], customers=[*people[:2], people[5]], staff=[staff])
            fill_group(group=over, customers=people)
            return groups

    def test_people_in_both_count_once_against_the_smaller(self, tenant, scene):
        with tenant_scope(tenant):
            (pair,) = overlaps(tenant_id=tenant.pk, of=["series"])["series"]
            assert {pair.first, pair.second} == {"启蒙", "进阶"}
            assert pair.people == 2
            assert sorted([pair.first_size, pair.second_size]) == [3, 5]
            assert pair.share == pytest.approx(2 / 3)
            ids = {name: str(group.pk) for name, group in scene.items()}
            found = {
                frozenset([one.first, one.second]): one.people
                for one in overlaps(tenant_id=tenant.pk, of=["group", "series"])["group"]
            }
            assert found == {
                frozenset([ids["启蒙1"], ids["启蒙2"]]): 1, frozenset([ids["启蒙1"], ids["进阶1"]]): 2,
                frozenset([ids["启蒙2"], ids["进阶1"]]): 1,
            }  # fmt: skip

    def test_who_left_is_no_overlap(self, tenant, scene):
        with tenant_scope(tenant):
            for member in scene["进阶1"].members.all():
                member.left_at = member.joined_at + timedelta(hours=1)
                member.save(update_fields=["left_at"])
            assert overlaps(tenant_id=tenant.pk, of=["series", "kind"]) == {"series": [], "kind": []}

    def test_the_audience_comes_from_the_positioning_answer(self, tenant, scene):
        with tenant_scope(tenant):
            ReadinessAnswer.objects.create(
                tenant=tenant, group=scene["启蒙1"], question="positioning", answer={"audience": "3–6 岁妈妈"}
            )
            said = {spot.name: spot.audience for spot in matrix_spots(tenant_id=tenant.pk)}
            assert said == {"启蒙1": "3–6 岁妈妈", "启蒙2": "", "进阶1": ""}

    def test_how_people_paid_parts_the_map(self, tenant, scene):
        with tenant_scope(tenant):
            for name, basis in (("启蒙1", "paid"), ("进阶1", "unpaid")):
                scene[name].payment_basis = basis
                scene[name].save()
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        made = web.get(tenant_url(tenant, "groups:matrix") + "?by=series&across=payment").context
        assert made["columns"] == ["付费", "未付费", "未填写"]
        cells = {one["name"]: [len(cell.spots) for _c, cell, _s, _f in one["cells"]] for one in made["rows"]}
        assert cells == {"启蒙": [1, 0, 1], "进阶": [0, 1, 0]}

    def test_only_groups_at_red_count_as_at_risk(self, tenant, scene):
        with tenant_scope(tenant):
            for name, risk in (("启蒙1", 1), ("启蒙2", 2), ("进阶1", 1)):
                scene[name].risk = risk
                scene[name].save()
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        page = web.get(tenant_url(tenant, "groups:matrix") + "?by=series&across=term").content.decode()
        assert re.findall(r"(\d+) 个有风险", page) == ["1"]

    def test_the_company_says_how_long_short_term_is(self, tenant, scene):
        with tenant_scope(tenant):
            for name, days in (("启蒙1", 30), ("启蒙2", 31)):
                scene[name].starts_on, scene[name].ends_on = DAY, DAY + timedelta(days=days)
                scene[name].save()
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        where = tenant_url(tenant, "groups:matrix") + "?by=series&across=term"
        spread = [len(cell.spots) for _c, cell, _s, _f in web.get(where).context["rows"][0]["cells"]]
        assert spread == [2, 0]
        with tenant_scope(tenant):
            Preference.objects.create(tenant=tenant, key="groups.short_days", value=30)
        page = web.get(where)
        assert [len(cell.spots) for _c, cell, _s, _f in page.context["rows"][0]["cells"]] == [1, 1]
        assert "开始后 30 天内结束" in page.content.decode()

    def test_the_page_opens_the_people_behind_each_figure(self, tenant, scene):
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))
        for by in ROWS:
            for across in COLUMNS:
                page = web.get(
                    tenant_url(tenant, "groups:matrix") + f"?by={by}&across={across}"
                ).content.decode()
                assert "启蒙1" in page
                assert "旧群" not in page
        part = web.get(tenant_url(tenant, "groups:overlap") + "?by=series")
        assert [pair.people for pair, _first, _second in part.context["topics"]] == [2]
        people = web.get(tenant_url(tenant, "groups:overlap_people") + "?of=series&a=启蒙&b=进阶")
        assert len(people.context["table"].rows) == 2
        for wrong in ("", "?of=colour&a=1&b=2", "?of=group&a=x&b=2"):
            assert web.get(tenant_url(tenant, "groups:overlap_people") + wrong).status_code == 404

    def test_more_groups_cost_no_more_queries(self, tenant, scene):
        web = Client()
        web.force_login(User.objects.get(email="lin@example.com"))

        def cost(name):
            with CaptureQueriesContext(connection) as queries:
                assert web.get(tenant_url(tenant, name)).status_code == 200
            return sum("django_session" not in one["sql"] for one in queries)

        cost("groups:matrix")
        before = cost("groups:matrix"), cost("groups:overlap")
        with tenant_scope(tenant):
            people = make_customers(tenant=tenant, count=5)
            for number in range(9):
                group = make_group(tenant=tenant, series=f"系列{number}", state=State.ACTIVE)
                fill_group(group=group, customers=people)
        assert (cost("groups:matrix"), cost("groups:overlap")) == before
        assert max(before) <= 25


def test_groups_of_each_size_stand_side_by_side_with_their_activity(tenant, frozen):
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=60)
        small = fill_group(group=make_group(tenant=tenant, state="active"), customers=people[:4])
        large = fill_group(group=make_group(tenant=tenant, state="active"), customers=people)
        fill_group(group=make_group(tenant=tenant, state="archived"), customers=people[:4])
        day = clock.local_date(clock.now(), tenant.timezone)
        told = [(small, one, "core", 9) for one in people[:2]] + [
            (small, one, "periphery", 0) for one in people[2:4]
        ]
        told += [(large, one, "periphery", int(one == people[0])) for one in people]
        CircleSpell.objects.bulk_create(
            CircleSpell(
                tenant=tenant, group=group, customer=one, circle=circle, from_day=day, active_days=days
            )
            for group, one, circle, days in told
        )
        rows = {row.band.key: row for row in activity_by_size(tenant_id=tenant.pk)}
    assert [rows[key].groups for key in ("s", "m", "l", "xl")] == [1, 1, 0, 0]
    assert (rows["s"].active_share, rows["s"].engaged_share) == (0.5, 0.5)
    assert (rows["m"].active, rows["m"].seats, rows["m"].engaged_share) == (1, 60, 0.0)
    assert rows["xl"].active_share is None
    part = tenant_url(tenant, "groups:sizes")
    assert part in web.get(tenant_url(tenant, "groups:matrix")).text
    page = web.get(part).text
    assert "50.0%" in page
    assert f"{tenant_url(tenant, 'groups:list')}?size=xl" in page
