"""Kinds of people, results of their own, load by day and night, roles: as people meet them (R120, R121, R122, R124)."""

import re
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from typing import Any

import pytest

from contacts.models import Question
from groups.selectors.staff_figures import group_buyers_of, groups_owned, members_carried
from leads.models import Lead
from leads.selectors.staff import leads_won_of
from leads.services import lead_close
from team.errors import ProfileInvalid
from team.models import DayOff, Shift, StaffProfile
from team.nav import findings_rail
from team.selectors import Share, register_own_metric, staff_kinds, suggestions
from team.selectors.load import carried, on_time_of
from team.selectors.profiles import staff_without_metric
from team.services import profile_set, shifts_set
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers, make_order
from tests.factories.groups import fill_group, make_group
from tests.factories.leads import act, item, lead_of, make_camp
from tests.factories.team import make_staff, make_work_item
from tests.team.test_views import body, sign_in
from wecom.archive.models import ArchiveCursor

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_one_click_sets_a_kind_for_a_leader_alone_and_it_suggests_links(
    tenant: Tenant, frozen: MovableClock
) -> None:
    leader, _staff = sign_in(tenant, Role.LEADER)
    operator, _staff = sign_in(tenant)
    with tenant_scope(tenant):
        person = make_staff(tenant=tenant, name="陆远")
    url = f"/t/{tenant.slug}/team/{person.pk}/"
    assert f'action="{url}kind/sales"' in body(leader.get(url))
    assert f'action="{url}kind/sales"' not in body(operator.get(url))
    tries = ((operator, "sales"), (leader, "boss"), (leader, "operations"), (leader, "sales"))
    assert [one.post(f"{url}kind/{kind}").status_code for one, kind in tries] == [403, 404, 302, 302]
    with tenant_scope(tenant):
        assert staff_kinds(tenant_id=tenant.pk) == {person.pk: "sales"}
        assert suggestions(tenant_id=tenant.pk, links=[4, 5]) == {person.pk: True}
        assert suggestions(tenant_id=tenant.pk, links=[3, 4]) == {person.pk: False}
    page = body(leader.get(url))
    assert ("never a label for pay" in page, "Operations-minded → Pure sales" in page) == (True, True)
    assert "Closes; leaves operations to others" in page


def test_who_chooses_a_kind_reads_what_each_is_good_at(tenant: Tenant, frozen: MovableClock) -> None:
    leader, _staff = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        person = make_staff(tenant=tenant, name="陆远")
    page = body(leader.get(f"/t/{tenant.slug}/team/{person.pk}/"))
    for words in (
        "Knows segmenting and service; closes less often", "Understands operations and closes best",
        "Closes; leaves operations to others",
    ):  # fmt: skip
        assert words in page


def test_the_people_behind_leads_won_are_those_of_the_figure_and_no_earlier_ones(
    tenant: Tenant, frozen: MovableClock
) -> None:
    leader, chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=3)
        for person, name in zip(people, ("早先成交", "近来成交", "近来不买"), strict=True):
            person.name = name
            person.save()
        make_camp(tenant=tenant, customers=people, days=90)
        act(tenant, *(item(one, "pay_click", frozen.moment) for one in people))
        Lead.objects.update(owner=chief)
        for days, person, state in (
            (0, people[0], "won"),
            (40, people[1], "won"),
            (0, people[2], "not_buying"),
        ):
            frozen.move(days=days, minutes=1)
            reason = {} if state == "won" else {"reason": "price"}
            lead_close(tenant=tenant, lead_id=lead_of(person).pk, state=state, actor=SYSTEM, **reason)
        profile_set(tenant=tenant, staff_id=chief.pk, own_metric="leads_won", actor=SYSTEM)
    frozen.move(days=1)
    page = body(leader.get(f"/t/{tenant.slug}/team/{chief.pk}/"))
    assert "1 / 2" in page
    (url,) = re.findall(r'href="([^"]+)">See the people', page)
    listed = body(leader.get(unescape(url)))
    assert [name in listed for name in ("早先成交", "近来成交", "近来不买")] == [False, True, False]


