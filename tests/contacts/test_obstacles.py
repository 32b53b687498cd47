"""The three-step state: it follows the trust stage, keeps obstacles, and asks for its tasks by itself (R34)."""

from typing import Any

import pytest

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
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_follow, make_order
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
