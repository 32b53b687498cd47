"""What a person decides about messages that missed their window: by whom, of which, until when, with which words."""

import pytest

from sop.errors import ReasonMissing, RunOver
from sop.models import Run, Touch
from sop.services.catchup import Decided, parked_decide
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.errors import NotPermitted
from tenants.roles import PERMISSIONS
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from tests.sop.test_outage import Make, at, plain

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def late(camp: Make, frozen: MovableClock) -> Camp:
    """A step whose window is over and which asks, and a reminder of an offer that still has its last minutes."""
    reminder = {
        "key": "c60", "anchor": "offer_end", "offset_minutes": -60, "channel": "staff_task", "text": "快",
        "catch_up": "ask", "window_minutes": 30,
    }  # fmt: skip
    made = camp(steps=[plain("ask"), reminder], offer_ends_at=at("13:00"))
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(at("12:45"))
    dispatch_due(tenant_id=made.tenant.pk)
    assert set(Touch.objects.values_list("state", flat=True)) == {"parked"}
    return made


def test_only_who_may_operate_decides_with_a_reason_and_while_the_run_goes_on(late: Camp) -> None:
    asked = {"tenant": late.tenant, "run_id": late.run.pk}
    watcher = Actor(kind="user", id=9, name="看客", permissions=PERMISSIONS[Role.VIEWER])
    with pytest.raises(NotPermitted):
        parked_decide(**asked, send=True, actor=watcher)
    with pytest.raises(ReasonMissing):
        parked_decide(**asked, send=False, reason="  ", actor=SYSTEM)
    for state in ("ended", "cancelled"):
        Run.objects.update(state=state)
        with pytest.raises(RunOver):
            parked_decide(**asked, send=True, actor=SYSTEM)
    assert set(Touch.objects.values_list("state", flat=True)) == {"parked"}


def test_what_waits_for_another_reason_is_not_decided_with_it(late: Camp) -> None:
    Touch.objects.filter(step__key="c60").update(rule_code="SOP-08")
    told = parked_decide(tenant=late.tenant, run_id=late.run.pk, send=True, actor=SYSTEM)
    assert told == Decided(sent=1)
    assert Touch.objects.get(step__key="c60").state == "parked"


def test_what_goes_out_late_is_due_now_and_ends_with_its_offer(late: Camp, frozen: MovableClock) -> None:
    parked_decide(tenant=late.tenant, run_id=late.run.pk, send=True, actor=SYSTEM)
    found = {one.step.key: one for one in Touch.objects.select_related("step")}
    assert {(one.state, one.due_at, one.done_at) for one in found.values()} == {
        ("planned", at("12:45"), None)
    }
    assert found["c60"].window_ends_at == at("13:00")


def test_a_reminder_is_too_late_at_the_very_end_of_its_offer(late: Camp, frozen: MovableClock) -> None:
    frozen.set(at("13:00"))
    told = parked_decide(tenant=late.tenant, run_id=late.run.pk, send=True, actor=SYSTEM)
    assert told == Decided(sent=1, too_late=1)
    assert Touch.objects.get(step__key="c60").rule_code == "SOP-05"


def test_what_is_left_out_says_by_whom_and_why(late: Camp) -> None:
    parked_decide(tenant=late.tenant, run_id=late.run.pk, send=False, reason=" 直播已过 ", actor=SYSTEM)
    said = set(Touch.objects.values_list("state", "reason"))
    assert said == {("skipped", f"{SYSTEM.name}: 直播已过")}
