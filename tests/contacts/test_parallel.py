"""Two at once on tags and stages: what a person decides is not undone by a judgement that began before."""

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest
from django.db import connection

from contacts.errors import TagTaken
from contacts.models import Customer, CustomerTag, StageMove, Tag, TagGroup
from contacts.policies.tag_rules import Condition
from contacts.services import stages, tag_rules
from contacts.services.stages import stage_set, stages_judge
from contacts.services.tag_manager import tag_save
from contacts.services.tag_rules import rules_judge, tag_rule_end, tag_rule_save
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer, make_order
from tests.parallel import PATIENCE_S, in_parallel
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.integration]


def once(work: Callable[..., Any], before: Callable[[], None]) -> Callable[..., Any]:
    """The function, with something done after its first answer is there and before it is given."""
    calls: list[int] = []

    def told(*args: Any, **kwargs: Any) -> Any:
        answer = work(*args, **kwargs)
        calls.append(1)
        if len(calls) == 1:
            before()
        return answer

    return told


def own_backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return int(cursor.fetchone()[0])


def waits(backend: int) -> bool:
    """Whether a backend waits for a lock that another one holds."""
    with connection.cursor() as cursor:
        cursor.execute("select cardinality(pg_blocking_pids(%s)) > 0", [backend])
        return bool(cursor.fetchone()[0])


def test_a_move_back_while_evidence_is_counted_stands(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        make_order(tenant=tenant, customer=person)
        stages_judge(tenant_id=tenant.pk, customer_ids=[person.pk])
        Customer.objects.filter(pk=person.pk).update(stage=5)  # an act away from being judged onwards
    frozen.move(hours=1)
    counted, moved = Event(), Event()

    def wait() -> None:
        counted.set()
        assert moved.wait(PATIENCE_S)

    monkeypatch.setattr(stages, "stage_counts", once(stages.stage_counts, wait))

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number == 0:
                stages_judge(tenant_id=tenant.pk, customer_ids=[person.pk])
                return
            assert counted.wait(PATIENCE_S)
            try:
                stage_set(tenant=tenant, customer_id=person.pk, stage=2, reason="退款后不再联系", actor=owner)
            finally:
                moved.set()

    in_parallel(2, work)
    with tenant_scope(tenant):
        assert Customer.objects.get(pk=person.pk).stage == 2
        assert StageMove.objects.order_by("-pk").values_list("to_stage", flat=True)[0] == 2


def test_a_rule_ended_while_it_is_judged_leaves_nobody_with_its_tag(
    tenant: Tenant, owner: Actor, frozen: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        make_order(tenant=tenant, customer=person)
        tag = tag_save(tenant=tenant, name="买家", group="内部", actor=owner)
        tag_rule_save(
            tenant=tenant, tag_id=tag.pk, conditions=(Condition("bought"),), needs_all=True, keeps_days=None,
            actor=owner,
        )  # fmt: skip
    judging, ended, ending = Event(), Event(), [0]  # the last: the backend that ends the rule

    def let_it_end() -> None:
        """The rule's end is through by now, or waits for this judgement."""
        judging.set()
        wait_until(lambda: ended.is_set() or waits(ending[0]), "the rule's end came as far as it can")

    monkeypatch.setattr(tag_rules, "facts_for", once(tag_rules.facts_for, let_it_end))

    def work(number: int) -> None:
        with tenant_scope(tenant):
            if number == 0:
                rules_judge(tenant_id=tenant.pk, customer_ids=[person.pk])
                return
            ending[0] = own_backend()
            assert judging.wait(PATIENCE_S)
            try:
                tag_rule_end(tenant=tenant, tag_id=tag.pk, actor=owner)
            finally:
                ended.set()

    in_parallel(2, work)
    with tenant_scope(tenant):
        assert not CustomerTag.objects.exists()


def test_of_two_equal_tags_at_once_one_is_made_and_one_is_told(
    tenant: Tenant, owner: Actor, frozen: MovableClock
) -> None:
    refused: list[int] = []
    with tenant_scope(tenant):
        # The group stands already: making it would put the two in a row by itself.
        TagGroup.objects.create(tenant=tenant, app=None, name="来源")

    def work(number: int) -> None:
        with tenant_scope(tenant):
            try:
                tag_save(tenant=tenant, name="老客户", group="来源", actor=owner)
            except TagTaken:
                refused.append(number)

    in_parallel(6, work)
    with tenant_scope(tenant):
        assert Tag.objects.filter(name="老客户").count() == 1
    assert len(refused) == 5
