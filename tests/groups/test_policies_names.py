"""Names as people count them (golden case Name)."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from groups.policies.names import characters, emoji_count, has_number_or_place, length

pytestmark = pytest.mark.unit

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("小芽英语", 4),
        ("\U0001f331", 1),
        (FAMILY, 1),
        ("\U0001f1e8\U0001f1f3", 1),
        ("\U0001f1e8\U0001f1f3\U0001f1fa\U0001f1f8", 2),
        ("1️⃣", 1),
        ("\U0001f44d\U0001f3fd", 1),
        ("e\u0301", 1),
        ("한국", 2),
        ("\u1112\u1161\u11ab", 1),
        ("a\r\nb", 3),
        ("❤️", 1),
    ],
)
def test_length_counts_what_a_reader_sees(text, count):
    assert length(text) == count


PIECES = [
    *("小", "芽", "a", "1", "·", " ", FAMILY, "\U0001f331", "\U0001f1e8", "\U0001f1f3", "\u200d", "\u0301"),
    *("\ufe0f", "\u20e3", "\U0001f3fd", "\u2764", "한", "\u1112", "\u1161", "\u11ab", "\r", "\n", "\u0903"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_characters_agree_with_the_unicode_rules(pieces):
    text = "".join(pieces)
    assert characters(text) == regex.findall(r"\X", text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("小芽01", 0), ("小芽\U0001f331", 1), ("☀️小芽1️⃣", 2), (FAMILY * 3, 3), ("小芽©", 0), ("小芽 #1", 0)],
)
def test_emoji_are_counted_as_pictures(text, count):
    assert emoji_count(text) == count


@pytest.mark.parametrize(
    ("name", "told_apart"),
    [
        ("小芽英语启蒙07群", True),
        ("小芽英语启蒙七群", True),
        ("小芽英语启蒙第三期", True),
        ("小芽英语启蒙上海群", True),
        ("小芽英语启蒙城西校群", True),
        ("小芽英语启蒙群", False),
        ("小芽英语启蒙精品群", False),
    ],
)
def test_number_or_place_tells_a_group_from_its_series(name, told_apart):
    assert has_number_or_place(name, brand="小芽英语", series="启蒙") is told_apart


def test_a_number_of_the_brand_or_the_series_does_not_count():
    assert not has_number_or_place("360英语启蒙1班群", brand="360英语", series="启蒙1班")