def test_a_metric_of_their_own_shows_its_figure_and_its_people(
    tenant: Tenant, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("team.selectors.profiles._metrics", {})
    leader, chief = sign_in(tenant, Role.LEADER)

    def won(*, tenant: Tenant, staff_ids: list[int], since: datetime, until: datetime) -> dict[int, Share]:
        assert until - since == timedelta(days=30)
        return {one: Share(3, 12, "/the-people") for one in staff_ids}

    register_own_metric(key="tests.won", label="Won", definition="won ÷ all", provider=won, converts=True)
    register_own_metric(key="tests.done", label="Done", definition="…", provider=won, converts=False)
    url = f"/t/{tenant.slug}/team/{chief.pk}/"
    assert "No conversion metric yet" in body(leader.get(url))
    with tenant_scope(tenant):
        assert [one.pk for one in staff_without_metric(tenant_id=tenant.pk)] == [chief.pk]
        assert findings_rail(tenant=tenant, staff=chief, now=frozen.moment) is not None
        with pytest.raises(ProfileInvalid):  # a process metric alone is no result
            profile_set(tenant=tenant, staff_id=chief.pk, own_metric="tests.done", actor=SYSTEM)
    data = {"kind": "ops_sales", "strengths": "逼单 😀", "own_metric": "tests.won", "backup": ""}
    assert leader.post(url, data).status_code == 302
    page = body(leader.get(url))
    assert ("25.0%" in page, "3 / 12" in page, 'href="/the-people"' in page, "No conversion metric" in page) == (
        True, True, True, False,
    )  # fmt: skip
    with tenant_scope(tenant):
        assert list(staff_without_metric(tenant_id=tenant.pk)) == []
        assert findings_rail(tenant=tenant, staff=chief, now=frozen.moment) is None


def test_the_finding_is_for_leaders(tenant: Tenant, frozen: MovableClock) -> None:
    _client, operator = sign_in(tenant)
    leader, _chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        assert findings_rail(tenant=tenant, staff=operator, now=frozen.moment) is None
    assert "Without a conversion metric" in body(leader.get(f"/t/{tenant.slug}/"))


def test_figures_of_own_groups_count_each_customer_once(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        ann, ben = make_staff(tenant=tenant), make_staff(tenant=tenant)
        people = make_customers(tenant=tenant, count=4)
        for owner, some in ((ann, people[:3]), (ann, people[:1]), (ben, people[3:])):
            fill_group(group=make_group(tenant=tenant, owner=owner, state="active"), customers=some, staff=[])
        now = frozen.moment
        for days, person in ((1, people[0]), (2, people[0]), (40, people[1])):
            make_order(tenant=tenant, customer=person, ordered_at=now - timedelta(days=days))
        span: dict[str, Any] = {
            "since": now - timedelta(days=30),
            "until": now,
            "staff_ids": [ann.pk, ben.pk],
        }
        found = group_buyers_of(tenant=tenant, **span)
        assert {one: (share.hits, share.out_of) for one, share in found.items()} == {
            ann.pk: (1, 3),
            ben.pk: (0, 1),
        }
        assert groups_owned(tenant_id=tenant.pk) == {ann.pk: 2, ben.pk: 1}
        assert members_carried(tenant_id=tenant.pk) == {ann.pk: 4, ben.pk: 1}
        assert leads_won_of(tenant=tenant, **span) == {}


def test_night_work_is_seen_by_evenings_and_what_closed_by_itself_is_nobodys(
    tenant: Tenant, frozen: MovableClock
) -> None:
    frozen.set(datetime(2026, 3, 6, 4, 0, tzinfo=UTC))  # Friday noon in Shanghai
    evening = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)  # Thursday 23:00
    with tenant_scope(tenant):
        ann = make_staff(tenant=tenant)
        for at, by in (
            (evening, "安"), (evening + timedelta(hours=3), "安"), (evening - timedelta(days=1), "安"),
            (evening - timedelta(days=2), "安"), (evening - timedelta(hours=1, seconds=1), "安"),
            (evening - timedelta(days=1), ""), (evening - timedelta(days=8), "安"),
        ):  # fmt: skip
            make_work_item(tenant=tenant, staff=ann, state="done", done_at=at, done_by=by)
        seen = carried(tenant=tenant, staff_ids=[ann.pk])[ann.pk]
        assert (seen.night_items, seen.nights, seen.is_night_work) == (4, 3, True)


def test_answers_at_night_count_where_messages_are_read_and_are_a_dash_elsewhere(
    tenant: Tenant, frozen: MovableClock
) -> None:
    frozen.set(datetime(2026, 3, 6, 4, 0, tzinfo=UTC))  # Friday noon in Shanghai
    evening = datetime(2026, 3, 5, 15, 0, tzinfo=UTC)  # Thursday 23:00
    leader, _chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        ann, ben = make_staff(tenant=tenant, name="安"), make_staff(tenant=tenant, name="贝")
        make_work_item(tenant=tenant, staff=ann, state="done", done_at=evening, done_by="安")
        assert carried(tenant=tenant, staff_ids=[ann.pk])[ann.pk].night_answers is None
    page = body(leader.get(f"/t/{tenant.slug}/team/load/"))
    assert re.search(
        r'安</a>.*?<td class="q-num">1</td><td class="q-num">–</td><td class="q-num">1</td>', page
    )
    with tenant_scope(tenant):
        app = ann.app
        ArchiveCursor.objects.create(tenant=tenant, app=app, state="running", fetched_at=frozen.moment)
        for number, (at, by) in enumerate((
            (evening, ann), (evening + timedelta(hours=3), ann), (evening - timedelta(days=2), ann),
            (evening - timedelta(hours=4), ann), (evening - timedelta(days=8), ann), (evening, ben),
        )):  # fmt: skip
            Question.objects.create(
                tenant=tenant, msgid=f"m{number}", message_id=number, asked_at=at - timedelta(minutes=5),
                replied_at=at, replied_by=by, is_private=True,
            )  # fmt: skip
        found = carried(tenant=tenant, staff_ids=[ann.pk, ben.pk])
    # Thursday's item and two answers are one evening, Tuesday's answer the second.
    assert (found[ann.pk].night_items, found[ann.pk].night_answers, found[ann.pk].nights) == (1, 3, 2)
    assert (found[ben.pk].night_items, found[ben.pk].night_answers, found[ben.pk].nights) == (0, 1, 1)
    page = body(leader.get(f"/t/{tenant.slug}/team/load/"))
    assert re.search(
        r'安</a>.*?<td class="q-num">1</td><td class="q-num">3</td><td class="q-num">2</td>', page
    )


def test_a_day_with_more_than_the_limit_is_too_much(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        ann, ben = make_staff(tenant=tenant), make_staff(tenant=tenant)
        for _one in range(60):
            make_work_item(tenant=tenant, staff=ann, due_at=frozen.moment + timedelta(hours=1))
        assert not carried(tenant=tenant, staff_ids=[ann.pk])[ann.pk].is_too_much
        make_work_item(tenant=tenant, staff=ann, due_at=frozen.moment - timedelta(days=2))
        found = carried(tenant=tenant, staff_ids=[ann.pk, ben.pk])
        assert (found[ann.pk].today, found[ann.pk].late, found[ann.pk].is_too_much) == (61, 1, True)
        assert found[ben.pk].today == 0
        done = {"state": "done", "due_at": frozen.moment}
        make_work_item(tenant=tenant, staff=ben, done_at=frozen.moment, **done)
        make_work_item(tenant=tenant, staff=ben, done_at=frozen.moment + timedelta(seconds=1), **done)
        span = {"since": frozen.moment - timedelta(days=1), "until": frozen.moment + timedelta(days=1)}
        share = on_time_of(tenant=tenant, staff_ids=[ben.pk], **span)[ben.pk]
        assert (share.hits, share.out_of) == (1, 2)


def test_a_week_is_written_on_the_page_and_shown_in_the_grid(tenant: Tenant, frozen: MovableClock) -> None:
    leader, _chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        person = make_staff(tenant=tenant, name="陆远")
    url, grid = f"/t/{tenant.slug}/team/{person.pk}/", f"/t/{tenant.slug}/team/load/"
    assert "any time" in body(leader.get(grid))
    half = {"from_0": "09:00"}
    assert leader.post(f"{url}shifts/", half).status_code == 302
    with tenant_scope(tenant):
        assert not Shift.objects.exists()
    leader.post(
        f"{url}shifts/", {"from_0": "09:00", "until_0": "18:00", "from_4": "22:00", "until_4": "06:00"}
    )
    leader.post(f"{url}day-off/", {"day": "2026-03-04", "is_off": "1"})
    leader.post(f"{url}day-off/", {"day": "31 Feb", "is_off": "1"})
    with tenant_scope(tenant):
        assert list(Shift.objects.order_by("weekday").values_list("weekday", "starts_at", "ends_at")) == [
            (0, time(9), time(18)), (4, time(22), time(6)),
        ]  # fmt: skip
        assert list(DayOff.objects.values_list("day", flat=True)) == [date(2026, 3, 4)]
    page = body(leader.get(grid))
    assert ("09:00<br>18:00" in page, "22:00<br>06:00" in page) == (True, True)


@pytest.mark.parametrize("count", [1, 30])
def test_the_grid_costs_the_same_for_many_people(
    tenant: Tenant, frozen: MovableClock, count: int, django_assert_max_num_queries: Any
) -> None:
    leader, chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(tenant):
        for number in range(count):
            person = make_staff(tenant=tenant, name=f"员工{number}")
            profile_set(tenant=tenant, staff_id=person.pk, kind="sales", backup_id=chief.pk, actor=SYSTEM)
            shifts_set(tenant=tenant, staff_id=person.pk, week={0: (time(9), time(18))}, actor=SYSTEM)
    leader.get(f"/t/{tenant.slug}/team/load/")
    with django_assert_max_num_queries(25):
        leader.get(f"/t/{tenant.slug}/team/load/")
    with tenant_scope(tenant):
        assert StaffProfile.objects.count() == count


def test_everybody_reads_who_may_do_what(tenant: Tenant, frozen: MovableClock) -> None:
    viewer, _staff = sign_in(tenant, Role.VIEWER)
    page = body(viewer.get(f"/t/{tenant.slug}/team/roles/"))
    row = page[page.index("Approve exceptions</th>") :].split("</tr>")[0]
    assert [("ti-check" in cell) for cell in row.split("<td>")[1:]] == [True, True, False, False, False]


def test_another_companys_colleague_is_not_found(
    tenant: Tenant, other_tenant: Tenant, frozen: MovableClock
) -> None:
    leader, _chief = sign_in(tenant, Role.LEADER)
    with tenant_scope(other_tenant):
        stranger = make_staff(tenant=other_tenant)
    url = f"/t/{tenant.slug}/team/{stranger.pk}/"
    posts = [leader.post(url + path).status_code for path in ("kind/sales", "shifts/", "day-off/")]
    assert (leader.get(url).status_code, posts) == (404, [404, 404, 404])
