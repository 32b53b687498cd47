"""What a plan asks of people: messages a person and day, minutes a staff member and day, mass sends a group and
day; and the checks that decide whether a version may be published."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from content.policies.wording import ALIASES, ONE_TO_ONE, names_in, unknown_names
from groups.enums import Circle
from sop.enums import (
    CIRCLES_OF,
    GROUP_CHANNELS,
    INTERNAL_CHANNELS,
    MASS_CHANNELS,
    SILENT_CHANNELS,
    VALUE_TYPES,
    Anchor,
    Audience,
    Channel,
    ContentType,
    Mark,
)
from sop.policies.message import attachments_fault, text_limit, text_size
from sop.policies.triggers import Trigger, faults


@dataclass(frozen=True)
class PlanStep:
    """A step as the checks see it. `day` and `at` are already worked out, for countdown steps too; both are None
    for steps that wait for a date or for something to happen, and for countdown steps while nobody knows when the
    offer ends."""

    key: str
    title: str
    anchor: str
    day: int | None
    at: time | None
    channel: str
    audience: str
    content_type: str
    mark: str
    text: str
    link_keys: frozenset[str]
    is_marketing: bool
    is_service: bool
    opens_talk: bool
    cost_minutes: int
    replace_channel: str = ""
    priority: int = 50
    offset_minutes: int = 0
    link: int | None = None
    parts: frozenset[str] = frozenset()
    attachment_kinds: tuple[str, ...] = ()
    trigger: Trigger = field(default_factory=Trigger)
    spawns_talk: bool = False  # leaves conversations behind
    talk_text: str = ""  # the words they begin with
    asks_pulse: bool = False  # one tap tells how it was
    is_first_offer: bool = False  # a join coupon or first-order offer, declared

    @property
    def sells(self) -> bool:
        """Whether it is sales work, and no declared offer for newcomers (R76)."""
        return self.is_marketing and not self.is_first_offer

    @property
    def gives_value(self) -> bool:
        """Whether what it says is of value by itself."""
        return self.content_type in VALUE_TYPES and not self.is_marketing


@dataclass(frozen=True)
class Limits:
    """The tenant's numbers."""

    messages_a_day: int
    messages_a_week: int
    mass_a_group_and_day: int
    staff_minutes_a_day: int
    value_share_percent: int
    quiet_from: time
    quiet_until: time
    groups_each: int = 3  # groups one staff member carries


class Severity(StrEnum):
    BLOCK = "block"
    WARN = "warn"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One result of a check. `values` fill the sentence of `code`; `keys` are the steps concerned."""

    code: str
    severity: Severity
    values: Mapping[str, object] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class DayLoad:
    """What one day asks: of the member who gets most, of the staff of one group, of the group's mass quota."""

    messages: int
    minutes: int
    mass: int


# The kinds of member a day is worked out for; the one who gets most decides.
_MEMBER_KINDS: tuple[frozenset[str], ...] = tuple(
    frozenset({Audience.MEMBERS, did, decided})
    | {one for one, circles in CIRCLES_OF.items() if circle in circles}
    for did, decided in (
        (Audience.UNINTERACTED, Audience.UNDECIDED),
        (Audience.INTERACTED, Audience.UNDECIDED),
        (Audience.INTERACTED, Audience.BUYERS),
    )
    for circle in Circle.values
)


