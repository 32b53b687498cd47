"""Who did their touches in the window, as the ranking counts it (R127)."""

from datetime import timedelta

import pytest

from sop.selectors.execution import execution_rate
from sop.selectors.ranking import done_cases, done_cells, done_lines
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.groups import make_group
from tests.factories.sop import make_run, make_step, make_touch, make_version
from tests.factories.team import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def test_touches_count_by_channel_as_the_execution_rate_counts_them(
    tenant: Tenant, frozen: MovableClock
) -> None:
    with tenant_scope(tenant):
        ann = make_staff(tenant=tenant)
        group = make_group(tenant=tenant, owner=ann)
        version = make_version(tenant=tenant)
        step = make_step(tenant=tenant, version=version)
        run = make_run(tenant=tenant, version=version, groups=[group])
        began = frozen.moment - timedelta(days=3)
        ends = began + timedelta(hours=2)
        rows = (
            ("group_forward", "confirmed", ends), ("group_forward", "confirmed", ends + timedelta(seconds=1)),
            ("group_forward", "expired", None), ("call", "confirmed", began), ("call", "blocked", None),
            ("call", "cancelled", None), ("call", "submitted", None),
        )  # fmt: skip
        for number, (channel, state, done_at) in enumerate(rows):
            make_touch(
                tenant=tenant, run=run, step=step, group=group, occurrence=str(number), channel=channel,
                state=state, done_at=done_at, planned_at=began, due_at=began, window_ends_at=ends,
            )  # fmt: skip
        make_touch(
            tenant=tenant, run=run, step=step, group=group, occurrence="nobody", staff=None, state="expired",
            planned_at=began, due_at=began, window_ends_at=ends,
        )  # fmt: skip
        span = {"tenant": tenant, "since": began - timedelta(days=1), "until": frozen.moment}
        cells = done_cells(**span)
        assert {(one.staff_id, one.stratum): (one.cases, one.hits) for one in cells} == {
            (ann.pk, "group_forward"): (3, 1), (ann.pk, "call"): (2, 1),
        }  # fmt: skip
        declared = next(one for one in execution_rate(tenant_id=tenant.pk, by="staff") if one.key == ann.pk)
        assert (declared.due, declared.in_window) == (sum(c.cases for c in cells), sum(c.hits for c in cells))
        asked = {**span, "staff_id": ann.pk}
        counts = [
            len(done_cases(**asked, stratum=stratum, hit=hit))
            for stratum, hit in ((None, None), (None, True), ("call", False), ("sms", None))
        ]
        assert counts == [5, 2, 1, 0]
        lines = done_lines(tenant=tenant, rows=done_cases(**asked, hit=True))
        assert {one.is_drawer for one in lines} == {True}
        assert {one.name for one in lines} == {str(step)}
