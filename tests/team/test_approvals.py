"""Exceptions: asked with a reason, decided by somebody else, carried out once (R128)."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import translation

from team.errors import ApprovalOver, ApprovalWaits, NoteMissing, NotYourRequest, OwnRequest, ReasonMissing
from team.models import Approval, Notice, Staff, WorkItem
from team.selectors import tenants_with_expired, work_item_list
from team.services import (
    approval_ask,
    approval_decide,
    approval_withdraw,
    approvals_expire,
    register_approval,
    work_item_act,
)
from tenants.audit import Actor
from tenants.enums import Role
from tenants.errors import DomainError, NotPermitted
from tenants.models import AuditEntry, Membership, Tenant
from tenants.scoping import tenant_scope, unscoped
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.factories.tenants import actor_of, make_member, make_tenant, make_user
from tests.parallel import in_parallel

DONE: list[tuple[str, str, str]] = []


class Moved(DomainError):
    code = "TEST-01"
    message = "the matter has moved on"


def carry_out(*, tenant: Tenant, wish: dict[str, Any], reason: str, actor: Actor) -> None:
    if wish.get("moved"):
        raise Moved
    DONE.append((wish["what"], reason, actor.name))


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("team.services.approvals._kinds", {})
    register_approval("tests.thing", "Thing", carry_out)
    DONE.clear()
    with translation.override("en"):
        yield


def person(tenant: Tenant, role: str, name: str) -> tuple[Actor, Staff, Membership]:
    member = make_member(tenant=tenant, role=role, user=make_user(name=name))
    return actor_of(member), make_staff(tenant=tenant, membership=member, name=name), member


def ask(tenant: Tenant, actor: Actor, **changed: Any) -> Approval:
    fields = {"kind": "tests.thing", "target": "thing:1", "label": "晚八点群 😀", "said": "放宽一次",
              "wish": {"what": "放宽"}, "reason": "客户催", "url": "/x"}  # fmt: skip
    return approval_ask(tenant=tenant, actor=actor, **(fields | changed))


def waits_for(tenant: Tenant, staff: Staff) -> list[str]:
    return [one.title for one in work_item_list(tenant_id=tenant.pk, staff_id=staff.pk)]


pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_a_request_waits_for_every_leader_and_leaves_all_lists_with_the_answer(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        operator, own, _member = person(tenant, Role.OPERATOR, "何静")
        leader, first, _member = person(tenant, Role.LEADER, "周岚")
        _other, second, _member = person(tenant, Role.LEADER, "陆远")
        row = ask(tenant, operator)
        assert [waits_for(tenant, one) for one in (first, second, own)] == [
            ["Decide: 晚八点群 😀"], ["Decide: 晚八点群 😀"], [],
        ]  # fmt: skip
        approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=leader, note="只此一次")
        assert DONE == [("放宽", "客户催", "周岚")]
        assert [waits_for(tenant, one) for one in (first, second)] == [[], []]
        told = work_item_list(tenant_id=tenant.pk, staff_id=own.pk).get()
        assert (told.title, told.reason, told.url) == ("Granted: 晚八点群 😀", "周岚: 只此一次", "/x")
        trail = AuditEntry.objects.filter(verb__startswith="team.approval").order_by("pk")
        assert [(one.verb, one.actor_name, one.reason) for one in trail] == [
            ("team.approval.asked", "何静", "客户催"),
            ("team.approval.granted", "周岚", "只此一次"),
        ]


def test_who_asked_never_decides_under_either_hat(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        leader, staff, _member = person(tenant, Role.LEADER, "周岚")
        on_the_phone = Actor.of_staff(staff.pk, "周岚", leader.permissions)
        for number, (asks, decides) in enumerate(
            ((leader, on_the_phone), (on_the_phone, leader), (leader, leader))
        ):
            row = ask(tenant, asks, target=f"thing:{number}")
            with pytest.raises(OwnRequest):
                approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=decides)
        assert DONE == []


def test_leaders_who_are_nobody_in_wecom_are_told_but_not_who_asked(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        asks, other = (
            make_member(tenant=tenant, role=Role.LEADER, user=make_user(name=name))
            for name in ("周岚", "何静")
        )
        ask(tenant, actor_of(asks))
        told = Notice.objects.filter(kind="approval", member__in=[asks, other])
        assert [one.member_id for one in told] == [other.pk]


def test_only_who_may_approve_decides_and_a_refusal_says_why(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        operator, own, _member = person(tenant, Role.OPERATOR, "何静")
        colleague, _staff, _member = person(tenant, Role.OPERATOR, "陆远")
        leader, _staff, _member = person(tenant, Role.LEADER, "周岚")
        row = ask(tenant, operator)
        for actor, granted, refusal in (
            (colleague, True, NotPermitted), (leader, False, NoteMissing),
        ):  # fmt: skip
            with pytest.raises(refusal):
                approval_decide(tenant=tenant, approval_id=row.pk, is_granted=granted, actor=actor, note=" ")
        approval_decide(tenant=tenant, approval_id=row.pk, is_granted=False, actor=leader, note="下周再说")
        assert DONE == []
        assert waits_for(tenant, own) == ["Refused: 晚八点群 😀"]
        with pytest.raises(ApprovalOver):
            approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=leader)


def test_the_same_wish_again_is_the_same_request_and_another_of_that_matter_has_to_wait(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        operator, _staff, _member = person(tenant, Role.OPERATOR, "何静")
        colleague, _staff, _member = person(tenant, Role.OPERATOR, "陆远")
        first = ask(tenant, operator)
        assert ask(tenant, operator).pk == first.pk
        for actor, wish in ((colleague, {"what": "放宽"}), (operator, {"what": "别的"})):
            with pytest.raises(ApprovalWaits):
                ask(tenant, actor, wish=wish)
        with pytest.raises(ReasonMissing):
            ask(tenant, operator, target="thing:2", reason="  ")
        assert Approval.objects.count() == 1


def test_withdrawn_by_who_asked_alone_and_then_it_may_be_asked_again(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        operator, _staff, _member = person(tenant, Role.OPERATOR, "何静")
        leader, chief, _member = person(tenant, Role.LEADER, "周岚")
        row = ask(tenant, operator)
        with pytest.raises(NotYourRequest):
            approval_withdraw(tenant=tenant, approval_id=row.pk, actor=leader)
        approval_withdraw(tenant=tenant, approval_id=row.pk, actor=operator)
        assert waits_for(tenant, chief) == []
        with pytest.raises(ApprovalOver):
            approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=leader)
        assert ask(tenant, operator).pk != row.pk


def test_nobody_decides_in_time_and_who_asked_is_told(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        operator, own, _member = person(tenant, Role.OPERATOR, "何静")
        leader, chief, _member = person(tenant, Role.LEADER, "周岚")
        row = ask(tenant, operator)
        frozen.move(hours=72, seconds=-1)
        assert approvals_expire(tenant=tenant) == 0
        frozen.move(seconds=1)
        with pytest.raises(ApprovalOver):  # before any tick has seen it
            approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=leader)
        with unscoped("as the tick does"):
            assert tenants_with_expired() == [tenant.pk]
        assert [approvals_expire(tenant=tenant), approvals_expire(tenant=tenant)] == [1, 0]
        assert (waits_for(tenant, chief), waits_for(tenant, own)) == ([], ["Expired: 晚八点群 😀"])


def test_what_cannot_be_carried_out_any_more_is_not_decided(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        operator, _staff, _member = person(tenant, Role.OPERATOR, "何静")
        leader, chief, _member = person(tenant, Role.LEADER, "周岚")
        row = ask(tenant, operator, wish={"what": "x", "moved": True})
        with pytest.raises(Moved):
            approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=leader)
        row.refresh_from_db()
        assert (row.state, len(waits_for(tenant, chief))) == ("asked", 1)


def test_ticking_the_item_off_decides_nothing(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        operator, _staff, _member = person(tenant, Role.OPERATOR, "何静")
        leader, chief, _member = person(tenant, Role.LEADER, "周岚")
        ask(tenant, operator)
        item = WorkItem.objects.get(staff=chief)
        with pytest.raises(ApprovalWaits):
            work_item_act(tenant=tenant, item_id=item.pk, verb="done", actor=leader, staff_ids=[chief.pk])
        assert len(waits_for(tenant, chief)) == 1


def test_another_companys_request_is_not_there(tenant: Tenant, frozen: MovableClock) -> None:
    other = make_tenant()
    with tenant_scope(other):
        stranger, _staff, _member = person(other, Role.OPERATOR, "外人")
        row = ask(other, stranger)
    with tenant_scope(tenant):
        leader, _staff, _member = person(tenant, Role.LEADER, "周岚")
        with pytest.raises(Approval.DoesNotExist):
            approval_decide(tenant=tenant, approval_id=row.pk, is_granted=True, actor=leader)


@pytest.mark.django_db(transaction=True)
def test_eight_leaders_at_once_carry_it_out_once(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        operator, _staff, _member = person(tenant, Role.OPERATOR, "何静")
        leaders = [person(tenant, Role.LEADER, f"主管{number}")[0] for number in range(8)]
        row = ask(tenant, operator)
    late: list[int] = []

    def decide(number: int) -> None:
        with tenant_scope(tenant):
            try:
                approval_decide(
                    tenant=tenant,
                    approval_id=row.pk,
                    is_granted=number % 4 != 3,
                    actor=leaders[number],
                    note="好",
                )
            except ApprovalOver:
                late.append(number)

    in_parallel(8, decide)
    with tenant_scope(tenant):
        row.refresh_from_db()
        assert (len(late), len(DONE)) == (7, 1 if row.state == "granted" else 0)
        assert (
            AuditEntry.objects.filter(verb__in=["team.approval.granted", "team.approval.refused"]).count()
            == 1
        )


@pytest.mark.django_db(transaction=True)
def test_eight_requests_for_one_matter_at_once_are_one(tenant: Tenant, frozen: MovableClock) -> None:
    with tenant_scope(tenant):
        operators = [person(tenant, Role.OPERATOR, f"运营{number}")[0] for number in range(8)]
    waits: list[int] = []

    def one(number: int) -> None:
        with tenant_scope(tenant):
            try:
                ask(tenant, operators[number])
            except ApprovalWaits:
                waits.append(number)

    in_parallel(8, one)
    with tenant_scope(tenant):
        assert (len(waits), Approval.objects.count()) == (7, 1)
