"""An SOP and a week are judged by the constitution of groups: at publishing, at a run's start, on the group's page."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils.translation import override

from groups.enums import Context
from groups.models import Group
from groups.policies import registry
from groups.services import week_alerts
from groups.services.moving import group_go_live
from groups.services.night import groups_judge_night
from groups.services.week_alerts import SOURCE, next_week_due, week_alerts_bring_up
from sop.errors import ChecksFailed, GroupBusy, KindRefuses
from sop.models import Run, Touch, Version
from sop.selectors.findings import version_findings
from sop.services.planning import plan_apply
from sop.services.runs import RunWish, run_cancel, run_set_groups, run_start
from sop.services.templates import template_clone, version_publish
from team.models import WorkItem
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, Preference, User
from tenants.scoping import tenant_scope
from tests.factories.groups import make_ready_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

VALUE = [{"day": day, "content_type": "value"} for day in range(1, 8)]
ADS = [{"day": day, "content_type": "marketing", "is_marketing": True} for day in range(1, 8)]
MARKS = ["first", "", "", "peak", "", "", "end"]
FRIDAY = datetime(2026, 3, 6, 10, 0, tzinfo=UTC)  # 18:00 in Shanghai


def draft(tenant, steps, kind="new_user"):
    marked = [{**one, "mark": mark, "opens_talk": True} for one, mark in zip(steps, MARKS, strict=True)]
    version = make_version(tenant=tenant, steps=marked, state="draft", published_at=None)
    version.template.group_kind = kind
    version.template.save()
    return version


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.fixture
def owner(scoped):
    return make_staff(tenant=scoped, name="林晓")


def open_items():
    return {row.source_id: row for row in WorkItem.objects.filter(source_kind=SOURCE, state="open")}


def live(tenant, **fields):
    return make_ready_group(tenant=tenant, **{"state": "active", "starts_on": date(2026, 2, 2), **fields})


def planned(tenant, group, days, **step):
    """A run with one touch on each of these days of March 2026."""
    version = make_version(tenant=tenant, days=31, steps=[{"day": day, **step} for day in days])
    run = make_run(tenant=tenant, version=version, groups=[group], starts_on=date(2026, 3, 1))
    plan_apply(tenant=tenant, run=run)
    return run


def test_an_sop_of_ads_only_is_not_published_for_new_users(scoped):
    version = draft(scoped, ADS)
    with override("en"), pytest.raises(ChecksFailed) as refused:
        version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
    assert {one.code for one in refused.value.failed} >= {"NEW-01", "NEW-02", "NEW-03"}
    said = str(refused.value)
    assert "NEW-01 (R2, R62" in said
    assert "Add value or talk" in said
    assert Version.objects.get(pk=version.pk).state == "draft"


@pytest.mark.parametrize("kind", ["", "flash", "delivery"])
def test_the_same_sop_may_be_published_for_a_type_that_does_not_forbid_it(scoped, kind):
    version = draft(scoped, ADS, kind=kind)
    version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
    assert Version.objects.get(pk=version.pk).state == "published"


def test_a_week_without_anything_stops_an_sop_for_super_users(scoped):
    version = draft(scoped, VALUE, kind="super_user")
    Version.objects.filter(pk=version.pk).update(days=15)
    with pytest.raises(ChecksFailed) as refused:
        version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)
    assert [one.code for one in refused.value.failed] == ["SUPER-07"]


@pytest.mark.parametrize("code", ["bootcamp5", "camp30"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_built_in_camps_keep_the_rules_of_new_user_groups(scoped, code, language):
    version = template_clone(tenant=scoped, code=code, language=language, actor=SYSTEM)
    assert version.template.group_kind == "new_user"
    version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM)


@pytest.mark.parametrize("days", [21, 14])
def test_shorter_camps_keep_them_too(scoped, days):
    version = template_clone(tenant=scoped, code="camp30", language="zh", days=days, actor=SYSTEM)
    assert version_publish(tenant=scoped, version_id=version.pk, actor=SYSTEM).published_at is not None


@pytest.mark.parametrize("days", [21, 14, 7])
def test_a_shorter_camp_with_its_countdown_keeps_to_the_caps(scoped, days):
    version = template_clone(tenant=scoped, code="camp30", language="zh", days=days, actor=SYSTEM)
    found = [(one.code, one.text) for one in version_findings(version)]
    assert not [one for one in found if one[0] in ("CAP-01", "CAP-02")]
    assert version.steps.filter(anchor="offer_end").exists()


def test_a_shorter_camp_is_thinned_by_the_companys_own_caps(scoped):
    def kept():
        version = template_clone(tenant=scoped, code="camp30", language="zh", days=14, actor=SYSTEM)
        return set(version.steps.values_list("key", flat=True))

    plain = kept()
    Preference.objects.create(tenant=scoped, key="touch.cap_per_day", value=2)
    assert len(kept()) < len(plain)


def test_the_editor_lists_what_publishing_will_say_for_the_chosen_type(web, tenant):
    with tenant_scope(tenant):
        version = draft(tenant, ADS, kind="flash")
    where = f"/t/{tenant.slug}/sop/versions/{version.pk}/"
    assert "NEW-01" not in web.get(where).content.decode()
    answer = web.post(f"{where}kind/", {"group_kind": "new_user"})
    assert answer.status_code == 302
    page = web.get(where).content.decode()
    assert "NEW-01" in page
    assert "R2, R62 · " in page
    assert f"{where}publish/" not in page
    assert web.post(f"{where}publish/").status_code == 302
    with tenant_scope(tenant):
        assert Version.objects.get().state == "draft"
        assert AuditEntry.objects.filter(verb="sop.template.kind_set").exists()
    assert web.post(f"{where}kind/", {"group_kind": "gold"}).status_code == 409


def test_a_run_that_its_groups_type_forbids_is_not_started(scoped):
    version = make_version(tenant=scoped, steps=ADS)
    new, flash = live(scoped), live(scoped, kind="flash", ends_on=date(2026, 3, 20))
    wish = RunWish(
        version_id=version.pk, name="三月", group_ids=[new.pk, flash.pk], starts_on=date(2026, 3, 3)
    )
    with pytest.raises(KindRefuses, match="NEW-01"):
        run_start(tenant=scoped, wish=wish, actor=SYSTEM)
    assert not Run.objects.exists()
    run = run_start(
        tenant=scoped, actor=SYSTEM,
        wish=RunWish(version_id=version.pk, name="三月", group_ids=[flash.pk], starts_on=date(2026, 3, 3)),
    )  # fmt: skip
    with pytest.raises(KindRefuses):
        run_set_groups(tenant=scoped, run_id=run.pk, group_ids=[flash.pk, new.pk], actor=SYSTEM)


def test_a_group_taken_out_is_looked_at_anew_before_it_comes_back(scoped):
    version = make_version(tenant=scoped, steps=ADS)
    one, other = (live(scoped, kind="flash", ends_on=date(2026, 3, 20)) for _ in range(2))
    wish = RunWish(
        version_id=version.pk, name="三月", group_ids=[one.pk, other.pk], starts_on=date(2026, 3, 3)
    )
    run = run_start(tenant=scoped, wish=wish, actor=SYSTEM)
    run_set_groups(tenant=scoped, run_id=run.pk, group_ids=[other.pk], actor=SYSTEM)
    Group.objects.filter(pk=one.pk).update(kind="new_user")
    with pytest.raises(KindRefuses):
        run_set_groups(tenant=scoped, run_id=run.pk, group_ids=[one.pk, other.pk], actor=SYSTEM)


def test_a_running_camp_takes_in_no_group_of_another_camp(scoped):
    version = make_version(tenant=scoped, steps=ADS)
    one, other = (live(scoped, kind="flash", ends_on=date(2026, 3, 20)) for _ in range(2))
    first, second = (
        run_start(
            tenant=scoped, actor=SYSTEM,
            wish=RunWish(version_id=version.pk, name=name, group_ids=[group.pk], starts_on=date(2026, 3, 3)),
        )
        for name, group in (("三月", one), ("对照", other))
    )  # fmt: skip
    both = [one.pk, other.pk]
    with pytest.raises(GroupBusy, match="对照"):
        run_set_groups(tenant=scoped, run_id=first.pk, group_ids=both, actor=SYSTEM)
    run_cancel(tenant=scoped, run_id=second.pk, reason="并到一起", actor=SYSTEM)
    for _again in range(2):
        run_set_groups(tenant=scoped, run_id=first.pk, group_ids=both, actor=SYSTEM)
    assert first.run_groups.filter(removed_at=None).count() == 2


def test_the_group_page_shows_the_next_seven_days_and_what_they_break(web, tenant):
    with tenant_scope(tenant):
        group = live(tenant)
        planned(tenant, group, [2, 3, 4], title="限时报名", content_type="marketing", is_marketing=True)
    where = f"/t/{tenant.slug}/groups/{group.pk}/?tab=sop"
    page = web.get(where).content.decode()
    assert "限时报名" in page
    assert "NEW-01" in page
    assert "PLAN-02" in page


def test_the_run_calendar_marks_the_groups_whose_week_breaks_a_rule(
    web, tenant, django_assert_max_num_queries
):
    with tenant_scope(tenant):
        good, bad = live(tenant, name="小芽英语启蒙81群"), live(tenant, name="小芽英语启蒙82群")
        run = planned(tenant, bad, [2, 3, 4], content_type="marketing", is_marketing=True)
        planned(tenant, good, range(1, 12))
    with django_assert_max_num_queries(25):
        page = web.get(f"/t/{tenant.slug}/sop/runs/{run.pk}/").content.decode()
    assert "NEW-01" in page
    assert page.count("NEW-01") == 1


def test_a_stopped_touch_is_no_plan(scoped, frozen):
    group = live(scoped)
    planned(scoped, group, range(8, 16))
    frozen.set(FRIDAY)
    assert week_alerts_bring_up(tenant=scoped) == 0
    Touch.objects.filter(planned_at__gte=datetime(2026, 3, 10, tzinfo=UTC)).update(state="cancelled")
    assert week_alerts_bring_up(tenant=scoped) == 1


def test_next_week_incomplete_by_friday_evening_is_told_to_the_owner_and_closes_by_itself(
    scoped, owner, frozen
):
    group = live(scoped, owner=owner)
    planned(scoped, group, [9, 10, 11, 12, 13, 14])  # Sunday the 15th is empty
    frozen.set(FRIDAY - timedelta(seconds=1))
    assert week_alerts_bring_up(tenant=scoped) == 0
    frozen.set(FRIDAY)
    assert week_alerts_bring_up(tenant=scoped) == 1
    item = open_items()[group.pk]
    assert (item.staff_id, item.rule_code, item.due_at) == (owner.pk, "PLAN-02", None)
    assert "2026-03-09" in item.title
    frozen.move(hours=20)
    assert week_alerts_bring_up(tenant=scoped) == 1
    planned(scoped, group, [15])
    assert week_alerts_bring_up(tenant=scoped) == 0
    assert open_items() == {}


def test_an_alert_is_followed_into_its_week_and_what_was_done_is_not_asked_again(scoped, owner, frozen):
    group = live(scoped, owner=owner)
    planned(scoped, group, [9, 10, 11, 12, 13, 14])
    frozen.set(FRIDAY)
    week_alerts_bring_up(tenant=scoped)
    frozen.move(days=4)  # Tuesday of the week it is about
    assert week_alerts_bring_up(tenant=scoped) == 1
    WorkItem.objects.update(state="done", done_by="林晓")
    week_alerts_bring_up(tenant=scoped)
    assert open_items() == {}
    frozen.set(FRIDAY + timedelta(days=7))
    assert week_alerts_bring_up(tenant=scoped) == 1
    assert open_items()[group.pk].rule_code == "PLAN-01"


def test_days_after_a_groups_end_are_not_owed(scoped, frozen):
    group = live(scoped, ends_on=date(2026, 3, 10))
    planned(scoped, group, [9, 10])
    frozen.set(FRIDAY)
    assert week_alerts_bring_up(tenant=scoped) == 0


def test_super_users_without_a_week_are_an_alarm_on_any_day(scoped, owner, frozen):
    group = live(scoped, kind="super_user", owner=owner, ends_on=None)
    live(scoped)
    assert week_alerts_bring_up(tenant=scoped) == 1
    item = open_items()[group.pk]
    assert (item.rule_code, item.bucket) == ("SUPER-02", "must")
    planned(scoped, group, [3])
    assert week_alerts_bring_up(tenant=scoped) == 0


def test_the_hour_by_which_a_week_is_planned_is_of_the_companys_zone(scoped, frozen):
    frozen.set(FRIDAY - timedelta(seconds=1))
    assert next_week_due(tenant=scoped) == (date(2026, 3, 2), FRIDAY - timedelta(days=7))
    frozen.set(FRIDAY)
    assert next_week_due(tenant=scoped) == (date(2026, 3, 9), FRIDAY)


def test_every_context_is_asked_by_what_people_and_the_clock_do(web, tenant, frozen, monkeypatch):
    """Drive publishing, the week, going live and the night; count in which context a check was really put."""
    asked: Counter = Counter()
    applies = registry.Check.applies

    def noting(check, plan, context):
        held = applies(check, plan, context)
        if held:
            given = context or (Context.NIGHTLY if plan.is_live else Context.GO_LIVE)
            asked[str(given), check.code] += 1
        return held

    monkeypatch.setattr(registry.Check, "applies", noting)
    with tenant_scope(tenant):
        version, ready = draft(tenant, VALUE), make_ready_group(tenant=tenant)
        running = live(tenant)
        asked.clear()
        version_publish(tenant=tenant, version_id=version.pk, actor=SYSTEM)
        assert {context for context, _code in asked} == {Context.PUBLISH}
        group_go_live(tenant=tenant, group_id=ready.pk, actor=SYSTEM)
        assert asked[Context.GO_LIVE, "READY-01"]
        asked.clear()
        frozen.move(hours=24)
        groups_judge_night(tenant_id=tenant.pk)
        assert {context for context, _code in asked} == {Context.NIGHTLY}
    asked.clear()
    web.get(f"/t/{tenant.slug}/groups/{running.pk}/?tab=sop")
    assert asked[Context.WEEK, "PLAN-01"]
    wanted = {code for code, one in registry.REGISTRY.items() if Context.WEEK in one.contexts}
    assert {code for context, code in asked if context == Context.WEEK} == wanted


def test_a_group_nobody_owns_still_stands_on_somebodys_list(scoped, frozen):
    group = live(scoped)
    Group.objects.filter(pk=group.pk).update(owner=None)
    frozen.set(FRIDAY)
    week_alerts_bring_up(tenant=scoped)
    assert open_items()[group.pk].staff_id is None


@pytest.mark.parametrize("over", [{"state": "archived"}, {"dismissed_at": FRIDAY}])
def test_a_group_that_is_over_asks_for_nothing(scoped, frozen, over):
    group = live(scoped)
    frozen.set(FRIDAY)
    week_alerts_bring_up(tenant=scoped)
    assert open_items() != {}
    Group.objects.filter(pk=group.pk).update(**over)
    assert week_alerts_bring_up(tenant=scoped) == 0
    assert open_items() == {}


def test_weeks_of_many_groups_are_looked_at_slice_by_slice(scoped, frozen, monkeypatch):
    monkeypatch.setattr(week_alerts, "CHUNK", 2)
    groups = {live(scoped).pk for _number in range(5)}
    frozen.set(FRIDAY)
    assert week_alerts_bring_up(tenant=scoped) == 5
    assert set(open_items()) == groups


def test_weeks_cost_the_same_for_many_groups(scoped, frozen, django_assert_max_num_queries):
    for _number in range(4):
        planned(scoped, live(scoped), range(1, 20))
    frozen.set(FRIDAY)
    with django_assert_max_num_queries(40):
        assert week_alerts_bring_up(tenant=scoped) == 0
