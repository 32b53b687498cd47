"""What a coupon takes off, how long it holds, who gets one, and codes that say when they are mistyped."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums import AwardState
from campaigns.enums.coupons import CouponRefusal, CouponState, OfferKind
from campaigns.policies.coupons import (
    ALPHABET,
    CODE_CHARS,
    Asker,
    Terms,
    code_make,
    code_read,
    code_shown,
    off_of,
    refusal,
    span_of,
    state_of,
)

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # noon in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")
NUMBERS = st.integers(0, 2**55 - 1)


@given(NUMBERS, st.sampled_from(["", "-", " "]), st.booleans())
def test_a_code_is_read_however_it_is_written(number: int, gap: str, is_lower: bool) -> None:
    code = code_make(number)
    assert len(code) == CODE_CHARS
    told = gap.join(code_shown(code).split("-"))
    told = told.replace("0", "O").replace("1", "l")
    assert code_read(told.lower() if is_lower else told).code == code


@given(NUMBERS, st.integers(0, CODE_CHARS - 1), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_no_code(number: int, at: int, other: str) -> None:
    code = code_make(number)
    wrong = code[:at] + other + code[at + 1 :]
    assert code_read(wrong).code == (code if wrong == code else "")


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_a_code_or_none(raw: str) -> None:
    found = code_read(raw)
    assert found.code == "" or len(found.code) == CODE_CHARS


def test_a_scanned_link_names_its_company() -> None:
    code = code_make(4_827_913)
    found = code_read(f"https://q.example.com/m/xiao-ya/coupons/{code_shown(code)}/")
    assert (found.code, found.slug) == (code, "xiao-ya")
    assert code_read("https://q.example.com/m/xiao-ya/coupons/AAAA/").slug == "xiao-ya"


@given(st.integers(0, 10**10), st.integers(0, 10**9), st.integers(1, 10**9), st.integers(1, 99))
def test_a_coupon_takes_off_at_most_the_order_and_nothing_below_its_threshold(
    order: int, threshold: int, most: int, percent: int
) -> None:
    amount = Terms(kind=OfferKind.AMOUNT, off_fen=most, threshold_fen=threshold)
    part = Terms(kind=OfferKind.PERCENT, off_percent=percent, off_most_fen=most, threshold_fen=threshold)
    for terms in (amount, part):
        off = off_of(terms, order)
        assert 0 <= off <= min(order, most)
        assert off == 0 or order >= threshold


def test_twenty_percent_of_six_hundred_is_a_hundred_and_twenty_but_at_most_a_hundred() -> None:
    terms = Terms(kind=OfferKind.PERCENT, off_percent=20, off_most_fen=10_000)
    assert [off_of(terms, fen) for fen in (30_000, 50_000, 60_000)] == [6_000, 10_000, 10_000]
    assert off_of(Terms(kind=OfferKind.GIFT), 60_000) == 0


def test_days_are_whole_and_end_at_midnight_on_the_tenants_wall() -> None:
    begins, ends = span_of(Terms(kind=OfferKind.AMOUNT, valid_days=3), at=NOW, zone=SHANGHAI)
    assert begins == NOW
    assert ends.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == "11-27 00:00"
    late = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59
    _begins, ends = span_of(Terms(kind=OfferKind.AMOUNT, valid_days=1), at=late, zone=SHANGHAI)
    assert ends.astimezone(SHANGHAI).strftime("%m-%d %H:%M") == "11-25 00:00"


@pytest.mark.parametrize(
    ("terms", "asker", "expected"),
    [
        ({}, {"joined_at": None}, CouponRefusal.NOT_INSIDE),
        ({}, {}, None),
        ({"joined_days": 3}, {"joined_at": NOW - timedelta(days=3)}, CouponRefusal.JOINED_LONG_AGO),
        ({"joined_days": 3}, {"joined_at": NOW - timedelta(days=3) + timedelta(seconds=1)}, None),
        ({"is_first_order": True}, {"has_ordered": True}, CouponRefusal.BOUGHT_BEFORE),
        ({}, {"has_ordered": True}, None),
        ({"per_person": 2}, {"had": 1}, None),
        ({"per_person": 2}, {"had": 2}, CouponRefusal.HAD),
        ({"valid_from": NOW - timedelta(days=2), "valid_until": NOW}, {}, CouponRefusal.OVER),
    ],
)  # fmt: skip
def test_who_gets_one(terms: dict, asker: dict, expected: CouponRefusal | None) -> None:
    who = {"joined_at": NOW - timedelta(days=30), "has_ordered": False, "had": 0, **asker}
    assert refusal(Terms(kind=OfferKind.AMOUNT, **terms), Asker(**who), now=NOW) == expected


@pytest.mark.parametrize(
    ("award", "begins", "ends", "is_expired", "expected"),
    [
        (AwardState.HELD, -1, 1, False, CouponState.OPEN),
        (AwardState.HELD, 0, 1, False, CouponState.OPEN),
        (AwardState.HELD, 1, 2, False, CouponState.SOON),
        (AwardState.HELD, -2, 0, False, CouponState.EXPIRED),
        (AwardState.GIVEN, -2, -1, False, CouponState.USED),
        (AwardState.RETURNED, -2, -1, True, CouponState.EXPIRED),
        (AwardState.RETURNED, -1, 1, False, CouponState.BACK),
    ],
)
def test_where_a_coupon_stands(
    award: str, begins: int, ends: int, is_expired: bool, expected: CouponState
) -> None:
    found = state_of(
        award, valid_from=NOW + timedelta(hours=begins), valid_until=NOW + timedelta(hours=ends),
        is_expired=is_expired, now=NOW,
    )  # fmt: skip
    assert found == expected
