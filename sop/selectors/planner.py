"""A week of planned touches as wishes under limits: what each would use, and how much of it there is.

Places: GROUP-01 a group's messages of a day; QUOTA-01 WeCom's mass sends of a group, or of people, in their window;
CAP-01 and CAP-02 messages of people on a day and in the week; LOAD-01 a staff member's minutes of a day. People whom
the same messages reach, and who have had as many already, are one place together. A private message is planned as a
whole: it has a place when everybody it is for has one. What is sold in private to newcomers comes after something of
value, or not at all (VALUE-01, planner_value).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Sum

from contacts.policies.touch import Limits, is_quiet, quiet_ends_at
from contacts.selectors import customer_list
from contacts.selectors.exposures import counts_on, group_counts_on
from contacts.selectors.identity import persons_of
from contacts.services.touch import gate_limits
from sop.enums import (
    GROUP_CHANNELS,
    MASS_CHANNELS,
    SILENT_CHANNELS,
    STAFF_MINUTES_A_DAY,
    Anchor,
    Channel,
    OnBlock,
    RunState,
    TouchState,
)
from sop.models import Touch
from sop.policies.calendar import day_date
from sop.policies.crowds import Crowd, binding, crowds_of
from sop.policies.schedule import Option, Place, Wish
from sop.selectors.audience import audience_resolve
from sop.selectors.planner_value import RULE as VALUE_FIRST
from sop.selectors.planner_value import Standing, ValueFirst, is_pushy
from tenants import clock, preferences
from tenants.arrays import ids_of
from wecom.enums import ReceiverKind
from wecom.selectors import Window, quota_days, quota_rules, window_for

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tenants.models import Tenant

MOST = 1_500  # touches planned at once
NO_MOVES, MOST_MOVES = 0, 3
Uses = tuple[tuple[Place, int], ...]
Sent = Mapping[date, Mapping[str, int]]  # local day -> source -> mass sends


@dataclass(frozen=True)
class Slot:
    """When and by which channel an option would go out."""

    at: datetime
    channel: str


@dataclass
class Week:
    """The wishes of a week with what limits them. `touches` by id, in their order; `people`: touch -> how many."""

    starts_on: date
    limits: Limits
    touches: dict[int, Touch] = field(default_factory=dict)
    people: dict[int, int] = field(default_factory=dict)
    wishes: list[Wish] = field(default_factory=list)
    room: dict[Place, int] = field(default_factory=dict)
    crowds: list[Crowd] = field(default_factory=list)
    is_cut: bool = False

    @property
    def ends_on(self) -> date:
        return self.starts_on + timedelta(days=6)


def importance(priority: int) -> int:
    """Points of one message for one person: 100 for priority 1, at least 1."""
    return max(1, 101 - priority)


def planner_week(
    *, tenant: "Tenant", starts_on: date, group_ids: Iterable[int] | None = None, moves: int = 1
) -> Week:
    """What is still planned in the week from `starts_on` (a Monday, tenant's zone), as wishes. Some fifteen queries.

    `group_ids`: only these groups; None: all. What other groups' messages take of the same people's places and of the
    same staff's minutes is taken off: they stay as they are. `moves`: so many days later a message may be moved at
    most.
    """
    return week_builder(
        tenant=tenant, starts_on=starts_on, group_ids=group_ids, moves=moves, is_alone=False
    ).week


def week_builder(
    *,
    tenant: "Tenant",
    starts_on: date,
    group_ids: Iterable[int] | None = None,
    moves: int = 1,
    also: Iterable[int] = (),
    is_alone: bool = True,
) -> "WeekBuilder":
    """What `planner_week` reads, for one who asks on: what a touch would use at another time.

    `also`: ids of touches that are looked at as well, wherever they stand now. `is_alone`: other groups are not asked.
    """
    now, only = clock.now(), None if group_ids is None else sorted(group_ids)
    week = Week(starts_on=starts_on, limits=gate_limits(tenant_id=tenant.pk, zone=tenant.timezone))
    coming = _coming(tenant, starts_on, now)
    rows = _rows(coming if only is None else coming.filter(group__in=only), tenant, list(also))
    beside = [] if is_alone or only is None or not rows else _rows(coming.exclude(group__in=only))
    week.is_cut = max(len(rows), len(beside)) > MOST
    week.touches = {one.pk: one for one in rows[:MOST]}
    builder = WeekBuilder(tenant, week, now, moves, is_alone=is_alone)
    if week.touches:
        builder.build(beside[:MOST])
    return builder


def planner_size(*, tenant: "Tenant", starts_on: date, group_ids: Iterable[int] | None = None) -> int:
    """How many messages `planner_week` would plan. One query."""
    rows = _coming(tenant, starts_on, clock.now())
    return min(MOST, (rows if group_ids is None else rows.filter(group__in=list(group_ids))).count())


def _coming(tenant: "Tenant", starts_on: date, now: datetime) -> "QuerySet[Touch]":
    """What is planned from now on to the end of the week, by runs that go on."""
    since = max(now, clock.day_bounds(starts_on, tenant.timezone)[0])
    until = clock.day_bounds(starts_on + timedelta(days=6), tenant.timezone)[1]
    return Touch.objects.filter(
        tenant=tenant,
        state=TouchState.PLANNED,
        due_at__gte=since,
        due_at__lt=until,
        run__state=RunState.RUNNING,
    )


def _rows(rows: "QuerySet[Touch]", tenant: "Tenant | None" = None, also: Sequence[int] = ()) -> list[Touch]:
    if also:
        rows = rows | Touch.objects.filter(tenant=tenant, pk__in=also)
    rows = rows.prefetch_related("step", "run", "group__owner", "staff").defer("text")
    return list(rows.order_by("due_at", "step__priority", "pk")[: MOST + 1])


class WeekBuilder:
    """Fills a week: who is reached, what is used up, then a wish for each touch."""

    def __init__(
        self, tenant: "Tenant", week: Week, now: datetime, moves: int, *, is_alone: bool = False
    ) -> None:
        self.tenant, self.week, self.now, self.moves = tenant, week, now, moves
        self.is_alone = is_alone
        self.zone = tenant.timezone
        self.today = clock.local_date(now, self.zone)
        self.rules = quota_rules(tenant_id=tenant.pk)
        # WeCom's windows of the week by their names, in order.
        self.windows = {self._window(day): window_for(self.rules, day) for day in self._days()}
        self.crowds_of: dict[int, list[int]] = defaultdict(list)

    def build(self, beside: Sequence[Touch] = ()) -> None:
        """`beside`: planned messages that stay as they are and take their places first."""
        touches = list(self.week.touches.values())
        every = [*touches, *beside]
        reached = audience_resolve(tenant_id=self.tenant.pk, zone=self.zone, touches=every)
        self.week.people = {one.pk: len(reached.get(one.pk, ())) for one in every}
        self._crowds(every, reached)
        self._groups(touches)
        self._staff(touches)
        self._value_first(every, reached, beside)
        for touch in beside:
            self._take(touch)
        # What gives value before what sells: whether that may go out depends on when this can.
        wishes = {
            touch.pk: self._wish(touch)
            for touch in sorted(touches, key=lambda one: is_pushy(one, one.channel))
        }
        self.week.wishes = [wishes[touch.pk] for touch in touches]

    def _value_first(
        self, every: Sequence[Touch], reached: Mapping[int, list[int]], beside: Sequence[Touch]
    ) -> None:
        self.value = ValueFirst(self.week.limits, reached)
        if not self.is_alone:
            self.value.read(self.tenant, every, self.now)
        self.fixed = frozenset(one.pk for one in beside)
        for touch in beside:
            self.value.stays(touch)

    def _standing(self, touch: Touch, slot: Slot) -> Standing:
        """Whom a message may reach at a time, as far as newcomers are concerned."""
        if not is_pushy(touch, slot.channel):
            return Standing(self.week.people[touch.pk])
        return self.value.standing(touch, slot.at, self.fixed)

    def _crowds(self, touches: Sequence[Touch], reached: Mapping[int, list[int]]) -> None:
        """People by what would reach them and what they have had; crowds that never bind alone are left out."""
        counting = [one for one in touches if not one.step.is_service and one.channel not in SILENT_CHANNELS]
        asked = {
            person: some
            for person, some in self._by_person(counting, reached).items()
            if not some.isdisjoint(self.week.touches)
        }
        today, week = self._had(asked)
        quota = self._quota_of(touches, asked)
        self.week.crowds = binding(crowds_of(asked, today=today, week=week, quota=quota))
        for number, crowd in enumerate(self.week.crowds):
            for touch_id in crowd.touches:
                self.crowds_of[touch_id].append(number)
            self._crowd_room(number, crowd)

    def _by_person(
        self, touches: Iterable[Touch], reached: Mapping[int, list[int]]
    ) -> dict[int, frozenset[int]]:
        """{person: the messages that would reach it}. Most messages of a group reach the same people: told once."""
        alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for touch in touches:
            alike[tuple(reached.get(touch.pk, ()))].append(touch.pk)
        persons = persons_of(tenant_id=self.tenant.pk, customer_ids=set().union(*alike))
        parts: dict[int, tuple[int, ...]] = {}
        for number, people in enumerate(alike):
            for one in people:
                who = persons.get(one, one)
                parts[who] = (*parts.get(who, ()), number)
        messages = list(alike.values())
        together = {some: frozenset().union(*(messages[one] for one in some)) for some in set(parts.values())}
        return {person: together[some] for person, some in parts.items()}

    def _take(self, touch: Touch) -> None:
        """What a message that stays as it is takes of the places it shares with those that are planned."""
        wish = self._wish(touch)
        for place, amount in wish.options[0].uses if wish.declared else ():
            if place in self.week.room:
                self.week.room[place] = max(0, self.week.room[place] - amount)

    def _had(self, people: Iterable[int]) -> tuple[dict[int, int], dict[int, int]]:
        """What people have had today, where today is of the week, and in the week."""
        is_now = self.week.starts_on <= self.today <= self.week.ends_on
        day = self.today if is_now else self.week.starts_on
        return counts_on(tenant_id=self.tenant.pk, person_ids=people, day=day)

    def _quota_of(self, touches: Sequence[Touch], people: Iterable[int]) -> dict[int, tuple[int, ...]]:
        """What WeCom still lets each person receive by private mass sends, where there are any."""
        if not any(touch.channel == Channel.PRIVATE_MASS for touch in touches):
            return {}
        asked = list(people)
        rows = customer_list(tenant_id=self.tenant.pk).filter(pk__in=ids_of(asked)).order_by()
        sent = self._sent(ReceiverKind.CUSTOMER, rows.values("external_userid"))
        untouched = tuple(self._room({}).values())
        left = dict.fromkeys(asked, untouched)
        for pk, external in rows.filter(external_userid__in=list(sent)).values_list("pk", "external_userid"):
            left[pk] = tuple(self._room(sent[external]).values())
        return left

    def _sent(self, receiver_kind: str, receiver_ids: "Collection[str] | QuerySet") -> Mapping[str, Sent]:
        """{receiver: mass sends by day} over the week's windows; absent for none. One query."""
        windows = self.windows.values()
        return quota_days(
            tenant_id=self.tenant.pk,
            receiver_kind=receiver_kind,
            first=min(one.first for one in windows),
            last=max(one.last for one in windows),
            receiver_ids=receiver_ids,
        )

    def _room(self, sent: Sent) -> dict[str, int]:
        """{window: mass sends that WeCom still takes in it} for one who got these."""
        return {name: max(0, window.limit - _sent_in(window, sent)) for name, window in self.windows.items()}

    def _crowd_room(self, number: int, crowd: Crowd) -> None:
        limits, owner = self.week.limits, f"crowd:{number}"
        for day in self._days():
            had = crowd.had_today if day == self.today else 0
            self.week.room[Place("CAP-01", owner, day.isoformat())] = max(0, limits.per_day - had)
        for window, left in zip(self.windows, crowd.quota, strict=False):
            self.week.room[Place("QUOTA-01", owner, window)] = left
        self.week.room[Place("CAP-02", owner, "")] = max(0, limits.per_week - crowd.had_week)

    def _days(self) -> list[date]:
        return [self.week.starts_on + timedelta(days=n) for n in range(7)]

    def _window(self, day: date) -> str:
        return window_for(self.rules, day).first.isoformat()

    def _groups(self, touches: Sequence[Touch]) -> None:
        groups = {one.group.pk: one.group for one in touches if one.group is not None}
        had = group_counts_on(tenant_id=self.tenant.pk, group_ids=groups, day=self.today)
        for group_id in groups:
            for day in self._days():
                used = had.get(group_id, 0) if day == self.today else 0
                self.week.room[Place("GROUP-01", f"group:{group_id}", day.isoformat())] = max(
                    0, self.week.limits.group_per_day - used
                )
        if any(one.channel == Channel.GROUP_MASS for one in touches):
            sent = self._sent(ReceiverKind.GROUP, [one.chat_id for one in groups.values()])
            for group in groups.values():
                for window, count in self._room(sent.get(group.chat_id, {})).items():
                    self.week.room[Place("QUOTA-01", f"group:{group.pk}", window)] = count

    def _staff(self, touches: Sequence[Touch]) -> None:
        staff = {one.staff_id for one in touches if one.staff_id}
        most = preferences.value(self.tenant.pk, STAFF_MINUTES_A_DAY)
        since, until = clock.day_bounds(self.today, self.zone)
        rows = Touch.objects.filter(
            tenant=self.tenant, staff__in=list(staff), handed_at__gte=since, handed_at__lt=until
        ).order_by()
        given = dict(rows.values("staff").annotate(n=Sum("step__cost_minutes")).values_list("staff", "n"))
        for one in staff:
            for day in self._days():
                used = given.get(one, 0) if day == self.today else 0
                self.week.room[Place("LOAD-01", f"staff:{one}", day.isoformat())] = max(0, most - used)

    def _wish(self, touch: Touch) -> Wish:
        own = Slot(touch.due_at, touch.channel)
        if touch.group is not None and (touch.group.frozen_at or touch.group.dismissed_at):
            rule = "FREEZE-01" if touch.group.frozen_at else "ENDED-01"
            return Wish(touch.pk, (), 0, rule, self.uses(touch, own))
        is_quiet_then = self.is_quiet(touch, own.at)
        declared = [] if is_quiet_then else [own]
        declared += self._declared(touch, own, is_quiet=is_quiet_then)
        moved = [one for one in self._moved(touch, own) if one not in declared]
        options: list[Option] = []
        count = 0
        for n, slot in enumerate([*declared, *moved], start=1 if is_quiet_then else 0):
            standing = self._standing(touch, slot)
            if is_pushy(touch, slot.channel) and not standing.people:
                continue
            worth = importance(touch.step.priority) * max(1, standing.people)
            uses = self.uses(touch, slot)
            options.append(Option(worth - n * max(1, worth // 50), uses, slot, standing.needs))
            count += slot in declared
        if touch.pk not in self.fixed:
            self.value.offered(touch.pk, [one.label.at for one in options if isinstance(one.label, Slot)])
        rule = "QUIET-01" if is_quiet_then else ""
        if not rule and not any(one.label == own for one in options):
            rule = VALUE_FIRST
        return Wish(touch.pk, tuple(options), count, rule, self.uses(touch, own))

    def is_quiet(self, touch: Touch, at: datetime) -> bool:
        return not touch.step.is_service and is_quiet(at, self.week.limits)

    def _declared(self, touch: Touch, own: Slot, *, is_quiet: bool) -> list[Slot]:
        """What the step itself allows: later inside its window, or another channel."""
        step = touch.step
        if step.on_block == OnBlock.DELAY and is_quiet:
            at = quiet_ends_at(own.at, self.week.limits)
            return [Slot(at, own.channel)] if at <= touch.window_ends_at and self._is_in_week(at) else []
        if (
            step.on_block == OnBlock.REPLACE
            and step.replace_channel not in ("", own.channel)
            and not is_quiet
        ):
            return [Slot(own.at, step.replace_channel)]
        return []

    def _moved(self, touch: Touch, own: Slot) -> list[Slot]:
        """The same time on later days. What stands out, counts down or greets keeps its day."""
        step, run = touch.step, touch.run
        if step.anchor != Anchor.RUN_START or step.mark or step.is_service or touch.occurrence:
            return []
        last = day_date(run.starts_on, run.days + run.after_days)
        later = [own.at + timedelta(days=n) for n in range(1, self.moves + 1)]
        return [
            Slot(at, own.channel)
            for at in later
            if self._is_in_week(at)
            and clock.local_date(at, self.zone) <= last
            and not self.is_quiet(touch, at)
        ]

    def _is_in_week(self, at: datetime) -> bool:
        return self.week.starts_on <= clock.local_date(at, self.zone) <= self.week.ends_on

    def uses(self, touch: Touch, slot: Slot) -> Uses:
        """What an option would use, in the order the gate asks."""
        day = clock.local_date(slot.at, self.zone)
        counts = not touch.step.is_service and slot.channel not in SILENT_CHANNELS
        uses: list[tuple[Place, int]] = []
        if counts and slot.channel in GROUP_CHANNELS:
            uses.append((Place("GROUP-01", f"group:{touch.group_id}", day.isoformat()), 1))
        if slot.channel == Channel.GROUP_MASS:
            uses.append((Place("QUOTA-01", f"group:{touch.group_id}", self._window(day)), 1))
        crowds = self.crowds_of.get(touch.pk, ()) if counts else ()
        if slot.channel in MASS_CHANNELS and slot.channel != Channel.GROUP_MASS:
            uses += [(Place("QUOTA-01", f"crowd:{one}", self._window(day)), 1) for one in crowds]
        uses += [(Place("CAP-01", f"crowd:{one}", day.isoformat()), 1) for one in crowds]
        uses += [(Place("CAP-02", f"crowd:{one}", ""), 1) for one in crowds]
        if touch.staff_id and touch.step.cost_minutes:
            uses.append(
                (Place("LOAD-01", f"staff:{touch.staff_id}", day.isoformat()), touch.step.cost_minutes)
            )
        return tuple(uses)


def _sent_in(window: Window, sent: Sent) -> int:
    """How many of {local day: {source: mass sends}} fall into a window."""
    return sum(sum(some.values()) for day, some in sent.items() if window.first <= day <= window.last)
