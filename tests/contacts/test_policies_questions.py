"""Which messages wait for an answer, who gave it, when, and time that passed in working hours (R75)."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.policies.questions import (
    JOINS_WITHIN,
    MAY_ASK,
    REPLY_WITHIN,
    SETTLES_AFTER,
    Line,
    Told,
    is_courtesy,
    is_question,
    needed_for,
    questions_in,
    touched_by,
    waits,
)
from contacts.policies.worktime import WorkTime, dates_in, weekdays_in

pytestmark = pytest.mark.unit
ZONE = "Asia/Shanghai"
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 on the wall
NINE_TO_SIX = WorkTime(ZONE, time(9), time(18), frozenset({1, 2, 3, 4, 5}))


def at(hours: float) -> datetime:
    return MONDAY + timedelta(hours=hours)


def said(hours: float, who: str, text: str, **more: object) -> Line:
    return Line(f"{who}-{hours}", at(hours), who, text, who.startswith("staff"), **more)


def found(*lines: Line, is_private: bool = False) -> list[tuple[str, float | None, float | None]]:
    """(question, hours till the answer, hours till the end)."""
    told = questions_in(lines, is_private=is_private, staff_names=["林老师"])

    def hours(one, until):  # type: ignore[no-untyped-def]
        return None if until is None else round((until - one.asked_at).total_seconds() / 3600, 2)

    return [(one.key, hours(one, one.replied_at), hours(one, one.resolved_at)) for one in told]


@pytest.mark.parametrize(
    ("text", "is_private", "expected"),
    [
        ("几点开始？", False, True),
        ("能退吗", False, True),
        ("我昨天买的", False, False),
        ("@林老师 我的券用不了", False, True),
        ("@别人 我的券用不了", False, False),
        ("看 https://a.example/x?y=1", False, False),
        ("我昨天买的", True, True),
        ("好的，谢谢老师[微笑]", True, False),
        ("收到👌", True, False),
        ("可以退款", True, True),
        ("我通过了你的联系人验证请求，现在我们可以开始聊天了", True, False),
        ("", True, False),
    ],
)
def test_what_waits_for_an_answer(text: str, is_private: bool, expected: bool) -> None:
    assert waits(said(0, "wm1", text), is_private=is_private, staff_names=["林老师"]) is expected


def test_pictures_wait_in_private_and_stickers_never() -> None:
    assert waits(said(0, "wm1", "", kind="image"), is_private=True)
    assert not waits(said(0, "wm1", "", kind="image"), is_private=False)
    assert not waits(said(0, "wm1", "", kind="emotion"), is_private=True)
    assert is_courtesy("谢谢")
    assert not is_courtesy("谢谢，什么时候发货")


def test_the_clock_runs_from_the_first_unanswered_message() -> None:
    lines = (said(0, "wm1", "在吗？"), said(0.5, "wm1", "怎么补课？"), said(1, "staff1", "可以补"))
    assert found(*lines) == [("wm1-0", 1.0, 1.0)]


def test_two_people_ask_at_once_and_one_answer_is_for_both_unless_it_names_one() -> None:
    asked = (said(0, "wm1", "几点？", name="林雪"), said(0.5, "wm2", "在哪？", name="王芳"))
    assert found(*asked, said(1, "staff1", "八点，在群里")) == [("wm1-0", 1.0, 1.0), ("wm2-0.5", 0.5, 0.5)]
    named = found(*asked, said(1, "staff1", "@王芳 在群里"))
    assert named == [("wm1-0", None, None), ("wm2-0.5", 0.5, 0.5)]


def test_what_an_sop_posts_is_no_answer() -> None:
    post = said(1, "staff1", "今晚八点直播", is_post=True)
    assert found(said(0, "wm1", "能退吗？"), post) == [("wm1-0", None, None)]


def test_a_question_is_resolved_once_the_person_asks_no_more_for_a_day() -> None:
    first = (said(0, "wm1", "几点？"), said(1, "staff1", "八点"))
    assert found(*first) == [("wm1-0", 1.0, 1.0)]
    again = (said(3, "wm1", "哪天？"), said(4, "staff1", "周三"))
    assert found(*first, *again) == [("wm1-0", 1.0, 4.0), ("wm1-3", 1.0, 1.0)]
    assert found(*first, said(26, "wm1", "能退吗？")) == [("wm1-0", 1.0, 1.0), ("wm1-26", None, None)]


def test_an_answer_after_three_days_answers_nothing() -> None:
    assert found(said(0, "wm1", "几点？"), said(73, "staff1", "八点")) == [("wm1-0", None, None)]
    assert found(said(0, "wm1", "几点？"), said(72, "staff1", "八点")) == [("wm1-0", 72.0, 72.0)]


_MINUTES = st.integers(0, 60 * 24 * 16)
_LINES = st.lists(
    st.tuples(
        _MINUTES,
        st.sampled_from(["wm1", "wm2", "staff1", "staff2"]),
        st.sampled_from(["几点？", "能退吗", "好的", "@林雪 八点", "@王芳 周三", "@林老师 看看", "八点"]),
        st.booleans(),
    ),
    max_size=30,
    unique_by=lambda one: (one[0], one[1]),
)
_NAMES = {"wm1": "林雪", "wm2": "王芳"}


def _lines(rows: list[tuple[int, str, str, bool]]) -> list[Line]:
    return [
        Line(
            f"{who}-{minute}", MONDAY + timedelta(minutes=minute), who, text, who.startswith("staff"),
            _NAMES.get(who, ""), is_post=is_post and who.startswith("staff"),
        )
        for minute, who, text, is_post in rows
    ]  # fmt: skip


def _outside(told: list[Told], since: datetime, until: datetime) -> list[Told]:
    return [one for one in told if not since <= one.asked_at <= until]


@settings(max_examples=300, deadline=None)
@given(
    _LINES,
    st.booleans(),
    st.randoms(),
    st.lists(st.tuples(st.sampled_from(["wm1", "wm2"]), _MINUTES), max_size=3),
)
def test_a_message_changes_only_the_questions_near_it(rows, is_private, random, ends) -> None:  # type: ignore[no-untyped-def]
    """What incremental deriving rests on: a late message leaves the questions outside `touched_by` as they are, and
    those inside follow from the messages of `needed_for` alone. In whatever order the messages stand, and whatever
    colleagues closed by hand."""
    lines = _lines(rows)
    closed: dict[str, list[datetime]] = {}
    for who, minute in ends:
        closed.setdefault(who, []).append(MONDAY + timedelta(minutes=minute))
    asked = {"is_private": is_private, "staff_names": ["林老师"], "closed": closed}
    whole = questions_in(lines, **asked)
    random.shuffle(lines)
    assert questions_in(lines, **asked) == whole
    for late in lines[:3]:
        since, until = touched_by(late.at, late.at)
        without = questions_in([one for one in lines if one is not late], **asked)
        assert _outside(without, since, until) == _outside(whole, since, until)
        first, last = needed_for(since, until)
        near = questions_in([one for one in lines if first <= one.at <= last], **asked)
        inside = [one for one in near if since <= one.asked_at <= until]
        assert inside == [one for one in whole if since <= one.asked_at <= until]


def test_what_a_person_says_after_a_colleague_closed_is_another_question() -> None:
    lines = (
        said(0, "wm1", "几点？"),
        said(1, "wm1", "能退吗？"),
        said(2, "wm1", "在吗？"),
        said(1.5, "wm2", "在哪？"),
    )
    told = questions_in(lines, is_private=False, closed={"wm1": [at(1)]})
    assert [(one.key, one.more) for one in told] == [("wm1-0", ["wm1-1"]), ("wm2-1.5", []), ("wm1-2", [])]


@given(st.text(alphabet="几点?？吗呢么怎办多少钱 ~。@林a", max_size=12))
def test_the_database_looks_at_everything_that_may_ask(text: str) -> None:
    if is_question(text):
        assert re.search(MAY_ASK, text)


def test_spans_are_as_long_as_the_words_say() -> None:
    since, until = touched_by(at(0), at(1))
    assert (since, until) == (at(0) - REPLY_WITHIN - SETTLES_AFTER, at(1) + JOINS_WITHIN)


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        (0, 2, 2.0),
        (-5, 2, 2.0),  # before nine nothing runs
        (8, 25, 2.0),  # Monday 17:00 to Tuesday 10:00
        (24 * 4 + 8, 24 * 7 + 1, 2.0),  # Friday 17:00 to Monday 10:00: no weekend
        (2, 0, 0.0),
    ],
)
def test_working_time_runs_only_in_working_hours(since: float, until: float, hours: float) -> None:
    assert NINE_TO_SIX.seconds(at(since), at(until)) == hours * 3600


def test_holidays_stand_still_and_worked_weekends_run() -> None:
    tuesday, saturday = date(2026, 3, 3), date(2026, 3, 7)
    hours = WorkTime(
        ZONE, time(9), time(18), frozenset({1, 2, 3, 4, 5}), frozenset({tuesday}), frozenset({saturday})
    )
    assert hours.seconds(at(24), at(33)) == 0
    assert hours.seconds(at(24 * 5), at(24 * 5 + 9)) == 9 * 3600
    assert hours.after(at(8.5), 60) == at(
        48.5
    )  # half an hour on Monday, the holiday, half an hour on Wednesday
    assert WorkTime(ZONE, time(9), time(9), frozenset({1})).after(at(0), 1) is None


@given(_MINUTES, st.integers(1, 3000))
def test_a_deadline_lies_so_many_working_minutes_on(start: int, minutes: int) -> None:
    since = MONDAY + timedelta(minutes=start)
    due = NINE_TO_SIX.after(since, minutes)
    assert due is not None
    assert NINE_TO_SIX.seconds(since, due) == minutes * 60


def test_dates_and_days_are_read_as_people_write_them() -> None:
    assert dates_in("国庆 2026-10-01，2026-10-2；2026-13-01") == {date(2026, 10, 1), date(2026, 10, 2)}
    assert weekdays_in("1,2,3 8") == {1, 2, 3}
