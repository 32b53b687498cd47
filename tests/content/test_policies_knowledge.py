"""Knowledge cards as pure policies (R126): drawing and grading a test, who is asked what by when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.enums import SECTIONS
from content.policies.knowledge import (
    Asked,
    CampPerson,
    Known,
    Question,
    graded,
    is_sound,
    named,
    sheet_make,
    wanted,
)
from content.selectors.knowledge_builtin import builtin_list

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in Shanghai
ZONE = "Asia/Shanghai"

WORDS = st.lists(st.text(min_size=1, max_size=6).filter(str.strip), min_size=2, max_size=4, unique=True)
QUESTIONS = st.lists(
    WORDS.flatmap(
        lambda words: st.builds(
            Question, st.integers(1, 10**6), st.just("问"), st.just(tuple(words)), st.integers(0, len(words) - 1)
        )
    ),
    min_size=1, max_size=8, unique_by=lambda one: one.pk,
)  # fmt: skip


@given(QUESTIONS, st.integers(1, 10), st.integers(0, 2**32))
def test_a_sheet_asks_real_questions_once_and_knows_the_right_words(
    questions: list[Question], most: int, seed: int
) -> None:
    sheet, known = sheet_make(questions, most=most, seed=seed), {one.pk: one for one in questions}
    assert len(sheet) == min(most, len(questions))
    assert len({one["id"] for one in sheet}) == len(sheet)
    for one in sheet:
        asked = known[one["id"]]
        assert sorted(one["options"]) == sorted(asked.options)
        assert one["options"][one["right"]] == asked.options[asked.answer]
    assert sheet == sheet_make(questions, most=most, seed=seed)


@given(QUESTIONS, st.data(), st.integers(1, 100))
def test_a_grade_counts_right_answers_and_nothing_else(
    questions: list[Question], data: st.DataObject, need: int
) -> None:
    sheet = sheet_make(questions, most=8, seed=1)
    answers = data.draw(st.lists(st.none() | st.integers(-1, 9), max_size=len(sheet) + 2))
    grade = graded(sheet, answers, need_percent=need)
    hits = [one["right"] == answer for one, answer in zip(sheet, answers, strict=False)]
    assert (grade.right, grade.asked) == (sum(hits), len(sheet))
    assert grade.is_passed == (grade.right / grade.asked >= need / 100)


@pytest.mark.parametrize(("right", "passed"), [(3, False), (4, True)])
def test_four_of_five_passes_eighty_percent_and_three_does_not(right: int, passed: bool) -> None:
    sheet = [{"id": one, "right": 0} for one in range(5)]
    assert graded(sheet, [0] * right + [1] * (5 - right), need_percent=80).is_passed is passed
    assert not graded([], [], need_percent=80).is_passed


@pytest.mark.parametrize(
    ("options", "answer", "sound"),
    [
        (["是", "不是"], 1, True), (["是"], 0, False), (["是", " "], 0, False), (["是", "是"], 0, False),
        (["是", "不是"], 2, False), (["是", "不是"], -1, False),
    ],
)  # fmt: skip
def test_a_question_needs_two_different_answers_and_a_right_one(
    options: list[str], answer: int, sound: bool
) -> None:
    assert is_sound(options, answer) is sound


def _wanted(card: Asked, *, camps: list[CampPerson] = [], known: Any = None, now: datetime = NOW) -> Any:  # noqa: B006
    return wanted(
        cards=[card], people=[1, 2], camps=camps, known=known or {}, now=now, zone=ZONE, days=7, camp_days=2
    )


def test_everybody_gets_a_week_and_what_was_asked_keeps_its_day() -> None:
    card = Asked(9, "everybody", 1)
    assert {key: one.due_at.isoformat() for key, one in _wanted(card).items()} == {
        (9, 1): "2026-03-09T18:00:00+08:00", (9, 2): "2026-03-09T18:00:00+08:00",
    }  # fmt: skip
    been = {(9, 1): Known(0, 1, NOW), (9, 2): Known(1, 1, NOW)}
    later = _wanted(card, known=been, now=NOW + timedelta(days=3))
    assert later[9, 1].due_at.isoformat() == "2026-03-09T18:00:00+08:00"
    assert [later[9, one].is_done for one in (1, 2)] == [False, True]
    anew = _wanted(Asked(9, "everybody", 2), known=been, now=NOW + timedelta(days=3))
    assert anew[9, 2].due_at.isoformat() == "2026-03-12T18:00:00+08:00"
    assert not anew[9, 2].is_done


def test_a_camp_asks_only_its_leaders_two_days_before_and_never_within_less_than_a_day() -> None:
    card = Asked(9, "camp", 1, "年课")
    near, far = date(2026, 3, 3), date(2026, 3, 20)
    camps = [
        CampPerson(1, "第 7 期", far),
        CampPerson(2, "别的", near, "夏令营"),
        CampPerson(3, "第 7 期", far),
    ]
    assert {key: one.due_at.isoformat() for key, one in _wanted(card, camps=camps).items()} == {
        (9, 1): "2026-03-18T18:00:00+08:00"
    }
    both = [CampPerson(1, "第 7 期", far, "年课"), CampPerson(1, "第 6 期", near, "年课")]
    found = _wanted(card, camps=both)[9, 1]
    assert (found.camp, found.due_at.isoformat()) == ("第 6 期", "2026-03-03T18:00:00+08:00")
    assert _wanted(Asked(9, "nobody", 1), camps=camps) == {}


def test_a_card_is_named_by_its_title_or_what_customers_say() -> None:
    assert named("在比线下机构", title="对手：线下", aliases=["线下"])
    assert not named("在比别家", title="对手：线下", aliases=["线下", " "])


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_built_in_card_can_be_published_and_its_questions_asked(language: str) -> None:
    cards = builtin_list(language=language)
    assert {one.kind for one in cards} == {"product", "scenario", "competitor"}
    for card in cards:
        assert list(card.sections) == [key for key, _label, _hint in SECTIONS[card.kind]]
        assert all(card.sections.values())
        assert 0 < len(card.title) <= 64
        assert 0 < len(card.summary) <= 200
        assert len(card.questions) >= 3
        for one in card.questions:
            assert is_sound(one.options, one.answer)
            assert all(len(words) <= 120 for words in one.options)
            assert len(one.text) <= 200
            assert 0 < len(one.why) <= 300
