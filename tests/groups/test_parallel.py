"""Two at once on group tags and on incidents: what the one decides is not undone by what the other began before."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection

from groups.enums import IncidentKind, State
from groups.errors import GroupTagTaken
from groups.models import Group, GroupTag, GroupTagTie
from groups.policies import group_tags as rules
from groups.services import group_tag_rules, incidents
from groups.services.group_tag_rules import group_rules_run, group_tag_rule_end, group_tag_rule_save
from groups.services.group_tags import group_tag_save
from groups.services.incident_freeze import incident_freeze
from groups.services.incidents import IncidentWish, incident_close, incident_open
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.groups import make_group
from tests.parallel import PATIENCE_S, in_parallel
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]


def then(work: Callable[..., Any], after: Callable[[], Any]) -> Callable[..., Any]:
    """The function, with something done once its answer is there and before it is given."""

    def told(*args: Any, **kwargs: Any) -> Any:
        answer = work(*args, **kwargs)
        after()
        return answer

    return told


class Other:
    """The second of two workers: begins at a moment of the first, which goes on when it is done or waits for it."""

    def __init__(self) -> None:
        self._begin, self._end = Event(), Event()

    def run(self, work: Callable[[], object]) -> None:
        assert self._begin.wait(PATIENCE_S)
        try:
            work()
        finally:
            self._end.set()

    def let_in(self) -> None:
        self._begin.set()
        wait_until(lambda: self._end.is_set() or self._waits(), "the other worker", within_s=PATIENCE_S)

    @staticmethod
    def _waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "select exists("
                "select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid)))"
            )
            return bool(cursor.fetchone()[0])


def test_a_rule_ended_while_it_is_judged_leaves_no_group_with_its_tag(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        make_group(tenant=tenant, customer_count=5)
        tag = group_tag_save(tenant=tenant, name="成型", actor=owner)
        group_tag_rule_save(
            tenant=tenant, tag_id=tag.pk, conditions=[rules.GroupCondition(rules.SIZE, rules.AT_LEAST, 3)],
            needs_all=True, actor=owner,
        )  # fmt: skip
    other, read = Other(), group_tag_rules.facts_of_groups
    monkeypatch.setattr(group_tag_rules, "facts_of_groups", then(read, other.let_in))

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number == 0:
                group_rules_run(tenant_id=tenant.pk)
            else:
                other.run(lambda: group_tag_rule_end(tenant=tenant, tag_id=tag.pk, actor=owner))

    in_parallel(2, work)
    with tenant_scope(tenant):
        assert not GroupTagTie.objects.exists()


def test_a_run_that_began_before_a_rule_ended_gives_its_tag_to_nobody(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        make_group(tenant=tenant, customer_count=5)
        tag = group_tag_save(tenant=tenant, name="成型", actor=owner)
        group_tag_rule_save(
            tenant=tenant, tag_id=tag.pk, conditions=[rules.GroupCondition(rules.SIZE, rules.AT_LEAST, 3)],
            needs_all=True, actor=owner,
        )  # fmt: skip
        listed = group_tag_rules.groups_to_try
        monkeypatch.setattr(
            group_tag_rules,
            "groups_to_try",
            then(listed, lambda: group_tag_rule_end(tenant=tenant, tag_id=tag.pk, actor=owner)),
        )
        assert group_rules_run(tenant_id=tenant.pk) == 0
        assert not GroupTagTie.objects.exists()


def test_of_two_equal_tags_at_once_one_is_made_and_one_is_told(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    refused: list[int] = []

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                group_tag_save(tenant=tenant, name="华东", actor=owner)
            except GroupTagTaken:
                refused.append(number)

    in_parallel(6, work)
    with tenant_scope(tenant):
        assert GroupTag.objects.filter(name="华东").count() == 1
    assert len(refused) == 5


def test_a_group_frozen_for_a_second_incident_while_the_first_ends_stays_frozen(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        group = make_group(tenant=tenant, state=State.ACTIVE)
        wish = IncidentWish(kind=IncidentKind.COMPLAINT, title="课程质量群诉", group_ids=[group.pk])
        first, second = (incident_open(tenant=tenant, wish=wish, actor=owner) for _two in range(2))
        incident_freeze(tenant=tenant, incident_id=first.pk, actor=owner)
    other, held = Other(), incidents.groups_held_elsewhere
    monkeypatch.setattr(incidents, "groups_held_elsewhere", then(held, other.let_in))

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number == 0:
                incident_close(
                    tenant=tenant, incident_id=first.pk, outcome="已退款", lift_reason="处理完", actor=owner
                )
            else:
                other.run(lambda: incident_freeze(tenant=tenant, incident_id=second.pk, actor=owner))

    in_parallel(2, work)
    with tenant_scope(tenant):
        assert Group.objects.get(pk=group.pk).is_frozen
