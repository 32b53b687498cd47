"""A group's end is carried out: notice, hand-over, dissolving, and only then the archive (R13)."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from console.pages import tenant_url
from groups.enums import EndKind, State
from groups.errors import EndInvalid, EndTasksOpen
from groups.models import EndTask, Group
from groups.policies.endplan import days
from groups.selectors.endings import handover_of
from groups.services.endings import end_task_edit, end_task_settle
from groups.services.life import plans_look
from groups.services.membership import membership_dissolve
from groups.services.moving import group_move
from groups.services.setup import group_edit_plan
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_answers, make_group, make_member
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def scene(tenant):
    with tenant_scope(tenant):
        owner = make_staff(tenant=tenant)
        following = make_group(tenant=tenant, name="启蒙进阶群", state="active")
        group = make_group(tenant=tenant, owner=owner, state="active", ends_on=date(2026, 3, 20))
        make_answers(group=group)
        people = make_customers(tenant=tenant, count=3)
        fill_group(group=group, customers=people)
        fill_group(group=following, customers=people[:1])
        yield {"tenant": tenant, "group": group, "following": following, "owner": owner}


def tasks(scene):
    return {row.kind: row for row in EndTask.objects.filter(group=scene["group"])}


def open_items(scene):
    return WorkItem.objects.filter(tenant=scene["tenant"], source_kind="groups.end_task", state="open")


@given(
    ends=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    today=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    lead=st.integers(0, 30),
)
def test_the_tasks_come_in_order_and_never_in_the_past(ends, today, lead):
    found = days(ends_on=ends, today=today, lead_days=lead)
    listed = [found[kind] for kind in EndKind.values]
    assert listed == sorted(listed)
    assert listed[0] >= today
    if ends is not None and ends >= today:
        assert listed[-1] == ends


def test_the_tasks_appear_before_the_end_with_owner_days_words_and_next_group(scene, frozen):
    assert plans_look(tenant_id=scene["tenant"].pk) == 0
    frozen.set(clock.at_local(date(2026, 3, 17), clock.now().time(), scene["tenant"].timezone))
    assert plans_look(tenant_id=scene["tenant"].pk) == 1
    made = tasks(scene)
    assert [made[kind].due_on for kind in EndKind.values] == [
        date(2026, 3, 17), date(2026, 3, 19), date(2026, 3, 20),
    ]  # fmt: skip
    assert {row.owner_id for row in made.values()} == {scene["owner"].pk}
    assert made["handover"].target_id == scene["following"].pk
    assert "启蒙进阶群" in made["notice"].script
    assert open_items(scene).filter(staff=scene["owner"]).count() == 3
    frozen.move(days=1)
    assert plans_look(tenant_id=scene["tenant"].pk) == 0
    assert len(tasks(scene)) == 3


def test_closing_lays_them_out_and_going_on_cancels_them(scene):
    move = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "actor": SYSTEM}
    group_move(**move, state=State.CLOSING)
    assert open_items(scene).count() == 3
    group_move(**move, state=State.ACTIVE, reason="再办一期")
    assert open_items(scene).count() == 0
    assert {row.state for row in tasks(scene).values()} == {"cancelled"}
    group_move(**move, state=State.CLOSING)
    assert open_items(scene).count() == 3


def test_wecom_closes_the_last_and_then_no_reason_is_asked(scene):
    move = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "actor": SYSTEM}
    group_move(**move, state=State.CLOSING)
    with pytest.raises(EndTasksOpen):
        group_move(**move, state=State.ARCHIVED)
    for kind in ("notice", "handover"):
        end_task_settle(tenant=scene["tenant"], task_id=tasks(scene)[kind].pk, is_done=True, actor=SYSTEM)
    group = scene["group"]
    membership_dissolve(
        tenant_id=scene["tenant"].pk, app_id=group.app_id, chat_id=group.chat_id, at=clock.now()
    )
    assert (tasks(scene)["dissolve"].state, tasks(scene)["dissolve"].seen) == ("done", "wecom")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    page = web.get(tenant_url(scene["tenant"], "groups:detail", pk=scene["group"].pk)).content.decode()
    assert "已解散</span>" in page
    assert 'class="q-health' not in page
    assert 'id="checks"' not in page
    listed = web.get(tenant_url(scene["tenant"], "groups:list")).context
    stages = {one.query: one.count for one in listed["stages"]}
    assert (stages["tab=over"], stages["state=closing"], listed["live"]) == (1, 0, 1)
    assert not open_items(scene).exists()
    with pytest.raises(EndInvalid):
        end_task_settle(
            tenant=scene["tenant"], task_id=tasks(scene)["dissolve"].pk, is_done=False, actor=SYSTEM
        )
    group_move(**move, state=State.ARCHIVED)
    assert Group.objects.get(pk=group.pk).state == State.ARCHIVED


def test_a_reason_archives_all_the_same_and_ends_what_waits(scene):
    move = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "actor": SYSTEM}
    group_move(**move, state=State.CLOSING)
    group_move(**move, state=State.ARCHIVED, reason="群主已离职")
    assert not open_items(scene).exists()


def test_the_item_settles_its_task_and_takes_it_back(scene):
    group_move(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM, state=State.CLOSING)
    row = tasks(scene)["notice"]
    item = open_items(scene).get(source_id=row.pk)
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="done", actor=SYSTEM)
    assert tasks(scene)["notice"].state == "done"
    work_item_act(tenant=scene["tenant"], item_id=item.pk, verb="undo", actor=SYSTEM)
    assert tasks(scene)["notice"].state == "open"


def test_a_task_keeps_its_new_day_owner_and_group(scene):
    group_move(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM, state=State.CLOSING)
    other = make_staff(tenant=scene["tenant"])
    row = tasks(scene)["handover"]
    change = {"tenant": scene["tenant"], "task_id": row.pk, "due_on": date(2026, 3, 25), "script": "来进阶群",
              "owner_id": other.pk, "actor": SYSTEM}  # fmt: skip
    end_task_edit(**change, target_id=None)
    item = open_items(scene).get(source_id=row.pk)
    assert (item.staff_id, item.script) == (other.pk, "来进阶群")
    assert clock.local_date(item.due_at - timedelta(seconds=1), scene["tenant"].timezone) == date(2026, 3, 25)
    with pytest.raises(EndInvalid):
        end_task_edit(**change, target_id=scene["group"].pk)


def on_day(frozen, scene, day):
    frozen.set(clock.at_local(day, clock.now().time(), scene["tenant"].timezone))
    return plans_look(tenant_id=scene["tenant"].pk)


def end_on(scene, day):
    group_edit_plan(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM, ends_on=day)


def test_a_new_end_takes_what_waits_and_its_words_along(scene, frozen):
    on_day(frozen, scene, date(2026, 3, 17))
    before = tasks(scene)
    assert "3月20日" in before["notice"].script or "March 20" in before["notice"].script
    end_task_settle(tenant=scene["tenant"], task_id=before["handover"].pk, is_done=True, actor=SYSTEM)
    end_on(scene, date(2026, 3, 19))
    made = tasks(scene)
    assert [made[kind].due_on.day for kind in EndKind.values] == [17, 19, 19]
    assert (made["handover"].state, made["handover"].due_on) == ("done", before["handover"].due_on)
    item = open_items(scene).get(source_id=made["notice"].pk)
    assert set(re.findall(r"(?:3月|March )(\d+)", item.script)) == {"19"}
    assert clock.local_date(
        open_items(scene).get(source_id=made["dissolve"].pk).due_at - timedelta(seconds=1),
        scene["tenant"].timezone,
    ) == date(2026, 3, 19)


@pytest.mark.parametrize("later", [date(2026, 4, 30), None])
def test_a_far_end_takes_the_tasks_away_until_it_is_near(scene, frozen, later):
    on_day(frozen, scene, date(2026, 3, 17))
    end_on(scene, later)
    assert not open_items(scene).exists()
    assert on_day(frozen, scene, date(2026, 3, 18)) == 0
    end_on(scene, date(2026, 4, 30))
    assert on_day(frozen, scene, date(2026, 4, 26)) == 0
    assert on_day(frozen, scene, date(2026, 4, 27)) == 1
    assert {row.due_on for row in tasks(scene).values()} == {
        date(2026, 4, 27), date(2026, 4, 29), date(2026, 4, 30),
    }  # fmt: skip
    assert open_items(scene).count() == 3
    assert "04月30日" in tasks(scene)["notice"].script
    assert "03月20日" not in tasks(scene)["notice"].script


def test_a_group_that_goes_on_near_its_end_is_left_alone_and_one_that_went_on_early_is_not(scene, frozen):
    move = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "actor": SYSTEM}
    group_move(**move, state=State.CLOSING)
    group_move(**move, state=State.ACTIVE, reason="再办一期")
    assert on_day(frozen, scene, date(2026, 3, 17)) == 1
    group_move(**move, state=State.CLOSING)
    group_move(**move, state=State.ACTIVE, reason="再办一期")
    assert on_day(frozen, scene, date(2026, 3, 18)) == 0
    assert not open_items(scene).exists()


def test_the_page_shows_progress_and_who_has_not_come_along(tenant, scene):
    User.objects.update(language="en")
    web = Client()
    web.force_login(User.objects.get(email="lin@example.com"))
    page = f"{tenant_url(tenant, 'groups:detail', pk=scene['group'].pk)}?tab=ending"
    assert "Three tasks appear 3 days before the end" in web.get(page).content.decode()
    web.post(tenant_url(tenant, "groups:move", pk=scene["group"].pk), {"state": "closing"})
    text = web.get(page).content.decode()
    assert text.count("data-task=") == 3
    assert "1 of 3 customers sit in 启蒙进阶群 now" in text
    assert "2 have not come along yet" in text
    web.post(tenant_url(tenant, "groups:end_task_act", pk=scene["group"].pk, kind="notice", verb="done"))
    assert "1 of 3 tasks done" in web.get(page).content.decode()
    drawer = tenant_url(tenant, "groups:end_task", pk=scene["group"].pk, kind="dissolve")
    assert web.get(drawer).status_code == 200
    sent = {"due_on": "2026-04-01", "owner": "", "target": "", "script": "再见"}
    assert web.post(drawer, sent).status_code == 204
    assert tasks(scene)["dissolve"].due_on == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (date(2026, 3, 16), [17, 19, 20]),  # past: the same steps from today, not all at once
        (None, [17, 19, 20]),
        (date(2026, 3, 17), [17, 17, 17]),  # today is not past
        (date(2026, 3, 18), [17, 17, 18]),
        (date(2026, 3, 30), [27, 29, 30]),
    ],
)
def test_an_end_that_is_past_counts_from_today(ends, found):
    made = days(ends_on=ends, today=date(2026, 3, 17), lead_days=3)
    assert [made[kind].day for kind in EndKind.values] == found


def test_members_are_led_on_only_to_the_one_open_group_of_that_name(scene):
    target = lambda: tasks(scene)["handover"].target_id  # noqa: E731
    move = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "actor": SYSTEM}
    Group.objects.filter(pk=scene["following"].pk).update(dismissed_at=clock.now())
    group_move(**move, state=State.CLOSING)
    assert target() is None  # the only one of that name is dissolved
    group_move(**move, state=State.ACTIVE, reason="再办一期")
    two = [make_group(tenant=scene["tenant"], name="启蒙进阶群", state="active") for _number in range(2)]
    group_move(**move, state=State.CLOSING)
    assert target() is None  # which of the two is for a person to say
    group_move(**move, state=State.ACTIVE, reason="再办一期")
    Group.objects.filter(pk=two[1].pk).update(state=State.ARCHIVED)
    group_move(**move, state=State.CLOSING)
    assert target() == two[0].pk


def test_a_group_that_is_closing_keeps_its_tasks_whatever_its_end(scene):
    group_move(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM, state=State.CLOSING)
    end_on(scene, date(2026, 4, 30))
    assert {row.state for row in tasks(scene).values()} == {"open"}
    assert tasks(scene)["dissolve"].due_on == date(2026, 4, 30)
    assert open_items(scene).count() == 3


def test_an_end_that_was_carried_out_early_is_not_laid_out_again(scene, frozen):
    group_move(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM, state=State.CLOSING)
    for row in tasks(scene).values():
        end_task_settle(tenant=scene["tenant"], task_id=row.pk, is_done=True, actor=SYSTEM)
    assert on_day(frozen, scene, date(2026, 3, 18)) == 0
    assert not open_items(scene).exists()


def test_staff_are_not_among_those_who_have_to_come_along(scene):
    make_member(group=scene["group"], staff=scene["owner"])
    make_member(group=scene["following"], staff=scene["owner"])
    found = handover_of(group=scene["group"], target=scene["following"])
    assert (found.total, found.over, len(found.left)) == (3, 1, 2)