def minutes_before(day: int | None, at: time | None, offset_minutes: int) -> tuple[int | None, time | None]:
    """The camp day and wall-clock time `offset_minutes` (negative) from a day and time; (None, None) without one."""
    if day is None or at is None:
        return None, None
    days, minutes = divmod(at.hour * 60 + at.minute + offset_minutes, 24 * 60)
    return day + days, time(minutes // 60, minutes % 60)


def thinned(steps: list[PlanStep], *, messages_a_day: int = 3, messages_a_week: int = 15) -> frozenset[str]:
    """Keys of the steps that stay when a camp is squeezed: marked steps and countdown first, then what brings a link
    its parts or asks how it was, then what gives each day its value or talk, then by priority.

    A step stays when its day keeps to `messages_a_day` and one mass send, and every seven days around it to
    `messages_a_week`. Steps without a day always stay.
    """
    kept: list[PlanStep] = [step for step in steps if step.day is None]
    giving = _giving(steps)
    dated = sorted(
        (step for step in steps if step.day is not None),
        key=lambda step: (
            not step.mark,
            step.anchor != Anchor.OFFER_END,
            not (
                step.parts or step.asks_pulse
            ),  # its link would lack them, its mark be asked about by nobody
            step.key not in giving,
            *_importance(step),
        ),
    )
    for step in dated:
        loads = load_by_day([*kept, step])
        load, day = loads[step.day or 0], step.day or 0
        weeks = (
            sum(loads[one].messages for one in range(first, first + 7) if one in loads)
            for first in range(day - 6, day + 1)
        )
        fits = load.messages <= messages_a_day and load.mass <= 1 and max(weeks) <= messages_a_week
        if step.mark or fits:
            kept.append(step)
    return frozenset(step.key for step in kept)


def _importance(step: PlanStep) -> tuple[int, int]:
    return (step.priority, step.day or 0)


def _giving(steps: list[PlanStep]) -> frozenset[str]:
    """Keys of the most important step of each day that brings all members value or talk."""
    best: dict[int, PlanStep] = {}
    for step in sorted(steps, key=_importance):
        if (
            step.day is not None
            and not step.is_marketing
            and step.content_type not in (ContentType.MARKETING, ContentType.NORMS)
            and step.channel not in SILENT_CHANNELS
            and step.audience == Audience.MEMBERS
        ):
            best.setdefault(step.day, step)
    return frozenset(step.key for step in best.values())


def in_quiet_hours(at: time, quiet_from: time, quiet_until: time) -> bool:
    """Half-open [from, until), over midnight when `from` is later."""
    if quiet_from <= quiet_until:
        return quiet_from <= at < quiet_until
    return at >= quiet_from or at < quiet_until


def counts_as_message(step: PlanStep) -> bool:
    """Service messages are exempt; Moments and work among colleagues ring nobody's phone."""
    return not step.is_service and step.channel not in SILENT_CHANNELS


def load_by_day(steps: Iterable[PlanStep]) -> dict[int, DayLoad]:
    """Camp day -> load. Steps without a known day are left out."""
    by_day: dict[int, list[PlanStep]] = defaultdict(list)
    for step in steps:
        if step.day is not None:
            by_day[step.day].append(step)
    return {day: _load_of(found) for day, found in sorted(by_day.items())}


def _load_of(steps: list[PlanStep]) -> DayLoad:
    counted = [step for step in steps if counts_as_message(step)]
    messages = max(
        sum(1 for step in counted if step.audience in kinds or step.channel in GROUP_CHANNELS)
        for kinds in _MEMBER_KINDS
    )
    return DayLoad(
        messages=messages,
        minutes=sum(step.cost_minutes for step in steps),
        mass=sum(1 for step in steps if step.channel == Channel.GROUP_MASS),
    )


def is_conversation(step: PlanStep) -> bool:
    """One person talks to one person, or the message asks for an answer (R35, R55)."""
    return step.opens_talk or step.channel in {Channel.STAFF_TASK, Channel.CALL}


def talk_counts(steps: Iterable[PlanStep]) -> tuple[int, int]:
    """(broadcasts, conversations) among what customers see."""
    every = [step for step in steps if step.channel not in INTERNAL_CHANNELS]
    talks = sum(1 for step in every if is_conversation(step))
    left_behind = sum(1 for step in every if step.spawns_talk and not is_conversation(step))
    return len(every) - talks, talks + left_behind


def check(steps: list[PlanStep], *, last_day: int, limits: Limits, is_camp: bool) -> list[Finding]:
    """All findings, blocking ones first. An empty list: nothing to say."""
    found = [
        *_check_marks(steps, is_camp),
        *_check_words(steps),
        *_check_triggers(steps),
        *_check_times(steps, last_day, limits),
        *_check_loads(steps, limits),
        *_check_weeks(steps, limits),
        *_check_mix(steps, limits),
    ]
    rank = list(Severity)
    return sorted(found, key=lambda finding: rank.index(finding.severity))


def blocks(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.BLOCK]


def _check_marks(steps: list[PlanStep], is_camp: bool) -> list[Finding]:
    if not steps:
        return [Finding("EMPTY-01", Severity.BLOCK)]
    if not is_camp:
        return []
    present = {step.mark for step in steps}
    missing = [mark for mark in (Mark.FIRST, Mark.PEAK, Mark.END) if mark not in present]
    return [Finding("PEAK-01", Severity.BLOCK, {"missing": missing})] if missing else []


def _check_words(steps: list[PlanStep]) -> list[Finding]:
    found = []
    for step in steps:
        if not step.text.strip() and not step.attachment_kinds:
            found.append(Finding("TEXT-01", Severity.BLOCK, {"title": step.title}, (step.key,)))
        found.extend(_check_limits(step))
        found.extend(
            Finding("VAR-01", Severity.BLOCK, {"title": step.title, "name": f"{{{name}}}"}, (step.key,))
            for name in _unfilled(step)
        )
        if step.channel in GROUP_CHANNELS | MASS_CHANNELS | SILENT_CHANNELS:
            found.extend(
                Finding("VAR-02", Severity.BLOCK, {"title": step.title, "name": f"{{{name}}}"}, (step.key,))
                for name in names_in(step.text)
                if ALIASES.get(name) in ONE_TO_ONE
            )
    return found


def promise_untold(steps: Iterable[PlanStep], groups: Sequence[str]) -> list[Finding]:
    """Steps that tell the group's promise (R5), where `groups` names those that have none: nothing would fill it."""
    found = []
    for step in steps if groups else ():
        names = [one for one in names_in(f"{step.text}\n{step.talk_text}") if ALIASES.get(one) == "promise"]
        if names:
            told = {"title": step.title, "name": f"{{{names[0]}}}", "groups": tuple(groups)}
            found.append(Finding("VAR-03", Severity.BLOCK, told, (step.key,)))
    return found


def _unfilled(step: PlanStep) -> list[str]:
    """Variables that nothing fills, each once; a conversation carries none of the step's links."""
    unknown = [*unknown_names(step.text, {}, step.link_keys), *unknown_names(step.talk_text, {}, frozenset())]
    return list(dict.fromkeys(unknown))


def _check_limits(step: PlanStep) -> list[Finding]:
    """What the channel's own limits refuse."""
    found, limit = [], text_limit(step.channel)
    size = text_size(step.text, limit)
    if limit.most and size > limit.most:
        told = {"title": step.title, "count": size, "limit": limit.most, "unit": limit.unit}
        found.append(Finding("LEN-01", Severity.BLOCK, told, (step.key,)))
    fault = attachments_fault(step.channel, step.attachment_kinds)
    if fault:
        told = {"title": step.title, "fault": fault, "channel": step.channel}
        found.append(Finding("ATT-01", Severity.BLOCK, told, (step.key,)))
    return found


def _check_triggers(steps: list[PlanStep]) -> list[Finding]:
    """What a step waits for must be able to happen, and what is meant for one person must not go to a group."""
    keys = frozenset(step.key for step in steps)
    return [
        Finding(code, Severity.BLOCK, {"title": step.title}, (step.key,))
        for step in steps
        for code in faults(
            anchor=step.anchor,
            trigger=step.trigger,
            key=step.key,
            keys=keys,
            is_group=step.channel in GROUP_CHANNELS | SILENT_CHANNELS,
            sources={one.key: one.trigger.step for one in steps},
        )
    ]


def _check_times(steps: list[PlanStep], last_day: int, limits: Limits) -> list[Finding]:
    found = []
    for step in steps:
        if step.anchor == Anchor.OFFER_END and step.day is None:
            found.append(Finding("OFFER-01", Severity.BLOCK, {"title": step.title}, (step.key,)))
        if step.day is not None and not 1 <= step.day <= last_day:
            found.append(
                Finding("DAY-01", Severity.BLOCK, {"title": step.title, "last": last_day}, (step.key,))
            )
        if step.channel in INTERNAL_CHANNELS:
            continue
        if step.at is not None and in_quiet_hours(step.at, limits.quiet_from, limits.quiet_until):
            severity = Severity.WARN if step.anchor == Anchor.OFFER_END else Severity.BLOCK
            found.append(
                Finding("QUIET-01", severity, {"title": step.title, "at": f"{step.at:%H:%M}"}, (step.key,))
            )
    return found


def _check_loads(steps: list[PlanStep], limits: Limits) -> list[Finding]:
    found = []
    for day, load in load_by_day(steps).items():
        keys = tuple(step.key for step in steps if step.day == day)
        if load.mass > limits.mass_a_group_and_day:
            found.append(
                Finding(
                    "QUOTA-01",
                    Severity.BLOCK,
                    {"day": day, "count": load.mass, "limit": limits.mass_a_group_and_day},
                    tuple(one.key for one in steps if one.day == day and one.channel == Channel.GROUP_MASS),
                )
            )
        if load.messages > limits.messages_a_day:
            found.append(
                Finding(
                    "CAP-01",
                    Severity.WARN,
                    {"day": day, "count": load.messages, "limit": limits.messages_a_day},
                    keys,
                )
            )
        minutes = load.minutes * limits.groups_each
        if minutes > limits.staff_minutes_a_day:
            found.append(
                Finding(
                    "LOAD-01",
                    Severity.WARN,
                    {
                        "day": day,
                        "count": minutes,
                        "limit": limits.staff_minutes_a_day,
                        "groups": limits.groups_each,
                    },
                    keys,
                )
            )
    return found


def _check_weeks(steps: list[PlanStep], limits: Limits) -> list[Finding]:
    """Any seven days in a row: a camp may start on any day of the week."""
    loads = load_by_day(steps)
    worst = max(
        ((sum(loads[d].messages for d in range(day, day + 7) if d in loads), day) for day in loads),
        default=(0, 0),
    )
    if worst[0] <= limits.messages_a_week:
        return []
    return [
        Finding(
            "CAP-02",
            Severity.WARN,
            {"first": worst[1], "last": worst[1] + 6, "count": worst[0], "limit": limits.messages_a_week},
            tuple(one.key for one in steps if one.day is not None and 0 <= one.day - worst[1] <= 6),
        )
    ]


def _check_mix(steps: list[PlanStep], limits: Limits) -> list[Finding]:
    found = []
    broadcasts, talks = talk_counts(steps)
    if broadcasts and talks == 0:
        found.append(Finding("TALK-01", Severity.WARN, {"broadcasts": broadcasts}))
    share = value_share_percent(steps)
    if share is not None and share < limits.value_share_percent:
        found.append(
            Finding(
                "MIX-01",
                Severity.WARN,
                {"percent": share, "limit": limits.value_share_percent},
                tuple(one.key for one in steps if one.channel in GROUP_CHANNELS and one.is_marketing),
            )
        )
    return found


def value_share_percent(steps: Iterable[PlanStep]) -> int | None:
    """Group messages that do not market, in percent of all group messages; None without any."""
    group = [step for step in steps if step.channel in GROUP_CHANNELS]
    if not group:
        return None
    plain = sum(1 for step in group if step.content_type != ContentType.MARKETING and not step.is_marketing)
    return round(100 * plain / len(group))
