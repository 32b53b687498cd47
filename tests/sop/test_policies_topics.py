"""The rank of a topic: few uses prove little (R65)."""

import pytest

from sop.policies.topics import TopicResult, wilson_low

pytestmark = pytest.mark.unit


def test_many_asked_rank_above_few_with_the_same_share_or_a_better_one() -> None:
    assert wilson_low(180, 300) > wilson_low(2, 3) > wilson_low(1, 3)
    assert wilson_low(180, 300) == pytest.approx(0.5436, abs=0.0005)
    assert wilson_low(0, 0) == 0.0


def test_more_answers_than_asked_are_all_of_them() -> None:
    assert wilson_low(5, 3) == wilson_low(3, 3) == pytest.approx(0.4385, abs=0.0005)


def test_shares_are_unknown_where_nobody_hears() -> None:
    assert TopicResult(uses=2, asked=10, answered=None).share is None
    assert TopicResult(uses=2, asked=10, answered=None).each is None
    assert TopicResult(uses=2, asked=10, answered=5).share == 0.5
    assert TopicResult(uses=2, asked=10, answered=5).each == 2.5
