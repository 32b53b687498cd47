"""Intervals and shares."""

import pytest

from analytics.policies import against_base, share, wilson

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("part", "whole", "expected"), [(1, 4, 0.25), (0, 4, 0.0), (1, 0, None), (None, 4, None)]
)
def test_share_is_unknown_without_a_denominator(part, whole, expected):
    assert share(part, whole) == expected


def test_wilson_interval_of_a_known_case():
    low, high = wilson(167, 1248)
    assert (round(low, 3), round(high, 3)) == (0.116, 0.154)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)
    assert wilson(0, 0) is None


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.11, 0.15), "above"),
        ((0.05, 0.09), "below"),
        ((0.09, 0.12), "unclear"),
        ((0.10, 0.2), "unclear"),
        (None, "unclear"),
    ],
)
def test_rate_is_told_from_the_base_only_when_the_interval_leaves_it_out(interval, verdict):
    assert against_base(interval, 0.10) == verdict
