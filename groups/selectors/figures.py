"""The six panels of a group's page (R24): every figure with the people behind it.

Staff never count. A figure that nobody measures is None and shown as "–", never 0.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import DateTimeField, Q, Value
from django.db.models.functions import Cast

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for, paid_orders
from contacts.selectors.identity import same_people
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


_OLDER, _PAID = "-older", "-paid"  # beside the kinds of behaviours in one list of rows


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


def range_between(*, first: date, last: date, zone: str) -> Range:
    """The local calendar days `first` to `last`, both included."""
    return Range(clock.day_bounds(first, zone)[0], clock.day_bounds(last, zone)[1])


def range_of_days(*, days: int, zone: str, now: datetime) -> Range:
    """The last `days` local calendar days, today included."""
    today = clock.local_date(now, zone)
    return range_between(first=today - timedelta(days=days - 1), last=today, zone=zone)


@dataclass(frozen=True)
class Book:
    """What the panels are counted from: all spells, what the customers did, who bought."""

    crew: list[Member]  # staff in the group now, the latest first
    spells: list[Member]  # of customers
    did: list[Did]  # of the range and the same length before it
    ever_active: set[int]
    buyers: dict[str, set[int]]  # "today", "range", "ever"
    range: Range
    today: Range
    lately: Range  # what lists call active: so many hours back from now

    def within(self, when: str) -> Range | None:
        """The time that `when` means: "today", "range" or "lately"; None: ever."""
        return {"today": self.today, "range": self.range, "lately": self.lately}.get(when)

    @cached_property
    def customers(self) -> set[int]:
        """Customers in the group now."""
        return {one.customer_id for one in self.spells if one.left_at is None and one.customer_id is not None}

    @cached_property
    def _by_kind(self) -> dict[str, list[Did]]:
        """What the customers now in the group did, by kind."""
        found: dict[str, list[Did]] = {}
        for one in self.did:
            if one.customer_id in self.customers:
                found.setdefault(one.kind, []).append(one)
        return found

    def acts(self, kinds: Iterable[str], within: Range | None = None) -> list[Did]:
        """What the customers now in the group did of these kinds."""
        rows = [one for kind in set(kinds) for one in self._by_kind.get(kind, [])]
        return rows if within is None else [one for one in rows if within.has(one.at)]

    @property
    def nameless(self) -> list[Member]:
        """People in the group whose name nobody told."""
        return [
            one for one in self.spells if one.left_at is None and not (one.customer and one.customer.name)
        ]

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
        return {one.customer_id for one in self.acts(kinds, within)}

    def times(self, kinds: Iterable[str], within: Range) -> int:
        return len(self.acts(kinds, within))

    def at_start(self, within: Range) -> list[Member]:
        """Who sat in the group when the range began."""
        return [
            one
            for one in self.spells
            if one.joined_at < within.since and (one.left_at is None or one.left_at >= within.since)
        ]


def book_of(*, group: Group, zone: str, chosen: Range, active_hours: int) -> Book:
    """Read one group for the panels: two queries whatever its size."""
    now = clock.now()
    today = range_of_days(days=1, zone=zone, now=now)
    lately = Range(now - timedelta(hours=active_hours), now + timedelta(seconds=1))
    rows = list(
        Member.objects.filter(tenant_id=group.tenant_id, group=group)
        .select_related("customer", "staff")
        .order_by("-joined_at", "pk")
    )
    spells = [one for one in rows if not one.is_staff]
    ids = {one.customer_id for one in spells if one.left_at is None and one.customer_id is not None}
    did, ever_active, paid = _acts(group, ids, since=min(chosen.before.since, today.since, lately.since))
    return Book(
        crew=[one for one in rows if one.is_staff and one.left_at is None],
        spells=spells,
        did=did,
        ever_active=ever_active,
        buyers={
            "today": {who for who, at in paid if today.has(at)},
            "range": {who for who, at in paid if chosen.has(at)},
            "ever": {who for who, _at in paid},
        },
        range=chosen,
        today=today,
        lately=lately,
    )


def _acts(
    group: Group, customer_ids: set[int], *, since: datetime
) -> tuple[list[Did], set[int], list[tuple[int, datetime | None]]]:
    """(what these did from `since` on, who of them ever did anything, who paid and when the order was placed).

    Acts here or outside any group; orders anywhere, with whatever record of the person. Two queries.
    """
    stream = (
        behaviours_for(tenant_id=group.tenant_id, customer_ids=customer_ids, kinds=ACTIVE_KINDS)
        .filter(Q(group_id=None) | Q(group_id=group.pk))
        .order_by()
    )
    recent = stream.filter(occurred_at__gte=since).values_list("customer_id", "kind", "occurred_at")
    never = Cast(Value(None), DateTimeField())
    older = stream.filter(occurred_at__lt=since).values_list("customer_id", Value(_OLDER), never).distinct()
    same = same_people(tenant_id=group.tenant_id, customer_ids=customer_ids)
    records = customer_ids.union(*same.values())
    orders = paid_orders(tenant_id=group.tenant_id, customer_ids=records)
    bought = orders.values_list("customer_id", Value(_PAID), "ordered_at")
    rows = list(recent.union(older, bought, all=True))
    here = _here(same)
    paid: list[tuple[int, datetime | None]] = [
        (one, at) for who, kind, at in rows if kind == _PAID for one in here.get(who, (who,))
    ]
    did = [Did(*row) for row in rows if row[1] not in (_OLDER, _PAID)]
    return did, {who for who, kind, _at in rows if kind != _PAID}, paid


def _here(same: Mapping[int, set[int]]) -> dict[int, list[int]]:
    """{record of a person with several: those of them that are asked about}."""
    found: dict[int, list[int]] = {}
    for one, records in same.items():
        for record in records:
            found.setdefault(record, []).append(one)
    return found


# --- One figure's people


def members_behind(book: Book, key: str, when: str) -> list[Member]:
    """The rows behind a figure, one a person. `when`: as Book.within. An unknown key has nobody."""
    within = book.within(when)
    if key == "joined":
        return _one_each(book.joined(within))
    if key == "left":
        return _one_each(book.left(within))
    if key == "start":
        return _one_each(book.at_start(book.range))
    if key == "nameless":
        return _one_each(book.nameless)
    if key.startswith("scene-"):
        return [one for one in book.spells if one.left_at is None and one.join_scene == key[6:]]
    return members_of(book, _did_people(book, key, when), is_here=True)


def members_of(book: Book, customer_ids: Iterable[int], *, is_here: bool = False) -> list[Member]:
    """The latest stay of each of these customers; `is_here`: only of those in the group now."""
    wanted = set(customer_ids)
    rows = [one for one in book.spells if one.customer_id in wanted and not (is_here and one.left_at)]
    return _one_each(rows)


def _did_people(book: Book, key: str, when: str) -> set[int]:
    within = book.within(when)
    if key == "active":
        return book.ever_active if within is None else book.people(ACTIVE_KINDS, within)
    if key == "part":
        return book.people(PART_KINDS, within)
    if key == "buyers":
        return book.buyers.get(when, set())
    return book.people([key], within) if key in BehaviourKind.values else set()


def _one_each(rows: Iterable[Member]) -> list[Member]:
    return list({one.userid: one for one in sorted(rows, key=lambda row: (row.joined_at, row.pk))}.values())


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
    active, part = book.people(ACTIVE_KINDS, now), book.people(PART_KINDS, now)

    def gone(within: Range) -> tuple[int, int]:
        return len(_one_each(book.left(within))), len(_one_each(book.at_start(within)))

    return [
        Rate("active", len(active), here, len(book.people(ACTIVE_KINDS, before)), here),
        Rate("part", len(part), here, len(book.people(PART_KINDS, before)), here),
        Rate("left", *gone(now), *gone(before)),
    ]  # fmt: skip


def net_of(book: Book, within: Range) -> int:
    """Who came less who went."""
    return len(_one_each(book.joined(within))) - len(_one_each(book.left(within)))


def daily_activity(book: Book, *, zone: str, within: Range) -> list[tuple[str, float | None]]:
    """[("11/14", share of present customers active that day)] over the range."""
    days, starts = [], []
    day = clock.local_date(within.since, zone)
    while (start := clock.day_bounds(day, zone)[0]) < within.until:
        days.append(day)
        starts.append(start)
        day += timedelta(days=1)
    active: list[set[int]] = [set() for _day in days]
    for one in book.acts(ACTIVE_KINDS, within):
        active[bisect_right(starts, one.at) - 1].add(one.customer_id)
    here = len(book.customers)
    return [
        (f"{day.month}/{day.day}", len(who) / here if here else None)
        for day, who in zip(days, active, strict=True)
    ]


def scenes_of(book: Book) -> dict[str, int]:
    """{join scene: present customers}; "" is unknown."""
    found = dict.fromkeys([*JoinScene.values, ""], 0)
    for one in book.spells:
        if one.left_at is None:
            found[one.join_scene] += 1
    return found
