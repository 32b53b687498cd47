"""What differs between two versions, and what becomes of a run's touches: for any versions and any touches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sop.enums import Rule
from sop.enums.differences import FIELD_KINDS, Differing, MoveAct
from sop.policies.differences import Content, Difference, difference, replans
from sop.policies.moves import Line, Place, Row, move
from sop.policies.words import GONE, NEW, SAME, word_changes

KEYS = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["", "早", "晚"]))
FIELDS = st.dictionaries(st.sampled_from([*FIELD_KINDS, "on_block", "is_marketing", "not_known_yet"]), VALUES)
CONTENTS = st.builds(
    Content,
    steps=st.dictionaries(KEYS, FIELDS),
    phases=st.dictionaries(KEYS, FIELDS),
    frame=st.dictionaries(st.sampled_from(["days", "offer_day"]), VALUES),
)


def plain(content: Content) -> Content:
    """The same content, a field that holds nothing left out: None and absent say the same."""

    def full(fields: Any) -> dict[str, object]:
        return {name: value for name, value in fields.items() if value is not None}

    return Content(
        {key: full(one) for key, one in content.steps.items()},
        {key: full(one) for key, one in content.phases.items()},
        full(content.frame),
    )


def applied(before: Content, found: Difference) -> Content:
    steps = {key: dict(one) for key, one in before.steps.items()}
    for key, one in found.steps.items():
        if one.kinds == {Differing.REMOVED}:
            del steps[key]
        else:
            steps.setdefault(key, {}).update({name: pair[1] for name, pair in one.fields.items()})
    phases = {key: one for key, one in before.phases.items() if key not in found.phases}
    phases |= {key: pair[1] for key, pair in found.phases.items() if pair[1] is not None}
    return Content(steps, phases, {**before.frame, **{name: pair[1] for name, pair in found.frame.items()}})


@given(CONTENTS)
def test_equal_versions_do_not_differ(content: Content) -> None:
    assert not difference(content, content)


@given(CONTENTS, CONTENTS)
def test_a_difference_applied_to_the_one_gives_the_other(before: Content, after: Content) -> None:
    assert plain(applied(before, difference(before, after))) == plain(after)


@given(CONTENTS, CONTENTS)
def test_every_changed_step_says_its_kind(before: Content, after: Content) -> None:
    found = difference(before, after)
    assert all(one.kinds for one in found.steps.values())
    for key, one in found.steps.items():
        assert (one.kinds == {Differing.ADDED}) == (key not in before.steps)
        assert (one.kinds == {Differing.REMOVED}) == (key not in after.steps)


def test_kinds_follow_the_fields() -> None:
    before = Content({"a": {"day": 1, "at": "10", "text": "早", "title": "问候", "on_block": "drop"}})
    for name, kind in {
        "day": Differing.MOVED,
        "at": Differing.RETIMED,
        "text": Differing.REWORDED,
        "title": Differing.LABELS,
        "on_block": Differing.RULES,
    }.items():
        after = Content({"a": {**before.steps["a"], name: "x"}})
        assert difference(before, after).steps["a"].kinds == {kind}


@given(st.text(), st.text())
def test_words_that_stay_with_those_gone_and_come_make_both_texts(before: str, after: str) -> None:
    pieces = word_changes(before, after)
    assert "".join(one.text for one in pieces if one.kind in (SAME, GONE)) == before
    assert "".join(one.text for one in pieces if one.kind in (SAME, NEW)) == after


def test_a_changed_variable_is_one_word() -> None:
    pieces = word_changes("{群名}的同学", "{客户称呼}的同学")
    assert [(one.kind, one.text) for one in pieces] == [
        (GONE, "{群名}"),
        (NEW, "{客户称呼}"),
        (SAME, "的同学"),
    ]


NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
HOURS = st.integers(-3, 3).map(lambda count: NOW + timedelta(hours=count))
STATES = st.sampled_from(
    [("planned", ""), ("claimed", ""), ("handed", ""), ("confirmed", ""), ("blocked", "CAP-01"), ("parked", "SOP-06"),
     ("skipped", "SOP-10"), ("cancelled", "SOP-11"), ("cancelled", "SOP-08")]
)  # fmt: skip
SPOTS = st.tuples(st.sampled_from([1, 2]), KEYS, st.sampled_from([7, 8]))  # version, key, group


def step_id(version: int, key: str) -> int:
    return version * 10 + "abcd".index(key)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Touches of two versions, and what version 2 wants."""
    spots = draw(st.lists(SPOTS, unique=True))
    rows = []
    for number, (version, key, group) in enumerate(spots):
        state, rule = draw(STATES)
        at = draw(HOURS)
        rows.append(
            Row(number, key, step_id(version, key), group, "", state, rule, at, at + timedelta(hours=1))
        )
    kept_keys = draw(st.sets(KEYS))
    places = [
        Place(key, step_id(2, key), group, "", at, at + timedelta(hours=1))
        for key in sorted(kept_keys)
        for group in (7, 8)
        if (at := draw(HOURS)) + timedelta(hours=1) > NOW
    ]
    changes = {
        key: draw(st.frozensets(st.sampled_from([Differing.LABELS, Differing.REWORDED]))) for key in "abcd"
    }
    return {
        "rows": rows,
        "places": places,
        "step_ids": {key: step_id(2, key) for key in kept_keys},
        "changes": {key: kinds for key, kinds in changes.items() if kinds},
    }


