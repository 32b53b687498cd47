"""Everyone judged anew: in slices, once at a time, forward only, found again after a stop."""

from typing import Any

import pytest

from contacts.models import Customer, StageMove, StageRun
from contacts.selectors.stages import stage_runs_stuck
from contacts.services import stage_runs
from contacts.services.stage_runs import stage_run_go_on, stage_run_start
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope, unscoped
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_order
from tests.factories.tenants import make_user

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def scoped(tenant: Tenant, frozen: MovableClock) -> Any:
    with tenant_scope(tenant):
        yield tenant


def people_of_old(tenant: Tenant) -> list[Customer]:
    """Five people with acts that nobody judged: bought, spoke, moved back by hand after buying, nothing, merged."""
    made = [make_customer(tenant=tenant) for _number in range(4)]
    make_order(tenant=tenant, customer=made[0])
    make_behaviour(tenant=tenant, customer=made[1], kind="message")
    make_order(tenant=tenant, customer=made[2])
    Customer.objects.filter(pk=made[2].pk).update(stage=2, stage_held_at=stage_runs.clock.now())
    record = make_customer(tenant=tenant, person=made[3])
    make_order(tenant=tenant, customer=record)
    return made


def stages(people: list[Customer]) -> list[int]:
    return [Customer.objects.get(pk=one.pk).stage for one in people]


def test_everyone_is_judged_in_slices_and_a_repeat_moves_nobody(
    scoped: Tenant, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_runs, "SLICE", 2)
    people = people_of_old(scoped)
    assert stages(people) == [1, 1, 2, 1]
    run = stage_run_start(tenant=scoped, actor=owner)
    assert stage_run_start(tenant=scoped, actor=owner).pk == run.pk
    stage_run_go_on(tenant_id=scoped.pk)
    run.refresh_from_db()
    assert stages(people) == [6, 3, 2, 6]
    assert (run.total, run.seen, run.moved, run.done_at is not None) == (4, 4, 3, True)
    again = stage_run_start(tenant=scoped, actor=owner)
    stage_run_go_on(tenant_id=scoped.pk)
    again.refresh_from_db()
    assert (again.pk == run.pk, again.seen, again.moved) == (False, 4, 0)
    assert StageMove.objects.count() == 3
    assert AuditEntry.objects.filter(verb="contacts.stages.judged").count() == 2


def test_a_run_that_stopped_halfway_is_found_and_goes_on_where_it_was(
    scoped: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_runs, "SLICE", 2)
    people = people_of_old(scoped)
    run = stage_run_start(tenant=scoped, actor=owner)
    assert stage_runs._slice(scoped.pk)
    with unscoped("the tick"):
        assert stage_runs_stuck() == []
    frozen.move(minutes=3)
    with unscoped("the tick"):
        assert stage_runs_stuck() == [scoped.pk]
    stage_run_go_on(tenant_id=scoped.pk)
    run.refresh_from_db()
    assert (run.seen, stages(people)) == (4, [6, 3, 2, 6])
    with unscoped("the tick"):
        assert stage_runs_stuck() == []


def test_only_who_operates_starts_it(scoped: Tenant) -> None:
    with pytest.raises(NotPermitted):
        stage_run_start(tenant=scoped, actor=Actor.of_user(make_user(), PERMISSIONS[Role.SALES]))
    assert not StageRun.objects.exists()


def test_who_was_known_before_is_judged_by_one_press_with_its_progress(
    tenant: Tenant, frozen: MovableClock
) -> None:
    home = f"/t/{tenant.slug}/customers/stages/"
    with tenant_scope(tenant):
        people_of_old(tenant)
    client = sign_in(tenant)
    assert "Judge everyone now" in body(client.get(home))
    assert client.post(f"{home}judge/").status_code == 302
    page = body(client.get(home))
    assert "Judge everyone now" not in page
    assert "0 of 4 people looked at, 0 moved on" in page
    assert "HX-Refresh" not in client.get(f"{home}judge/").headers
    with tenant_scope(tenant):
        stage_run_go_on(tenant_id=tenant.pk)
    assert client.get(f"{home}judge/").headers["HX-Refresh"] == "true"
    assert "4 people looked at, 3 moved on" in body(client.get(home))
    seller = sign_in(tenant, Role.SALES)
    assert "Judge everyone now" not in body(seller.get(home))
    assert seller.post(f"{home}judge/").status_code == 403
