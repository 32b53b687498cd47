"""A running run goes to another version: what was done stays, what is to come follows, and nobody gets a step twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from groups.models import Group
from outbox.models import EventRow
from sop.errors import GroupBusy, KindRefuses, ReasonMissing, RunInvalid, RunOver
from sop.models import Run, Step, Template, Touch, TouchRecipient, Version
from sop.services.dispatch import claim, decide, dispatch_due
from sop.services.joins import joins_plan
from sop.services.planning import plan_apply
from sop.services.runs import run_cancel, run_set_groups
from sop.services.staff import touch_skip
from sop.services.versions import move_plan, run_move
from tenants.audit import SYSTEM
from tenants.models import AuditEntry
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group
from tests.factories.sop import make_run, make_version
from tests.sop.conftest import Camp
from tests.sop.test_flows import DAY1
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
STEPS = [
    {"key": "open", "title": "开班", "day": 1, "at": time(10, 0), "text": "开班了", "is_service": True},
    {"key": "noon", "title": "午间", "day": 2, "at": time(12, 0), "text": "午安", "is_service": True},
    {"key": "live", "title": "直播", "day": 3, "at": time(20, 0), "text": "今晚直播", "is_service": True},
    {"key": "end", "title": "结班", "day": 7, "at": time(20, 0), "text": "结班", "is_service": True},
]


def at(clock_time: str, *, day: int = 1) -> datetime:
    hours, minutes = clock_time.split(":")
    return DAY1 + timedelta(days=day - 1, hours=int(hours), minutes=int(minutes))


def next_version(
    version: Version, *, number: int = 2, without: str = "", days: int = 7, **changes: Any
) -> Version:
    """A published version with the same steps; `changes`: step key -> fields that differ, or a new step's."""
    made = Version.objects.create(
        tenant=version.tenant, template=version.template, number=number, days=days, phases=version.phases,
        parent=version, state="published", published_at=at("09:00"),
    )  # fmt: skip
    for step in Step.objects.filter(version=version).order_by("pk"):
        if step.key != without:
            values = {**vars(step), "version_id": made.pk, **changes.pop(step.key, {})}
            Step.objects.create(**{name: one for name, one in values.items() if name not in ("_state", "id")})
    for key, values in changes.items():
        Step.objects.create(
            tenant=version.tenant,
            version=made,
            key=key,
            channel="group_forward",
            content_type="value",
            **values,
        )
    return made


def standing(run: Run) -> set[tuple[str, str, str]]:
    """(step, group, state) of every touch, those taken back left out."""
    rows = Touch.objects.filter(run=run).exclude(state="cancelled")
    return set(rows.values_list("step__key", "group__name", "state"))


@pytest.fixture
def running(camp: Make, frozen: MovableClock) -> Camp:
    """Two groups; the first step is with the staff, the others are planned. Monday 10:05."""
    made = camp(steps=STEPS, groups=2)
    Group.objects.update(kind="delivery")  # no rule of this type asks for a message a day
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:05"))
    dispatch_due(tenant_id=made.tenant.pk)
    return made


def test_unchanged_steps_keep_their_touches_and_the_past_stays(running: Camp) -> None:
    before = dict(Touch.objects.values_list("pk", "step__key"))
    version = next_version(running.version, noon={"text": "午安，大家"})
    run_move(run=running.run, version=version, actor=SYSTEM, reason="按复盘改文案")
    running.run.refresh_from_db()
    assert running.run.version == version
    assert standing(running.run) == {
        (key, group, state)
        for key, state in (("open", "handed"), ("noon", "planned"), ("live", "planned"), ("end", "planned"))
        for group in ("启蒙01群", "启蒙02群")
    }
    for touch in Touch.objects.filter(pk__in=before, step__key__in=["live", "end"]):
        assert (touch.state, touch.step.version_id) == ("planned", version.pk)
    assert Touch.objects.filter(pk__in=before, step__key="open", step__version=running.version).count() == 2
    old = Touch.objects.filter(pk__in=before, step__key="noon")
    assert set(old.values_list("state", "rule_code")) == {("cancelled", "SOP-11")}
    new = Touch.objects.filter(step__key="noon", state="planned")
    assert {one.step.text for one in new} == {"午安，大家"}