def after_move(world: dict[str, Any], lines: list[Line]) -> list[Row]:
    """The rows as the lines leave them."""
    rows = {row.id: row for row in world["rows"]}
    for line in lines:
        if line.act == MoveAct.KEPT and line.place is None:
            assert line.row is not None
            rows[line.row.id] = _with(line.row, step_id=world["step_ids"][line.key])
            continue
        if line.row is not None:
            rows[line.row.id] = _with(line.row, state="cancelled", rule="SOP-11")
        if line.place is not None:
            number = line.revived.id if line.revived is not None else len(rows) + 1000
            at, end = line.place.due_at, line.place.window_ends_at
            rows[number] = Row(
                number, line.key, line.place.step_id, line.group_id, "", "planned", "", at, end
            )
    return list(rows.values())


def _with(row: Row, **values: Any) -> Row:
    return Row(**{**vars(row), **values})


@given(worlds())
def test_nothing_done_is_planned_again_and_the_past_is_not_touched(world: dict[str, Any]) -> None:
    lines = move(**world, now=NOW)
    done = {row.spot for row in world["rows"] if row.state in ("handed", "confirmed", "parked", "skipped")}
    open_before = {row.spot for row in world["rows"] if row.is_open}
    assert (
        not {(line.key, line.group_id, "") for line in lines if line.act == MoveAct.ADDED}
        & done - open_before
    )
    assert all(line.row is None or line.row.is_open for line in lines)
    assert all(line.revived is None or line.revived.is_taken_back for line in lines)


@given(worlds())
def test_no_spot_is_planned_twice_and_no_row_stands_twice(world: dict[str, Any]) -> None:
    open_spots = [row.spot for row in world["rows"] if row.is_open]
    assume(len(open_spots) == len(set(open_spots)))  # a run never holds two planned touches at one spot
    rows = after_move(world, move(**world, now=NOW))
    held = [(row.step_id, row.group_id, row.occurrence) for row in rows]
    assert len(held) == len(set(held))
    planned = [row.spot for row in rows if row.is_open]
    assert len(planned) == len(set(planned))
    assert all(row.step_id in world["step_ids"].values() for row in rows if row.is_open)


@given(worlds())
def test_moving_again_changes_nothing(world: dict[str, Any]) -> None:
    open_spots = [row.spot for row in world["rows"] if row.is_open]
    assume(len(open_spots) == len(set(open_spots)))
    rows = after_move(world, move(**world, now=NOW))
    again = move(rows=rows, places=world["places"], step_ids=world["step_ids"], changes={}, now=NOW)
    assert {line.act for line in again if line.row is not None} <= {MoveAct.KEPT}
    assert not [line for line in again if line.row is None]


def test_labels_alone_keep_what_is_planned() -> None:
    assert not replans(frozenset({Differing.LABELS}))
    assert replans(frozenset({Differing.LABELS, Differing.ROLE}))


def one_row(state: str, rule: str = "", hours: int = 1) -> Row:
    at = NOW + timedelta(hours=hours)
    return Row(1, "a", step_id(1, "a"), 7, "", state, rule, at, at + timedelta(hours=1))


def moved(row: Row, hours: int | None, *kinds: Differing) -> list[tuple[MoveAct, bool]]:
    """(act, whether a touch comes) of each line; the new version wants the step `hours` from now, None: not again."""
    at = NOW + timedelta(hours=hours or 0)
    wants = [] if hours is None else [Place("a", step_id(2, "a"), 7, "", at, at + timedelta(hours=1))]
    changes = {"a": frozenset(kinds)} if kinds else {}
    lines = move(rows=[row], places=wants, step_ids={"a": step_id(2, "a")}, changes=changes, now=NOW)
    return [(line.act, line.place is not None) for line in lines]


def test_what_reached_nobody_gets_another_chance_only_later_than_it_had() -> None:
    for state in ("blocked", "expired", "failed"):
        assert moved(one_row(state, hours=2), 3) == [(MoveAct.ADDED, True)]
        assert moved(one_row(state, hours=2), 2) == []
        assert moved(one_row(state, hours=2), 1) == []
    assert moved(one_row("confirmed", hours=2), 3) == []
    assert moved(one_row("blocked", hours=-2), 0) == []  # later than it had, and no time ahead any more


def test_two_open_touches_of_one_spot_are_one_line() -> None:
    """The version before the last left one of its own where the last planned anew."""
    first = one_row("planned", hours=2)
    other = replace(first, id=2, step_id=step_id(3, "a"))
    lines = move(rows=[first, other], places=[], step_ids={"a": step_id(2, "a")}, changes={}, now=NOW)
    assert [(line.act, line.row) for line in lines] == [(MoveAct.DROPPED, first)]


@pytest.mark.parametrize(
    ("rule", "comes"), [(Rule.GROUP_LEFT, True), (Rule.REPLANNED, True), (Rule.BY_HAND, False)]
)
def test_what_a_plan_took_back_is_taken_up_again_and_what_a_person_cancelled_is_not(
    rule: Rule, comes: bool
) -> None:
    row = replace(one_row("cancelled", hours=2), step_id=step_id(2, "a"), rule=rule)
    assert moved(row, 3) == ([(MoveAct.ADDED, True)] if comes else [])


def test_an_overdue_touch_waits_for_its_own_rule_and_a_claimed_one_is_open() -> None:
    assert moved(one_row("planned", hours=-1), None, Differing.ROLE) == [(MoveAct.KEPT, False)]
    assert moved(one_row("planned", hours=0), None, Differing.ROLE) == [(MoveAct.DROPPED, False)]
    assert moved(one_row("claimed", hours=0), 0) == [(MoveAct.KEPT, False)]
    assert moved(one_row("claimed", hours=0), 2, Differing.ROLE) == [(MoveAct.CHANGED, True)]
