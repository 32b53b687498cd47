"""WeCom gives one new owner 300 groups a day: what is more is asked for on the days after."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from groups.policies.owner_days import spread

TODAY = date(2026, 3, 2)


def test_what_is_more_than_a_day_takes_waits_for_the_next() -> None:
    calls = spread(count=450, taken={TODAY: 120}, today=TODAY, most=300, per_call=100)
    tomorrow = TODAY + timedelta(days=1)
    assert calls == [(TODAY, 100), (TODAY, 80), (tomorrow, 100), (tomorrow, 100), (tomorrow, 70)]


@given(st.integers(0, 1000), st.dictionaries(st.integers(0, 3), st.integers(0, 400)), st.integers(1, 400))
def test_every_group_goes_once_and_no_day_takes_too_many(
    count: int, taken: dict[int, int], most: int
) -> None:
    used = {TODAY + timedelta(days=day): n for day, n in taken.items()}
    calls = spread(count=count, taken=used, today=TODAY, most=most, per_call=100)
    assert sum(n for _day, n in calls) == count
    for day in {day for day, _n in calls}:
        assert sum(n for one, n in calls if one == day) + used.get(day, 0) <= most
    assert all(0 < n <= 100 for _day, n in calls)
