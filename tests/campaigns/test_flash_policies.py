"""Where the nodes of a flash run stand, and how it compares (R89)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import Missing
from campaigns.enums.flash import NODE_SHARES, Rhythm
from campaigns.policies.flash import (
    NodePlan,
    Share,
    compared,
    half_filled,
    nodes_hold,
    nodes_placed,
    run_lacks,
    spans_of,
    text_to_post,
)
from sop.enums import FLASH_NODES

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@given(rhythm=st.sampled_from(Rhythm.values), hours=st.integers(2, 7 * 24))
def test_every_rhythm_places_four_nodes_in_order_within_any_run(rhythm: str, hours: int) -> None:
    length = timedelta(hours=hours)
    placed = nodes_placed(rhythm, length)
    nodes = [NodePlan(part, after, True) for part, after in placed.items()]
    assert nodes_hold(nodes, length)
    assert all(after % timedelta(minutes=15) == timedelta() for after in placed.values())


@given(afters=st.lists(st.integers(0, 1000), min_size=4, max_size=4, unique=True).map(sorted))
def test_what_happens_belongs_to_one_node_and_the_last_reaches_the_end(afters: list[int]) -> None:
    given_ = {part.value: timedelta(minutes=one) for part, one in zip(FLASH_NODES, afters, strict=True)}
    end = NOW + timedelta(minutes=1001)
    spans = spans_of(NOW, end, given_)
    assert [one.part for one in spans] == [one.value for one in FLASH_NODES]
    assert all(one.until == following.since for one, following in pairwise(spans))
    assert (spans[0].since, spans[-1].until) == (NOW + timedelta(minutes=afters[0]), end)


def _nodes(hours: float = 24, **fields: bool) -> list[NodePlan]:
    placed = nodes_placed(Rhythm.SALE, timedelta(hours=hours))
    return [NodePlan(part, after, **{"has_owner": True, **fields}) for part, after in placed.items()]


@pytest.mark.parametrize(
    ("length", "is_all_flash", "nodes", "expected"),
    [
        (timedelta(hours=24), True, _nodes(), []),
        (timedelta(days=7), True, _nodes(), []),
        (timedelta(days=7, minutes=1), True, _nodes(), [Missing.FLASH_SPAN]),
        (timedelta(hours=1), True, _nodes(1), []),
        (timedelta(minutes=59), True, _nodes(0.75), [Missing.FLASH_SPAN]),
        (timedelta(hours=24), False, _nodes(), [Missing.FLASH_GROUPS]),
        (timedelta(hours=24), True, _nodes()[:3], [Missing.FLASH_NODES]),
        (timedelta(hours=24), True, _nodes(has_owner=False), [Missing.FLASH_NODES]),
        (timedelta(hours=12), True, _nodes(), [Missing.FLASH_NODES]),
        (None, False, [], [Missing.FLASH_GROUPS]),
    ],
)
def test_what_keeps_a_run_from_its_start(
    length: timedelta | None, is_all_flash: bool, nodes: list[NodePlan], expected: list[Missing]
) -> None:
    assert run_lacks(length=length, days_most=7, is_all_flash=is_all_flash, nodes=nodes) == expected


def test_nodes_out_of_order_do_not_hold() -> None:
    nodes = _nodes()
    swapped = [NodePlan(one.part, timedelta(hours=20) - one.after, True) for one in nodes]
    assert nodes_hold(nodes, timedelta(hours=24))
    assert not nodes_hold(swapped, timedelta(hours=24))


def test_the_rhythms_differ() -> None:
    shares = [tuple(one.values()) for one in NODE_SHARES.values()]
    assert len(set(shares)) == len(Rhythm)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (Share(30, 60), Share(12, 60), "高 30.0 个百分点"),
        (Share(12, 60), Share(30, 60), "低 30.0 个百分点"),
        (Share(30, 60), Share(30, 60), "一样"),
        (Share(3, 29), Share(30, 60), "人太少，不作比较"),
        (Share(0, 0), Share(30, 60), "没有可比的"),
    ],
)
def test_a_comparison_says_no_more_than_its_samples_carry(ours: Share, theirs: Share, said: str) -> None:
    with translation.override("zh-hans"):
        assert compared(ours, theirs) == said


def test_how_fast_it_filled_counts_from_the_start_only() -> None:
    joined = [NOW - timedelta(days=1), *(NOW + timedelta(hours=one) for one in (1, 2, 10))]
    assert half_filled(joined, NOW) == timedelta(hours=2)
    assert half_filled(joined[:1], NOW) is None


def test_the_address_stands_in_a_post_once() -> None:
    assert text_to_post("看这里 https://a", "https://a") == "看这里 https://a"
    assert text_to_post("开始了", "https://a") == "开始了\nhttps://a"
    assert text_to_post("", "https://a") == "https://a"
