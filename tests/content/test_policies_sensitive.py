"""Sensitive words are found however they are written, and nowhere else."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from content.policies.sensitive import Severity, Word, find, key_of, refused
from content.policies.sensitive_defaults import DEFAULTS

HAN = st.text(st.sampled_from("国家级最佳第一天保本治好课程群友"), min_size=1, max_size=6)
MARKS = st.text(st.sampled_from(" -·。,，\u200b\u3000*\n_"), max_size=3)
WORDS = st.lists(
    st.builds(Word, HAN, st.sampled_from([Severity.REFUSE, Severity.WARN])), min_size=1, max_size=8
)
TEXT = st.text(st.sampled_from("国家级最佳第一天保本治好课程群友 -。aB1"), max_size=60)


def _wide(text: str) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


@given(HAN, st.lists(MARKS, min_size=6, max_size=6), TEXT, TEXT)
def test_marks_between_the_characters_hide_nothing(word, marks, before, after):
    hidden = "".join(one + mark for one, mark in zip(word, marks, strict=False))
    hits = find(before + hidden + after, (Word(word, Severity.REFUSE),))
    assert any(one.start <= len(before) and key_of(one.found) == word for one in hits)


@given(TEXT, WORDS)
def test_every_hit_reads_as_its_word_and_stands_where_it_says(text, words):
    for one in find(text, tuple(words)):
        assert text[one.start : one.end] == one.found
        assert key_of(one.found) == key_of(one.word.text)


@given(st.text(st.sampled_from("国家级最佳第一天保本治好"), max_size=40), WORDS)
def test_hits_are_those_of_a_plain_search_word_by_word(text, words):
    plain = {
        (at, at + len(one.text)) for one in words for at in range(len(text)) if text.startswith(one.text, at)
    }
    assert {(one.start, one.end) for one in find(text, tuple(words))} == plain


@given(TEXT, HAN, HAN)
def test_a_word_inside_an_allowed_phrase_is_no_hit_and_outside_it_is_one(text, word, rest):
    phrase = word + rest
    words = (Word(word, Severity.REFUSE), Word(phrase, Severity.ALLOW))
    assume(word not in rest and not any((word + rest).startswith(word, at) for at in range(1, len(phrase))))
    assert find(phrase, words) == []
    outside = find(f"{phrase}。a{word}a。", words)
    assert [one.found for one in outside] == [word] or key_of(f"a{word}a") == key_of(phrase)


@given(st.sampled_from(["BEST", "No1"]), st.booleans(), st.booleans())
def test_case_and_width_hide_nothing(word, is_wide, is_lower):
    written = word.lower() if is_lower else word
    shown = _wide(written) if is_wide else written
    assert [one.found for one in find(f"我们{shown}！", (Word(word, Severity.WARN),))] == [shown]


@given(st.text(max_size=200))
def test_any_text_at_all_is_read(text):
    for one in find(text, DEFAULTS):
        assert 0 <= one.start < one.end <= len(text)
        assert key_of(one.found) == key_of(one.word.text) or unicodedata.normalize("NFKC", one.found)


@pytest.mark.parametrize("text", ["asbestos", "bestow", "Abest"])
def test_a_latin_word_inside_another_is_no_hit(text):
    assert find(text, (Word("best", Severity.REFUSE),)) == []


def test_a_number_inside_another_is_no_hit():
    words = (Word("100", Severity.REFUSE),)
    assert find("1000 人、2100 元", words) == []
    assert [one.found for one in find("100 人", words)] == ["100"]


def test_overlapping_words_are_all_found():
    words = (Word("第一", Severity.WARN), Word("一品牌", Severity.WARN), Word("第一品牌", Severity.REFUSE))
    assert [one.found for one in find("全国第一品牌", words)] == ["第一品牌", "第一", "一品牌"]


@pytest.mark.parametrize(
    ("text", "stops"),
    [
        ("国家级教练团队", ["国家级"]),
        ("国 家 级 教练", ["国 家 级"]),
        ("这是最佳选择", ["最佳"]),
        ("保本、稳赚", ["保本", "稳赚"]),
        ("第一天打卡，你最近怎么样", []),
        ("你最想解决什么", []),
    ],
)
def test_the_platforms_list_stops_what_the_law_names_and_lets_plain_words_through(text, stops):
    assert refused(find(text, DEFAULTS)) == stops


def test_plain_sentences_with_the_first_and_the_most_are_no_hits():
    assert find("第一次来的朋友，最近最想改的一点是什么？第一名和最后一名都有奖。", DEFAULTS) == []


def test_a_hundred_thousand_characters_are_read_whole():
    text = "最" * 100_000
    words = tuple(Word("最" * size, Severity.WARN) for size in range(2, 5))
    assert len(find(text, words)) == 3 * len(text) - 6


def test_a_word_that_ends_with_an_allowed_phrase_is_no_hit():
    words = (Word("第一", Severity.REFUSE), Word("争当第一", Severity.ALLOW))
    assert find("人人争当第一", words) == []
    assert [one.found for one in find("争当第一，第一", words)] == ["第一"]
