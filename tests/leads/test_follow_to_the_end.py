"""Followed to the end, whatever people and customers do: an open lead has a next action and a time (R70)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leads.enums import CLOSED_STATES, LeadState
from leads.models import Lead
from leads.services import (
    doubt_raise,
    lead_assign,
    lead_close,
    lead_confirm_s,
    lead_deny_s,
    lead_follow_up,
    lead_reopen,
    lead_set_next_action,
    lead_set_s,
    lead_snooze,
    leads_recompute,
    need_note,
)
from leads.services.sweep import sweep
from tenants.audit import Actor
from tenants.errors import DomainError
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customer
from tests.factories.leads import act, item, make_camp
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
RESULTS = ("no_reply", "talked", "new_doubt", "paid", "thinking", "not_buying")
BEHAVIOURS = ("pay_click", "purchase_click", "lesson", "assignment", "order", "refund")
PEOPLE = ("confirm", "deny", "set_s", "snooze", "assign", "won", "not_buying", "reopen", "doubt", "need")
ACTS = (
    *BEHAVIOURS,
    "ask",
    *(f"follow:{one}" for one in RESULTS),
    *PEOPLE,
    "plan",
    "plan_past",
    "opt_out",
    "wait",
)


class Story:
    """One customer in one camp, and everything that may happen to them. A refusal is an outcome too."""

    def __init__(self, tenant: Tenant, actor: Actor, frozen: MovableClock, number: int) -> None:
        self.tenant, self.actor, self.frozen, self.number, self.done = tenant, actor, frozen, number, 0
        self.person = make_customer(tenant=tenant)
        self.staff = make_staff(tenant=tenant)
        make_camp(tenant=tenant, customers=[self.person], source_id=number, days=20)

    @property
    def lead(self) -> Lead | None:
        return Lead.objects.filter(customer=self.person).first()

    def happens(self, name: str) -> None:
        self.done += 1
        self.frozen.move(minutes=3)
        if name in BEHAVIOURS:
            act(self.tenant, item(self.person, name, self.frozen.moment, fen=198000))
        elif name == "ask":
            act(self.tenant, item(self.person, "message", self.frozen.moment, text="年课多少钱"))
        elif name == "wait":
            self.frozen.move(days=2)
            sweep(tenant_id=self.tenant.pk)
        elif name == "opt_out":
            self.person.opt_out_at = self.frozen.moment
            self.person.save()
            leads_recompute(tenant_id=self.tenant.pk, customer_ids=[self.person.pk])
        elif self.lead is not None:
            try:
                self._by_a_person(name, self.lead.pk)
            except DomainError:
                return

    def _by_a_person(self, name: str, pk: int) -> None:
        who: dict[str, Any] = {"tenant": self.tenant, "actor": self.actor, "lead_id": pk}
        later = self.frozen.moment + timedelta(hours=5)
        if name.startswith("follow:"):
            result = name.partition(":")[2]
            lead_follow_up(
                **who, result=result, key=f"k{self.done}", doubt="太贵" if result == "new_doubt" else "",
                close_reason="price" if result == "not_buying" else "",
            )  # fmt: skip
            return
        done: dict[str, Callable[[], object]] = {
            "confirm": lambda: lead_confirm_s(**who),
            "deny": lambda: lead_deny_s(**who),
            "set_s": lambda: lead_set_s(**who, reason="电话里问的"),
            "snooze": lambda: lead_snooze(**who, until=later, reason="在开会"),
            "plan": lambda: lead_set_next_action(**who, action="ask_how", at=later),
            "plan_past": lambda: lead_set_next_action(**who, action=" ", at=later - timedelta(days=1)),
            "assign": lambda: lead_assign(
                tenant=self.tenant, actor=self.actor, lead_ids=[pk], staff_id=self.staff.pk
            ),
            "won": lambda: lead_close(**who, state="won"),
            "not_buying": lambda: lead_close(**who, state="not_buying", reason="time"),
            "reopen": lambda: lead_reopen(**who),
            "doubt": lambda: doubt_raise(**who, text="没时间"),
            "need": lambda: need_note(**who, kind="pain", text="不敢开口"),
        }
        done[name]()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(ACTS), min_size=1, max_size=14))
@example(["pay_click", "not_buying", "reopen", "wait"])
@example(["ask", "deny", "ask", "confirm", "order", "reopen", "refund"])
@example(["pay_click", "opt_out", "follow:talked", "reopen"])
def test_an_open_lead_has_a_next_action_after_any_acts_and_ends_in_three_ways_only(
    tenant: Tenant, owner: Actor, frozen: MovableClock, acts: list[str]
) -> None:
    with tenant_scope(tenant), transaction.atomic():
        story = Story(tenant, owner, frozen, number=1)
        for name in acts:
            story.happens(name)
            lead = story.lead
            if lead is None:
                continue
            assert lead.state in {LeadState.OPEN, LeadState.UNRANKED, *CLOSED_STATES}
            if lead.state == LeadState.OPEN:
                assert lead.next_action.strip()
                assert lead.next_action_at is not None
            if lead.state == LeadState.NOT_BUYING:
                assert lead.close_reason
            assert (lead.closed_at is not None) == (lead.state in CLOSED_STATES)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "broken", [{"next_action": ""}, {"next_action_at": None}, {"state": "not_buying"}, {"state": "lost"}]
)
def test_the_database_itself_refuses_an_open_lead_without_next_action_and_any_other_end(
    tenant: Tenant, frozen: MovableClock, broken: dict[str, Any]
) -> None:
    with tenant_scope(tenant):
        person = make_customer(tenant=tenant)
        make_camp(tenant=tenant, customers=[person])
        act(tenant, item(person, "pay_click", frozen.moment))
        with pytest.raises(IntegrityError), transaction.atomic():
            Lead.objects.filter(customer=person).update(**broken)
