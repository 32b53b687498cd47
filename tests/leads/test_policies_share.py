"""Sharing leads out: friends first, then skill, then whoever carries least; always the same answer."""

from hypothesis import given
from hypothesis import strategies as st

from leads.policies.share import WEIGHTS, Hand, ToShare, share_out

tiers = st.sampled_from(["S", "A+", "A", "B", ""])
kinds = st.sampled_from(["", "operations", "ops_sales", "sales"])
hands = st.lists(
    st.builds(Hand, st.integers(1, 9), st.integers(0, 40), kinds, st.booleans()),
    unique_by=lambda one: one.staff_id, max_size=6,
)  # fmt: skip
leads = st.lists(
    st.builds(
        ToShare, st.integers(1, 60), tiers, st.none() | st.integers(1, 9), st.frozensets(st.integers(1, 9), max_size=3)
    ),
    unique_by=lambda one: one.lead_id, max_size=25,
)  # fmt: skip


def copy(rows: list[Hand]) -> list[Hand]:
    return [Hand(one.staff_id, one.load, one.kind, one.is_away) for one in rows]


def test_three_leads_go_to_whoever_carries_least_weighted_by_tier() -> None:
    told = share_out([ToShare(1, "B"), ToShare(2, "S"), ToShare(3, "B")], [Hand(10, 4), Hand(11, 3)])
    # the S is shared first, to 11 (3 -> 7); then the B to 10 (4 -> 5) and again to 10
    assert [(one.lead_id, one.staff_id, one.load) for one in told] == [(1, 10, 4), (2, 11, 3), (3, 10, 5)]


def test_the_skilled_take_what_is_urgent_even_when_others_carry_less() -> None:
    told = share_out([ToShare(1, "S"), ToShare(2, "B")], [Hand(10, 0, "operations"), Hand(11, 9, "sales")])
    assert [(one.staff_id, one.reasons) for one in told] == [(11, ("skill",)), (10, ("skill",))]


def test_a_friend_goes_before_skill_and_load() -> None:
    told = share_out([ToShare(1, "S", friends=frozenset({10}))], [Hand(10, 30), Hand(11, 0, "sales")])
    assert (told[0].staff_id, told[0].reasons) == (10, ("friend",))


def test_nobody_at_work_gets_nothing() -> None:
    told = share_out([ToShare(1, "S")], [Hand(10, 0, is_away=True)])
    assert (told[0].staff_id, told[0].reasons) == (None, ("nobody",))


def test_the_owner_keeps_the_lead_when_nobody_carries_less() -> None:
    told = share_out([ToShare(1, "A", owner_id=11)], [Hand(10, 3), Hand(11, 5)])
    assert told[0].staff_id == 11  # without this lead 11 carries 3 as well


@given(leads, hands)
def test_each_lead_gets_one_able_colleague_and_the_answer_never_changes(
    wanted: list[ToShare], able: list[Hand]
) -> None:
    told = share_out(wanted, copy(able))
    assert [one.lead_id for one in told] == [one.lead_id for one in wanted]
    at_work = {one.staff_id for one in able if not one.is_away}
    assert all((one.staff_id in at_work) if at_work else one.staff_id is None for one in told)
    shuffled = {one.lead_id: one for one in share_out(wanted[::-1], copy(able)[::-1])}
    assert [shuffled[one.lead_id] for one in told] == told


@given(st.lists(tiers, min_size=1, max_size=40), st.integers(2, 5))
def test_loads_end_at_most_one_lead_apart(some: list[str], colleagues: int) -> None:
    told = share_out(
        [ToShare(number, tier) for number, tier in enumerate(some)],
        [Hand(one) for one in range(1, colleagues + 1)],
    )
    loads = dict.fromkeys(range(1, colleagues + 1), 0)
    for one in told:
        loads[one.staff_id] += WEIGHTS[some[one.lead_id]]
    assert max(loads.values()) - min(loads.values()) <= max(WEIGHTS[tier] for tier in some)
