"""Names for several groups in one act; welcome and announcement version by version."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from groups.errors import AnswerInvalid, NamesRefused
from groups.models import Group, Wording
from groups.policies.checks import evaluate
from groups.policies.naming import judged_names
from groups.selectors import group_facts
from groups.selectors.naming import name_plan, names_taken
from groups.selectors.wordings import wording_list, wording_standing
from groups.services.readiness import readiness_save
from groups.services.rename_tasks import SOURCE
from groups.services.renaming import names_apply
from groups.services.setup import group_edit_plan, group_plan, group_words_keep, wording_restore
from simulator.world import groups as acts
from team.models import WorkItem
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, User
from tenants.scoping import tenant_scope
from tests.factories.groups import make_group
from tests.factories.team import make_staff
from tests.groups.world import deliver

pytestmark = [pytest.mark.integration, pytest.mark.django_db, pytest.mark.usefixtures("frozen")]

FIELDS = {
    "pattern": "{品牌}{主题}{序号}群", "theme": "启蒙", "series": "启蒙", "first": "7", "width": "2", "count": "3",
    "places": "",
}  # fmt: skip


@pytest.fixture
def web(tenant):
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


def versions(group, kind="welcome"):
    rows = Wording.objects.filter(group=group, kind=kind).order_by("number")
    return [(row.number, row.text, row.by) for row in rows]


# --- Names


def test_many_groups_are_planned_in_one_act_or_none(scoped):
    names = [(None, "小芽英语启蒙07群"), (None, "小芽英语启蒙08群")]
    made = names_apply(tenant=scoped, names=names, series="启蒙", actor=SYSTEM)
    assert [(one.planned_name, one.series, one.state) for one in made] == [
        ("小芽英语启蒙07群", "启蒙", "planning"),
        ("小芽英语启蒙08群", "启蒙", "planning"),
    ]
    with pytest.raises(NamesRefused, match="小芽英语启蒙08群"):
        names_apply(
            tenant=scoped,
            names=[(None, "小芽英语启蒙09群"), (None, "小芽英语启蒙08群")],
            series="启蒙",
            actor=SYSTEM,
        )
    assert Group.objects.count() == 2


def test_a_running_groups_name_becomes_a_task_that_closes_when_wecom_shows_it(scoped, vendor, camp, frozen):
    owner = make_staff(tenant=scoped, name="林晓")
    group = Group.objects.get(chat_id=camp)
    Group.objects.filter(pk=group.pk).update(owner=owner)
    names_apply(tenant=scoped, names=[(group.pk, "小芽英语启蒙08群")], series="", actor=SYSTEM)
    item = WorkItem.objects.get(source_kind=SOURCE, source_id=group.pk)
    assert (item.staff_id, item.state, item.script) == (owner.pk, "open", "小芽英语启蒙08群")
    for name, state in (("小芽英语启蒙88群", "open"), ("小芽英语启蒙08群", "done")):
        frozen.move(minutes=1)
        at = frozen.moment.timestamp()
        acts.rename(vendor.corp, chat_id=camp, name=name, at=at, now=at)
        deliver(vendor.take_events())
        item.refresh_from_db()
        assert item.state == state


@pytest.mark.parametrize("by", ["the plan", "the page"])
def test_a_waiting_task_asks_for_the_name_that_is_planned_now(scoped, by):
    group = make_group(tenant=scoped, name="小芽英语启蒙07群")
    names_apply(tenant=scoped, names=[(group.pk, "小芽英语启蒙08群")], series="", actor=SYSTEM)
    item = WorkItem.objects.get(source_kind=SOURCE, source_id=group.pk)

    def plan(name):
        common = {"tenant": scoped, "group_id": group.pk, "actor": SYSTEM}
        if by == "the plan":
            group_edit_plan(**common, planned_name=name)
        else:
            readiness_save(**common, plan={"planned_name": name}, kinds={}, answered={})
        item.refresh_from_db()

    plan("小芽英语启蒙09群")
    assert (item.state, item.script) == ("open", "小芽英语启蒙09群")
    plan("小芽英语启蒙07群")
    assert item.state == "cancelled"
    plan("小芽英语启蒙10群")
    assert item.state == "cancelled"  # nobody has asked for this one


def test_names_of_other_groups_are_taken_and_its_own_is_not(scoped):
    one, two = (
        make_group(tenant=scoped, name="小芽英语启蒙01群"),
        make_group(tenant=scoped, name="小芽英语启蒙02群"),
    )
    names_apply(tenant=scoped, names=[(one.pk, "小芽英语启蒙01群")], series="启蒙", actor=SYSTEM)
    with pytest.raises(NamesRefused):
        names_apply(tenant=scoped, names=[(one.pk, "小芽英语启蒙02群")], series="启蒙", actor=SYSTEM)
    names_apply(
        tenant=scoped,
        names=[(one.pk, "小芽英语启蒙02群"), (two.pk, "小芽英语启蒙01群")],
        series="",
        actor=SYSTEM,
    )
    assert WorkItem.objects.filter(source_kind=SOURCE, state="open").count() == 2


def test_the_page_makes_names_judges_each_row_and_plans_them(web, tenant):
    where = f"/t/{tenant.slug}/groups/names/"
    assert web.get(where).status_code == 200
    with tenant_scope(tenant):
        make_group(tenant=tenant, name="小芽英语启蒙08群")
    shown = web.post(where, FIELDS, headers={"hx-request": "true"}).content.decode()
    assert "小芽英语启蒙07群" in shown
    assert shown.count("R10") == 1
    answer = web.post(where, {**FIELDS, "apply": "1"})
    assert answer.status_code == 422
    names = ["小芽英语启蒙07群", "小芽英语启蒙08群", "小芽英语启蒙09群"]
    typed = {**FIELDS, "apply": "1", "made": names, "name": [names[0], "小芽英语启蒙18群", names[2]]}
    assert web.post(where, typed).status_code == 302
    with tenant_scope(tenant):
        found = Group.objects.filter(state="planning", chat_id="").values_list("planned_name", flat=True)
        assert sorted(found) == ["小芽英语启蒙07群", "小芽英语启蒙09群", "小芽英语启蒙18群"]


def test_a_name_is_judged_while_it_is_typed(web, tenant):
    where = f"/t/{tenant.slug}/groups/new/name/"
    with tenant_scope(tenant):
        make_group(tenant=tenant, name="小芽英语启蒙08群")
    assert "NAME-02" in web.get(where, {"name": "启蒙群"}).content.decode()
    assert "R10" in web.get(where, {"name": "小芽英语启蒙08群"}).content.decode()
    assert "q-ok" in web.get(where, {"name": "小芽英语启蒙09群"}).content.decode()
    assert web.get(where, {"name": ""}).content.decode().strip() == ""


def test_the_first_group_of_a_series_needs_no_number(scoped):
    assert name_plan(tenant=scoped, series="启蒙").sibling_count == 0
    make_group(tenant=scoped, series="启蒙")
    assert name_plan(tenant=scoped, series="启蒙").sibling_count == 1


def test_a_dissolved_group_frees_its_name_and_counts_in_no_series(scoped):
    over = make_group(tenant=scoped, name="小芽英语启蒙01群", series="启蒙", dismissed_at=clock.now())
    group_plan(tenant=scoped, name="小芽英语启蒙02群", series="启蒙", actor=SYSTEM)
    assert names_taken(tenant_id=scoped.pk) == {"小芽英语启蒙02群"}  # one that is only planned is taken too
    assert name_plan(tenant=scoped, series="启蒙").sibling_count == 1
    alone = make_group(tenant=scoped, name="小芽英语进阶群", series="进阶")
    assert [group_facts(tenant=scoped, group=one).sibling_count for one in (alone, over)] == [0, 0]
    second = make_group(tenant=scoped, name="小芽英语进阶二群", series="进阶")
    assert group_facts(tenant=scoped, group=second).sibling_count == 1


def test_a_group_is_judged_by_the_name_that_people_see(scoped):
    group = make_group(tenant=scoped, name="群聊", planned_name="小芽英语启蒙07群", state="active")
    found = {one.code for one in evaluate(group_facts(tenant=scoped, group=group))}
    assert found >= {"NAME-02", "NAME-05"}
    to_be = group_plan(tenant=scoped, name="小芽英语启蒙08群", actor=SYSTEM)
    Group.objects.filter(pk=to_be.pk).update(name="从前的名字")
    to_be.refresh_from_db()
    assert group_facts(tenant=scoped, group=to_be).name == "小芽英语启蒙08群"


@pytest.mark.parametrize("name", ["  小芽英语启蒙训练营07群 ", "小芽英语启蒙训练营07群"])
def test_blanks_around_a_name_do_not_count(scoped, name):
    (row,) = judged_names([name], plan=name_plan(tenant=scoped, series=""))
    assert row.wrong == ()


# --- Words


def test_each_save_keeps_a_version_and_the_same_words_keep_none(scoped):
    group = group_plan(tenant=scoped, name="小芽英语启蒙07群", actor=SYSTEM)
    assert versions(group) == []
    for text in ("欢迎。", "欢迎。", "欢迎，请先介绍自己。"):
        group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, welcome=text)
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, announcement="每晚带读")
    assert versions(group) == [(1, "欢迎。", SYSTEM.name), (2, "欢迎，请先介绍自己。", SYSTEM.name)]
    assert versions(group, "announcement") == [(1, "每晚带读", SYSTEM.name)]


def test_words_from_before_versions_were_kept_become_the_first(scoped):
    group = make_group(tenant=scoped, welcome="旧的欢迎语")
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, welcome="新的欢迎语")
    assert versions(group) == [(1, "旧的欢迎语", ""), (2, "新的欢迎语", SYSTEM.name)]


def test_going_back_writes_a_new_version_and_says_whose_words_they_are(scoped):
    group = make_group(tenant=scoped)
    for text in ("甲", "乙"):
        group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, welcome=text)
    wording_restore(tenant=scoped, group_id=group.pk, kind="welcome", number=1, actor=SYSTEM)
    wording_restore(tenant=scoped, group_id=group.pk, kind="welcome", number=1, actor=SYSTEM)
    group.refresh_from_db()
    assert group.welcome == "甲"
    newest = wording_list(group=group, kind="welcome")[0]
    assert (newest.row.number, newest.row.restored_from, newest.is_present) == (3, 1, True)
    assert AuditEntry.objects.filter(verb="groups.group.words_restored").count() == 1
    with pytest.raises(AnswerInvalid):
        wording_restore(tenant=scoped, group_id=group.pk, kind="welcome", number=9, actor=SYSTEM)


def test_a_version_can_be_neither_changed_nor_deleted(scoped):
    group = make_group(tenant=scoped)
    group_edit_plan(tenant=scoped, group_id=group.pk, actor=SYSTEM, welcome="甲")
    with pytest.raises(DatabaseError), transaction.atomic():
        Wording.objects.update(text="乙")
    with pytest.raises(DatabaseError), transaction.atomic():
        Wording.objects.all().delete()
    assert versions(group) == [(1, "甲", SYSTEM.name)]


def test_typing_makes_no_version_until_the_words_have_rested(scoped):
    group = make_group(tenant=scoped)
    common = {
        "tenant": scoped,
        "group_id": group.pk,
        "kinds": {},
        "answered": {},
        "actor": SYSTEM,
        "keep_words": False,
    }
    for text in ("欢", "欢迎", "欢迎。"):
        readiness_save(**common, plan={"welcome": text})
    group.refresh_from_db()
    assert versions(group) == []
    assert wording_standing(group=group)[0].is_edited
    group_words_keep(tenant=scoped, group_id=group.pk, by="林晓")
    group_words_keep(tenant=scoped, group_id=group.pk, by="林晓")
    assert versions(group) == [(1, "欢迎。", "林晓")]


def test_the_history_page_shows_who_when_what_changed_and_goes_back(web, tenant, frozen):
    with tenant_scope(tenant):
        group = make_group(tenant=tenant)
        group_edit_plan(tenant=tenant, group_id=group.pk, actor=SYSTEM, welcome="欢迎来到启蒙群")
        frozen.move(hours=2)
        group_edit_plan(tenant=tenant, group_id=group.pk, actor=SYSTEM, welcome="欢迎来到<b>进阶</b>群")
    where = f"/t/{tenant.slug}/groups/{group.pk}/words/welcome/"
    page = web.get(where).content.decode()
    assert "<del>启蒙</del>" in page
    assert "<ins>&lt;b&gt;进阶&lt;/b&gt;</ins>" in page
    assert SYSTEM.name in page
    assert "欢迎来到启蒙群" in web.get(where, {"v": "1"}).content.decode()
    assert web.get(where, {"v": "9"}).status_code == 404
    assert web.post(f"{where}1/restore/").status_code == 302
    with tenant_scope(tenant):
        group.refresh_from_db()
    assert group.welcome == "欢迎来到启蒙群"
    for other in ("", "readiness/"):
        assert where in web.get(f"/t/{tenant.slug}/groups/{group.pk}/{other}").content.decode()
