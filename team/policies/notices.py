"""Who is told what, where and when: pure. Walls are times of the tenant's zone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from team.enums import URGENT_NOTICES, Bucket, NoticeChannel, NoticeKind, NoticeWhen, WorkKind
from tenants.enums import Role

URGENT_PAUSE = timedelta(minutes=1)
# Kinds of a person's choice, as the page lists them; the others are told to everybody's bell and nowhere else.
CHOSEN_KINDS = (
    NoticeKind.LEAD, NoticeKind.INCIDENT, NoticeKind.BREAKER, NoticeKind.QUESTION, NoticeKind.NEW_MEMBERS,
    NoticeKind.TASK, NoticeKind.REMINDER, NoticeKind.ALERT, NoticeKind.APPROVAL, NoticeKind.HANDOVER,
    NoticeKind.KNOWLEDGE,
)  # fmt: skip
WHENS = {
    NoticeChannel.CONSOLE: (NoticeWhen.NOW, NoticeWhen.OFF),
    NoticeChannel.APP: (NoticeWhen.NOW, NoticeWhen.OFF),
    NoticeChannel.MAIL: (NoticeWhen.NOW, NoticeWhen.DIGEST, NoticeWhen.OFF),
}
_BY_APP = {
    NoticeKind.LEAD,
    NoticeKind.INCIDENT,
    NoticeKind.QUESTION,
    NoticeKind.APPROVAL,
    NoticeKind.HANDOVER,
    NoticeKind.TASK,
    NoticeKind.REMINDER,
}
# What SOPs ask of people; their other matters are told by their kind like everybody's.
_OF_SOPS = {
    "sop.touch": NoticeKind.TASK,
    "sop.proofs": NoticeKind.TASK,
    "sop.review": NoticeKind.TASK,
    "sop.late": NoticeKind.REMINDER,
}
INCIDENTS = ("groups.incident", "groups.incident_task")


@dataclass(frozen=True)
class Quiet:
    """Nothing rings from `start` until `end`; equal ends: it never is quiet."""

    start: time
    end: time

    def ends_at(self, now: datetime, zone: str) -> datetime | None:
        """The end of the quiet hours that `now` lies in, as an aware moment of the zone, or None. The end is loud."""
        local = now.astimezone(ZoneInfo(zone))
        wall = local.time().replace(tzinfo=None)
        over_night = self.start > self.end
        is_quiet = (wall >= self.start or wall < self.end) if over_night else self.start <= wall < self.end
        if not is_quiet:
            return None
        day = local.date() + timedelta(days=1) if over_night and wall >= self.start else local.date()
        return datetime.combine(day, self.end, tzinfo=ZoneInfo(zone))


@dataclass(frozen=True)
class Tuned:
    """What one person chose. `choices` is {kind: {channel: when}}, with gaps for defaults."""

    role: str
    quiet: Quiet
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    muted_until: datetime | None = None
    rings_in_quiet: bool = False  # urgent notices only

    def when(self, kind: str, channel: str) -> str:
        """How soon this channel tells of this kind."""
        if kind == NoticeKind.TEST:
            return NoticeWhen.NOW
        if kind == NoticeKind.TROUBLE:
            return NoticeWhen.NOW if channel == NoticeChannel.CONSOLE else NoticeWhen.OFF
        chosen = self.choices.get(kind, {}).get(channel, "")
        allowed = WHENS[NoticeChannel(channel)]
        return chosen if chosen in allowed else default_when(kind, channel, self.role)

    def held_until(self, kind: str, now: datetime, zone: str) -> datetime | None:
        """Until when nothing rings for a notice of this kind, or None: it may ring now. A test always may."""
        if kind == NoticeKind.TEST:
            return None
        if self.muted_until and self.muted_until > now:
            return self.muted_until
        if kind in URGENT_NOTICES and self.rings_in_quiet:
            return None
        return self.quiet.ends_at(now, zone)


def default_when(kind: str, channel: str, role: str) -> str:
    """What holds for who chose nothing. A viewer is told in the console only; sales get no digest."""
    if channel == NoticeChannel.CONSOLE:
        return NoticeWhen.NOW
    if role == Role.VIEWER:
        return NoticeWhen.OFF
    if channel == NoticeChannel.APP:
        return NoticeWhen.NOW if kind in _BY_APP else NoticeWhen.OFF
    if kind == NoticeKind.BREAKER:  # WeCom itself cannot carry this one
        return NoticeWhen.NOW
    return NoticeWhen.OFF if role == Role.SALES else NoticeWhen.DIGEST


def next_digest(now: datetime, at: time, zone: str) -> datetime:
    """The next moment after `now` at which the wall clock of the zone shows `at`."""
    local = now.astimezone(ZoneInfo(zone))
    today = datetime.combine(local.date(), at, tzinfo=ZoneInfo(zone))
    return (
        today
        if today > now
        else datetime.combine(local.date() + timedelta(days=1), at, tzinfo=ZoneInfo(zone))
    )


def told_of(*, kind: str, bucket: str, tier: str, source_kind: str, state: str = "open") -> str:
    """The kind of notice that an item of work makes when it comes up, or "": its place on Today says enough."""
    if state != "open":
        return ""
    if source_kind in _OF_SOPS:
        return _OF_SOPS[source_kind]
    if source_kind in INCIDENTS:
        return NoticeKind.INCIDENT
    if kind == WorkKind.LEAD:
        return NoticeKind.LEAD if bucket == Bucket.MUST and tier.startswith(("S", "A+")) else ""
    return {
        WorkKind.ALERT: NoticeKind.ALERT,
        WorkKind.QUESTION: NoticeKind.QUESTION,
        WorkKind.NEW_MEMBERS: NoticeKind.NEW_MEMBERS,
        WorkKind.APPROVAL: NoticeKind.APPROVAL,
        WorkKind.KNOWLEDGE: NoticeKind.KNOWLEDGE,
    }.get(WorkKind(kind), "")


def rests_until(
    *, is_urgent: bool, last_at: datetime | None, now: datetime, pause: timedelta
) -> datetime | None:
    """When the next message to a person may go, if not now."""
    if last_at is None:
        return None
    free_at = last_at + (min(URGENT_PAUSE, pause) if is_urgent else pause)
    return free_at if free_at > now else None
