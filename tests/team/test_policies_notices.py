"""The rules of notices: quiet hours, the digest's hour, choices, pauses, which work is told."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team.enums import NoticeChannel, NoticeWhen
from team.policies.notices import CHOSEN_KINDS, Quiet, Tuned, default_when, next_digest, rests_until, told_of
from tenants.enums import Role

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ZONE = "Asia/Shanghai"

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


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        (("lead", "must", "S", "leads.lead"), "lead"),
        (("lead", "must", "S?", "leads.lead"), "lead"),
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
