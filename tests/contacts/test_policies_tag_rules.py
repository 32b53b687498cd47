"""When a rule gives a tag, on what evidence, and how long it stays: pure."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.policies.tag_rules import (
    Condition,
    Found,
    conditions_from,
    conditions_to,
    evidence_of,
    judged,
    kept,
    silent_days,
)

pytestmark = pytest.mark.unit
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
KEYS = [("did:lesson", 7), ("did:lesson", None), ("silent", None), ("bought", 30), ("stage", None)]
CONDITIONS = st.lists(
    st.builds(lambda key, n: Condition(key[0], n, key[1]), st.sampled_from(KEYS), st.integers(1, 9)),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.key,
).map(tuple)
FACTS = st.dictionaries(st.sampled_from(KEYS), st.builds(Found, st.integers(0, 12), st.none()))


@given(CONDITIONS, FACTS)
def test_any_and_all_agree_with_counting_each_condition_alone(conditions, facts):
    alone = [judged((one,), needs_all=True, facts=facts).holds for one in conditions]
    assert judged(conditions, needs_all=True, facts=facts).holds == all(alone)
    assert judged(conditions, needs_all=False, facts=facts).holds == any(alone)


@given(CONDITIONS, FACTS, st.booleans(), st.sampled_from(KEYS), st.integers(0, 5))
def test_more_of_a_fact_never_loses_the_tag(conditions, facts, needs_all, key, more):
    richer = {**facts, key: Found(facts.get(key, Found()).count + more)}
    if judged(conditions, needs_all=needs_all, facts=facts).holds:
        assert judged(conditions, needs_all=needs_all, facts=richer).holds


@given(CONDITIONS, FACTS, st.booleans())
def test_the_evidence_alone_repeats_the_verdict(conditions, facts, needs_all):
    verdict = judged(conditions, needs_all=needs_all, facts=facts)
    evidence = evidence_of(verdict, version=3, needs_all=needs_all)
    met = [one["count"] >= one["at_least"] for one in evidence["found"]]
    assert (all(met) if evidence["needs_all"] else any(met)) == verdict.holds
    assert [(one["fact"], one["days"]) for one in evidence["found"]] == [one.key for one in conditions]


@given(CONDITIONS)
def test_conditions_survive_being_stored(conditions):
    assert conditions_from(conditions_to(conditions)) == conditions


@given(
    held=st.lists(st.tuples(st.integers(1, 72), st.booleans()), max_size=12),
    keeps_days=st.one_of(st.none(), st.integers(1, 5)),
)
def test_a_tag_stands_while_its_rule_held_within_the_days_it_keeps(held, keeps_days):
    """The last judgement that held decides, whatever lies between."""
    now, last_held, carried, expires_at = NOW, None, False, None
    for hours, holds in held:
        now += timedelta(hours=hours)
        last_held = now if holds else last_held
        verdict = judged((Condition("x"),), needs_all=True, facts={("x", None): Found(int(holds))})
        keep = kept(verdict, keeps_days=keeps_days, is_carried=carried, expires_at=expires_at, now=now)
        carried, expires_at = keep.stands, keep.expires_at
        span = timedelta(days=keeps_days or 0)
        assert carried == (
            holds or (last_held is not None and keeps_days is not None and now < last_held + span)
        )


def test_exactly_seven_days_of_silence_are_six_whole_ones_and_a_moment_more_is_seven():
    assert silent_days(NOW - timedelta(days=7), NOW) == 6
    assert silent_days(NOW - timedelta(days=7, seconds=1), NOW) == 7
    assert silent_days(NOW, NOW) == 0
    assert silent_days(NOW + timedelta(hours=3), NOW) == 0


def test_no_condition_gives_no_tag():
    assert not judged((), needs_all=True, facts={}).holds
