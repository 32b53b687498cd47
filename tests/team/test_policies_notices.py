"""The rules of notices: quiet hours, the digest's hour, choices, pauses, which work is told."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team.enums import NoticeChannel, NoticeKind, NoticeWhen
from team.policies.notices import CHOSEN_KINDS, Quiet, Tuned, default_when, next_digest, rests_until, told_of
from tenants.enums import Role

pytestmark = pytest.mark.unit
ZONE = "Asia/Shanghai"
WALL = st.times().map(lambda one: one.replace(microsecond=0))
MOMENT = st.integers(0, 63_072_000).map(lambda s: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


@given(start=WALL, end=WALL, now=MOMENT)
def test_after_the_quiet_hours_end_it_is_loud(start: time, end: time, now: datetime) -> None:
    quiet = Quiet(start, end)
    until = quiet.ends_at(now, ZONE)
    if until is not None:
        assert now < until <= now + timedelta(hours=24)
        assert quiet.ends_at(until, ZONE) is None


def at(hour: int, minute: int = 0, *, day: int = 4) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=ZoneInfo(ZONE))


NIGHT, NOON, NEVER = Quiet(time(22), time(8)), Quiet(time(12), time(14)), Quiet(time(9), time(9))


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        (NIGHT, at(21, 59), None),
        (NIGHT, at(22), at(8, day=5)),
        (NIGHT, at(0), at(8)),
        (NIGHT, at(7, 59), at(8)),
        (NIGHT, at(8), None),
        (NOON, at(11, 59), None),
        (NOON, at(12), at(14)),
        (NOON, at(13, 59), at(14)),
        (NOON, at(14), None),
        (NEVER, at(9), None),
        (NEVER, at(21), None),
    ],
)
def test_quiet_hours_hold_from_their_start_until_before_their_end(
    quiet: Quiet, now: datetime, until: datetime | None
) -> None:
    assert quiet.ends_at(now.astimezone(UTC), ZONE) == until


def test_what_holds_a_notice_back() -> None:
    """Muted comes first, also for what is urgent; who lets urgent ones ring is woken by these alone."""
    now, muted = at(23), at(23, 30)
    awake = Tuned(Role.SALES, NIGHT, rings_in_quiet=True)
    asleep = Tuned(Role.SALES, NIGHT)
    silent = Tuned(Role.SALES, NIGHT, muted_until=muted, rings_in_quiet=True)
    morning = at(8, day=5)
    assert [one.held_until(NoticeKind.LEAD, now, ZONE) for one in (awake, asleep, silent)] == [
        None, morning, muted,
    ]  # fmt: skip
    assert awake.held_until(NoticeKind.APPROVAL, now, ZONE) == morning
    assert silent.held_until(NoticeKind.LEAD, muted, ZONE) is None
    assert [one.held_until(NoticeKind.TEST, now, ZONE) for one in (asleep, silent)] == [None, None]


@pytest.mark.parametrize(
    ("role", "app", "mail", "mail_of_stops"),
    [
        (Role.VIEWER, "off", "off", "off"),
        (Role.SALES, "now", "off", "now"),
        (Role.OPERATOR, "now", "digest", "now"),
        (Role.LEADER, "now", "digest", "now"),
    ],
)
def test_what_a_role_is_told_before_anybody_chooses(
    role: str, app: str, mail: str, mail_of_stops: str
) -> None:
    told = [default_when(NoticeKind.LEAD, channel, role) for channel in ("console", "app", "mail")]
    assert told == ["now", app, mail]
    assert default_when(NoticeKind.BREAKER, NoticeChannel.MAIL, role) == mail_of_stops
    assert default_when(NoticeKind.KNOWLEDGE, NoticeChannel.APP, role) == NoticeWhen.OFF


def test_the_digest_of_this_very_moment_is_sent_and_the_next_is_tomorrows() -> None:
    assert next_digest(at(8, 30), time(8, 30), ZONE) == at(8, 30, day=5)
    assert next_digest(at(8, 29), time(8, 30), ZONE) == at(8, 30)


@given(now=MOMENT, at=WALL)
def test_the_next_digest_is_within_a_day_and_at_its_hour(now: datetime, at: time) -> None:
    then = next_digest(now, at, ZONE)
    assert now < then <= now + timedelta(days=1)
    assert then.time() == at


@given(
    role=st.sampled_from(Role.values),
    kind=st.sampled_from(CHOSEN_KINDS),
    channel=st.sampled_from(NoticeChannel.values),
)
def test_a_choice_that_a_channel_does_not_know_falls_back(role: str, kind: str, channel: str) -> None:
    tuned = Tuned(role, Quiet(time(22), time(8)), {kind: {channel: "whenever"}})
    assert tuned.when(kind, channel) == default_when(kind, channel, role)
    assert (
        Tuned(role, Quiet(time(22), time(8)), {kind: {channel: "off"}}).when(kind, channel) == NoticeWhen.OFF
    )


@given(minutes=st.integers(0, 120), is_urgent=st.booleans())
def test_two_messages_never_stand_closer_than_their_pause(minutes: int, is_urgent: bool) -> None:
    now = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
    last = now - timedelta(minutes=minutes)
    until = rests_until(is_urgent=is_urgent, last_at=last, now=now, pause=timedelta(minutes=30))
    assert (until is None) == (minutes >= (1 if is_urgent else 30))


def test_who_chose_a_shorter_pause_than_a_minute_waits_no_longer_for_what_is_urgent() -> None:
    now, pause = at(12), timedelta(seconds=20)
    ends = [rests_until(is_urgent=one, last_at=now, now=now, pause=pause) for one in (True, False)]
    assert ends == [now + pause, now + pause]


def test_work_that_is_not_to_be_done_yet_is_told_to_nobody() -> None:
    about = {"kind": "lead", "bucket": "must", "tier": "S", "source_kind": "leads.lead"}
    assert [told_of(**about, state=state) for state in ("open", "waiting", "done")] == ["lead", "", ""]


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (("lead", "must", "S", "leads.lead"), "lead"),
        (("lead", "must", "S?", "leads.lead"), "lead"),
        (("lead", "must", "A+", "leads.lead"), "lead"),
        (("lead", "remind", "A", "leads.lead"), ""),
        (("alert", "must", "", "groups.incident_task"), "incident"),
        (("alert", "must", "", "sop.late"), "reminder"),
        (("sop_task", "must", "", "sop.touch"), "task"),
        (("check", "must", "", "sop.review"), "task"),
        (("alert", "must", "", "sop.parked"), "alert"),
        (("question", "remind", "", "contacts.question"), "question"),
        (("sop_task", "must", "", "groups.rename"), ""),
    ],
)
def test_which_work_is_told(item: tuple[str, str, str, str], kind: str) -> None:
    assert told_of(kind=item[0], bucket=item[1], tier=item[2], source_kind=item[3]) == kind
