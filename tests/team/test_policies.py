"""How near a deadline is, and until when something is put off."""

from datetime import UTC, datetime, timedelta

import pytest

from team.policies import urgency
from team.policies.snooze import snoozed_until

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("minutes", "word"), [(0, "late"), (-5, "late"), (30, "soon"), (31, ""), (None, "")])
def test_urgency_at_its_bounds(minutes: int | None, word: str) -> None:
    assert urgency(None if minutes is None else NOW + timedelta(minutes=minutes), NOW) == word


@pytest.mark.parametrize(
    ("reason", "until"),
    [
        ("busy", datetime(2026, 3, 2, 16, 50, tzinfo=UTC)),
        ("customer", datetime(2026, 3, 2, 18, 30, tzinfo=UTC)),
        ("colleague", datetime(2026, 3, 2, 18, 30, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 3, 4, 1, 0, tzinfo=UTC)),  # half past midnight of the 3rd in Shanghai
    ],
)
def test_until_when_each_reason_puts_off_also_after_midnight_of_the_company(
    reason: str, until: datetime
) -> None:
    now = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert snoozed_until(reason=reason, now=now, zone="Asia/Shanghai", minutes=20) == until
