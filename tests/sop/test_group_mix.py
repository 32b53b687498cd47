"""What a group was told over four weeks, by type, against the targets (R60)."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client

from sop.enums import TouchState
from sop.models import Touch
from sop.selectors.group_mix import group_mix
from sop.services.planning import plan_apply
from tenants.models import User
from tests.conftest import MovableClock
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_four_weeks_are_counted_by_type_against_the_targets(
    camp: Callable[..., Camp], frozen: MovableClock, client: Client
) -> None:
    made = camp(
        steps=[
            {"day": 1, "at": time(10, 0), "content_type": "value", "key": "a"},
            {"day": 2, "at": time(10, 0), "content_type": "marketing", "key": "b"},
            {"day": 2, "at": time(11, 0), "content_type": "care", "key": "c"},
            {"day": 3, "at": time(10, 0), "content_type": "value", "key": "never"},
            {"day": 3, "at": time(10, 0), "content_type": "topic", "key": "private", "channel": "staff_task"},
        ]
    )
    plan_apply(tenant=made.tenant, run=made.run)
    done = Touch.objects.exclude(step__key="never")
    done.update(state=TouchState.CONFIRMED)
    frozen.set(datetime(2026, 3, 11, 4, 0, tzinfo=UTC))
    found = group_mix(tenant=made.tenant, group=made.groups[0])
    assert [f"{week.monday:%m-%d}" for week in found.weeks] == ["02-16", "02-23", "03-02", "03-09"]
    assert found.weeks[2].counts == {"value": 1, "marketing": 1, "care": 1}
    assert found.total == 3
    shares = {one.content_type: (one.count, one.percent, one.is_fine) for one in found.shares}
    assert shares["value"] == (2, 67, True)
    assert shares["norms"][2] is False
    client.force_login(User.objects.get(email="lin@example.com"))
    User.objects.update(language="en")
    page = client.get(f"/t/{made.tenant.slug}/groups/{made.groups[0].pk}/?tab=sop").content.decode()
    assert "group-mix-option" in page
    frozen.set(datetime(2026, 3, 11, 4, 0, tzinfo=UTC) + timedelta(days=28))
    assert group_mix(tenant=made.tenant, group=made.groups[0]).shares == []
