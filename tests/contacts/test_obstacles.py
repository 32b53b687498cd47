"""The three-step state: it follows the trust stage, keeps obstacles, and asks for its tasks by itself (R34)."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from contacts.errors import ObstacleGone, ReasonMissing
from contacts.models import Obstacle
from contacts.policies.stages import STAGES
from contacts.policies.steps import step_of
from contacts.services.obstacles import obstacle_note, obstacle_solve
from contacts.services.stages import stage_set, stages_judge
from team.models import WorkItem
from team.services import work_items_close
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_follow, make_order
from tests.factories.groups import make_group, make_member
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff

HTMX = {"HX-Request": "true"}


def test_the_state_follows_from_the_trust_stage():
    assert [step_of(stage) for stage in STAGES] == ["joined"] * 3 + ["experiencing"] * 2 + ["deal"] * 2


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def tasks(source_kind: str) -> list[tuple[int | None, str]]:
    rows = WorkItem.objects.filter(source_kind=source_kind).order_by("pk")
    return list(rows.values_list("staff_id", "state"))


@pytest.mark.django_db
@pytest.mark.integration
def test_an_obstacle_of_who_tries_it_is_the_owners_task_until_it_is_solved(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person, staff = make_customer(tenant=scoped), make_staff(tenant=scoped)
    make_follow(tenant=scoped, customer=person, staff=staff)
    note = {"tenant": scoped, "customer_id": person.pk, "actor": owner}
    with pytest.raises(ReasonMissing):
        obstacle_note(text=" ", **note)
    obstacle = obstacle_note(text="下班后找不到课", **note)
    assert tasks("contacts.obstacle") == []
    for _number in range(3):
        make_behaviour(tenant=scoped, customer=person, kind="lesson")
    stages_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert tasks("contacts.obstacle") == [(staff.pk, "open")]
    obstacle_solve(tenant=scoped, obstacle_id=obstacle.pk, solution="改看回放", actor=owner)
    assert tasks("contacts.obstacle") == [(staff.pk, "done")]
    with pytest.raises(ObstacleGone):
        obstacle_solve(tenant=scoped, obstacle_id=obstacle.pk, solution="改看回放", actor=owner)
    row = Obstacle.objects.get()
    assert (row.noted_by, row.solved_by, row.solution) == (owner.name, owner.name, "改看回放")


@pytest.mark.django_db
@pytest.mark.integration
def test_a_deal_asks_once_for_an_invitation_and_rests_the_obstacles(
    scoped: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    person, staff = make_customer(tenant=scoped), make_staff(tenant=scoped)
    make_follow(tenant=scoped, customer=person, staff=staff)
    move = {"tenant": scoped, "customer_id": person.pk, "actor": owner, "reason": "电话里说"}
    stage_set(stage=5, **move)
    obstacle_note(tenant=scoped, customer_id=person.pk, text="担心孩子坚持不了", actor=owner)
    frozen.move(hours=1)
    make_order(tenant=scoped, customer=person)
    for _turn in range(2):
        stages_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    assert tasks("contacts.upgrade") == [(staff.pk, "open")]
    assert tasks("contacts.obstacle") == [(staff.pk, "cancelled")]
    work_items_close(
        tenant_id=scoped.pk, source_kind="contacts.upgrade", source_ids=[person.pk], state="done", by="何静"
    )
    stage_set(stage=7, **move)
    assert tasks("contacts.upgrade") == [(staff.pk, "done")]
    stage_set(stage=4, **move)
    assert tasks("contacts.obstacle") == [(staff.pk, "open")]


@pytest.mark.django_db
@pytest.mark.integration
def test_the_page_shows_state_and_obstacles_and_takes_them(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant, stage=4)
    home, client = f"/t/{tenant.slug}/customers/", sign_in(tenant)
    page = body(client.get(f"{home}{person.pk}/"))
    assert "Trying it out" in page
    assert "No obstacle noted." in page
    assert client.post(f"{home}{person.pk}/obstacles/", {"text": ""}, headers=HTMX).status_code == 422
    told = {"text": "下班后找不到课"}
    assert client.post(f"{home}{person.pk}/obstacles/", told, headers=HTMX).status_code == 204
    with tenant_scope(tenant):
        solve = f"{home}obstacles/{Obstacle.objects.get().pk}/solve/"
    assert "下班后找不到课" in body(client.get(f"{home}{person.pk}/"))
    assert client.get(f"{home}obstacles/999999/solve/").status_code == 404
    assert client.post(solve, {"solution": "改看回放"}, headers=HTMX).status_code == 204
    assert "solved: 改看回放" in body(client.get(f"{home}{person.pk}/"))
    assert sign_in(tenant, Role.VIEWER).get(solve).status_code == 403


@pytest.mark.django_db
@pytest.mark.integration
def test_the_log_says_what_stands_in_whose_way_and_what_helped(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    home = f"/t/{tenant.slug}/customers/"
    assert "No obstacle noted yet" in body(in_english(tenant).get(f"{home}obstacles/"))
    with tenant_scope(tenant):
        rows = {name: make_customer(tenant=tenant, name=name) for name in ("刘女士", "陈先生", "周女士")}
        for name, text in (("刘女士", "下班后找不到课"), ("陈先生", "没有耳机"), ("周女士", "下班后没时间")):
            obstacle_note(tenant=tenant, customer_id=rows[name].pk, text=text, actor=owner)
            frozen.move(hours=1)
        solved = Obstacle.objects.get(customer=rows["刘女士"])
        frozen.move(days=3)
        obstacle_solve(tenant=tenant, obstacle_id=solved.pk, solution="改看回放", actor=owner)
        stage_set(tenant=tenant, customer_id=rows["周女士"].pk, stage=4, reason="看过", actor=owner)
        frozen.move(days=2)
    client = in_english(tenant)

    def told(query: str = "") -> list[list[str]]:
        page = client.get(f"{home}obstacles/?{query}&export=csv")
        assert page.status_code == 200
        return list(csv.reader(io.StringIO(b"".join(page.streaming_content).decode("utf-8-sig"))))[1:]

    whole = told()
    assert [(row[0], row[1], row[3], row[4]) for row in whole] == [
        ("下班后没时间", "周女士", "5", ""),
        ("没有耳机", "陈先生", "5", ""),
        ("下班后找不到课", "刘女士", "3", "改看回放"),
    ]
    found = {query: [row[1] for row in told(query)] for query in (
        "q=下班后", "q=回放", "q=陈先生", "state=open", "state=solved", "step=experiencing", "step=deal",
    )}  # fmt: skip
    assert found == {
        "q=下班后": ["周女士", "刘女士"], "q=回放": ["刘女士"], "q=陈先生": ["陈先生"],
        "state=open": ["周女士", "陈先生"], "state=solved": ["刘女士"],
        "step=experiencing": ["周女士"], "step=deal": [],
    }  # fmt: skip
    page = body(client.get(f"{home}obstacles/"))
    assert page.count("Say what helped") == 2
    assert f"{home}{rows['刘女士'].pk}/" in page
    with tenant_scope(tenant):
        member = sign_in(tenant, Role.VIEWER)
    assert "hx-get" not in body(member.get(f"{home}obstacles/")).split("<tbody")[1].split("</tbody")[0]


@pytest.mark.django_db
@pytest.mark.integration
def test_customers_are_listed_by_the_step_they_are_at(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        for stage in STAGES:
            make_customer(tenant=tenant, name=f"客{stage}", stage=stage)
    client = sign_in(tenant)
    for step, stages in (("joined", "123"), ("experiencing", "45"), ("deal", "67")):
        page = body(client.get(f"/t/{tenant.slug}/customers/?step={step}"))
        assert [number for number in "1234567" if f">客{number}<" in page] == list(stages)


@pytest.mark.django_db
@pytest.mark.integration
def test_the_log_of_a_camp_holds_its_people_only(tenant: Tenant, owner: Actor, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        inside, outside = make_customer(tenant=tenant, name="营里"), make_customer(tenant=tenant, name="营外")
        group = make_group(tenant=tenant)
        make_member(group=group, customer=inside)
        run = make_run(tenant=tenant, version=make_version(tenant=tenant, steps=[{}]), groups=[group])
        for one in (inside, outside):
            obstacle_note(tenant=tenant, customer_id=one.pk, text="没时间", actor=owner)
    page = body(sign_in(tenant).get(f"/t/{tenant.slug}/customers/obstacles/?camp={run.pk}"))
    assert ("营里" in page, "营外" in page) == (True, False)


def in_english(tenant: Tenant) -> Client:
    User.objects.update(language="en")
    return sign_in(tenant, Role.LEADER)


@pytest.mark.django_db
@pytest.mark.integration
def test_the_task_goes_to_the_oldest_friend(scoped: Tenant, owner: Actor, frozen: MovableClock) -> None:
    person = make_customer(tenant=scoped, stage=4)
    first, second = (make_staff(tenant=scoped, name=name) for name in ("先加的", "后加的"))
    make_follow(tenant=scoped, customer=person, staff=second, followed_at=frozen.moment)
    make_follow(tenant=scoped, customer=person, staff=first, followed_at=frozen.moment - timedelta(days=9))
    obstacle_note(tenant=scoped, customer_id=person.pk, text="没时间", actor=owner)
    assert tasks("contacts.obstacle") == [(first.pk, "open")]


@pytest.mark.django_db
@pytest.mark.integration
def test_nobody_is_invited_to_the_upgraded_group_before_the_deal(
    scoped: Tenant, frozen: MovableClock
) -> None:
    person = make_customer(tenant=scoped)
    make_follow(tenant=scoped, customer=person, staff=make_staff(tenant=scoped))
    for _number in range(3):
        make_behaviour(tenant=scoped, customer=person, kind="lesson")
    stages_judge(tenant_id=scoped.pk, customer_ids=[person.pk])
    person.refresh_from_db()
    assert (person.stage, tasks("contacts.upgrade")) == (4, [])
