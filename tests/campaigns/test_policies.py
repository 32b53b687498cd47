"""What stands in the way of a start, what the ROI is made of, and money in whole fen."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import STEP_OF, Missing, Step
from campaigns.policies.money import fen_of, yuan_of
from campaigns.policies.readiness import Plan, PrizePlan, by_step, forces_sharing, missing, worst_case_fen
from campaigns.policies.roi import Bought, attributed, labour_fen, roi

NOW = datetime(2026, 11, 24, 1, 10, tzinfo=UTC)
WHOLE = Plan(
    goal_target=300, group_count=7, starts_at=NOW - timedelta(days=10), ends_at=NOW + timedelta(days=2),
    budget_fen=600_000, prizes=(PrizePlan("点读笔", 9_600, 5),), rules_text="群成员均可参加。", has_owner=True,
)  # fmt: skip
MOST = 5_000_000


def _without(**fields: object) -> Plan:
    return Plan(**{**WHOLE.__dict__, **fields})  # type: ignore[arg-type]


def test_a_whole_plan_lacks_nothing() -> None:
    assert missing(WHOLE, now=NOW, prize_fen_most=MOST) == []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"goal_target": None}, [Missing.GOAL]),
        ({"goal_target": 0}, [Missing.GOAL]),
        ({"group_count": 0}, [Missing.GROUPS]),
        ({"starts_at": None}, [Missing.DATES]),
        ({"ends_at": None}, [Missing.DATES]),
        ({"ends_at": NOW}, [Missing.PAST]),
        ({"budget_fen": None}, [Missing.BUDGET]),
        ({"budget_fen": 0}, [Missing.BUDGET]),
        ({"prizes": ()}, [Missing.PRIZES]),
        ({"budget_fen": 9_599}, [Missing.OVER_BUDGET]),
        ({"budget_fen": 9_600}, []),
        ({"prizes": (PrizePlan("车", MOST + 1, 1),), "budget_fen": MOST * 2}, [Missing.PRIZE_TOO_DEAR]),
        ({"prizes": (PrizePlan("车", MOST, 1),), "budget_fen": MOST * 2}, []),
        ({"prizes": (PrizePlan("谢谢", 0, 9),), "budget_fen": None}, []),
        ({"rules_text": " \n"}, [Missing.RULES]),
        ({"rules_text": "集满 20 个赞领奖"}, [Missing.FORCED_SHARE]),
        ({"has_owner": False}, [Missing.OWNER]),
    ],
)
def test_each_thing_that_is_missing_is_named(fields: dict[str, object], found: list[Missing]) -> None:
    assert missing(_without(**fields), now=NOW, prize_fen_most=MOST) == found


def test_an_empty_plan_lacks_something_in_every_step() -> None:
    lacking = by_step(missing(Plan(), now=NOW, prize_fen_most=MOST))
    assert all(lacking[step] for step in (Step.IDEA, Step.PLACE, Step.PRIZES, Step.RULES))
    assert set(STEP_OF) == set(Missing)


@pytest.mark.parametrize(
    "text",
    [
        "转发到朋友圈即可抽奖",
        "把海报分享到微信群",
        "发朋友圈领奖",
        "朋友圈集赞 30 个",
        "集满 20 个赞",
        "share it to your Moments",
    ],
)
def test_rules_that_make_people_share_are_found(text: str) -> None:
    assert forces_sharing(text)


@pytest.mark.parametrize(
    "text",
    [
        "不需要转发朋友圈",
        "无需分享到朋友圈",
        "请勿发朋友圈",
        "老师会把作业发到群里",
        "No need to share it to Moments",
    ],
)
def test_rules_that_say_nobody_has_to_share_are_fine(text: str) -> None:
    assert forces_sharing(text) == ""


def test_the_worst_case_is_every_piece_given() -> None:
    assert worst_case_fen([PrizePlan("点读笔", 9_600, 5), PrizePlan("绘本", 1_800, 40)]) == 48_000 + 72_000


def test_the_roi_of_the_mockup() -> None:
    """9 orders of ¥1,980, one refunded; ¥1,750 of prizes and 14 hours at ¥60."""
    since = dict.fromkeys(range(1, 10), NOW - timedelta(days=9))
    bought = [Bought(n, n, NOW - timedelta(days=5), 198_000, 198_000 if n == 9 else 0) for n in range(1, 10)]
    made = roi(
        bought, since=since, window=timedelta(days=7), now=NOW, prizes_fen=175_000, media_fen=0,
        labour_fen=labour_fen(14 * 60, 60),
    )  # fmt: skip
    assert (made.orders, made.net_fen, made.cost_fen) == (9, 1_584_000, 259_000)
    assert made.value is not None
    assert round(made.value, 1) == 5.1  # the mockup takes ¥300 of coupons off the revenue, too
    assert made.waiting == 0


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(seconds=-1), 0),
        (timedelta(), 1),
        (timedelta(days=7, seconds=-1), 1),
        (timedelta(days=7), 0),
    ],
)
def test_an_order_counts_from_the_prize_to_the_end_of_the_window(after: timedelta, counts: int) -> None:
    bought = [Bought(1, 1, NOW + after, 100, 0)]
    assert len(attributed(bought, since={1: NOW}, window=timedelta(days=7))) == counts


def test_an_order_of_somebody_without_a_prize_never_counts_and_no_cost_is_no_roi() -> None:
    made = roi(
        [Bought(1, 2, NOW, 100, 0)], since={1: NOW}, window=timedelta(days=7), now=NOW, prizes_fen=0, media_fen=0,
        labour_fen=0,
    )  # fmt: skip
    assert (made.orders, made.value, made.waiting) == (0, None, 1)


@given(st.integers(0, 10**11))
def test_money_survives_the_way_through_a_form(fen: int) -> None:
    assert fen_of(Decimal(yuan_of(fen))) == fen


def test_negative_money_is_refused() -> None:
    with pytest.raises(ValueError, match="never negative"):
        fen_of(Decimal("-0.01"))
