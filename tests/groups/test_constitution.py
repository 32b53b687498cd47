"""What running groups break is kept, judged every night, shown with what to do, and mended at one press."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from console.pages import tenant_url
from groups.enums import FLASH_DAYS, USUAL_DAYS, Context, Risk, State
from groups.errors import WordsTooLong
from groups.models import Group, GroupFinding, NightCheck
from groups.policies.checks import REGISTRY, evaluate
from groups.selectors import BROKEN, group_counts, group_facts, register_weeks
from groups.selectors.findings import with_judgement
from groups.selectors.panels import Week, _weeks
from groups.services import night
from groups.services.fixes import FIXES, group_fix
from groups.services.glance import glance_refresh
from groups.services.membership import membership_dissolve
from groups.services.moving import group_move
from groups.services.night import groups_judge_night, tenants_unjudged
from groups.services.setup import group_edit_plan, group_set_kind, readiness_answer
from team.models import WorkItem
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope, unscoped
from tenants.services import preference_set
from tests.factories.contacts import make_behaviour, make_customers
from tests.factories.groups import fill_group, make_group, make_ready_group
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def group(scoped):
    return make_ready_group(tenant=scoped, state=State.ACTIVE)


@pytest.fixture
def no_weeks():
    before = list(_weeks)
    yield
    _weeks[:] = before


def kept(group):
    return dict(GroupFinding.objects.filter(group=group).values_list("code", "first_seen_at"))


def test_a_good_running_group_breaks_nothing(group):
    assert kept(group) == {}
    group.refresh_from_db()
    assert (group.risk, group.risk_code, group.risk_count) == (0, "", 0)


def test_what_is_broken_is_kept_with_when_it_was_first_seen_and_goes_when_mended(scoped, group, frozen):
    began = frozen.moment
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, target_size=300, welcome="")
    frozen.move(hours=5)
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, announcement="")
    found = kept(group)
    assert found["SIZE-01"] == found["BASE-05"] == began
    assert found["BASE-06"] == began + timedelta(hours=5)
    group.refresh_from_db()
    assert group.risk_count == len(found)
    row = GroupFinding.objects.get(group=group, code="SIZE-01")
    assert row.evidence == {"size": 300, "limit": 200}
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, target_size=200)
    assert "SIZE-01" not in kept(group)


def test_evidence_follows_what_it_shows(scoped, group, frozen):
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, target_size=300)
    first = kept(group)["SIZE-01"]
    frozen.move(hours=1)
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, target_size=301)
    row = GroupFinding.objects.get(group=group, code="SIZE-01")
    assert (row.evidence["size"], row.first_seen_at) == (301, first)


def test_a_group_that_is_not_live_yet_keeps_no_findings(scoped, group):
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, target_size=300)
    Group.objects.filter(pk=group.pk).update(state=State.PLANNING)
    glance_refresh(tenant=scoped, group_ids=[group.pk])
    assert kept(group) == {}


def archive(group):
    common = {"tenant": group.tenant, "group_id": group.pk, "actor": SYSTEM}
    group_move(**common, state=State.CLOSING)
    group_move(**common, state=State.ARCHIVED, reason="办完了")


def dissolve(group):
    membership_dissolve(tenant_id=group.tenant_id, app_id=group.app_id, chat_id=group.chat_id, at=clock.now())


def put_off(group):
    group_edit_plan(tenant=group.tenant, group_id=group.pk, actor=SYSTEM, ends_on=date(2026, 4, 1))


@pytest.mark.parametrize("end", [archive, dissolve])
def test_a_group_that_is_over_breaks_nothing_any_more(scoped, group, frozen, end):
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, target_size=500)
    group.refresh_from_db()
    assert group.risk == Risk.BAD
    assert group_counts(tenant_id=scoped.pk, broken=BROKEN) == {"broken": 1}
    end(group)
    frozen.move(days=2)
    groups_judge_night(tenant_id=scoped.pk)
    group.refresh_from_db()
    assert (kept(group), group.risk, group.risk_code, group.risk_count) == ({}, 0, "", 0)
    assert group_counts(tenant_id=scoped.pk, broken=BROKEN) == {"broken": 0}


def test_a_dissolved_group_is_not_judged_at_night(scoped, group, frozen):
    other = make_ready_group(tenant=scoped, state=State.ACTIVE)
    dissolve(group)
    frozen.move(days=1)
    assert groups_judge_night(tenant_id=scoped.pk) == 1
    dissolve(other)
    frozen.move(days=1)
    with unscoped("test"):
        assert tenants_unjudged() == []


def test_findings_cost_the_same_for_many_groups(scoped):
    many = [make_ready_group(tenant=scoped, state=State.ACTIVE, kind="super_user") for _ in range(4)]

    def cost(groups):
        with CaptureQueriesContext(connection) as queries:
            glance_refresh(tenant=scoped, group_ids=[one.pk for one in groups])
        return len(queries)

    glance_refresh(tenant=scoped, group_ids=[one.pk for one in many])
    assert cost(many[:1]) == cost(many)


def test_time_alone_breaks_a_rule_and_the_night_finds_it_once(scoped, group, frozen):
    person = make_customers(tenant=scoped, count=1)[0]
    fill_group(group=group, customers=[person])
    make_behaviour(tenant=scoped, customer=person, group_id=group.pk, kind="message")
    glance_refresh(tenant=scoped, group_ids=[group.pk])
    assert "DEAD-01" not in kept(group)
    frozen.move(days=8)
    groups_judge_night(tenant_id=scoped.pk)
    assert "DEAD-01" in kept(group)
    assert groups_judge_night(tenant_id=scoped.pk) == 0
    (night,) = NightCheck.objects.all()
    assert (night.group_count, night.finding_count) == (1, len(kept(group)))
    frozen.move(days=1)
    assert groups_judge_night(tenant_id=scoped.pk) == 1


def overdue_items():
    rows = WorkItem.objects.filter(source_kind="groups.overdue")
    return [(row.state, row.staff_id, row.rule_code) for row in rows]


@pytest.mark.parametrize("end", [archive, dissolve, put_off])
def test_an_overdue_flash_group_stands_there_anew_every_day_until_it_is_over(scoped, frozen, end):
    owner = make_staff(tenant=scoped)
    group = make_ready_group(
        tenant=scoped, kind="flash", state=State.ACTIVE, owner=owner, ends_on=date(2026, 3, 2)
    )
    frozen.set(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))  # 23:00 in Shanghai: its last day
    groups_judge_night(tenant_id=scoped.pk)
    assert overdue_items() == []
    frozen.move(hours=12)
    groups_judge_night(tenant_id=scoped.pk)
    assert overdue_items() == [("open", owner.pk, "FLASH-02")]
    WorkItem.objects.update(state="done", done_by="林晓")
    frozen.move(days=1)
    groups_judge_night(tenant_id=scoped.pk)
    assert overdue_items() == [("open", None, "FLASH-02")]  # everybody sees it now
    end(group)
    assert overdue_items() == [("done", None, "FLASH-02")]


def test_the_night_waits_for_its_hour_in_the_zone_of_the_company(scoped, group, frozen):
    frozen.set(datetime(2026, 3, 3, 18, 59, 59, tzinfo=UTC))  # 02:59:59 in Shanghai
    assert groups_judge_night(tenant_id=scoped.pk) == 0
    frozen.move(seconds=1)
    assert groups_judge_night(tenant_id=scoped.pk) == 1


def test_the_tick_finds_only_companies_with_running_groups_not_judged_yet(tenant, other_tenant, frozen):
    with tenant_scope(tenant):
        make_ready_group(tenant=tenant, state=State.ACTIVE)
    with tenant_scope(other_tenant):
        make_group(tenant=other_tenant)
    frozen.move(hours=24)
    with unscoped("test"):
        assert tenants_unjudged() == [tenant.pk]
    with tenant_scope(tenant):
        assert groups_judge_night(tenant_id=tenant.pk) == 1
    with unscoped("test"):
        assert tenants_unjudged() == []


def test_an_empty_week_is_an_alarm_and_one_touch_ends_it(scoped, group, frozen, no_weeks):
    held = {}
    register_weeks(lambda **asked: held)
    frozen.move(days=8)  # the first week of the readiness gate is over
    assert "PLAN-01" in {one.code for one in evaluate(group_facts(tenant=scoped, group=group), Context.WEEK)}
    held[group.pk] = Week(ahead=1)
    assert evaluate(group_facts(tenant=scoped, group=group), Context.WEEK) == []


def test_super_users_are_counted_by_their_tag(scoped, group):
    people = make_customers(tenant=scoped, count=10)
    fill_group(group=group, customers=people)
    group_set_kind(tenant=scoped, group_id=group.pk, actor=SYSTEM, kind="super_user", reason="升级")
    group.refresh_from_db()
    assert group_facts(tenant=scoped, group=group).super_count == 0
    assert "SUPER-03" in kept(group)


def test_every_quick_fix_exists_and_every_fix_is_offered():
    assert {one.quick for one in REGISTRY.values() if one.quick} == set(FIXES)


@pytest.mark.parametrize(
    ("code", "broken"),
    [
        ("RULES-01", {"announcement": "每晚 20:00 带读。"}),
        ("BASE-07", {"welcome": "欢迎。30 天养成听读习惯。"}),
        ("BASE-05", {"welcome": "欢迎"}),
        ("LIFE-02", {"ends_on": "2026-01-01"}),
    ],
)
def test_one_press_mends_what_its_check_names(scoped, group, code, broken):
    Group.objects.filter(pk=group.pk).update(**broken)
    glance_refresh(tenant=scoped, group_ids=[group.pk])
    assert code in kept(group)
    with override("zh-hans"):
        group_fix(tenant=scoped, group_id=group.pk, what=REGISTRY[code].quick, actor=SYSTEM)
    assert code not in kept(group)
    with override("zh-hans"):
        group_fix(tenant=scoped, group_id=group.pk, what=REGISTRY[code].quick, actor=SYSTEM)  # again: no harm
    assert code not in kept(group)


def test_the_usual_rules_leave_written_ones_alone(scoped):
    group = make_group(tenant=scoped)
    group_fix(tenant=scoped, group_id=group.pk, what="red_lines", actor=SYSTEM)
    answer = group_facts(tenant=scoped, group=group).answer("rules")
    assert len(answer["lines"].splitlines()) == 3
    assert answer["ladder"]


def test_a_welcome_written_by_hand_keeps_every_word(scoped):
    group = make_group(tenant=scoped, welcome="家长好，我是林老师。", value_proposition="30 天养成听读习惯")
    with override("zh-hans"):
        group_fix(tenant=scoped, group_id=group.pk, what="welcome", actor=SYSTEM)
        group.refresh_from_db()
        assert group.welcome.startswith("家长好，我是林老师。\n")
        assert "30 天养成听读习惯" in group.welcome
        whole = group.welcome
        group_fix(tenant=scoped, group_id=group.pk, what="welcome", actor=SYSTEM)
    group.refresh_from_db()
    assert group.welcome == whole


@pytest.mark.parametrize(
    ("what", "field", "limit"), [("welcome", "welcome", 500), ("rules", "announcement", 2000)]
)
def test_what_does_not_fit_is_refused_and_nothing_is_cut(scoped, what, field, limit):
    written = "字" * limit
    group = make_ready_group(tenant=scoped, **{field: written})
    with pytest.raises(WordsTooLong, match=str(limit)):
        group_fix(tenant=scoped, group_id=group.pk, what=what, actor=SYSTEM)
    group.refresh_from_db()
    assert getattr(group, field) == written


def test_rules_published_in_another_case_are_not_added_again(scoped):
    group = make_group(tenant=scoped, announcement="no adding members privately")
    readiness_answer(
        tenant=scoped, group_id=group.pk, question="rules", actor=SYSTEM,
        answer={"lines": "No adding members privately.", "ladder": "Warn, mute, remove"},
    )  # fmt: skip
    group_fix(tenant=scoped, group_id=group.pk, what="rules", actor=SYSTEM)
    group.refresh_from_db()
    assert group.announcement == "no adding members privately"


@pytest.mark.parametrize(
    ("kind", "setting", "days"), [("flash", FLASH_DAYS, 4), ("new_user", USUAL_DAYS, 21)]
)
def test_the_usual_end_follows_the_setting_of_its_type(scoped, kind, setting, days):
    preference_set(tenant=scoped, setting=setting, raw=days, actor=SYSTEM)
    group = make_group(tenant=scoped, kind=kind, starts_on=date(2026, 3, 2))
    group_fix(tenant=scoped, group_id=group.pk, what="ending", actor=SYSTEM)
    group.refresh_from_db()
    assert group.ends_on == date(2026, 3, 2) + timedelta(days=days)


@pytest.mark.parametrize(
    ("what", "question", "key", "code"),
    [("ending", "ending", "next", "READY-06"), ("crisis", "crisis", "complaint", "CRISIS-01")],
)
def test_the_usual_answer_is_written_where_nothing_is_and_nothing_else_changes(
    scoped, what, question, key, code
):
    group = make_group(tenant=scoped, kind="new_user", ends_on=date(2026, 4, 1))
    readiness_answer(
        tenant=scoped, group_id=group.pk, question=question, answer={key: "我们自己写的"}, actor=SYSTEM
    )
    for _ in range(2):
        group_fix(tenant=scoped, group_id=group.pk, what=what, actor=SYSTEM)
    facts = group_facts(tenant=scoped, group=group)
    assert facts.answer(question)[key] == "我们自己写的"
    assert code not in {one.code for one in evaluate(facts)}
    group.refresh_from_db()
    assert group.ends_on == date(2026, 4, 1)


def test_mending_the_week_keeps_the_note(scoped):
    group = make_group(tenant=scoped, kind="new_user")
    ads = {slot: ["marketing"] * 7 for slot in ("morning", "noon", "evening")}
    readiness_answer(
        tenant=scoped,
        group_id=group.pk,
        question="operation",
        actor=SYSTEM,
        answer={"week": ads, "note": "周三停更"},
    )
    group_fix(tenant=scoped, group_id=group.pk, what="week", actor=SYSTEM)
    answer = group_facts(tenant=scoped, group=group).answer("operation")
    assert answer["note"] == "周三停更"
    assert answer["week"] != ads


def test_the_night_says_when_it_ended(scoped, group, frozen, monkeypatch):
    frozen.move(hours=24)
    began = frozen.moment
    monkeypatch.setattr(night, "glances_bring_up", lambda **asked: frozen.move(minutes=4))
    groups_judge_night(tenant_id=scoped.pk)
    assert with_judgement(Group.objects.all())[0].judged_at == began + timedelta(minutes=4)


def test_the_page_says_what_is_wrong_since_when_and_mends_it(web, tenant, frozen):
    with tenant_scope(tenant):
        group = make_ready_group(tenant=tenant, state=State.ACTIVE, announcement="每晚 20:00 带读。")
    where = tenant_url(tenant, "groups:detail", pk=group.pk)
    fix = tenant_url(tenant, "groups:fix", pk=group.pk, what="rules")
    page = web.get(where, headers={"accept-language": "en"}).content.decode()
    assert "RULES-01" in page
    assert fix in page
    answer = web.post(fix, {"next": "group"})
    assert answer["location"] == where
    page = web.get(where).content.decode()
    assert "RULES-01" not in page
    with tenant_scope(tenant):
        assert AuditEntry.objects.filter(verb="groups.group.edited", target_id=str(group.pk)).exists()


def test_the_list_counts_what_is_wrong_and_narrows_by_check(web, tenant):
    with tenant_scope(tenant):
        bad = make_ready_group(
            tenant=tenant, state=State.ACTIVE, name="小芽英语启蒙91群", announcement="x", target_size=300
        )
        make_ready_group(tenant=tenant, state=State.ACTIVE, name="小芽英语启蒙92群")
        bad.refresh_from_db()
    assert bad.risk_count == 2
    where = tenant_url(tenant, "groups:list")
    htmx = {"hx-request": "true"}
    page = web.get(f"{where}?rule=RULES-01", headers=htmx).content.decode()
    assert "启蒙91" in page
    assert "启蒙92" not in page
    assert f"{tenant_url(tenant, 'groups:detail', pk=bad.pk)}#checks" in page
