"""Pages and services of runs ask the database as often for many rows as for few, and each run gets its own answer."""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content.models import Material
from leads.models import Window
from sop.enums import Audience
from sop.models import Run, Step, TouchRecipient, Version
from sop.selectors.audience import audience_in_runs
from sop.selectors.calendar import touches_nearest_first
from sop.selectors.planned import planner_plan
from sop.services.dispatch import dispatch_due
from sop.services.estimates import step_estimate
from sop.services.planning import plan_apply
from sop.services.proving import messages_prove
from sop.services.runs import window_put
from sop.services.staff import touch_submit
from sop.services.versions import move_preview
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_behaviour, make_customers, make_order
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_step, make_version
from tests.sop.conftest import Camp, befriend
from tests.sop.test_pages import page
from tests.sop.test_services_versions import at, next_version
from wecom.models import ArchivedMessage

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
AUDIENCES = ["members", "interacted", "uninteracted", "undecided", "buyers", "signed_up", "core", "influence"]
EACH = [
    {"key": audience, "audience": audience, "channel": "private_mass", "day": 2, "at": time(9 + number, 30)}
    for number, audience in enumerate(AUDIENCES)
]


def asked(work: Callable[[], Any]) -> int:
    """Statements that a piece of work takes."""
    with CaptureQueriesContext(connection) as caught:
        work()
    return len(caught)


def another(made: Camp, *, number: int, steps: list[dict[str, Any]], **run: Any) -> Run:
    """A running run of a version of its own in a group of its own, planned, its window open."""
    group = make_group(
        tenant=made.tenant, app=made.groups[0].app, owner=made.staff, state="active", name=f"另一{number}群",
        kind="new_user",
    )  # fmt: skip
    crowd = make_customers(tenant=made.tenant, count=3, app=made.groups[0].app)
    fill_group(group=group, customers=crowd, staff=[made.staff])
    befriend(made.staff, crowd)
    version = make_version(tenant=made.tenant, steps=steps)
    told = make_run(tenant=made.tenant, version=version, groups=[group], starts_on=date(2026, 3, 2), **run)
    ready(made.tenant, told)
    return told


def ready(tenant: Tenant, run: Run) -> None:
    plan_apply(tenant=tenant, run=run)
    window_put(tenant, run)


def test_the_planner_asks_as_often_for_many_runs_as_for_one(camp: Make) -> None:
    made = camp(steps=EACH, key_interaction="live")
    ready(made.tenant, made.run)

    def plan() -> Any:
        return planner_plan(tenant=made.tenant, starts_on=date(2026, 3, 2))

    few = asked(plan)
    for number, kind in enumerate(("live", "form", "lesson")):
        another(made, number=number, steps=EACH, key_interaction=kind, key_interaction_object="")
    assert len(plan().week.touches) == 4 * len(EACH)
    assert asked(plan) == few


def test_an_estimate_asks_as_often_for_many_runs_as_for_one(camp: Make) -> None:
    made = camp(steps=[EACH[1]], key_interaction="live")
    ready(made.tenant, made.run)
    groups = list(made.groups)

    def estimate() -> Any:
        return step_estimate(tenant=made.tenant, version=made.version, step=made.step, groups=groups)

    few = asked(estimate)
    for number in range(3):
        run = another(made, number=number, steps=[], key_interaction="live")
        Run.objects.filter(pk=run.pk).update(version=made.version)
        groups += [row.group for row in run.run_groups.select_related("group")]
    assert asked(estimate) == few
    assert estimate().groups == 4


def test_each_run_has_its_own_audience(camp: Make) -> None:
    made = camp(steps=[EACH[0]], key_interaction="live", people=4)
    runs = {
        "early": made.run,
        "late": another(made, number=1, steps=[], key_interaction="live"),
        "form": another(made, number=2, steps=[], key_interaction="form"),
        "room": another(made, number=3, steps=[], key_interaction="live", key_interaction_object="r1"),
        "none": another(made, number=4, steps=[]),
    }
    Run.objects.filter(pk=runs["late"].pk).update(starts_on=date(2026, 3, 4))
    runs["late"].refresh_from_db()
    first, later, filled, bought = made.people[0]
    make_behaviour(tenant=made.tenant, customer=first, kind="live", occurred_at=at("11:00"))
    make_behaviour(
        tenant=made.tenant, customer=later, kind="live", object_id="r1", occurred_at=at("11:00", day=4)
    )
    make_behaviour(tenant=made.tenant, customer=filled, kind="form", occurred_at=at("11:00"))
    make_order(tenant=made.tenant, customer=bought, ordered_at=at("11:00", day=2))
    people = {one.pk for one in made.people[0]}
    found = audience_in_runs(
        tenant_id=made.tenant.pk,
        zone=made.tenant.timezone,
        runs={run.pk: run for run in runs.values()},
        people={
            (run.pk, audience): people
            for run in runs.values()
            for audience in (Audience.INTERACTED, Audience.UNINTERACTED, Audience.BUYERS)
        },
    )
    done = {name: found[run.pk, Audience.INTERACTED] for name, run in runs.items()}
    assert done == {
        "early": {first.pk, later.pk}, "late": {later.pk}, "form": {filled.pk}, "room": {later.pk}, "none": people,
    }  # fmt: skip
    assert found[runs["late"].pk, Audience.UNINTERACTED] == people - {later.pk}
    assert {name: found[run.pk, Audience.BUYERS] for name, run in runs.items()} == {
        name: set() if name == "late" else {bought.pk} for name in runs
    }


