"""Rules of testimonials and product facts at their edges (R66, R67)."""

from datetime import date
from typing import Any

import pytest

from content.enums import ProofProblem
from content.policies.facts import Claim, Kind, Rule, fits, is_told, split_values, stressed
from content.policies.proofs import TELLING, Evidence, is_said_in, name_shown, standing

pytestmark = pytest.mark.unit
TODAY = date(2026, 3, 2)
WHOLE: dict[str, Any] = {
    "has_customer": True, "has_order": True, "is_paid": True, "is_permitted": True, "is_withdrawn": False,
    "until": None, "scope": "groups",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "text", "is_said"),
    [
        ("很好", "很好", True),
        ("很好", "真的很好", False),
        ("字" * TELLING, "前" + "字" * TELLING + "后", True),
        ("字" * (TELLING - 1), "前" + "字" * (TELLING - 1) + "后", False),
    ],
)
def test_words_tell_a_testimonial_from_eight_characters_on(words: str, text: str, is_said: bool) -> None:
    assert is_said_in(words, text) == is_said


@pytest.mark.parametrize(
    ("lacks", "problem"),
    [
        ({"has_customer": False}, ProofProblem.NO_CUSTOMER),
        ({"has_order": False, "is_paid": False}, ProofProblem.NO_ORDER),
        ({"is_paid": False}, ProofProblem.UNPAID),
        ({"is_permitted": False}, ProofProblem.NO_PERMISSION),
        ({"is_withdrawn": True}, ProofProblem.WITHDRAWN),
        ({"until": date(2026, 3, 1)}, ProofProblem.ENDED),
        ({"scope": "private"}, ProofProblem.SCOPE),
    ],
)
def test_each_thing_that_lacks_is_the_one_that_is_named(lacks: dict[str, Any], problem: ProofProblem) -> None:
    assert standing(Evidence(**{**WHOLE, **lacks}), today=TODAY, needed="groups").problems == (problem,)


def test_a_permission_for_more_is_one_for_less_and_holds_on_its_last_day() -> None:
    for needed in ("private", "groups", "public"):
        shown = standing(Evidence(**{**WHOLE, "scope": "public", "until": TODAY}), today=TODAY, needed=needed)
        assert shown.is_shown


def test_a_masked_name_keeps_one_character() -> None:
    assert [name_shown(one, "masked") for one in ("王小雨", "李", "")] == ["王**", "李**", ""]


@pytest.mark.parametrize(
    ("values", "known", "is_one"),
    [
        (("2017-2019",), "2017", True),
        (("2017-2019",), "2019", True),
        (("2017-2019",), "2020", False),
        (("2017-2019",), "2016", False),
        (("妈妈",), "双职工妈妈", True),
        (("Mom",), "mOM of two", True),
        (("",), "", False),
        (("妈妈",), "", False),
    ],
)
def test_who_a_persona_is(values: tuple[str, ...], known: str, is_one: bool) -> None:
    assert fits([Rule("who", values)], {"who": known}) == is_one


def test_a_persona_needs_rules_and_all_of_them() -> None:
    rules = [Rule("city", ("杭州",)), Rule("job", ("老师",))]
    assert not fits([], {"city": "杭州"})
    assert not fits(rules, {"city": "杭州"})
    assert fits(rules, {"city": "杭州", "job": "老师"})


def test_a_fact_is_told_with_evidence_and_until_its_last_day() -> None:
    assert is_told(Claim(1, "课表", TODAY, frozenset()), TODAY)
    assert not is_told(Claim(1, "课表", date(2026, 3, 1), frozenset()), TODAY)
    assert not is_told(Claim(1, "  ", None, frozenset()), TODAY)


def test_what_is_meant_for_a_persona_comes_first_by_its_rank_and_what_is_for_others_never() -> None:
    kinds = [
        Kind(1, (Rule("job", ("老师",)),), rank=20), Kind(2, (Rule("city", ("杭州",)),), rank=10),
        Kind(3, (Rule("city", ("北京",)),), rank=1),
    ]  # fmt: skip
    claims = [
        Claim(10, "有", None, frozenset(), rank=1), Claim(11, "有", None, frozenset({1}), rank=1),
        Claim(12, "有", None, frozenset({2}), rank=9), Claim(13, "有", None, frozenset({3})),
        Claim(14, "有", None, frozenset({1, 2}), rank=99), Claim(15, "", None, frozenset()),
    ]  # fmt: skip
    found = stressed(claims, kinds, {"job": "老师", "city": "杭州"}, today=TODAY)
    assert found == [(12, 2), (14, 2), (11, 1), (10, None)]
    assert stressed(claims, kinds, {}, today=TODAY) == [(10, None)]


def test_values_are_split_at_every_mark_people_write_once_each() -> None:
    assert split_values("妈妈，爸爸、妈妈;奶奶；外婆, ,爷爷") == ("妈妈", "爸爸", "奶奶", "外婆", "爷爷")