def test_moved_removed_and_added_steps(running: Camp, frozen: MovableClock) -> None:
    version = next_version(
        running.version, without="live", noon={"day": 4},
        gift={"title": "礼物", "day": 5, "at": time(9, 0), "text": "礼物"},
        late={"title": "太迟", "day": 1, "at": time(8, 0), "text": "过去了"},
    )  # fmt: skip
    run_move(run=running.run, version=version, actor=SYSTEM, reason="改期")
    planned = Touch.objects.filter(state="planned").order_by("due_at", "group__name")
    assert [(one.step.key, one.due_at.day, one.group.name) for one in planned] == [
        ("noon", 5, "启蒙01群"), ("noon", 5, "启蒙02群"), ("gift", 6, "启蒙01群"), ("gift", 6, "启蒙02群"),
        ("end", 8, "启蒙01群"), ("end", 8, "启蒙02群"),
    ]  # fmt: skip
    frozen.set(at("20:30", day=3))
    dispatch_due(tenant_id=running.tenant.pk)
    assert not Touch.objects.filter(step__key="live", state="handed").exists()


def test_a_step_done_already_is_not_done_again_when_it_moves(running: Camp) -> None:
    version = next_version(running.version, open={"day": 4, "text": "再开一次"})
    run_move(run=running.run, version=version, actor=SYSTEM, reason="改期")
    assert set(Touch.objects.filter(step__key="open").values_list("state", flat=True)) == {"handed"}
    plan_apply(tenant=running.tenant, run=Run.objects.get())
    assert Touch.objects.filter(step__key="open").count() == 2


def test_what_reached_nobody_gets_another_chance_at_a_later_time(running: Camp) -> None:
    Touch.objects.filter(step__key="open", group=running.groups[0]).update(state="expired")
    version = next_version(running.version, open={"day": 2})
    run_move(run=running.run, version=version, actor=SYSTEM, reason="漏发补上")
    rows = Touch.objects.filter(step__key="open", state="planned")
    assert [one.group for one in rows] == [running.groups[0]]


def test_what_a_person_left_out_stays_out(running: Camp) -> None:
    touch = Touch.objects.get(step__key="noon", group=running.groups[0])
    touch_skip(tenant=running.tenant, touch_id=touch.pk, reason="群里在处理投诉", actor=SYSTEM)
    version = next_version(running.version, noon={"at": time(13, 0)})
    run_move(run=running.run, version=version, actor=SYSTEM, reason="改期")
    rows = Touch.objects.filter(step__key="noon", state="planned")
    assert [one.group for one in rows] == [running.groups[1]]


def test_moving_twice_is_once_and_is_told_and_recorded(running: Camp) -> None:
    version = next_version(running.version, noon={"text": "改"})
    for _ in range(2):
        run_move(run=running.run, version=version, actor=SYSTEM, reason="按数据改")
    entry = AuditEntry.objects.get(verb="sop.run.moved")
    assert entry.reason == "按数据改"
    assert entry.changes["version"] == ["v1", "v2"]
    assert EventRow.objects.filter(name="sop.run.moved").count() == 1
    assert Touch.objects.filter(step__key="noon", state="planned").count() == 2


def test_there_and_back_leaves_one_touch_a_step_and_group(running: Camp, frozen: MovableClock) -> None:
    first = running.version
    second = next_version(first, without="live", noon={"text": "改"})
    third = next_version(second, number=3, noon={"text": "午安"})
    for version in (second, first, third, second, third, first):
        run_move(run=running.run, version=version, actor=SYSTEM, reason="来回")
    assert {row for row in standing(running.run) if row[0] == "live"} == {
        ("live", "启蒙01群", "planned"), ("live", "启蒙02群", "planned"),
    }  # fmt: skip
    for key in ("noon", "end", "live"):
        rows = Touch.objects.filter(step__key=key, state="planned")
        assert (rows.count(), {one.step.version_id for one in rows}) == (2, {first.pk})
    frozen.set(at("12:05", day=2))
    dispatch_due(tenant_id=running.tenant.pk)
    assert Touch.objects.filter(step__key="noon", state="handed").count() == 2


