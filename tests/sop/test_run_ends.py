"""When a run ends by itself: the day after its last, once nothing of it is open."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from sop.models import Run, Touch
from sop.services.runs import runs_finish_due
from sop.services.talks import talks_spawn
from tenants.models import Tenant
from tests.conftest import MovableClock
from tests.factories.sop import make_touch
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
MIDNIGHT = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)  # the end of Monday, day 1, in Shanghai
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("days", "after_days"), [(1, 0), (1, 1), (2, 0), (4, 0), (5, 3)])
def test_a_run_ends_as_its_last_day_is_over_however_short_it_is(
    camp: Make, frozen: MovableClock, days: int, after_days: int
) -> None:
    made = camp(steps=[{}], days=days, after_days=after_days)
    over = MIDNIGHT + timedelta(days=days + after_days - 1)
    frozen.set(over - MINUTE)
    assert runs_finish_due(tenant=made.tenant) == 0
    frozen.set(over)
    assert runs_finish_due(tenant=made.tenant) == 1
    run = Run.objects.get()
    assert (run.state, run.ended_at) == ("finished", over)
    assert runs_finish_due(tenant=made.tenant) == 0


@pytest.mark.parametrize("state", ["planned", "claimed", "handed", "parked"])
def test_what_is_open_keeps_its_run(camp: Make, frozen: MovableClock, state: str) -> None:
    made = camp(steps=[{}], groups=2, days=1)
    frozen.set(MIDNIGHT)
    for group, is_at in zip(made.groups, (state, "skipped"), strict=True):
        make_touch(tenant=made.tenant, run=made.run, step=made.step, group=group, state=is_at)
    assert runs_finish_due(tenant=made.tenant) == 0
    Touch.objects.filter(state=state).update(state="expired")
    assert runs_finish_due(tenant=made.tenant) == 1


def test_a_run_waits_for_the_conversations_its_broadcasts_leave(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"at": time(20, 0), "talk_for": "silent", "talk_hours": 24}], days=1, people=1)
    sent: dict[str, Any] = {
        "state": "confirmed",
        "handed_at": MIDNIGHT - MINUTE,
        "done_at": MIDNIGHT - MINUTE,
    }
    make_touch(tenant=made.tenant, run=made.run, step=made.step, group=made.groups[0], **sent)
    frozen.set(MIDNIGHT)
    assert runs_finish_due(tenant=made.tenant) == 0
    frozen.set(MIDNIGHT + timedelta(days=1))
    assert talks_spawn(tenant=made.tenant) == 1
    assert runs_finish_due(tenant=made.tenant) == 0  # the conversation itself is open
    Touch.objects.filter(is_talk=True).update(state="confirmed", done_at=MIDNIGHT)
    assert runs_finish_due(tenant=made.tenant) == 1


def test_another_companys_run_and_one_called_off_are_left_alone(
    other_tenant: Tenant, camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{}], days=1)
    frozen.set(MIDNIGHT)
    assert runs_finish_due(tenant=other_tenant) == 0
    Run.objects.update(state="cancelled")
    assert runs_finish_due(tenant=made.tenant) == 0
