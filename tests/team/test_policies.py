"""How near a deadline is."""

from datetime import UTC, datetime, timedelta

import pytest

from team.policies import urgency

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(("minutes", "word"), [(0, "late"), (-5, "late"), (30, "soon"), (31, ""), (None, "")])
def test_urgency_at_its_bounds(minutes: int | None, word: str) -> None:
    assert urgency(None if minutes is None else NOW + timedelta(minutes=minutes), NOW) == word
