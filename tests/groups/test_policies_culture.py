"""When a norm is agreed, whom to thank, the lines in a welcome, and the friendly word before the ladder (R130)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.enums import LadderStep
from groups.policies.culture import (
    MARK,
    Balance,
    Deed,
    is_agreed,
    thanks_due,
    told,
    untold,
    voice,
    yes_needed,
)
from groups.policies.ladder import proposed

T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HEAD = "我们一起约定的："
NORMS = st.lists(st.from_regex(r"[一-龥]{2,20}", fullmatch=True), max_size=4, unique=True)
TEXTS = st.text(alphabet="甲乙丙丁 ab。\n", max_size=60)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("同意", True), ("我同意！", True), ("我们都赞成呀", True), ("+1", True), ("1", True), ("１", True),
        ("[强]", True), ("👍👍", True), ("@林晓 同意", True), ("OK", True), ("agree", True), ("同意+1", True),
        ("不同意", False), ("我不太同意", False), ("反对", False), ("-1", False), (" － 1", False), ("坚决反对", False),
        ("同意先发在别处再说吧", None), ("第1课", None), ("12", None), ("", None), ("好的老师今晚交作业", None),
        ("你同意吗？谁同意", None), ("不", None),
    ],
)  # fmt: skip
def test_only_a_message_that_is_an_answer_and_nothing_else_counts(message, said):
    assert voice(message) is said


@given(st.text(max_size=60))
def test_any_message_is_read_and_a_denial_is_never_a_yes(text):
    assert voice(text) in (True, False, None)
    assert voice(f"不同意{text}") is not True


@given(
    st.one_of(st.none(), st.integers(0, 500)), st.integers(0, 500), st.integers(1, 200), st.integers(0, 100)
)
def test_what_is_needed_grows_with_who_spoke_and_is_never_more_than_sit_there(spoke, seated, least, percent):
    rule = {"least": least, "percent": percent}
    needed = yes_needed(spoke=spoke, seated=seated, **rule)
    assert 1 <= needed <= max(1, seated)
    assert needed <= yes_needed(spoke=(spoke or 0) + 1, seated=seated, **rule)
    if seated >= max(least, spoke or 0):
        assert needed >= least
        assert needed * 100 >= (spoke or 0) * percent


@given(st.integers(0, 50), st.integers(0, 50), st.one_of(st.none(), st.integers(1, 50)))
def test_agreed_needs_enough_and_more_yes_than_no_and_one_more_yes_never_undoes_it(yes, no, needed):
    agreed = is_agreed(yes=yes, no=no, needed=needed)
    assert agreed == (needed is not None and yes >= needed and yes > no)
    assert is_agreed(yes=yes + 1, no=no, needed=needed) or not agreed


@given(TEXTS, NORMS)
def test_a_welcome_keeps_every_line_of_a_person_and_says_each_norm_once(text, norms):
    made = told(text, head=HEAD, norms=norms)
    assert all(norm in made for norm in norms)
    assert told(made, head=HEAD, norms=norms) == made
    rows = iter(made.split("\n"))
    assert all(line in rows for line in text.rstrip("\n").split("\n") if text.strip())
    for norm in norms:
        made = untold(made, head=HEAD, norm=norm)
    assert not any(line.startswith(MARK) or line == HEAD for line in made.split("\n"))


def test_a_later_norm_stands_under_the_same_line_and_a_dropped_one_takes_only_its_own():
    first = told("欢迎进群。", head=HEAD, norms=["先说结论"])
    both = told(first + "\n回复“课表”。", head=HEAD, norms=["先说结论", "夜里不发语音"])
    assert both.split("\n") == ["欢迎进群。", HEAD, "· 先说结论", "· 夜里不发语音", "回复“课表”。"]
    assert untold(both, head=HEAD, norm="先说结论").split("\n") == [
        "欢迎进群。", HEAD, "· 夜里不发语音", "回复“课表”。",
    ]  # fmt: skip
    assert untold("我自己写的：夜里不发语音", head=HEAD, norm="夜里不发语音") == "我自己写的：夜里不发语音"


DEEDS = st.lists(
    st.builds(
        Deed, st.integers(1, 4), st.sampled_from(["help", "idea"]),
        st.integers(0, 9).map(lambda n: T0 + timedelta(days=n)), st.sampled_from(["", "迎新"]),
    ),
    max_size=8,
)  # fmt: skip


@given(DEEDS, st.randoms())
def test_whom_to_thank_does_not_depend_on_the_order_of_deeds_and_each_stands_once(deeds, random):
    due = thanks_due(deeds, {})
    shuffled = list(deeds)
    random.shuffle(shuffled)
    assert thanks_due(shuffled, {}) == due
    assert len({(one.customer_id, one.reason) for one in due}) == len(due)
    assert {(one.customer_id, one.reason) for one in due} == {(one.customer_id, one.reason) for one in deeds}
    answered = {(one.customer_id, one.reason): one.at for one in due}
    assert thanks_due(deeds, answered) == []


def test_a_deed_after_the_last_thanks_is_due_again():
    thanked = {(1, "help"): T0}
    assert thanks_due([Deed(1, "help", T0)], thanked) == []
    assert thanks_due([Deed(1, "help", T0 + timedelta(seconds=1))], thanked) != []
    assert thanks_due([Deed(1, "idea", T0)], thanked) != []


def test_the_latest_deed_comes_first_and_equals_by_the_person():
    deeds = [Deed(who, "help", T0 + timedelta(days=days)) for who, days in ((3, 0), (2, 1), (1, 0))]
    assert [one.customer_id for one in thanks_due(deeds, {})] == [2, 1, 3]


@given(st.integers(0, 30), st.integers(1, 10), st.integers(1, 20))
def test_a_friendly_word_comes_before_every_sanction_and_never_after_one(earlier, mute, remove):
    rule = {"earlier": earlier, "mute_from": mute, "remove_from": remove}
    kind = proposed(**rule, is_kind_first=True)
    assert (kind == LadderStep.KIND) == (earlier == 0)
    assert proposed(**rule) != LadderStep.KIND


@pytest.mark.parametrize(
    ("balance", "only"),
    [
        (Balance(0, 0, 0), False),
        (Balance(0, 3, 0), False),
        (Balance(0, 0, 1), True),
        (Balance(1, 0, 9), False),
    ],
)
def test_a_group_only_polices_with_sanctions_and_without_thanks(balance, only):
    assert balance.only_polices is only
