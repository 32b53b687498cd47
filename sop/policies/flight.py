"""A trial flight: a camp carried out with invented members, through the same gate, before anybody real gets anything.

Day by day, touches go out in the order of their times; the rules of `contacts.policies.touch` and
`sop.policies.dispatch` say yes or no as they would to a real run. In the evening members react by their habits. The
same input and seed give the same flight. It knows nothing of the WeCom simulator.
"""

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from contacts.enums import Rule
from contacts.policies.touch import (
    Ahead,
    Coming,
    Ledger,
    Limits,
    TouchRequest,
    is_quiet,
    screen,
    week_start,
)
from contacts.policies.touch_count import Count
from sop.enums import (
    CIRCLES_OF,
    GROUP_CHANNELS,
    INTERNAL_CHANNELS,
    MASS_CHANNELS,
    PULL_CHANNELS,
    SILENT_CHANNELS,
    Audience,
    Channel,
    StepRole,
)
from sop.policies.dispatch import Verdict, after_refusal
from sop.policies.flight_people import Member, evening, meet, outcomes, people_make
from sop.policies.habits import Habits, Span
from sop.policies.hands import Work, holders, minutes_by_hand, role_for
from tenants.clock import at_local
from wecom.sending.quota import RuleFrom, window_for


@dataclass(frozen=True, slots=True)
class FlightStep:
    """A step with its moment. `due_at` is None for a step that waits for a join; then `after_join` says how long."""

    key: str
    title: str
    due_at: datetime | None
    after_join: timedelta
    window: timedelta
    channel: str
    replace_channel: str
    on_block: str
    audience: str
    role: str
    priority: int
    cost_minutes: int
    is_marketing: bool
    is_service: bool
    is_talk: bool
    sells: bool = False
    gives_value: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What is flown: a version in so many groups from a day on. `staff_minutes` a person and day."""

    starts_on: date
    days: int
    steps: tuple[FlightStep, ...]
    groups: int
    members: int  # a group
    hands: tuple[Mapping[str, str], ...]  # of each group: role -> who carries its steps
    staff_minutes: int
    quota_rules: tuple[RuleFrom, ...]
    limits: Limits


@dataclass(slots=True)
class Day:
    """One camp day. `people` are the members there; messages are counted with persons, not seats."""

    number: int
    on: date
    people: int = 0
    messages: int = 0  # over all people
    messages_most: int = 0  # of the person who got most
    touches: int = 0
    outward: int = 0  # of them those that customers see
    talks: int = 0
    # Plain dicts: `asdict` makes a Counter of a Counter's pairs.
    held_back: dict[str, int] = field(default_factory=dict)  # rule -> touches
    left_out: dict[str, int] = field(default_factory=dict)  # rule -> persons of private touches
    minutes: dict[str, int] = field(default_factory=dict)  # of everybody with something to do
    minutes_most: int = 0
    busiest: str = ""
    quota_most: int = 0  # mass sends of one receiver in its window, after this day
    quota_limit: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """A step that a rule kept from some groups."""

    step_key: str
    title: str
    rule: str
    touches: int
    first_day: int


@dataclass(frozen=True, slots=True)
class Left:
    """A step that went out to some, while a rule kept it from others: `people` are counted once."""

    step_key: str
    title: str
    rule: str
    people: int
    first_day: int


@dataclass(frozen=True, slots=True)
class Close:
    """Two messages to the same group shortly after each other."""

    day: int
    titles: tuple[str, str]
    minutes: int


@dataclass(frozen=True, slots=True)
class Flight:
    """What came of it. `funnel`: people, interacted, bought, left, income in fen (None: no order amounts known)."""

    days: list[Day]
    held: list[Held]
    left: list[Left]
    close: list[Close]
    over_minutes: list[tuple[int, str, int]]  # camp day, who, minutes
    asleep: list[tuple[int, int]]  # first and last camp day without a message
    funnel: dict[str, Span | None]


@dataclass(order=True, slots=True)
class _Due:
    """A touch in the queue: by time, then priority, then in the order of the plan."""

    at: datetime
    priority: int
    number: int
    step: FlightStep = field(compare=False)
    group: int = field(compare=False)
    ends_at: datetime = field(compare=False)
    only: int | None = field(compare=False, default=None)  # the member of a join touch

    @property
    def key(self) -> str:
        return f"{self.step.key}:{self.group}:{self.number}"


def fly(plan: Plan, habits: Habits, *, seed: int, asleep_days: int, close_minutes: int) -> Flight:
    """Carry a plan out. The work grows with steps x groups x members."""
    return _Air(plan, habits, random.Random(seed)).fly(asleep_days, close_minutes)


def invented_hands(*, groups: int, groups_each: int, colleagues: int) -> tuple[dict[str, str], ...]:
    """Of each group who holds its roles, where nobody real is known: "owner 2" has the second `groups_each` groups.
    So many `colleagues` sit in each, the owner among them; one alone does all."""
    found = []
    for group in range(groups):
        names = [f"{role} {group // groups_each + 1}" for role in StepRole.values][:colleagues]
        held = holders(owner=names[0], others=names[1:])
        found.append({role: who or "" for role, who in held.items()})
    return tuple(found)


class _Later:
    """What is still to come on the day, as the gate is told it: a place is kept for what is more important."""

    def __init__(self) -> None:
        self.people: dict[int, list[Coming]] = defaultdict(list)
        self.groups: dict[int, list[Coming]] = defaultdict(list)
        self.chats: dict[str, list[Coming]] = defaultdict(list)
        self._of: dict[str, tuple[Coming, list[list[Coming]]]] = {}

    def add(self, due: _Due, who: Sequence[Member]) -> None:
        step = due.step
        if step.is_service or step.channel in SILENT_CHANNELS:
            return
        coming = Coming(due.key, step.priority, due.at)
        places = [self.people[one.number] for one in who]
        if step.channel in GROUP_CHANNELS:
            places.append(self.groups[due.group])
        if step.channel == Channel.GROUP_MASS:
            places.append(self.chats[str(due.group)])
        for place in places:
            place.append(coming)
        self._of[due.key] = (coming, places)

    def take(self, due: _Due) -> None:
        """It is asked for now: nothing is kept for it any more."""
        coming, places = self._of.pop(due.key, (None, []))
        for place in places:
            place.remove(coming)  # type: ignore[arg-type]

    def told(self) -> Ahead:
        return Ahead(self.people, self.groups, self.chats)


class _Air:
    """One flight under way."""

    def __init__(self, plan: Plan, habits: Habits, dice: random.Random) -> None:
        self.plan, self.habits, self.dice = plan, habits, dice
        self.members = people_make(plan.groups, plan.members, plan.days, habits, dice)
        meet(self.members, plan.starts_on, plan.limits.zone)
        self.seats: dict[int, list[Member]] = defaultdict(list)
        for member in self.members:
            for group in member.groups:
                self.seats[group].append(member)
        self.ledger = Ledger()
        self.ahead = _Later()
        self.week = plan.starts_on
        self.quota: Counter[tuple[str, date]] = Counter()
        self.days = [Day(number + 1, plan.starts_on + timedelta(days=number)) for number in range(plan.days)]
        self.works: list[Work] = []
        self.held: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.left: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)  # -> person: first camp day
        self.sent_at: dict[int, tuple[datetime, str]] = {}
        self.close: dict[tuple[int, str, str], int] = {}
        self.over: list[tuple[int, str, int]] = []
        self.numbers = iter(range(10**9))

    def fly(self, asleep_days: int, close_minutes: int) -> Flight:
        queue = list(self._planned())
        heapq.heapify(queue)
        for day in self.days:
            midnight = self._dawn(day, queue)
            while queue and queue[0].at < midnight:
                if again := self._send(heapq.heappop(queue), day, close_minutes):
                    heapq.heappush(queue, again)
            self._dusk(day)
        return Flight(
            days=self.days,
            held=self._held(),
            left=self._left(),
            close=[Close(day, (one, two), gap) for (day, one, two), gap in sorted(self.close.items())],
            over_minutes=self.over,
            asleep=list(_stretches(self.days, asleep_days)),
            funnel=outcomes(self.members, self.habits, self.plan.days, self.dice),
        )

    def _planned(self) -> Iterator[_Due]:
        for step in self.plan.steps:
            for group in range(self.plan.groups):
                if step.due_at is not None:
                    yield _Due(
                        step.due_at, step.priority, next(self.numbers), step, group, step.due_at + step.window
                    )

    def _dawn(self, day: Day, queue: list[_Due]) -> datetime:
        """A new day: fresh counters, those who join today, what is to come. Returns the day's end."""
        self.ledger.day, self.ledger.group, self.works = {}, {}, []
        if week_start(day.on) != week_start(self.week):
            self.ledger.week = {}
        self.week = day.on
        for due in self._joined(day):
            heapq.heappush(queue, due)
        midnight = at_local(day.on + timedelta(days=1), time.min, self.plan.limits.zone)
        self.ahead = _Later()
        for due in queue:
            if due.at < midnight:
                self.ahead.add(due, self._audience(due, day))
        return midnight

    def _joined(self, day: Day) -> Iterator[_Due]:
        """Touches of those who come today, at noon; on the first day everybody is there already."""
        noon = at_local(day.on, time(12), self.plan.limits.zone)
        for member in self.members:
            if day.number == 1 or member.joins_on != day.number:
                continue
            for step in self.plan.steps:
                if step.due_at is None:
                    due = noon + step.after_join
                    number = next(self.numbers)
                    yield _Due(
                        due, step.priority, number, step, member.groups[0], due + step.window, member.number
                    )

    def _send(self, due: _Due, day: Day, close_minutes: int) -> _Due | None:
        """Ask the gate. Returns the touch when it comes back later or on another channel."""
        self.ahead.take(due)
        if (
            due.step.channel in INTERNAL_CHANNELS
        ):  # work of staff among themselves: nobody to ask the gate for
            self._sent(due, day, (), frozenset(), close_minutes)
            return None
        step, who = due.step, self._audience(due, day)
        if not who:
            return None
        if step.channel in PULL_CHANNELS and is_quiet(due.at, self.plan.limits):
            self._hold(due, day, Rule.QUIET)  # as the dispatcher does: whatever the step declares
            return None
        request = self._request(due, who)
        people = {one.number: one.person for one in who}
        self._offer_quota(request, who, day)
        seen = screen(request, people, self.plan.limits, due.at)
        count = Count(self.ledger, people, self.plan.limits, due.at, self.ahead.told())
        decision = count.decide(request, seen, ()) if seen.allowed else seen
        for customer_id, rule in decision.blocked.items():
            if customer_id and step.channel not in GROUP_CHANNELS:
                day.left_out[rule] = day.left_out.get(rule, 0) + 1
                if decision.allowed:
                    self.left[step.key, rule].setdefault(customer_id, day.number)
        if not decision.allowed:
            return self._refused(due, day, decision.rule_code, decision.retry_at)
        self._sent(due, day, who, frozenset(decision.customer_ids), close_minutes)
        return None

    def _audience(self, due: _Due, day: Day) -> list[Member]:
        step = due.step
        present = [one for one in self.seats[due.group] if one.is_there(day.number)]
        if step.channel in GROUP_CHANNELS:
            return present
        if due.only is not None:
            return [one for one in present if one.number == due.only]
        kept = [one for one in present if _is_meant(one, step.audience) and one.groups[0] == due.group]
        return [one for one in kept if one.is_friend] if step.channel == Channel.PRIVATE_MASS else kept

    def _request(self, due: _Due, who: Sequence[Member]) -> TouchRequest:
        step, is_group = due.step, due.step.channel in GROUP_CHANNELS
        return TouchRequest(
            key=due.key,
            channel=step.channel,
            customer_ids=tuple(one.number for one in who),
            group_id=due.group if is_group else None,
            chat_id=str(due.group),
            is_marketing=step.is_marketing,
            is_service=step.is_service or step.channel in SILENT_CHANNELS,
            excludes_buyers=not is_group and (step.is_marketing or step.audience == Audience.UNDECIDED),
            wecom_quota=step.channel in MASS_CHANNELS,
            priority=step.priority,
            sells=step.sells,
            gives_value=step.gives_value,
        )

    def _offer_quota(self, request: TouchRequest, who: Sequence[Member], day: Day) -> None:
        """What WeCom's limit leaves each receiver on this day."""
        if not request.wecom_quota:
            return
        window = window_for(self.plan.quota_rules, day.on)
        day.quota_limit = window.limit
        if request.group_id is not None:
            self.ledger.chat_quota[request.chat_id] = (
                window.limit - self.quota[f"g{request.chat_id}", window.first]
            )
        else:
            for one in who:
                name = one.person.external_userid
                self.ledger.person_quota[name] = window.limit - self.quota[name, window.first]

    def _refused(self, due: _Due, day: Day, rule: str, retry_at: datetime | None) -> _Due | None:
        step = due.step
        ruling = after_refusal(
            rule=rule,
            retry_at=retry_at,
            window_ends_at=due.ends_at,
            now=due.at,
            on_block=step.on_block,
            can_replace=bool(step.replace_channel) and step.replace_channel != step.channel,
        )
        if ruling.verdict is Verdict.RETIME and ruling.at is not None:
            return replace(due, at=ruling.at)
        if ruling.verdict is Verdict.REPLACE:
            return replace(due, step=replace(step, channel=step.replace_channel))
        self._hold(due, day, rule)
        return None

    def _hold(self, due: _Due, day: Day, rule: str) -> None:
        day.held_back[rule] = day.held_back.get(rule, 0) + 1
        self.held[due.step.key, rule].append(day.number)

    def _sent(
        self, due: _Due, day: Day, who: Sequence[Member], reached: frozenset[int], close_minutes: int
    ) -> None:
        step = due.step
        day.touches += 1
        day.outward += step.channel not in INTERNAL_CHANNELS
        day.talks += step.is_talk
        if step.channel not in SILENT_CHANNELS:
            for one in who:
                if one.number in reached:
                    one.told_on(day.number, is_asked=step.is_marketing)
        hand = self.plan.hands[due.group][role_for(role=step.role, channel=step.channel)]
        self.works.append(Work(hand, day.number, step.key, step.channel, step.cost_minutes))
        if step.channel in MASS_CHANNELS:
            self._use_quota(due, day, who, reached)
        if step.channel in GROUP_CHANNELS:
            self._note_close(due, day, close_minutes)

    def _use_quota(self, due: _Due, day: Day, who: Sequence[Member], reached: frozenset[int]) -> None:
        first = window_for(self.plan.quota_rules, day.on).first
        names = (
            [f"g{due.group}"]
            if due.step.channel in GROUP_CHANNELS
            else [one.person.external_userid for one in who if one.number in reached]
        )
        for name in names:
            self.quota[name, first] += 1
            day.quota_most = max(day.quota_most, self.quota[name, first])

    def _note_close(self, due: _Due, day: Day, close_minutes: int) -> None:
        before = self.sent_at.get(due.group)
        self.sent_at[due.group] = (due.at, due.step.title)
        if before and (due.at - before[0]) < timedelta(minutes=close_minutes):
            gap = int((due.at - before[0]).total_seconds() // 60)
            self.close.setdefault((day.number, before[1], due.step.title), gap)

    def _dusk(self, day: Day) -> None:
        there = [one for one in self.members if one.is_there(day.number)]
        day.people = len(there)
        counts = [one.told.get(day.number, 0) for one in there]
        day.messages, day.messages_most = sum(counts), max(counts, default=0)
        day.minutes = {str(who): days[day.number] for who, days in minutes_by_hand(self.works).items()}
        if day.minutes:
            day.busiest, day.minutes_most = max(day.minutes.items(), key=lambda pair: (pair[1], pair[0]))
        self.over += [
            (day.number, who, minutes)
            for who, minutes in sorted(day.minutes.items())
            if minutes > self.plan.staff_minutes
        ]
        evening(there, day.number, day.on, self.habits, self.dice, self.plan.limits.zone)

    def _held(self) -> list[Held]:
        titles = {step.key: step.title for step in self.plan.steps}
        return [
            Held(key, titles[key], rule, len(days), min(days))
            for (key, rule), days in sorted(self.held.items(), key=lambda pair: (min(pair[1]), pair[0]))
        ]

    def _left(self) -> list[Left]:
        titles = {step.key: step.title for step in self.plan.steps}
        found = [
            Left(key, titles[key], rule, len(people), min(people.values()))
            for (key, rule), people in self.left.items()
        ]
        return sorted(found, key=lambda one: (one.first_day, one.step_key, one.rule))


def _is_meant(member: Member, audience: str) -> bool:
    if audience == Audience.UNINTERACTED:
        return member.interacted_on == 0
    if audience == Audience.INTERACTED:
        return member.interacted_on > 0
    if audience == Audience.UNDECIDED:
        return member.interacted_on > 0 and member.bought_on == 0
    if audience == Audience.BUYERS:
        return member.bought_on > 0
    if (
        audience in CIRCLES_OF
    ):  # nobody knows the circles of invented people: who took part stands for the engaged
        return (member.interacted_on > 0) != (audience == Audience.PERIPHERY)
    return True


def _stretches(days: Sequence[Day], least: int) -> Iterator[tuple[int, int]]:
    """First and last of each `least` or more days in a row in which customers saw nothing."""
    first = 0
    for day in [*days, None]:
        if day is not None and day.outward == 0:
            first = first or day.number
            continue
        last = (day.number if day is not None else len(days) + 1) - 1
        if first and last - first + 1 >= least:
            yield first, last
        first = 0