def test_preview_says_exactly_what_happens(running: Camp) -> None:
    version = next_version(
        running.version, without="live", noon={"day": 4}, end={"goal": "复购"},
        gift={"title": "礼物", "day": 5, "at": time(9, 0), "text": "礼物"},
    )  # fmt: skip
    told = move_plan(run=running.run, version=version).counts()
    assert told == {"kept": 2, "changed": 2, "added": 2, "dropped": 2, "past": 2}
    before = dict(Touch.objects.values_list("pk", "state"))
    run_move(run=running.run, version=version, actor=SYSTEM, reason="改")
    after = dict(Touch.objects.values_list("pk", "state"))
    taken_back = [pk for pk in before if before[pk] == "planned" and after[pk] == "cancelled"]
    assert len(taken_back) == told["changed"] + told["dropped"]
    assert len(after) - len(before) == told["changed"] + told["added"]
    assert len([pk for pk in before if before[pk] == after[pk] == "planned"]) == told["kept"]
    assert AuditEntry.objects.get(verb="sop.run.moved").changes["added"] == [None, 2]


def test_an_overdue_touch_is_left_to_its_own_catch_up(running: Camp, frozen: MovableClock) -> None:
    frozen.set(at("15:00", day=2))  # nobody dispatched at noon: its window passed
    Step.objects.update(catch_up="late")
    run_move(
        run=running.run, version=next_version(running.version, end={"text": "改"}), actor=SYSTEM, reason="改"
    )
    dispatch_due(tenant_id=running.tenant.pk)
    assert Touch.objects.filter(step__key="noon", state="handed").count() == 2


def test_a_touch_in_a_dispatchers_hands_follows_or_falls_away(running: Camp, frozen: MovableClock) -> None:
    frozen.set(at("12:00", day=2))
    token = claim(tenant_id=running.tenant.pk)
    version = next_version(running.version, without="noon")
    run_move(run=running.run, version=version, actor=SYSTEM, reason="不发了")
    assert token is not None
    assert decide(tenant_id=running.tenant.pk, token=token) == 0
    assert set(Touch.objects.filter(step__key="noon").values_list("state", flat=True)) == {"cancelled"}


def test_newcomers_get_a_join_step_once_and_as_the_new_version_says(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"key": "hi", "anchor": "member_join", "offset_minutes": 60, "audience": "joined",
                        "channel": "staff_task", "text": "你好"}])  # fmt: skip
    newcomers = make_customers(tenant=made.tenant, count=2, app=made.groups[0].app)
    fill_group(group=made.groups[0], customers=newcomers)
    ids = [one.pk for one in newcomers]
    joins_plan(tenant_id=made.tenant.pk, group_id=made.groups[0].pk, customer_ids=ids, joined_at=at("09:00"))
    version = next_version(made.version, hi={"offset_minutes": 30, "text": "欢迎"})
    run_move(run=made.run, version=version, actor=SYSTEM, reason="早一点")
    touch = Touch.objects.get(state="planned")
    assert (touch.step.text, touch.due_at) == ("欢迎", at("09:30"))
    assert set(TouchRecipient.objects.filter(touch=touch).values_list("customer_id", flat=True)) == set(ids)
    assert joins_plan(
        tenant_id=made.tenant.pk, group_id=made.groups[0].pk, customer_ids=ids, joined_at=at("09:00")
    ) == 0  # fmt: skip


