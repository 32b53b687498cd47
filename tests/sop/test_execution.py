"""The three sides of the execution page against the plain count of each: the same rows, figures, names and order."""

import random
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sop.enums import TouchState
from sop.selectors.execution import FIGURES, execution_rate, execution_sides
from tenants import clock
from tests.factories.sop import make_run, make_step, make_touch, make_version
from tests.factories.team import make_staff
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
STEPS = [
    {"key": "b", "day": 2, "at": time(9)},
    {"key": "a", "day": 1, "at": time(20)},
    {"key": "c", "day": 1, "at": time(8)},
    {"key": "join", "anchor": "member_join"},
]
MOVED = {"a": {"day": 4, "at": time(7)}, "c": {"day": 4, "at": time(19)}}  # in the next version


def some(rows: list[Any]) -> list[Any]:
    """What a page shows: rows with any figure."""
    return [one for one in rows if any(getattr(one, name) for name in FIGURES)]


@pytest.mark.parametrize("seed", range(6))
def test_one_reading_counts_each_side_as_a_reading_of_its_own(camp: Make, seed: int) -> None:
    dice = random.Random(seed)
    made = camp(steps=STEPS, groups=3)
    nameless = make_staff(tenant=made.tenant, app=made.groups[0].app, userid="zhou", name="")
    next_version = make_version(tenant=made.tenant, template=made.version.template, number=2)
    for one in STEPS:
        moved = MOVED.get(str(one["key"]), {})
        make_step(tenant=made.tenant, version=next_version, **{**one, **moved, "title": "改过的一步"})
    other = make_run(tenant=made.tenant, version=next_version, groups=made.groups)
    now = clock.now()
    for number in range(120):
        version, run = dice.choice(((made.version, made.run), (next_version, other)))
        begins = now + timedelta(hours=dice.choice((-30, -2, 0, 3)))
        ends = begins + timedelta(hours=dice.choice((0, 2, 15)))
        make_touch(
            tenant=made.tenant, run=run, step=dice.choice(list(version.steps.all())),
            group=dice.choice([*made.groups, None]), occurrence=str(number), planned_at=begins, window_ends_at=ends,
            state=dice.choice(TouchState.values), staff=dice.choice((made.staff, nameless, None)),
            done_at=dice.choice((None, ends, ends + timedelta(seconds=1), begins)),
        )  # fmt: skip
    empty = make_run(tenant=made.tenant, version=made.version, groups=made.groups)
    for run in (None, made.run, empty):
        with CaptureQueriesContext(connection) as asked:
            found = execution_sides(tenant_id=made.tenant.pk, run_id=run.pk if run else None)
        assert len(asked) == 1
        for by in ("step", "staff", "group"):
            expected = execution_rate(tenant_id=made.tenant.pk, by=by, run_ids=[run.pk] if run else None)
            assert found[by] == some(expected)
    assert found == {"step": [], "staff": [], "group": []}
