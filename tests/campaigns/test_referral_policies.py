"""Who stayed and who is new, by any order of comings and goings (R81)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaigns.enums.referral import InviteReason
from campaigns.policies.referral import (
    Asked,
    Person,
    Spell,
    gone_before,
    joined_at,
    name_hidden,
    refused_at_joining,
    refused_at_the_end,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
ASKED = Asked(
    group_ids=frozenset({1, 2}), starts_at=START, ends_at=START + timedelta(days=20), stay=timedelta(days=3),
    tag_ids=frozenset({7}), barred_ids=frozenset({9}),
)  # fmt: skip


def _at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


spells = st.lists(
    st.builds(
        lambda group, begin, length: Spell(group, _at(begin), _at(begin + length) if length else None),
        st.integers(1, 3), st.integers(0, 100), st.integers(0, 60),
    ),
    max_size=6,
)  # fmt: skip


@given(spells)
def test_who_is_said_to_have_stayed_sat_in_a_group_at_every_hour(some: list[Spell]) -> None:
    first = joined_at(ASKED, some)
    if first is None:
        assert not [one for one in some if one.group_id in ASKED.group_ids]
        return
    due = first + ASKED.stay
    ours = [one for one in some if one.group_id in ASKED.group_ids]

    def sits(at: datetime) -> bool:
        return any(one.joined_at <= at and (one.left_at is None or one.left_at > at) for one in ours)

    hours = [first + timedelta(hours=n) for n in range(72)]
    gone = gone_before(ASKED, some, until=due)
    if gone is None:
        assert all(sits(one) for one in hours)
    else:
        assert first <= gone < due
        assert not sits(gone)
        assert all(sits(one) for one in hours if one < gone)


def test_who_is_new() -> None:
    def why(*some: Spell, touched: float = 0, **fields: object) -> InviteReason | None:
        return refused_at_joining(ASKED, Person(some, **fields), touched_at=_at(touched))  # type: ignore[arg-type]

    assert why(Spell(1, _at(5)), touched=5) is None
    assert why(Spell(1, _at(5)), touched=29) is None
    assert why(Spell(1, _at(5)), touched=29.1) == InviteReason.KNOWN
    assert why(Spell(1, _at(-1)), touched=-1) == InviteReason.KNOWN
    assert why(Spell(3, _at(4)), Spell(1, _at(5)), touched=5) == InviteReason.KNOWN
    assert why(Spell(1, _at(5)), touched=5, is_inviter=True) == InviteReason.SELF
    assert why(Spell(1, _at(5)), touched=5, tag_ids=frozenset({9})) == InviteReason.BARRED
    assert why(Spell(1, _at(24 * 16.9)), touched=24 * 16.9) is None
    assert why(Spell(1, _at(24 * 17)), touched=24 * 17) == InviteReason.LATE


def test_tags_at_the_end() -> None:
    def why(*tags: int) -> InviteReason | None:
        return refused_at_the_end(ASKED, Person((), frozenset(tags)))

    assert [why(7), why(), why(8), why(7, 9)] == [
        None, InviteReason.PERSONA, InviteReason.PERSONA, InviteReason.BARRED,
    ]  # fmt: skip


def test_names_are_half_hidden() -> None:
    names = ["豆豆妈妈", "李", "王五", "", "  ", "Anna Maria Lopez", "👩‍👧"]
    assert [name_hidden(one) for one in names] == ["豆**妈", "李*", "王*", "", "", "A***z", "👩*👧"]


@given(st.text(max_size=40))
def test_a_hidden_name_never_shows_more_than_two_letters(name: str) -> None:
    clean = " ".join(name.split())
    assert sum(one != "*" for one in name_hidden(name)) <= 2
    assert (name_hidden(name) == "") == (clean == "")
