"""The six panels of a group's page (R24): every figure with the people behind it.

Staff never count. A figure that nobody measures is None and shown as "–", never 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for, buyers_in
from groups.enums import JoinScene, QuitScene
from groups.models import Group, Member
from groups.selectors.activity import ACTIVE_KINDS
from tenants import clock

# What counts as taking part (participation rate): doing something that was set, beyond reading and talking.
PART_KINDS = frozenset(
    {
        BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.FORM, BehaviourKind.LIVE, BehaviourKind.CHECKIN,
        BehaviourKind.DRAW,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Did:
    """One thing a customer of the group did, in this group or outside any group."""

    customer_id: int
    kind: str
    at: datetime


@dataclass(frozen=True)
class Range:
    """[since, until), UTC, and the same length before it."""

    since: datetime
    until: datetime

    @property
    def before(self) -> "Range":
        return Range(self.since - (self.until - self.since), self.since)

    def has(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at < self.until


def range_of_days(*, days: int, zone: str, now: datetime) -> Range:
    """The last `days` local calendar days, today included."""
    today = clock.local_date(now, zone)
    first, _end = clock.day_bounds(today - timedelta(days=days - 1), zone)
    return Range(first, clock.day_bounds(today, zone)[1])


@dataclass(frozen=True)
class Book:
    """What the panels are counted from: all spells, what the customers did, who bought."""

    spells: list[Member]
    did: list[Did]  # of the range and the same length before it
    ever_active: set[int]
    buyers: dict[str, set[int]]  # "today", "range", "ever"
    range: Range
    today: Range

    @property
    def customers(self) -> set[int]:
        """Customers in the group now."""
        return {one.customer_id for one in self.spells if one.left_at is None and one.customer_id is not None}

    @property
    def nameless(self) -> int:
        """People in the group whose name nobody told."""
        return sum(one.left_at is None and not (one.customer and one.customer.name) for one in self.spells)

    def joined(self, within: Range | None = None) -> list[Member]:
        """Entries; those invited when the group was made are none."""
        rows = [one for one in self.spells if not one.is_creation_invitee and not one.joined_is_estimate]
        return [one for one in rows if within is None or within.has(one.joined_at)]

    def left(self, within: Range | None = None) -> list[Member]:
        """Departures; the end of the group is none."""
        rows = [
            one for one in self.spells if one.left_at is not None and one.quit_scene != QuitScene.DISSOLVED
        ]
        return [one for one in rows if within is None or within.has(one.left_at)]

    def people(self, kinds: Iterable[str], within: Range | None = None) -> set[int]:
        """Customers now in the group who did one of these."""
        wanted, here = set(kinds), self.customers
        return {
            one.customer_id
            for one in self.did
            if one.kind in wanted and one.customer_id in here and (within is None or within.has(one.at))
        }

    def times(self, kinds: Iterable[str], within: Range) -> int:
        wanted, here = set(kinds), self.customers
        return sum(one.kind in wanted and one.customer_id in here and within.has(one.at) for one in self.did)

    def at_start(self, within: Range) -> int:
        """Customers in the group when the range began."""
        return sum(
            one.joined_at < within.since and (one.left_at is None or one.left_at >= within.since)
            for one in self.spells
        )


def book_of(*, group: Group, zone: str, days: int) -> Book:
    """Read one group for the panels: six queries whatever its size."""
    now = clock.now()
    chosen, today = range_of_days(days=days, zone=zone, now=now), range_of_days(days=1, zone=zone, now=now)
    spells = list(
        Member.objects.filter(tenant_id=group.tenant_id, group=group, is_staff=False).select_related(
            "customer"
        )
    )
    ids = {one.customer_id for one in spells if one.left_at is None and one.customer_id is not None}
    here = Q(group_id=None) | Q(group_id=group.pk)
    stream = (
        behaviours_for(tenant_id=group.tenant_id, customer_ids=ids, kinds=ACTIVE_KINDS)
        .filter(here)
        .order_by()
    )
    recent = stream.filter(occurred_at__gte=chosen.before.since)
    return Book(
        spells=spells,
        did=[Did(*row) for row in recent.values_list("customer_id", "kind", "occurred_at")],
        ever_active=set(stream.values_list("customer_id", flat=True).distinct()),
        buyers={
            "today": buyers_in(
                tenant_id=group.tenant_id, customer_ids=ids, since=today.since, until=today.until
            ),
            "range": buyers_in(
                tenant_id=group.tenant_id, customer_ids=ids, since=chosen.since, until=chosen.until
            ),
            "ever": buyers_in(tenant_id=group.tenant_id, customer_ids=ids),
        },
        range=chosen,
        today=today,
    )


# --- One figure's people: key -> customer ids


def people_of(book: Book, key: str, when: str) -> set[int]:
    """The customers behind a figure. `when`: "today", "range" or "ever". An unknown key has nobody."""
    within = {"today": book.today, "range": book.range}.get(when)
    if key == "joined":
        return _ids(book.joined(within))
    if key == "left":
        return _ids(book.left(within))
    if key == "active" and within is None:
        return book.ever_active
    if key == "active":
        return book.people(ACTIVE_KINDS, within)
    if key == "part":
        return book.people(PART_KINDS, within)
    if key == "buyers":
        return book.buyers.get(when, set())
    if key.startswith("scene-"):
        return _ids(one for one in book.spells if one.left_at is None and one.join_scene == key[6:])
    if key in BehaviourKind.values:
        return book.people([key], within)
    return set()


def _ids(rows: Iterable[Member]) -> set[int]:
    return {one.customer_id for one in rows if one.customer_id is not None}


@dataclass(frozen=True)
class Rate:
    """A share with its parts, and the same of the time before. `value` None: nothing to divide by."""

    key: str
    count: int
    of: int
    count_before: int
    of_before: int

    @property
    def value(self) -> float | None:
        return self.count / self.of if self.of else None

    @property
    def change_points(self) -> float | None:
        """Percentage points against the time before; None without one."""
        if not self.of or not self.of_before:
            return None
        return 100 * (self.count / self.of - self.count_before / self.of_before)


def rates_of(book: Book) -> list[Rate]:
    """Activity, participation and leave rate (R101) of the range, and of the same length before it."""
    here, now, before = len(book.customers), book.range, book.range.before
    active, part = book.people(ACTIVE_KINDS, book.range), book.people(PART_KINDS, book.range)
    return [
        Rate("active", len(active), here, len(book.people(ACTIVE_KINDS, before)), here),
        Rate("part", len(part), here, len(book.people(PART_KINDS, before)), here),
        Rate("left", len(book.left(now)), book.at_start(now), len(book.left(before)), book.at_start(before)),
    ]  # fmt: skip


def daily_activity(book: Book, *, zone: str) -> list[tuple[str, float | None]]:
    """[("11/14", share of present customers active that day)] over the range."""
    here = len(book.customers)
    day = clock.local_date(book.range.since, zone)
    points: list[tuple[str, float | None]] = []
    while clock.day_bounds(day, zone)[0] < book.range.until:
        within = Range(*clock.day_bounds(day, zone))
        points.append(
            (f"{day.month}/{day.day}", len(book.people(ACTIVE_KINDS, within)) / here if here else None)
        )
        day += timedelta(days=1)
    return points


def scenes_of(book: Book) -> dict[str, int]:
    """{join scene: present customers}; "" is unknown."""
    found = dict.fromkeys([*JoinScene.values, ""], 0)
    for one in book.spells:
        if one.left_at is None:
            found[one.join_scene] += 1
    return found
