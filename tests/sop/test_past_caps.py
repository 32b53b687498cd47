"""One message past our own caps (R128): asked, granted, sent at once, counted, named in the certificate."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

import pytest

from contacts.models import ExposureDay, GroupDay
from sop.errors import NoCapHolds
from sop.models import Touch
from sop.services.certificate import certificate_make
from sop.services.dispatch import dispatch_due
from sop.services.past_caps import touch_ask_past_caps, touch_let_past_caps
from sop.services.planning import plan_apply
from sop.services.staff import touch_retime
from team.models import WorkItem
from team.selectors import approvals_waiting
from team.services import approval_decide
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import DomainError, NotPermitted
from tenants.models import AuditEntry, Preference, Tenant
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.tenants import actor_of, make_member, make_user
from tests.sop.conftest import Camp
from wecom.models import QuotaRuleChange

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
MONDAY = date(2026, 3, 2)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 2, hour - 8, minute, tzinfo=UTC)


def person(tenant: Tenant, role: Role) -> Actor:
    return actor_of(make_member(tenant=tenant, role=role, user=make_user()))


def held(
    camp: Make, frozen: MovableClock, cap: str = "touch.group_per_day", **step: object
) -> tuple[Camp, Touch]:
    """Two messages of one day into one group that may get one: the first is out, the second is held."""
    texts = [{"key": "one", "at": time(10, 0)}, {"key": "two", "at": time(11, 0), **step}]
    made = camp(steps=texts)
    Preference.objects.create(tenant=made.tenant, key=cap, value=1)
    plan_apply(tenant=made.tenant, run=made.run)
    for hour in (10, 11):
        frozen.set(at(hour))
        dispatch_due(tenant_id=made.tenant.pk)
    touch = Touch.objects.get(step__key="two")
    assert touch.state == "blocked"
    return made, touch


@pytest.mark.parametrize(
    ("cap", "rule"),
    [("touch.group_per_day", "GROUP-01"), ("touch.cap_per_day", "CAP-01"), ("touch.cap_per_week", "CAP-02")],
)
def test_an_operator_asks_and_it_goes_out_at_once_when_a_leader_grants_it(
    camp: Make, frozen: MovableClock, cap: str, rule: str
) -> None:
    made, touch = held(camp, frozen, cap)
    assert touch.rule_code == rule
    operator, leader = person(made.tenant, Role.OPERATOR), person(made.tenant, Role.LEADER)
    asked = {"tenant": made.tenant, "touch_id": touch.pk, "actor": operator}
    with pytest.raises(DomainError):
        touch_ask_past_caps(**asked, reason=" ")
    with pytest.raises(NotPermitted):
        touch_let_past_caps(**asked, reason="今晚截单")
    for _twice in range(2):
        touch_ask_past_caps(**asked, reason="今晚截单")
    row = approvals_waiting(tenant_id=made.tenant.pk).get()
    assert rule in row.said
    frozen.set(at(13))  # its window of an hour is long over
    dispatch_due(tenant_id=made.tenant.pk)
    approval_decide(tenant=made.tenant, approval_id=row.pk, is_granted=True, actor=leader)
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert (touch.state, touch.lateness_s) == ("handed", 0)
    assert GroupDay.objects.get().count == 2
    assert set(ExposureDay.objects.values_list("count", flat=True)) == {2}
    entry = AuditEntry.objects.get(verb="sop.touch.past_caps")
    assert (entry.reason, entry.changes["rule"]) == ("今晚截单", [rule, ""])
    assert not WorkItem.objects.filter(source_kind="sop.blocked", state="open").exists()


def test_the_certificate_names_it_apart_and_no_fault(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen, "touch.cap_per_day")
    touch_let_past_caps(
        tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=person(made.tenant, Role.LEADER)
    )
    dispatch_due(tenant_id=made.tenant.pk)
    row = certificate_make(tenant=made.tenant, day=MONDAY)
    assert row.fault_count == 0
    assert {one["kind"] for one in row.faults} == {"granted"}
    assert {(one["expected"], one["found"]) for one in row.faults} == {(1, 2)}
    Touch.objects.update(evidence={})  # nobody let it past: the gate was passed by
    again = certificate_make(tenant=made.tenant, day=MONDAY)
    assert {one["kind"] for one in again.faults} == {"over_day"}


def test_the_week_names_it_apart_too(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen, "touch.cap_per_week")
    touch_let_past_caps(
        tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=person(made.tenant, Role.LEADER)
    )
    dispatch_due(tenant_id=made.tenant.pk)
    row = certificate_make(tenant=made.tenant, day=MONDAY)
    assert (row.fault_count, {one["kind"] for one in row.faults}) == (0, {"granted"})
    Touch.objects.update(evidence={})
    again = certificate_make(tenant=made.tenant, day=MONDAY)
    assert {one["kind"] for one in again.faults} == {"over_week"}


def test_wecoms_limit_and_quiet_hours_are_nobodys_to_pass(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen, channel="group_mass", window_minutes=600)
    leader = person(made.tenant, Role.LEADER)
    QuotaRuleChange.objects.create(tenant=made.tenant, rule="1_day", effective_from=MONDAY, limit=0)
    touch_let_past_caps(tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=leader)
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("blocked", "QUOTA-01")
    with pytest.raises(NoCapHolds):
        touch_let_past_caps(tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=leader)
    Touch.objects.update(rule_code="GROUP-01")
    frozen.set(at(22, 30))
    touch_let_past_caps(tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=leader)
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert touch.rule_code == "QUIET-01"
    assert touch.state != "handed"


def test_a_leave_ends_when_somebody_moves_the_message(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen)
    leader = person(made.tenant, Role.LEADER)
    touch_let_past_caps(tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=leader)
    touch_retime(tenant=made.tenant, touch_id=touch.pk, due_at=at(15), actor=leader)
    frozen.set(at(15))
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert (touch.state, touch.rule_code) == ("blocked", "GROUP-01")


def test_what_is_out_or_held_by_another_rule_is_not_asked_for(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen)
    leader = person(made.tenant, Role.LEADER)
    told = {"tenant": made.tenant, "reason": "截单", "actor": leader}
    with pytest.raises(NoCapHolds):
        touch_let_past_caps(**told, touch_id=Touch.objects.get(step__key="one").pk)
    for wrong in ({"rule_code": "FREEZE-01"}, {"rule_code": "OPT-01"}, {"state": "skipped"}):
        Touch.objects.filter(pk=touch.pk).update(**{"rule_code": "GROUP-01", "state": "blocked"} | wrong)
        with pytest.raises(NoCapHolds):
            touch_let_past_caps(**told, touch_id=touch.pk)
    Touch.objects.filter(pk=touch.pk).update(rule_code="GROUP-01", state="blocked")
    made.run.state = "cancelled"
    made.run.save()
    with pytest.raises(NoCapHolds):
        touch_let_past_caps(**told, touch_id=touch.pk)


def test_a_countdown_is_never_let_out_after_its_offer(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen)
    leader = person(made.tenant, Role.LEADER)
    made.run.offer_ends_at = at(12)
    made.run.save()
    type(touch.step).objects.filter(pk=touch.step_id).update(anchor="offer_end")
    touch_let_past_caps(tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=leader)
    touch.refresh_from_db()
    assert touch.window_ends_at == at(12)
    Touch.objects.update(state="blocked", rule_code="GROUP-01")
    frozen.set(at(12))
    with pytest.raises(NoCapHolds):
        touch_let_past_caps(tenant=made.tenant, touch_id=touch.pk, reason="截单", actor=leader)


def test_the_drawer_asks_for_an_operator_and_lets_out_for_a_leader(camp: Make, frozen: MovableClock) -> None:
    made, touch = held(camp, frozen)
    operator, leader, sales = (
        sign_in(made.tenant, role) for role in (Role.OPERATOR, Role.LEADER, Role.SALES)
    )
    url = f"/t/{made.tenant.slug}/sop/touches/{touch.pk}/"
    assert f"{url}past-caps/" in body(operator.get(url))
    assert f"{url}past-caps/" not in body(sales.get(url))
    operator.post(f"{url}past-caps/", {"reason": "截单 😀"})
    assert sales.post(f"{url}past-caps/", {"reason": "x"}).status_code == 403
    page = body(operator.get(url))
    assert "approvals/#a-" in page
    assert f"{url}past-caps/" not in page
    assert "截单 😀" in body(leader.get(f"/t/{made.tenant.slug}/approvals/"))
    row = approvals_waiting(tenant_id=made.tenant.pk).get()
    leader.post(f"/t/{made.tenant.slug}/approvals/{row.pk}/grant", {"note": ""})
    dispatch_due(tenant_id=made.tenant.pk)
    touch.refresh_from_db()
    assert touch.state == "handed"
    assert "截单 😀" in body(leader.get(url))
