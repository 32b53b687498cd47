"""Rules about who is asked, reminded and talked with, and when: each edge, without a database."""

from datetime import UTC, datetime, time, timedelta

import pytest

from contacts.policies.touch import Limits
from sop.enums import Channel, TouchState
from sop.enums.talks import TALK_MOST_BROADCASTS, TalkFor
from sop.policies.reassign import Colleague, Held, Refusal, refusal
from sop.policies.reminders import Hours, Ladder, is_due, left
from sop.policies.replan import times_for
from sop.policies.talks import Heard, Slot, is_broadcast_machine, spread, talk_with

pytestmark = pytest.mark.unit
NOON = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
LADDER = Ladder(most=3, first=HOUR, again=2 * HOUR)
LIMITS = Limits(
    zone="Asia/Shanghai", per_day=3, per_week=15, group_per_day=5, quiet_from=time(22), quiet_until=time(8)
)


@pytest.mark.parametrize(
    ("work", "quiet", "wall", "may"),
    [
        ((9, 18), (22, 8), time(9), True),
        ((9, 18), (22, 8), time(17, 59), True),
        ((9, 18), (22, 8), time(18), False),  # at the end of the hours nobody is reminded any more
        ((9, 18), (22, 8), time(8, 59), False),
        ((6, 23), (22, 8), time(7), False),  # at work, but in the quiet hours
        ((6, 23), (22, 8), time(22), False),
        ((6, 23), (22, 8), time(8), True),
        ((9, 9), (22, 8), time(15), True),  # equal ends: all day
        ((9, 9), (22, 8), time(23), False),
        ((9, 18), (0, 0), time(10), True),  # no quiet hours at all
        ((22, 6), (12, 13), time(2), True),  # a night shift
    ],
)
def test_when_staff_may_be_reminded(
    work: tuple[int, int], quiet: tuple[int, int], wall: time, may: bool
) -> None:
    hours = Hours(*(time(hour) for hour in (*work, *quiet)))
    assert hours.may_ring(wall) is may


def test_a_reminder_of_exactly_a_day_ago_counts_no_more() -> None:
    day = timedelta(hours=24)
    assert left(given=[NOON - day, NOON - day + SECOND, NOON], now=NOON, most=3) == 1
    assert left(given=[NOON] * 5, now=NOON, most=3) == 0


@pytest.mark.parametrize(
    ("waits", "ends", "given", "due"),
    [
        (HOUR, HOUR, [], True),
        (HOUR - SECOND, HOUR, [], False),
        (9 * HOUR, timedelta(0), [], False),  # its window ends now
        (9 * HOUR, SECOND, [], True),
        (9 * HOUR, HOUR, [2 * HOUR], True),
        (9 * HOUR, HOUR, [2 * HOUR - SECOND], False),
        (9 * HOUR, HOUR, [5 * HOUR, HOUR], False),  # the pause counts from the last, not from the first
        (9 * HOUR, HOUR, [8 * HOUR, 5 * HOUR, 2 * HOUR], False),  # three in a day are all there are
        (40 * HOUR, HOUR, [24 * HOUR, 5 * HOUR, 2 * HOUR], True),
    ],
)
def test_the_ladder_rings_after_its_pauses_and_never_after_the_window(
    waits: timedelta, ends: timedelta, given: list[timedelta], due: bool
) -> None:
    found = is_due(
        waits_since=NOON - waits, window_ends_at=NOON + ends, given=[NOON - one for one in given], now=NOON,
        ladder=LADDER,
    )  # fmt: skip
    assert found is due


