"""The pages: what an operator sees and can do, at a literal cost."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.pages import tenant_url
from groups.enums import State
from groups.models import Group, ReadinessAnswer
from groups.selectors import Panel, Touches, register_panel, register_touches
from groups.selectors.panels import _panels, _touches
from groups.services.setup import group_plan
from team.selectors import approvals_waiting
from tenants.audit import SYSTEM
from tenants.enums import Role
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import fill_group, make_group, make_member, make_ready_group
from tests.factories.sop import make_step, make_version
from tests.factories.team import make_staff
from tests.factories.tenants import make_member as make_membership
from tests.factories.tenants import make_user as make_person

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

_PEOPLE_LINK = re.compile(r'<a[^>]*href="(\?tab=members[^"]*)"[^>]*>([^<]*)</a>')


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def as_role(tenant):
    def sign_in(role):
        person = make_person()
        with tenant_scope(tenant):
            make_membership(tenant=tenant, role=role, user=person)
        client = Client()
        client.force_login(person)
        return client

    return sign_in


@pytest.fixture
def scene(tenant):
    """Two running groups with members, one planned, one frozen."""
    with tenant_scope(tenant):
        people = make_customers(tenant=tenant, count=6)
        first = make_ready_group(tenant=tenant, state=State.ACTIVE, name="小芽英语启蒙01群")
        second = make_ready_group(tenant=tenant, state=State.ACTIVE, name="小芽英语启蒙02群")
        fill_group(group=first, customers=people[:4])
        fill_group(group=second, customers=people[2:])
        planned = make_group(tenant=tenant, name="小芽英语启蒙03群")
        return {"people": people, "first": first, "second": second, "planned": planned}


def url(tenant, name, **kwargs):
    return tenant_url(tenant, f"groups:{name}", **kwargs)


def text(response):
    return response.content.decode()


def test_an_empty_list_teaches_the_first_step(web, tenant):
    page = text(web.get(url(tenant, "list")))
    assert tenant_url(tenant, "wecom:setup") in page
    assert url(tenant, "plan") in page


def test_list_shows_health_cause_and_counts_people_once(web, tenant, scene):
    page = text(web.get(url(tenant, "list"), headers={"accept-language": "en"}))
    assert "小芽英语启蒙01群" in page
    with tenant_scope(tenant):
        from groups.selectors import people_total  # noqa: PLC0415 - read in the tenant's scope

        assert people_total(tenant_id=tenant.pk, group_ids=[scene["first"].pk, scene["second"].pk]) == (8, 6)
    told = text(web.get(f"{url(tenant, 'list')}?part=people", headers={"hx-request": "true"}))
    assert re.findall(r"\d+", told) == ["8", "6"]
    assert '<span class="q-code">TYPE-01' not in page  # a planned group is not at risk, it is not ready


def test_list_is_narrowed_by_tab_search_and_filters(web, tenant, scene):
    def shown(query):
        page = text(web.get(f"{url(tenant, 'list')}?{query}", headers={"hx-request": "true"}))
        return {name for name in ("启蒙01", "启蒙02", "启蒙03") if name in page}

    assert shown("tab=planning") == {"启蒙03"}
    assert shown("q=启蒙02") == {"启蒙02"}
    assert shown("state=active") == {"启蒙01", "启蒙02"}
    assert shown("kind=none") == {"启蒙03"}
    assert shown("kind=nonsense") == set()


def test_the_list_and_its_frame_stay_within_their_queries(web, tenant, scene, django_assert_max_num_queries):
    web.get(url(tenant, "list"))
    with django_assert_max_num_queries(22):
        web.get(url(tenant, "list"))


def test_a_group_and_its_frame_stay_within_their_queries(web, tenant, scene, django_assert_max_num_queries):
    web.get(url(tenant, "detail", pk=scene["first"].pk))
    with django_assert_max_num_queries(25):
        web.get(url(tenant, "detail", pk=scene["first"].pk))


def test_list_costs_the_same_with_more_rows(web, tenant, scene):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert web.get(url(tenant, "list")).status_code == 200
        return sum("django_session" not in one["sql"] for one in queries)

    cost()
    before = cost()
    with tenant_scope(tenant):
        for number in range(12):
            group = make_ready_group(tenant=tenant, state=State.ACTIVE, name=f"小芽英语进阶{number:02d}群")
            fill_group(group=group, customers=scene["people"])
    assert cost() == before


def test_export_writes_the_rows_and_the_audit_trail(web, tenant, scene):
    answer = web.get(f"{url(tenant, 'list')}?export=csv")
    body = b"".join(answer.streaming_content).decode("utf-8-sig") if answer.streaming else text(answer)
    assert "小芽英语启蒙01群" in body
    with tenant_scope(tenant):
        assert AuditEntry.objects.filter(verb="console.list.exported").exists()


def test_bulk_freeze_asks_why_and_then_freezes_all_picked(web, tenant, scene):
    target = url(tenant, "bulk", verb="freeze")
    picks = [scene["first"].pk, scene["second"].pk]
    asked = web.post(target, {"pick": picks})
    assert asked.status_code == 200
    assert "小芽英语启蒙01群" in text(asked)
    assert web.post(target, {"pick": picks, "decided": "1", "reason": ""}).status_code == 422
    assert web.post(target, {"pick": picks, "decided": "1", "reason": "群诉"}).status_code == 302
    with tenant_scope(tenant):
        assert Group.objects.filter(frozen_at__isnull=False).count() == 2


def test_bulk_of_every_row_obeys_the_filters(web, tenant, scene):
    data = {"every": "1", "query": "tab=planning", "decided": "1", "kind": "flash", "reason": ""}
    web.post(url(tenant, "bulk", verb="kind"), data)
    with tenant_scope(tenant):
        kinds = dict(Group.objects.values_list("name", "kind"))
    assert (kinds["小芽英语启蒙03群"], kinds["小芽英语启蒙01群"]) == ("flash", "new_user")


def test_detail_shows_six_panels_and_every_figure_opens_its_people(web, tenant, scene, frozen):
    with tenant_scope(tenant):
        one, two = scene["people"][:2]
        first = scene["first"]
        at = frozen.moment - timedelta(minutes=5)
        make_behaviour(tenant=tenant, customer=one, kind="message", group=first, occurred_at=at)
        make_behaviour(tenant=tenant, customer=two, kind="message", group=scene["second"], occurred_at=at)
        make_behaviour(tenant=tenant, customer=two, kind="lesson", occurred_at=at)
        make_order(tenant=tenant, customer=two, ordered_at=at)
    base = url(tenant, "detail", pk=scene["first"].pk)
    page = text(web.get(base))
    for panel in ("p1", "p2", "p3", "p4", "p5", "p6"):
        assert f'id="{panel}"' in page
    assert "50.0%" in page  # two of four active; a message in another group does not count here

    def listed(query):
        names = text(web.get(f"{base}?tab=members&{query}"))
        return {person.name for person in scene["people"] if f">{person.name}<" in names}

    assert listed("people=active&when=range&days=7") == {one.name, two.name}
    assert listed("people=message&when=range") == {one.name}
    assert listed("people=buyers&when=ever") == {two.name}
    assert listed("people=joined&when=range") == {person.name for person in scene["people"][:4]}
    assert listed("") == {person.name for person in scene["people"][:4]}


def test_list_is_narrowed_by_size_and_series(web, tenant, scene):
    with tenant_scope(tenant):
        Group.objects.filter(pk=scene["first"].pk).update(customer_count=201, series="启蒙系列")
        Group.objects.filter(pk=scene["second"].pk).update(customer_count=150)

    def shown(query):
        page = text(web.get(f"{url(tenant, 'list')}?{query}", headers={"hx-request": "true"}))
        return {name for name in ("启蒙01", "启蒙02", "启蒙03") if f"{name}群</a>" in page}

    assert shown("size=xl") == {"启蒙01"}
    assert shown("size=l&size=s") == {"启蒙02", "启蒙03"}
    assert shown("series=启蒙系列") == {"启蒙01"}
    assert shown("size=huge") == set()


def test_an_unknown_bulk_verb_is_not_found_and_changes_nothing(web, tenant, scene):
    data = {"pick": [scene["first"].pk], "decided": "1", "reason": "群诉"}
    assert web.post(url(tenant, "bulk", verb="dissolve"), data).status_code == 404
    with tenant_scope(tenant):
        assert not Group.objects.filter(frozen_at__isnull=False).exists()


def test_more_groups_than_a_form_may_have_fields_are_decided_together(web, tenant):
    with tenant_scope(tenant):
        Group.objects.bulk_create(
            Group(tenant=tenant, name=f"系列{number}群", planned_name=f"系列{number}群")
            for number in range(1100)
        )
    target = url(tenant, "bulk", verb="freeze")
    page = text(web.post(target, {"every": "1", "query": "q=系列"}))
    picked = re.search(r'name="picked" value="([0-9,]+)"', page)
    assert picked
    assert page.count('class="q-ava') < 200  # the page names some of them and says how many more there are
    answer = web.post(target, {"picked": picked[1], "decided": "1", "reason": "群诉"})
    assert answer.status_code == 302
    with tenant_scope(tenant):
        assert Group.objects.filter(frozen_at__isnull=False).count() == 1100


def test_picked_groups_begin_a_run_with_those_that_are_live(web, tenant, scene):
    with tenant_scope(tenant):
        make_step(tenant=tenant, version=make_version(tenant=tenant))
    picks = [scene["first"].pk, scene["planned"].pk]
    page = text(web.post(url(tenant, "bulk", verb="run"), {"pick": picks}))
    assert f'action="{tenant_url(tenant, "sop:run_new")}"' in page
    chosen = re.findall(r'name="groups" value="(\d+)"[^>]* checked', page)
    assert chosen == [str(scene["first"].pk)]


def test_every_number_of_the_six_panels_opens_as_many_people(web, tenant, scene, frozen):
    """All links of the panels are walked, for a preset and for free days; each opens as many as it says."""
    with tenant_scope(tenant):
        people, first = scene["people"], scene["first"]
        now = frozen.moment
        for kind in ("message", "message", "lesson", "checkin", "radar", "red_packet", "draw"):
            make_behaviour(
                tenant=tenant, customer=people[0], kind=kind, group=first, occurred_at=now - timedelta(days=3)
            )
        make_order(tenant=tenant, customer=people[1], ordered_at=now - timedelta(days=3))
        nameless = make_customers(tenant=tenant, count=1)[0]
        type(nameless).objects.filter(pk=nameless.pk).update(name="")
        make_member(group=first, customer=nameless, joined_at=now - timedelta(days=2))
        gone = {"left_at": now - timedelta(days=2), "quit_scene": "left"}
        make_member(group=first, customer=people[5], joined_at=now - timedelta(days=4), **gone)
        make_member(group=first, staff=make_staff(tenant=tenant))
    reached = frozenset({people[0].pk, people[5].pk})
    sets = {"intended": reached, "reached": reached, "group": reached, "private": frozenset()}
    told = Touches(intended=2, reached=2, group_sends=2, private_sends=0, people=sets)
    register_touches(lambda spans, **kw: [told for _span in spans])
    base = url(tenant, "detail", pk=first.pk)
    day = now.date()
    try:
        for query in ("days=7", f"from={day - timedelta(days=6)}&to={day}"):
            page = text(web.get(f"{base}?{query}", headers={"accept-language": "en"}))
            links = _PEOPLE_LINK.findall(page[page.index('class="q-six"') :])
            assert len(links) >= 30
            seen = 0
            for href, shown in links:
                rows = text(web.get(base + unescape(href))).count('<th scope="row">')
                number = int(re.sub(r"\D", "", shown))
                is_messages = "people=message" in href and number == 2
                assert rows == (1 if is_messages else number), href
                seen += rows
            assert seen > 20
    finally:
        _touches.clear()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("from=2026-03-01&to=2026-02-01", "lies after the last"),
        ("from=2025-01-01&to=2025-12-31", "At most 92 days"),
        ("from=2099-01-01&to=2099-01-02", "lies ahead"),
        ("from=yesterday&to=x", "These are no days"),
    ],
)
def test_days_that_cannot_be_shown_say_why_and_show_the_last_week(web, tenant, scene, asked, said):
    User.objects.update(language="en")
    page = text(web.get(f"{url(tenant, 'detail', pk=scene['first'].pk)}?{asked}"))
    assert said in page
    assert "7 days" in page


def test_staff_and_those_who_left_have_their_own_lists(web, tenant, scene, frozen):
    with tenant_scope(tenant):
        staff = make_staff(tenant=tenant, name="何静")
        make_member(group=scene["first"], staff=staff)
        make_member(
            group=scene["first"], customer=scene["people"][5], left_at=frozen.moment, quit_scene="removed"
        )
    base = url(tenant, "detail", pk=scene["first"].pk)
    assert "何静" in text(web.get(f"{base}?tab=members&which=staff"))
    assert scene["people"][5].name in text(web.get(f"{base}?tab=members&which=left"))
    assert scene["people"][5].name not in text(web.get(f"{base}?tab=members"))


def test_missing_figures_are_dashes_not_zeros(web, tenant, scene):
    page = text(web.get(url(tenant, "detail", pk=scene["planned"].pk)))
    chat = page[page.index('id="p4"') :]
    assert '<b class="q-none">–</b>' in chat[: chat.index("</section>")]


def test_another_app_adds_a_tab_and_the_touch_figures(web, tenant, scene):
    made = {"template": "groups/_record.html", "context": lambda request, group: {"entries": []}}
    register_panel(Panel(key="test", label="计划", counted=lambda group: group.members.all(), **made))
    made_of = Touches(intended=175, reached=163, group_sends=5, private_sends=14)
    register_touches(lambda spans, **kw: [made_of for _span in spans])
    try:
        page = text(web.get(url(tenant, "detail", pk=scene["first"].pk)))
        assert "?tab=test" in page
        assert "163" in page
        assert web.get(url(tenant, "detail", pk=scene["first"].pk) + "?tab=test").status_code == 200
    finally:
        _panels.pop("test")
        _touches.clear()
    assert web.get(url(tenant, "detail", pk=scene["first"].pk) + "?tab=test").status_code == 404


def test_planning_answering_and_going_live_by_the_pages(web, tenant):
    answer = web.post(url(tenant, "plan"), {"name": "小芽英语启蒙07群", "series": "启蒙"})
    with tenant_scope(tenant):
        group = Group.objects.get(planned_name="小芽英语启蒙07群")
        crew = [make_staff(tenant=tenant).pk for _ in range(3)]
    assert answer["Location"] == url(tenant, "readiness", pk=group.pk)
    page = url(tenant, "readiness", pk=group.pk)
    data = {
        "kind": "new_user", "payment_basis": "low_price", "positioning_audience": "妈妈", "positioning_not_for": "同行",
        "positioning_outcome": "听读习惯", "positioning_actions": "带读", "value_proposition": "30 天养成听读习惯",
        "deliverable_promises": "每晚 20:00 带读", "rules_lines": "不发广告", "rules_ladder": "警告、移出",
        "management_duties": "周岚", "crisis_first_speaker": "周岚", "crisis_complaint": "脚本",
        "crisis_competitor": "冻结",
        "ends_on": "2026-04-01", "ending_how": "解散", "ending_next": "进阶群", "planned_name": "小芽英语启蒙07群",
        "series": "启蒙", "welcome": "欢迎。30 天养成听读习惯", "announcement": "每晚 20:00", "crew": crew,
    }  # fmt: skip
    for day in range(7):
        swapped = web.post(page, {**data, "cell": f"noon-{day}"}, headers={"hx-request": "true"})
    assert swapped.status_code == 200
    assert 'id="gate"' in text(swapped)
    assert "NEW-03" not in text(swapped)
    with tenant_scope(tenant):
        week = ReadinessAnswer.objects.get(group=group, question="operation").answer["week"]
    assert week == {"morning": [""] * 7, "noon": ["value"] * 7, "evening": [""] * 7}
    go_live, whole = url(tenant, "go_live", pk=group.pk), {**data, "whole": "1", "series": "启蒙英语"}
    refused = web.post(go_live, {**whole, "ends_on": "明天"})
    assert refused.status_code == 422
    assert f'action="{page}"' in text(refused)
    assert web.post(go_live, {**whole, "rules_lines": ""})["Location"] == page
    assert web.post(go_live, whole)["Location"] == url(tenant, "detail", pk=group.pk)
    with tenant_scope(tenant):
        group.refresh_from_db()
    assert (group.state, group.series) == (State.ACTIVE, "启蒙英语")


def test_a_yes_or_no_filter_says_so_in_words_and_nothing_while_unset(web, tenant, scene):
    base = url(tenant, "list")
    assert "unknown</b>" not in text(web.get(f"{base}?frozen=unknown"))
    page = text(web.get(f"{base}?frozen=true"))
    assert "true</b>" not in page
    assert '<details class="q-filter-more" open>' in page


def test_only_staff_that_the_page_offers_are_chosen_and_the_first_stays_first(web, tenant, other_tenant):
    with tenant_scope(other_tenant):
        foreign = make_staff(tenant=other_tenant)
    with tenant_scope(tenant):
        early, leader = make_staff(tenant=tenant), make_staff(tenant=tenant)
        group = group_plan(tenant=tenant, name="小芽英语启蒙07群", actor=SYSTEM, leader_id=leader.pk)
    page = url(tenant, "readiness", pk=group.pk)

    def chosen(*crew):
        assert web.post(page, {"planned_name": group.planned_name, "crew": crew}).status_code == 302
        with tenant_scope(tenant):
            return ReadinessAnswer.objects.get(group=group, question="management").answer.get("crew")

    assert chosen(early.pk, leader.pk, foreign.pk, 10**30, "x") == [leader.pk, early.pk]
    with tenant_scope(tenant):
        Group.objects.filter(pk=group.pk).update(chat_id="wr-opened", name="小芽英语启蒙07群", app=early.app)
    assert chosen() == [leader.pk, early.pk]  # the page does not ask once the chat exists


def test_a_group_that_is_not_ready_is_refused_with_its_codes(web, tenant, scene):
    answer = web.post(url(tenant, "go_live", pk=scene["planned"].pk))
    assert answer.status_code == 409
    assert "READY-01" in text(answer)


def test_one_button_balances_a_week_of_ads(web, tenant, scene):
    group = scene["planned"]
    with tenant_scope(tenant):
        ReadinessAnswer.objects.create(
            tenant=tenant, group=group, question="operation",
            answer={"week": {slot: ["marketing"] * 7 for slot in ("morning", "noon", "evening")}}, answered_by="林晓",
        )  # fmt: skip
        Group.objects.filter(pk=group.pk).update(kind="new_user")
    page = url(tenant, "readiness", pk=group.pk)
    assert "NEW-01" in text(web.get(page))
    web.post(url(tenant, "fix", pk=group.pk, what="week"))
    after = text(web.get(page))
    assert "NEW-01" not in after
    assert "NEW-03" not in after


def test_an_operator_asks_for_an_exception_and_a_leader_grants_it(as_role, tenant, scene):
    target = url(tenant, "approve", pk=scene["planned"].pk)
    data = {"code": "STAFF-01", "reason": "下周补人"}
    assert as_role(Role.SALES).post(target, data).status_code == 403
    operator = as_role(Role.OPERATOR)
    page = url(tenant, "readiness", pk=scene["planned"].pk)
    assert "提交审批" in text(operator.get(page))
    assert operator.post(target, data).status_code == 302
    waiting = text(operator.get(page))
    assert ("已提交组长审批" in waiting, "提交审批" in waiting) == (True, False)
    with tenant_scope(tenant):
        asked = approvals_waiting(tenant_id=tenant.pk).get()
        assert asked.kind == "groups.staff"
    assert as_role(Role.LEADER).post(f"/t/{tenant.slug}/approvals/{asked.pk}/grant").status_code == 302
    after = text(operator.get(page))
    assert ("已审批" in after, "已提交组长审批" in after, "提交审批" in after) == (
        True,
        False,
        False,
    )


def test_an_operator_asks_for_another_type_of_a_live_group_and_it_changes_when_granted(
    as_role, tenant, scene
):
    with tenant_scope(tenant):
        live = make_group(tenant=tenant, kind="flash", state="active")
        planned = make_group(tenant=tenant, kind="flash")
    answer = as_role(Role.OPERATOR).post(
        url(tenant, "bulk", verb="kind"),
        {
            "picked": f"{live.pk},{planned.pk}",
            "decided": "1",
            "kind": "new_user",
            "reason": "活动结束 转长期",
        },
    )
    assert answer.status_code == 302
    with tenant_scope(tenant):
        live.refresh_from_db()
        planned.refresh_from_db()
        assert (live.kind, planned.kind) == ("flash", "new_user")
        asked = approvals_waiting(tenant_id=tenant.pk).get()
    as_role(Role.LEADER).post(f"/t/{tenant.slug}/approvals/{asked.pk}/grant")
    with tenant_scope(tenant):
        live.refresh_from_db()
        assert live.kind == "new_user"
        entry = AuditEntry.objects.filter(verb="groups.group.kind_set", target_id=str(live.pk)).latest("pk")
        assert entry.reason == "活动结束 转长期"


def test_a_viewer_sees_and_changes_nothing(as_role, tenant, scene):
    viewer = as_role(Role.VIEWER)
    page = text(viewer.get(url(tenant, "list")))
    assert url(tenant, "plan") not in page
    assert viewer.get(url(tenant, "readiness", pk=scene["planned"].pk)).status_code == 200
    assert viewer.post(url(tenant, "readiness", pk=scene["planned"].pk), {}).status_code == 403
    assert viewer.get(url(tenant, "plan")).status_code == 403
    assert viewer.post(url(tenant, "bulk", verb="freeze"), {"pick": [1]}).status_code == 403


def test_the_life_of_a_group_moves_by_its_page(web, tenant, scene):
    target = url(tenant, "move", pk=scene["first"].pk)
    assert web.post(target, {"state": "closing"}).status_code == 302
    assert web.post(target, {"state": "active"}).status_code == 409
    assert web.post(target, {"state": "active", "reason": "延期一周"}).status_code == 302
    record = text(web.get(url(tenant, "detail", pk=scene["first"].pk) + "?tab=record"))
    assert "延期一周" in record


def test_detail_costs_the_same_in_a_big_group(web, tenant, scene):
    def cost(group):
        with CaptureQueriesContext(connection) as queries:
            assert web.get(url(tenant, "detail", pk=group.pk)).status_code == 200
        return sum("django_session" not in one["sql"] for one in queries)

    cost(scene["first"])
    with tenant_scope(tenant):
        big = make_ready_group(tenant=tenant, state=State.ACTIVE)
        fill_group(group=big, customers=make_customers(tenant=tenant, count=190))
    assert cost(big) == cost(scene["first"])
