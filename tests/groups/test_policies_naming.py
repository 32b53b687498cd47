"""Names by a recipe, what is wrong with each; and what differs between two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.policies.changes import pieces
from groups.policies.naming import Recipe, judged_names, names_made
from groups.policies.reference import planned

pytestmark = pytest.mark.unit


def test_a_recipe_makes_names_with_number_and_place():
    recipe = Recipe(
        "{品牌}{theme}{地点}{number}群", "小芽", "启蒙", first=9, width=2, places=("上海", "杭州")
    )
    assert names_made(recipe, 3) == ["小芽启蒙上海09群", "小芽启蒙杭州10群", "小芽启蒙11群"]


@given(st.integers(0, 40), st.integers(0, 9000), st.integers(1, 4))
def test_numbered_names_never_repeat(count, first, width):
    made = names_made(Recipe("{brand}{number}", "小芽", "", first, width), count)
    assert len(set(made)) == count


def test_each_name_is_judged_and_duplicates_are_refused():
    names = [
        "小芽英语启蒙07群", "启蒙08群", "小芽英语启蒙训练营0007群", "小芽英语启蒙07群", "小芽英语启蒙09群",
        "小芽英语启蒙群",
    ]  # fmt: skip
    rows = judged_names(names, plan=planned(sibling_count=0), taken={"小芽英语启蒙09群"})
    assert [[code for code, _why in row.wrong] for row in rows] == [
        [], ["NAME-02"], ["NAME-01"], ["R10"], ["R10"], ["NAME-03"],
    ]  # fmt: skip
    assert [row.stops for row in rows] == [False, True, True, True, True, True]


def test_many_emoji_are_told_and_do_not_stop_a_name():
    (row,) = judged_names(["小芽英语07\U0001f331\U0001f331\U0001f331"], plan=planned())
    assert ([code for code, _why in row.wrong], row.stops) == (["NAME-04"], False)


@given(st.text(max_size=60), st.text(max_size=60))
def test_pieces_lead_from_one_text_to_the_other(before, after):
    found = pieces(before, after)
    assert "".join(one.text for one in found if one.kind != "new") == before
    assert "".join(one.text for one in found if one.kind != "gone") == after
