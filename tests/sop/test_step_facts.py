"""Which product fact a message told counts for the people it reached, beside what was told in private chats."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client

from contacts.models import Behaviour
from content.selectors.facts import fact_results
from content.services.facts import fact_save
from sop.enums import TouchState
from sop.models import Touch, TouchRecipient
from sop.selectors.step_facts import facts_of_run
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants import clock
from tenants.audit import Actor
from tenants.enums import Role
from tenants.models import User
from tenants.roles import PERMISSIONS
from tests.conftest import MovableClock
from tests.factories.sop import make_run, make_version
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_a_fact_told_in_a_step_counts_with_what_followed(
    camp: Callable[..., Camp], frozen: MovableClock, client: Client
) -> None:
    made = camp(
        steps=[{"at": time(10, 0), "text": "说一句：{卖点}"}, {"at": time(10, 0), "text": "没有卖点"}],
        people=3,
    )
    fact = fact_save(
        tenant=made.tenant, text="一年内可回看", evidence="服务协议 3.2", personas=[], actor=OWNER
    )
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    assert sorted(Touch.objects.values_list("fact_id", flat=True), key=str) == [fact.pk, None]
    assert fact_results(tenant_id=made.tenant.pk, fact_ids=[fact.pk])[fact.pk].told == frozenset()
    Touch.objects.update(state=TouchState.CONFIRMED, done_at=clock.now())
    first, second, _third = made.people[0]
    for person, kind, hours in ((first, "message", 1), (second, "message", 25), (second, "order", 48)):
        Behaviour.objects.create(
            tenant=made.tenant, source="t", event_id=f"{person.pk}-{kind}", kind=kind, customer=person,
            group=made.groups[0], occurred_at=AT_10 + timedelta(hours=hours),
        )  # fmt: skip
    found = fact_results(tenant_id=made.tenant.pk, fact_ids=[fact.pk])[fact.pk]
    assert (len(found.told), found.replied, found.ordered) == (3, {first.pk}, {second.pk})
    (row,) = facts_of_run(tenant=made.tenant, run=made.run)
    assert (row.touches, row.results) == (1, found)
    client.force_login(User.objects.get(email="lin@example.com"))
    base = f"/t/{made.tenant.slug}/sop/runs/{made.run.pk}"
    assert "一年内可回看" in client.get(f"{base}/facts/").content.decode()
    behind = client.get(f"{base}/fact-people/?fact={fact.pk}&figure=ordered").content.decode()
    assert second.name in behind
    assert first.name not in behind
    assert client.get(f"{base}/fact-people/?fact={fact.pk}&figure=all").status_code == 404


def test_only_whom_a_private_message_reached_was_told_and_each_run_counts_its_own(
    camp: Callable[..., Camp], frozen: MovableClock
) -> None:
    step = {"at": time(10, 0), "text": "说一句：{卖点}", "channel": "staff_task"}
    made = camp(steps=[step], people=3)
    fact = fact_save(
        tenant=made.tenant, text="一年内可回看", evidence="服务协议 3.2", personas=[], actor=OWNER
    )
    frozen.set(AT_10)
    other = make_run(
        tenant=made.tenant, version=make_version(tenant=made.tenant, steps=[step], days=1), groups=made.groups,
        starts_on=made.run.starts_on,
    )  # fmt: skip
    for run in (made.run, other):
        plan_apply(tenant=made.tenant, run=run)
    dispatch_due(tenant_id=made.tenant.pk)
    Touch.objects.update(state=TouchState.CONFIRMED, done_at=clock.now())
    first, second, _third = made.people[0]
    TouchRecipient.objects.filter(touch__run=made.run, customer=first).update(state="sent")
    TouchRecipient.objects.filter(touch__run=other, customer=second).update(state="sent")
    (mine,) = facts_of_run(tenant=made.tenant, run=made.run)
    assert (mine.touches, mine.results.told) == (1, {first.pk})
    assert fact_results(tenant_id=made.tenant.pk, fact_ids=[fact.pk])[fact.pk].told == {first.pk, second.pk}
    Touch.objects.filter(run=other).update(state=TouchState.EXPIRED)
    assert fact_results(tenant_id=made.tenant.pk, fact_ids=[fact.pk])[fact.pk].told == {first.pk}
