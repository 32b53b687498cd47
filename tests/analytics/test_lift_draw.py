"""The draw of groups: balanced, repeatable by anybody, fair to every arm (R104)."""

from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.policies.randomising import Candidate, assign, commitment, strata

pytestmark = pytest.mark.unit

ARMS = st.sampled_from([("A", "base"), ("A", "B", "base")])
GROUPS = st.lists(
    st.builds(
        Candidate,
        group_id=st.integers(1, 10**9),
        kind=st.sampled_from(["", "new", "paid", "flash"]),
        members=st.integers(1, 500),
        age_days=st.integers(0, 900),
    ),
    min_size=3,
    max_size=60,
    unique_by=lambda one: one.group_id,
)


def _spread(counts: Counter, arms) -> int:
    return max(counts[arm] for arm in arms) - min(counts[arm] for arm in arms)


@given(GROUPS, ARMS, st.text(max_size=20))
def test_every_stratum_holds_every_arm_and_arms_differ_by_one_group_at_most(groups, arms, seed):
    stratum_of = strata(groups, arms=len(arms))
    drawn = assign(stratum_of, arms=arms, seed=seed)
    assert set(drawn) == {one.group_id for one in groups}
    for name in set(stratum_of.values()):
        counts = Counter(arm for group, arm in drawn.items() if stratum_of[group] == name)
        assert set(counts) == set(arms)
        assert _spread(counts, arms) <= 1
    assert _spread(Counter(drawn.values()), arms) <= 1


@given(GROUPS, ARMS, st.text(max_size=20), st.randoms())
def test_the_same_seed_gives_the_same_draw_in_whatever_order_groups_come(groups, arms, seed, random):
    stratum_of = strata(groups, arms=len(arms))
    mixed = list(groups)
    random.shuffle(mixed)
    shuffled = dict(random.sample(list(stratum_of.items()), len(stratum_of)))
    assert strata(mixed, arms=len(arms)) == stratum_of
    assert assign(shuffled, arms=arms, seed=seed) == assign(stratum_of, arms=arms, seed=seed)


@given(GROUPS, st.text(max_size=20))
def test_names_of_arms_decide_nothing(groups, seed):
    stratum_of = strata(groups, arms=2)
    other = {"A": "warm", "base": "cold"}
    told = assign(stratum_of, arms=("A", "base"), seed=seed)
    assert assign(stratum_of, arms=("warm", "cold"), seed=seed) == {
        group: other[arm] for group, arm in told.items()
    }


def test_over_many_seeds_each_group_is_in_each_arm_equally_often():
    stratum_of = {1: "x", 2: "x", 3: "x", 4: "y", 5: "y"}
    counts = Counter()
    for seed in range(3000):
        counts.update(assign(stratum_of, arms=("A", "base"), seed=str(seed)).items())
    assert all(1360 <= counts[group, "A"] <= 1640 for group in stratum_of)  # 1,500 ± 5 standard deviations


def test_anybody_repeats_the_draw_with_nothing_but_sha_256():
    def digest(text: str) -> str:
        return sha256(text.encode()).hexdigest()

    stratum_of = dict.fromkeys(range(1, 8), "new/size1/age0")
    turn = int(digest("spring"), 16) % 2
    by_hand = {}
    for group in sorted(stratum_of, key=lambda one: digest(f"spring:{one}")):
        by_hand[group] = ("A", "base")[turn % 2]
        turn += 1
    assert assign(stratum_of, arms=("A", "base"), seed="spring") == by_hand
    assert commitment("spring") == digest("qunce.lift:spring")


def test_like_groups_stand_together_and_lone_ones_with_the_nearest():
    groups = [
        Candidate(1, "new", 60, 3), Candidate(2, "new", 90, 5),  # alike
        Candidate(3, "new", 60, 40), Candidate(4, "new", 70, 300),  # of one type and size, not of one age
        Candidate(5, "paid", 30, 3), Candidate(6, "paid", 300, 3),  # of one type only
        Candidate(7, "flash", 40, 3),  # alone of its type
    ]  # fmt: skip
    assert strata(groups, arms=2) == {
        1: "new/size1/age0", 2: "new/size1/age0", 3: "new/size1", 4: "new/size1", 5: "paid", 6: "paid",
        7: "new/size1",
    }  # fmt: skip


@pytest.mark.parametrize(
    "groups", [[Candidate(1, "new", 60, 3)], [Candidate(1, "new", 60, 3), Candidate(2, "new", 0, 3)]]
)
def test_too_few_groups_and_empty_ones_are_not_drawn(groups):
    with pytest.raises(ValueError, match="fewer groups than arms"):
        strata(groups, arms=2)
