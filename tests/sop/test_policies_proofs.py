"""Which message proves which touch: one each, nobody else's, nothing from before."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sop.policies.proofs import Said, Wanted, hits, is_proven, likeness, replies

pytestmark = pytest.mark.unit
NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
WORDS = "今晚八点直播，妈妈们记得来，链接在这里 https://a.example/x"

_minutes = st.integers(0, 120).map(lambda count: NOON + timedelta(minutes=count))
_rooms = st.sampled_from(["", "r1", "r2"])
_staff = st.sampled_from(["lin", "he"])
_people = st.sampled_from(["wm1", "wm2"])
_texts = st.sampled_from([WORDS, "今晚八点直播妈妈们记得来", "大家早上好呀，今天读第三课", "好的"])


@st.composite
def wanted(draw, number: int) -> Wanted:
    room, since = draw(_rooms), draw(_minutes)
    return Wanted(
        number, room, draw(_staff), "" if room else draw(_people), draw(_texts), since,
        since + timedelta(minutes=draw(st.integers(0, 60))),
    )  # fmt: skip


@st.composite
def said(draw, number: int) -> Said:
    by = draw(st.one_of(_staff, _people))
    to = frozenset(draw(st.sets(st.one_of(_staff, _people), max_size=3)))
    return Said(f"m{number}", by, draw(_rooms), to, draw(_minutes), draw(_texts))


_many_wanted = st.integers(0, 6).flatmap(lambda n: st.tuples(*(wanted(one) for one in range(n))))
_many_said = st.integers(0, 8).flatmap(lambda n: st.tuples(*(said(one) for one in range(n))))


@given(_many_wanted, _many_said)
def test_a_message_proves_one_touch_of_its_sender_there_and_never_before(want, heard):
    found = hits(wanted=want, said=heard, least=0.8)
    assert len({hit.said.id for hit in found}) == len(found)
    assert len({(hit.wanted.touch_id, hit.wanted.person) for hit in found}) == len(found)
    for hit in found:
        assert hit.wanted.since <= hit.said.at <= hit.wanted.until
        assert hit.said.by == hit.wanted.staff
        assert hit.said.room == hit.wanted.room
        assert hit.wanted.room or hit.wanted.person in hit.said.to
        assert likeness(written=hit.wanted.words, said=hit.said.words) >= 0.8


@given(_many_wanted, _many_said)
def test_a_reply_comes_after_the_word_from_somebody_else_and_proves_one_touch(want, heard):
    found = replies(wanted=want, said=heard)
    assert len({hit.said.id for hit in found}) == len(found)
    for hit in found:
        assert hit.wanted.since < hit.said.at <= hit.wanted.until
        assert hit.said.by != hit.wanted.staff
        assert hit.said.room == hit.wanted.room
        assert hit.wanted.room or hit.said.by == hit.wanted.person


@given(_many_wanted, _many_said)
def test_the_order_of_arrival_changes_nothing(want, heard):
    assert hits(wanted=want, said=heard, least=0.8) == hits(wanted=want[::-1], said=heard[::-1], least=0.8)
    assert replies(wanted=want, said=heard) == replies(wanted=want[::-1], said=heard[::-1])


@pytest.mark.parametrize(
    ("told", "is_like"),
    [
        ("今晚八点直播，妈妈们记得来，链接在这里", True),
        ("【通知】今晚８点直播? 今晚八点直播 妈妈们记得来 链接在这里！", True),
        ("今晚有事，八点见", False),
        ("", False),
    ],
)
def test_enough_of_the_words_counts_whatever_stands_around_them(told, is_like):
    assert (likeness(written=WORDS, said=told) >= 0.8) is is_like


def test_a_word_of_three_characters_must_be_the_message():
    assert (likeness(written="早", said="早！"), likeness(written="早", said="早上好")) == (1.0, 0.0)
    assert likeness(written="", said="任何话") == 0.0


def test_a_private_touch_needs_half_of_its_people():
    assert [is_proven(people=3, proven=one) for one in (0, 1, 2)] == [False, False, True]
    assert [is_proven(people=4, proven=one) for one in (1, 2)] == [False, True]
    assert is_proven(people=1, proven=1)


@pytest.mark.parametrize(("minute", "counts"), [(-1, False), (0, True), (60, True), (61, False)])
def test_both_ends_of_the_window_belong_to_it(minute, counts):
    want = Wanted(1, "r1", "lin", "", WORDS, NOON, NOON + timedelta(minutes=60))
    heard = Said("m1", "lin", "r1", frozenset(), NOON + timedelta(minutes=minute), WORDS)
    assert bool(hits(wanted=[want], said=[heard], least=0.8)) is counts


@pytest.mark.parametrize(("minute", "counts"), [(0, False), (1, True), (60, True), (61, False)])
def test_a_reply_counts_from_after_the_word_to_the_end_of_its_hours(minute, counts):
    said_sent = Wanted(1, "", "lin", "wm1", WORDS, NOON, NOON + timedelta(minutes=60))
    heard = Said("m1", "wm1", "", frozenset({"lin"}), NOON + timedelta(minutes=minute), "好的")
    assert bool(replies(wanted=[said_sent], said=[heard])) is counts


def test_what_a_person_writes_to_somebody_else_is_no_reply():
    said_sent = Wanted(1, "", "lin", "wm1", WORDS, NOON, NOON + timedelta(minutes=60))
    for to in ({"he"}, set()):
        heard = Said("m1", "wm1", "", frozenset(to), NOON + timedelta(minutes=5), "好的")
        assert replies(wanted=[said_sent], said=[heard]) == []


def test_a_reply_goes_to_the_touch_said_last_before_it():
    end = NOON + timedelta(minutes=90)
    first, last = (
        Wanted(number, "r1", "lin", "", WORDS, NOON + timedelta(minutes=at), end)
        for number, at in ((1, 0), (2, 30))
    )
    heard = Said("m1", "wm1", "r1", frozenset(), NOON + timedelta(minutes=40), "收到")
    assert [hit.wanted.touch_id for hit in replies(wanted=[first, last], said=[heard])] == [2]


def test_the_likest_message_proves_and_exactly_enough_is_enough():
    want = Wanted(1, "r1", "lin", "", "一二三四五六", NOON, NOON + timedelta(minutes=60))
    less, more = (
        Said(f"m{number}", "lin", "r1", frozenset(), NOON + timedelta(minutes=number), words)
        for number, words in ((1, "一二三四"), (2, "一二三四五"))
    )
    assert [hit.said.id for hit in hits(wanted=[want], said=[less, more], least=0.5)] == ["m2"]
    assert hits(wanted=[want], said=[less], least=0.6)[0].likeness == 0.6
    assert hits(wanted=[want], said=[less], least=0.61) == []


def test_four_characters_may_stand_among_others():
    assert (
        likeness(written="早上好呀", said="早上好呀，各位"),
        likeness(written="早上好", said="早上好，各位"),
    ) == (1.0, 0.0)


def test_words_said_over_and_over_are_asked_for_as_often() -> None:
    written = "来来来来来，报名"
    assert likeness(written=written, said=written) == 1.0
    assert likeness(written=written, said="来来，报名") < 0.7


def test_a_touch_without_people_is_proven_by_nobody() -> None:
    assert not is_proven(people=0, proven=0)
