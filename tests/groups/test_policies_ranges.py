"""Which days a page is asked about."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.policies.ranges import LONGEST_DAYS, PRESETS, days_asked

TODAY = date(2026, 3, 2)


def test_presets_end_today():
    for count in PRESETS:
        days = days_asked(days=str(count), first="", last="", today=TODAY)
        assert (days.first, days.last) == (TODAY - timedelta(days=count - 1), TODAY)
        assert days.query == f"days={count}"


@pytest.mark.parametrize("asked", ["", "0", "8", "-7", "x", "٧"])
def test_an_unknown_number_is_a_week(asked):
    assert days_asked(days=asked, first="", last="", today=TODAY).count == 7


def test_free_days_include_both_ends_and_stop_today():
    days = days_asked(days="", first="2026-02-27", last="2026-04-01", today=TODAY)
    assert (days.first, days.last, days.count, days.preset) == (date(2026, 2, 27), TODAY, 4, None)
    assert days.query == "from=2026-02-27&to=2026-03-02"


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_any_two_days_give_at_most_the_longest_range_that_never_lies_ahead(first, last):
    days = days_asked(days="", first=first.isoformat(), last=last.isoformat(), today=TODAY)
    assert days.first <= days.last <= TODAY
    assert days.count <= LONGEST_DAYS
    if not days.wrong:
        assert (days.first, days.last) == (first, min(last, TODAY))


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_any_text_gives_days(days, first, last):
    found = days_asked(days=days, first=first, last=last, today=TODAY)
    assert 1 <= found.count <= LONGEST_DAYS