def held(**fields: object) -> Held:
    usual = {
        "state": TouchState.HANDED, "channel": Channel.STAFF_TASK, "staff_id": 1, "group_id": 7,
        "is_at_wecom": False, "people": frozenset(),
    }  # fmt: skip
    return Held(**{**usual, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (held(), None),
        (held(state=TouchState.PLANNED), None),
        (held(state=TouchState.CLAIMED), Refusal.NOT_OPEN),
        (held(state=TouchState.SUBMITTED), Refusal.NOT_OPEN),
        (held(staff_id=2), Refusal.SAME),
        (held(channel=Channel.GROUP_MASS), Refusal.OWNER_ONLY),
        (held(channel=Channel.PRIVATE_MASS, is_at_wecom=True), Refusal.AT_WECOM),
        (held(channel=Channel.GROUP_FORWARD, group_id=8), Refusal.NOT_IN_GROUP),
        (held(people=frozenset({31, 32})), None),
        (held(people=frozenset({31, 32, 33})), Refusal.NO_CONTACT),  # of all of them, not of some
        (held(people=frozenset({31}), group_id=8), None),
        (held(group_id=8), Refusal.NOT_IN_GROUP),
        (held(group_id=None), None),
        (held(channel=Channel.CALL, group_id=8), None),
        (held(channel=Channel.INTERNAL, group_id=8), None),
    ],
)
def test_who_may_take_a_touch_and_why_not(touch: Held, why: Refusal | None) -> None:
    colleague = Colleague(2, groups=frozenset({7}), contacts=frozenset({31, 32}))
    assert refusal(touch, colleague) is why


def test_who_is_talked_with_after_a_broadcast() -> None:
    heard = Heard(
        reached=frozenset(range(1, 8)), clicked=frozenset({1, 2, 90}), replied=frozenset({2, 3}),
        interacted=frozenset({4, 91}),
    )  # fmt: skip
    assert talk_with(TalkFor.CLICKED, heard) == {1, 2}  # others clicked it too, but were not reached by it
    assert talk_with(TalkFor.REPLIED, heard) == {2, 3}
    assert talk_with(TalkFor.INTERACTED, heard) == {4}
    assert talk_with(TalkFor.SILENT, heard) == {5, 6, 7}
    assert talk_with("", heard) == frozenset()


def test_conversations_go_to_whom_the_group_has_first_and_over_days() -> None:
    slots = spread(
        customers=[3, 1, 2, 2, 9], followers={1: [20, 10], 2: [10], 3: [10, 20]}, first=[None, 20],
        most_a_day=1, had={(10, 0): 1},
    )  # fmt: skip
    assert slots == [Slot(1, 20, 0), Slot(2, 10, 1), Slot(3, 20, 1)]
    none = spread(customers=[1, 2], followers={1: [10], 2: [10]}, first=[], most_a_day=0, had={})
    assert [one.days for one in none] == [0, 1]


def test_a_run_is_called_a_broadcast_machine_from_enough_broadcasts_on() -> None:
    assert is_broadcast_machine(broadcasts=TALK_MOST_BROADCASTS, conversations=0)
    assert not is_broadcast_machine(broadcasts=TALK_MOST_BROADCASTS - 1, conversations=0)
    assert not is_broadcast_machine(broadcasts=90, conversations=1)


def test_other_times_of_a_message_lie_ahead_outside_quiet_hours_and_before_the_offers_end() -> None:
    soon = NOON + timedelta(minutes=5)
    at_once = list(times_for(planned_at=soon, now=NOON, limits=LIMITS, is_service=False))
    assert soon not in at_once  # so near that nobody could carry it out
    assert min(at_once) > soon
    ahead = NOON + timedelta(days=2)
    assert min(times_for(planned_at=ahead, now=NOON, limits=LIMITS, is_service=False)) >= ahead - 3 * HOUR
    until = NOON + HOUR
    found = list(times_for(planned_at=NOON, now=NOON, limits=LIMITS, is_service=False, until=until))
    assert found == [NOON + HOUR / 2]
    late = NOON + 9 * HOUR  # 21:00
    assert {one.hour for one in times_for(planned_at=late, now=NOON, limits=LIMITS, is_service=False)} <= {
        10, 11, 12, 13
    }  # fmt: skip
    served = list(times_for(planned_at=late, now=NOON, limits=LIMITS, is_service=True))
    assert NOON + 10 * HOUR in served
