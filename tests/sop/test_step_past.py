"""How a step did in earlier runs; the plan draws what stands in no phase."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.models import Behaviour
from sop.enums import TouchState
from sop.models import Step, Touch
from sop.selectors.timeline import timeline
from sop.selectors.titles import step_when, when_names
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from tenants import clock
from tenants.models import Tenant, User
from tests.conftest import MovableClock
from tests.factories.sop import make_version
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def test_a_step_shows_what_it_brought_in_earlier_runs_and_each_figure_its_people(
    camp: Callable[..., Camp], frozen: MovableClock, client: Client
) -> None:
    made = camp(steps=[{"at": time(10, 0), "text": "打卡", "key": "d1"}], people=3)
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    Touch.objects.update(state=TouchState.CONFIRMED, done_at=clock.now())
    first, second, third = made.people[0]
    for person, kind, hours in ((first, "message", 1), (second, "leave", 3), (third, "message", 30)):
        Behaviour.objects.create(
            tenant=made.tenant, source="t", event_id=f"{person.pk}", kind=kind, customer=person,
            group=made.groups[0], occurred_at=AT_10 + timedelta(hours=hours),
        )  # fmt: skip
    client.force_login(User.objects.get(email="lin@example.com"))
    User.objects.update(language="en")
    base = f"/t/{made.tenant.slug}/sop"
    step = made.step
    page = client.get(f"{base}/versions/{made.version.pk}/steps/{step.pk}/past/").content.decode()
    assert "1 / 1" in page
    people = f"{base}/runs/{made.run.pk}/step-people/?step=d1&amp;figure="
    assert f'{people}reached">3</a>' in page
    assert f'{people}replied">1</a>' in page
    behind = client.get(f"{base}/runs/{made.run.pk}/step-people/?step=d1&figure=left").content.decode()
    assert second.name in behind
    assert first.name not in behind
    assert client.get(f"{base}/runs/{made.run.pk}/step-people/?step=d1&figure=all").status_code == 404


def test_a_step_that_never_ran_says_so(scoped: Tenant, client: Client) -> None:
    version = make_version(tenant=scoped, steps=[{"title": "新的"}])
    client.force_login(User.objects.get(email="lin@example.com"))
    User.objects.update(language="en")
    step = version.steps.get()
    page = client.get(f"/t/{scoped.slug}/sop/versions/{version.pk}/steps/{step.pk}/past/").content.decode()
    assert "It has not run yet" in page


def test_every_step_of_the_plan_is_drawn_also_outside_the_phases(scoped: Tenant) -> None:
    version = make_version(
        tenant=scoped, days=7, offer_day=1, offer_at=time(10, 0),
        steps=[
            {"key": "in", "day": 2}, {"key": "gap", "day": 5}, {"key": "late", "day": 12},
            {"key": "early", "anchor": "offer_end", "day": None, "at": None, "offset_minutes": -3 * 24 * 60},
        ],
        phases=[{"key": "a", "name": "一", "first": 1, "last": 3, "note": ""}],
    )  # fmt: skip
    found = timeline(version=version, steps=list(version.steps.all()), changes=[])
    drawn = {
        (band.key, day.label, step.key)
        for band in found.bands
        for day in band.days
        for cell in day.cells
        for step in cell
    }
    assert drawn == {("early", "−3", "early"), ("a", "2", "in"), ("gap4", "5", "gap"), ("late", "+5", "late")}
    assert [band.takes_steps for band in found.bands] == [False, True, True, False]


def test_when_many_steps_wait_for_tags_or_answers_their_names_cost_the_same(scoped: Tenant) -> None:
    waits = [
        {"key": f"t{n}", "anchor": "customer_tag", "day": None, "at": None, "trigger_tag": n}
        for n in range(1, 9)
    ]
    waits += [
        {
            "key": f"a{n}",
            "anchor": "answers",
            "day": None,
            "at": None,
            "trigger_step": "t1",
            "trigger_kind": "message",
        }
        for n in range(8)
    ]
    version = make_version(tenant=scoped, steps=waits)
    steps = list(Step.objects.filter(version=version))
    with CaptureQueriesContext(connection) as asked:
        names = when_names(steps)
        said = [step_when(one, names) for one in steps]
    assert len(asked) <= 3
    title = next(one.title for one in steps if one.key == "t1")
    assert len([one for one in said if title in one]) == 8, said