def test_each_run_has_its_own_undecided(camp: Make) -> None:
    made = camp(steps=[EACH[0]])
    ready(made.tenant, made.run)
    other = another(made, number=1, steps=[])
    Window.objects.filter(source_id=other.pk).update(starts_at=at("00:00", day=3))
    mine = {one.pk for one in made.people[0]}
    theirs = set(
        other.run_groups.get().group.members.filter(is_staff=False).values_list("customer_id", flat=True)
    )
    for one in (min(mine), min(theirs)):
        customer = made.people[0][0].__class__.objects.get(pk=one)
        make_order(tenant=made.tenant, customer=customer, ordered_at=at("11:00", day=2))
    found = audience_in_runs(
        tenant_id=made.tenant.pk, zone=made.tenant.timezone, runs={made.run.pk: made.run, other.pk: other},
        people={(run.pk, Audience.UNDECIDED): mine | theirs for run in (made.run, other)},
    )  # fmt: skip
    assert found[made.run.pk, Audience.UNDECIDED] == mine - {min(mine)}
    assert found[other.pk, Audience.UNDECIDED] == theirs


def grown(made: Camp, *, groups: int, steps: int) -> None:
    """More groups in the run and more steps in its version, planned."""
    for number in range(groups):
        group = make_group(
            tenant=made.tenant,
            app=made.groups[0].app,
            owner=made.staff,
            state="active",
            name=f"又一{number}群",
        )
        fill_group(
            group=group,
            customers=make_customers(tenant=made.tenant, count=2, app=group.app),
            staff=[made.staff],
        )
        made.run.run_groups.create(tenant=made.tenant, group=group)
    for number in range(steps):
        make_step(tenant=made.tenant, version=made.version, day=1 + number, at=time(11, 0))
    plan_apply(tenant=made.tenant, run=made.run)


def test_the_page_of_a_run_asks_as_often_for_many_groups_and_steps(
    page: Callable[..., Any], camp: Make, tenant: Tenant
) -> None:
    made = camp(steps=[{"key": "a"}, {"key": "b", "day": 2}])
    plan_apply(tenant=tenant, run=made.run)
    url = f"/sop/runs/{made.run.pk}/"
    page(url)
    few = asked(lambda: page(url))
    with tenant_scope(tenant):
        grown(made, groups=4, steps=5)
    assert "又一3群" in page(url).content.decode()
    assert asked(lambda: page(url)) == few <= 25


def test_the_page_of_a_run_asks_as_often_for_many_chains(
    page: Callable[..., Any], camp: Make, tenant: Tenant, frozen: MovableClock
) -> None:
    chain = {
        "anchor": "answers", "trigger_step": "ask", "trigger_kind": "message", "trigger_count": 2,
        "trigger_hours": 1, "text": "谢谢大家",
    }  # fmt: skip
    boost = {"key": "boost", "audience": "uninteracted", "channel": "private_mass", "is_service": True}
    made = camp(
        steps=[{"key": "ask", "is_service": True}, {"key": "then", **chain}, boost],
        groups=2,
        key_interaction="live",
    )
    plan_apply(tenant=tenant, run=made.run)
    frozen.set(at("10:05"))
    dispatch_due(tenant_id=tenant.pk)
    for touch in made.run.touches.filter(step__key="ask"):
        touch_submit(tenant=tenant, touch_id=touch.pk, actor=SYSTEM)
    frozen.set(at("12:00"))
    url = f"/sop/runs/{made.run.pk}/"
    asks = f"/sop/runs/{made.run.pk}/stalls/"
    shown = page(f"{url}?group={made.groups[0].pk}").content.decode()
    assert f'{asks}" hx-trigger="load"' in shown
    assert "#chains" in page(asks).content.decode()
    few, fewer = asked(lambda: page(f"{url}?group={made.groups[0].pk}")), asked(lambda: page(asks))
    with tenant_scope(tenant):
        for number in range(3):
            make_step(tenant=tenant, version=made.version, key=f"more{number}", **chain)
    assert asked(lambda: page(f"{url}?group={made.groups[0].pk}")) == few <= 25
    assert asked(lambda: page(asks)) == fewer