def test_groups_changed_after_a_move_follow_the_new_version(running: Camp) -> None:
    version = next_version(running.version, open={"day": 4})
    run_move(run=running.run, version=version, actor=SYSTEM, reason="改")
    for some in ([running.groups[0].pk], [one.pk for one in running.groups]):
        run_set_groups(tenant=running.tenant, run_id=running.run.pk, group_ids=some, actor=SYSTEM)
    assert standing(running.run) == {
        (key, group, state)
        for key, state in (("open", "handed"), ("noon", "planned"), ("live", "planned"), ("end", "planned"))
        for group in ("启蒙01群", "启蒙02群")
    }


def test_a_run_moves_only_to_a_published_version_of_its_template(camp: Make, running: Camp) -> None:
    draft = next_version(running.version)
    Version.objects.filter(pk=draft.pk).update(state="draft", published_at=None)
    draft.refresh_from_db()
    with pytest.raises(RunInvalid):
        run_move(run=running.run, version=draft, actor=SYSTEM, reason="改")
    needs = next_version(running.version, number=3, last={
        "title": "倒数", "anchor": "offer_end", "offset_minutes": -60, "text": "快结束了",
    })  # fmt: skip
    with pytest.raises(RunInvalid, match="倒数"):
        run_move(run=running.run, version=needs, actor=SYSTEM, reason="改")
    with pytest.raises(ReasonMissing):
        run_move(run=running.run, version=needs, actor=SYSTEM, reason=" ")


def test_a_run_that_is_over_does_not_move(running: Camp) -> None:
    version = next_version(running.version)
    run_cancel(tenant=running.tenant, run_id=running.run.pk, reason="停", actor=SYSTEM)
    with pytest.raises(RunOver):
        run_move(run=running.run, version=version, actor=SYSTEM, reason="改")


def test_a_longer_version_gives_way_to_another_camp_and_to_no_crisis(running: Camp) -> None:
    beside = make_version(tenant=running.tenant, steps=STEPS)
    make_run(
        tenant=running.tenant,
        version=beside,
        groups=running.groups[:1],
        starts_on=date(2026, 3, 10),
        name="下一营",
    )
    longer = next_version(running.version, days=14)
    with pytest.raises(GroupBusy, match="下一营"):
        run_move(run=running.run, version=longer, actor=SYSTEM, reason="加一周")
    Template.objects.filter(pk=beside.template_id).update(kind="crisis")
    assert run_move(run=running.run, version=longer, actor=SYSTEM, reason="加一周").days == 14


@pytest.mark.django_db(transaction=True)
def test_who_joins_while_a_run_moves_gets_the_step_of_the_version_it_goes_to(camp: Make) -> None:
    made = camp(steps=[{"key": "hi", "anchor": "member_join", "audience": "joined", "channel": "staff_task"}])
    newcomer = make_customers(tenant=made.tenant, count=1, app=made.groups[0].app)[0]
    fill_group(group=made.groups[0], customers=[newcomer])
    version = next_version(made.version, hi={"text": "欢迎"})

    def join() -> None:
        with tenant_scope(made.tenant), transaction.atomic():
            joins_plan(
                tenant_id=made.tenant.pk, group_id=made.groups[0].pk, customer_ids=[newcomer.pk], joined_at=at("09:00"),
            )  # fmt: skip
        connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            run_move(run=made.run, version=version, actor=SYSTEM, reason="改文案")
            joining = pool.submit(join)
            wait_until(somebody_waits, "the newcomer's step waits for the move")
        joining.result()
    assert Touch.objects.get().step.text == "欢迎"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists(select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def test_a_version_that_breaks_the_groups_rules_is_refused(running: Camp) -> None:
    ads = {
        f"ad{n}": {"title": f"卖{n}", "day": n, "at": time(11, 0), "text": "买", "is_marketing": True}
        for n in range(2, 8)
    }
    version = next_version(running.version, **ads)
    Step.objects.filter(version=version).update(is_marketing=True, content_type="marketing")
    Group.objects.update(kind="new_user")
    with pytest.raises(KindRefuses):
        run_move(run=running.run, version=version, actor=SYSTEM, reason="改")
    assert Touch.objects.filter(step__key="ad2").count() == 0
