"""The gate's rules as pure functions: boundaries, and what must hold for any sequence of touches."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.policies.touch import (
    Ahead,
    Coming,
    Decision,
    Ledger,
    Limits,
    Person,
    TouchRequest,
    is_quiet,
    quiet_ends_at,
    screen,
    week_start,
)
from contacts.policies.touch_count import Count

pytestmark = pytest.mark.unit

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # Wednesday 12:00 in Shanghai
LIMITS = Limits("Asia/Shanghai", 3, 15, 6, time(22), time(8))


def shanghai(hour: int, minute: int = 0, day: int = 4) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def people(*ids: int, **facts: object) -> dict[int, Person]:
    return {one: Person(f"wm{one}", **facts) for one in ids}  # type: ignore[arg-type]


def private(*ids: int, key: str = "t1", **fields: object) -> TouchRequest:
    return TouchRequest(key=key, channel="private_mass", customer_ids=ids, **fields)  # type: ignore[arg-type]


def group(*ids: int, key: str = "g1", **fields: object) -> TouchRequest:
    return TouchRequest(key=key, channel="group_mass", group_id=7, chat_id="wr7", customer_ids=ids, **fields)  # type: ignore[arg-type]


def decide(
    request: TouchRequest, who: dict[int, Person], ledger: Ledger | None = None, limits: Limits = LIMITS
) -> Decision:
    seen = screen(request, who, limits, NOON)
    return Count(ledger or Ledger(), who, limits, NOON).decide(request, seen, ()) if seen.allowed else seen


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"),
    [(21, 59, False), (22, 0, True), (23, 30, True), (7, 59, True), (8, 0, False)],
)
def test_quiet_hours_at_their_bounds(hour: int, minute: int, quiet: bool) -> None:
    assert is_quiet(shanghai(hour, minute), LIMITS) is quiet


def test_quiet_hours_with_equal_bounds_are_none() -> None:
    never = Limits("Asia/Shanghai", 3, 15, 6, time(0), time(0))
    assert not any(is_quiet(shanghai(hour), never) for hour in range(24))


def test_touch_in_quiet_hours_may_be_tried_at_their_end() -> None:
    late = shanghai(23, 10)
    seen = screen(private(1), people(1), LIMITS, late)
    assert (seen.allowed, seen.rule_code, seen.retry_at) == (False, "QUIET-01", shanghai(8, 0, day=5))
    assert quiet_ends_at(shanghai(6, 0), LIMITS) == shanghai(8, 0)


def test_service_message_passes_quiet_hours_caps_and_opt_out() -> None:
    who = people(1, opted_out=True)
    request = private(1, is_service=True)
    assert screen(request, who, LIMITS, shanghai(23)).allowed
    ledger = Ledger(day={1: 99}, week={1: 99})
    assert decide(request, who, ledger).customer_ids == (1,)
    assert ledger.day[1] == 99


def test_service_message_does_not_pass_a_freeze() -> None:
    assert decide(group(1, is_service=True, group_frozen=True), people(1)).rule_code == "FREEZE-01"


def test_ended_group_is_named_before_its_freeze() -> None:
    assert decide(group(1, group_frozen=True, group_ended=True), people(1)).rule_code == "ENDED-01"


def test_private_touch_loses_only_those_a_rule_names() -> None:
    who = people(1, 2, 3) | {4: Person("wm4", opted_out=True), 5: Person("wm5", consent="refused")}
    ledger = Ledger(day={2: 3}, week={3: 15})
    made = decide(private(1, 2, 3, 4, 5, 6), who, ledger)
    assert (made.allowed, made.customer_ids) == (True, (1,))
    assert made.blocked == {2: "CAP-01", 3: "CAP-02", 4: "OPT-01", 5: "CONSENT-01", 6: "GONE-01"}


def test_group_message_is_blocked_whole_when_one_member_is_at_the_cap() -> None:
    ledger = Ledger(day={2: 3})
    made = decide(group(1, 2, 3), people(1, 2, 3), ledger)
    assert (made.allowed, made.customer_ids, made.rule_code) == (False, (), "CAP-01")
    assert made.blocked == {2: "CAP-01", 0: "CAP-01"}
    assert ledger.day == {2: 3}


def test_group_message_notes_an_opted_out_member_and_goes_out() -> None:
    who = people(1) | {2: Person("wm2", opted_out=True)}
    made = decide(group(1, 2), who)
    assert (made.allowed, made.customer_ids, made.noted) == (True, (1, 2), {2: "OPT-01"})


def test_buyers_are_left_out_from_the_moment_asked_for() -> None:
    who = {
        1: Person("wm1", last_bought_at=NOON),
        2: Person("wm2", last_bought_at=shanghai(9, day=1)),
        3: Person("wm3"),
    }
    made = decide(private(1, 2, 3, excludes_buyers=True, buyers_since=shanghai(0, day=4)), who)
    assert (made.customer_ids, made.blocked) == ((2, 3), {1: "BUYER-01"})


def test_consent_is_needed_only_where_the_tenant_says_so() -> None:
    strict = Limits("Asia/Shanghai", 3, 15, 6, time(22), time(8), consent_required=True)
    assert decide(private(1), people(1)).allowed
    assert decide(private(1), people(1), limits=strict).rule_code == "CONSENT-01"
    assert decide(private(1), people(1, consent="granted"), limits=strict).allowed


def test_wecom_quota_used_up_moves_to_tomorrow_morning() -> None:
    made = decide(group(1, wecom_quota=True), people(1), Ledger(chat_quota={"wr7": 0}))
    assert (made.rule_code, made.retry_at) == ("QUOTA-01", shanghai(8, 0, day=5))


def test_week_cap_may_be_tried_on_monday_morning() -> None:
    made = decide(private(1), people(1), Ledger(week={1: 15}))
    assert (made.rule_code, made.retry_at) == ("CAP-02", shanghai(8, 0, day=9))


def test_week_starts_on_monday() -> None:
    assert [week_start(date(2026, 3, day)) for day in (2, 8, 9)] == [
        date(2026, 3, 2), date(2026, 3, 2), date(2026, 3, 9),
    ]  # fmt: skip


_ids = st.lists(st.integers(1, 6), max_size=6, unique=True).map(tuple)
_touches = st.builds(
    lambda number, ids, is_group, service, quota: TouchRequest(
        key=f"k{number}",
        channel="x",
        customer_ids=ids,
        group_id=number % 3 if is_group else None,
        chat_id=f"wr{number % 3}",
        is_service=service,
        wecom_quota=quota,
    ),
    st.integers(0, 10_000),
    _ids,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def _run(
    touches: list[TouchRequest], limits: Limits, who: dict[int, Person]
) -> tuple[list[Decision], Ledger]:
    ledger = Ledger(
        chat_quota={f"wr{one}": 2 for one in range(3)},
        person_quota={one.external_userid: 2 for one in who.values()},
    )
    made = []
    for touch in touches:
        seen = screen(touch, who, limits, NOON)
        made.append(Count(ledger, who, limits, NOON).decide(touch, seen, ()) if seen.allowed else seen)
    return made, ledger


@given(st.lists(_touches, max_size=40), st.integers(0, 4), st.integers(0, 6), st.integers(0, 3))
def test_no_sequence_of_touches_passes_a_cap_or_a_quota(
    touches: list[TouchRequest], per_day: int, per_week: int, per_group: int
) -> None:
    limits = Limits("Asia/Shanghai", per_day, per_week, per_group, time(22), time(8))
    made, ledger = _run(touches, limits, people(1, 2, 3, 4, 5))
    assert all(count <= min(per_day, per_week) for count in ledger.day.values())
    assert all(count <= per_group for count in ledger.group.values())
    assert all(left >= 0 for left in [*ledger.chat_quota.values(), *ledger.person_quota.values()])
    counted: dict[int, int] = {}
    for touch, decision in zip(touches, made, strict=True):
        for one in decision.customer_ids if not touch.is_service else ():
            counted[one] = counted.get(one, 0) + 1
    assert counted == {one: count for one, count in ledger.day.items() if count}


@given(st.lists(_touches, max_size=30))
def test_every_refusal_names_its_rule_and_a_group_is_all_or_nothing(touches: list[TouchRequest]) -> None:
    made, _ledger = _run(touches, LIMITS, people(1, 2, 3, 4, 5))
    for touch, decision in zip(touches, made, strict=True):
        assert decision.key == touch.key
        assert decision.allowed == (decision.rule_code == "") == (0 not in decision.blocked)
        assert not set(decision.customer_ids) & set(decision.blocked)
        if touch.group_id is not None:
            assert decision.customer_ids in ((), touch.customer_ids)
        else:
            assert set(decision.customer_ids) | set(decision.blocked) - {0} == set(touch.customer_ids)


LATER = shanghai(20)


def kept(request: TouchRequest, ahead: Ahead, ledger: Ledger) -> tuple[str, datetime | None]:
    who = people(*request.customer_ids)
    made = Count(ledger, who, LIMITS, NOON, ahead).decide(request, screen(request, who, LIMITS, NOON), ())
    return made.rule_code, made.retry_at


def coming(priority: int = 10, key: str = "later") -> list[Coming]:
    return [Coming(key, priority, LATER)]


@pytest.mark.parametrize(
    ("day", "week", "rule"), [(2, 0, "KEPT-01"), (1, 0, ""), (0, 14, "KEPT-01"), (0, 13, "")]
)
def test_the_last_place_of_a_persons_day_and_week_waits_for_what_is_more_important(
    day: int, week: int, rule: str
) -> None:
    ledger = Ledger(day={1: day}, week={1: week})
    found = kept(private(1, priority=50), Ahead(people={1: coming()}), ledger)
    assert found == (rule, LATER + timedelta(seconds=1) if rule else None)


@pytest.mark.parametrize("other", [coming(priority=50), coming(priority=60), coming(key="t1")])
def test_nothing_is_kept_for_equals_for_less_or_for_the_message_itself(other: list[Coming]) -> None:
    assert kept(private(1, priority=50), Ahead(people={1: other}), Ledger(day={1: 2}))[0] == ""


@pytest.mark.parametrize(
    ("used", "left", "rule"), [(5, 9, "KEPT-01"), (4, 9, ""), (0, 1, "KEPT-01"), (0, 2, "")]
)
def test_the_last_place_of_a_group_and_of_its_mass_sends_waits_too(used: int, left: int, rule: str) -> None:
    ahead = Ahead(groups={7: coming()}, chats={"wr7": coming()})
    ledger = Ledger(group={7: used}, chat_quota={"wr7": left})
    assert kept(group(1, priority=50, wecom_quota=True), ahead, ledger)[0] == rule
    service = group(1, priority=50, wecom_quota=True, is_service=True)
    assert kept(service, ahead, Ledger(group={7: used}, chat_quota={"wr7": left}))[0] == ""