def test_moving_a_run_asks_as_often_for_many_steps(
    page: Callable[..., Any], camp: Make, tenant: Tenant
) -> None:
    made = camp(steps=[{"key": "a", "day": 5}], groups=1)
    plan_apply(tenant=tenant, run=made.run)

    def words(version: Version) -> None:
        for step in Step.objects.filter(version=version):
            step.material = Material.objects.create(
                tenant=tenant, kind="value", title=f"素材{step.pk}", text="…"
            )
            step.save()

    words(made.version)
    other = next_version(made.version)
    words(other)
    url = f"/sop/runs/{made.run.pk}/version/"
    few = asked(lambda: page(url))
    with tenant_scope(tenant):
        for version in (made.version, other):
            for number in range(5):
                make_step(tenant=tenant, version=version, key=f"m{number}", day=5, title=f"第{number}条")
            words(version)
        plan_apply(tenant=tenant, run=made.run)
    shown = page(url).content.decode()
    assert shown.count("素材") == 12
    assert asked(lambda: page(url)) == few <= 25
    with tenant_scope(tenant):
        assert move_preview(run=made.run, version=other).counts["kept"] == 6


def test_starting_a_run_asks_as_often_for_many_versions_and_groups(
    page: Callable[..., Any], camp: Make, tenant: Tenant
) -> None:
    made = camp(steps=[{"key": "a"}])
    few = asked(lambda: page("/sop/runs/new/"))
    with tenant_scope(tenant):
        for number in range(3):
            another(made, number=number, steps=[{"key": "b"}, {"key": "c"}])
    shown = page("/sop/runs/new/").content.decode()
    assert shown.count('name="groups"') == 4
    assert asked(lambda: page("/sop/runs/new/")) == few <= 25


def test_the_drawer_of_a_step_reads_its_version_once(
    page: Callable[..., Any], camp: Make, tenant: Tenant
) -> None:
    made = camp(
        steps=[
            {"key": "a"},
            {"key": "b", "anchor": "answers", "trigger_step": "a", "trigger_kind": "message"},
        ]
    )
    plan_apply(tenant=tenant, run=made.run)
    step = made.version.steps.get(key="b")
    step.material = Material.objects.create(tenant=tenant, kind="value", title="素材", text=step.text)
    step.links = [{"key": "直播", "title": "直播", "kind": "live", "url": "https://live.example/1"}]
    step.save()
    url = f"/sop/versions/{made.version.pk}/steps/{step.pk}/"
    assert "素材" in page(url).content.decode()
    few = asked(lambda: page(url))
    with tenant_scope(tenant):
        for number in range(5):
            make_step(tenant=tenant, version=made.version, key=f"m{number}", day=1 + number)
    assert asked(lambda: page(url)) == few <= 25


def test_proofs_of_many_people_are_noted_at_once(camp: Make, frozen: MovableClock) -> None:
    words = "今晚八点直播，讲孩子怎样背单词不费劲，妈妈们记得来。"
    made = camp(steps=[{"channel": "staff_task", "text": words, "window_minutes": 60}], groups=4, people=4)
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("10:00"))
    dispatch_due(tenant_id=made.tenant.pk)
    frozen.move(seconds=300)

    def told(crowds: int) -> list[int]:
        """Ids of archived messages to everybody in the first crowds who has got none yet."""
        made_now = []
        for crowd in made.people[:crowds]:
            for one in crowd:
                row, is_new = ArchivedMessage.objects.get_or_create(
                    tenant=made.tenant, app=made.groups[0].app, msgid=f"m{one.pk}",
                    defaults={
                        "seq": one.pk, "action": "send", "msgtype": "text", "sender_id": "linxiao",
                        "receiver_ids": [one.external_userid], "sent_at": clock.now(), "content": {"content": words},
                    },
                )  # fmt: skip
                made_now += [row.pk] if is_new else []
        return made_now

    def prove(ids: list[int]) -> int:
        return messages_prove(tenant_id=made.tenant.pk, app_id=made.groups[0].app_id, message_ids=ids)

    one = told(1)
    few = asked(lambda: prove(one))
    assert TouchRecipient.objects.filter(state="sent", at=clock.now()).count() == 4
    frozen.move(seconds=60)
    many = told(3)
    assert asked(lambda: prove(many)) == few
    assert TouchRecipient.objects.filter(state="sent").count() == 12
    assert TouchRecipient.objects.filter(state="sent", at=clock.now() - timedelta(seconds=60)).count() == 4


def test_a_page_of_touches_is_the_same_rows_in_the_same_order_as_the_list(camp: Make, page: Any) -> None:
    made = camp(steps=EACH, groups=6)
    ready(made.tenant, made.run)
    every = [one.pk for one in touches_nearest_first(tenant=made.tenant)]
    assert len(every) > 25

    def shown(number: int) -> list[int]:
        rows = page(f"/sop/touches/?page={number}").content.decode()
        return [int(one) for one in re.findall(r'hx-get="[^"]*/sop/touches/(\d+)/"', rows)]

    assert shown(1) == every[:25]
    assert shown(2) == every[25:50]
