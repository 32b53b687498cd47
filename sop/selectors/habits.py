"""How members behaved in the tenant's own past camps, counted for trial flights."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from contacts.enums import NEW_MEMBER_DAYS
from contacts.selectors import behaviours_for, customer_list, follow_staff_ids, opted_out_in, paid_orders
from contacts.selectors.exposures import exposures_of
from groups.selectors import spells_within
from sop.enums import REF, SILENT_CHANNELS, RunState
from sop.models import Run, RunGroup, Touch
from sop.policies.habits import Habits, counted
from tenants import clock, preferences

if TYPE_CHECKING:
    from tenants.models import Tenant

CAMPS = 5  # the newest ones count
LEAST_DAYS = 7  # a camp that has run shorter says little yet


@dataclass
class _Tally:
    """What was counted over all camps: (hits, of) by the name of the share."""

    hits: Counter[str] = field(default_factory=Counter)
    of: Counter[str] = field(default_factory=Counter)
    order_fen: list[int] = field(default_factory=list)

    def add(self, name: str, hits: int, of: int) -> None:
        self.hits[name] += hits
        self.of[name] += of


@dataclass(frozen=True)
class _Stay:
    """Camp days (1-based, within the camp) of one person: the first, the last, and whether it left then."""

    first: int
    last: int
    left: bool
    groups: int


def habits_from_camps(*, tenant: "Tenant", now: datetime) -> Habits:
    """Counted from the newest `CAMPS` camps that have run for at least a week; assumed where nothing was counted."""
    runs = [one for one in _runs(tenant) if _days_run(one, tenant, now) >= LEAST_DAYS][:CAMPS]
    tally = _Tally()
    for run in runs:
        _count(tenant, run, _days_run(run, tenant, now), tally)
    shares = {name: counted(name, tally.hits[name], tally.of[name]) for name in tally.of}
    return Habits(**shares, order_fen=tuple(sorted(tally.order_fen)), camps=len(runs))


def _runs(tenant: "Tenant") -> list[Run]:
    rows = Run.objects.filter(tenant=tenant, state__in=[RunState.RUNNING, RunState.FINISHED])
    return list(rows.order_by("-starts_on", "-pk")[: 4 * CAMPS])


def _days_run(run: Run, tenant: "Tenant", now: datetime) -> int:
    today = clock.local_date(now, tenant.timezone)
    return min((today - run.starts_on).days, run.days + run.after_days)


def _count(tenant: "Tenant", run: Run, days: int, tally: _Tally) -> None:
    zone = tenant.timezone
    since = clock.day_bounds(run.starts_on, zone)[0]
    until = clock.day_bounds(run.starts_on + timedelta(days=days), zone)[0]
    group_ids = list(RunGroup.objects.filter(tenant=tenant, run=run).values_list("group_id", flat=True))
    spells = spells_within(tenant_id=tenant.pk, group_ids=group_ids, since=since, until=until)
    stays = _stays(spells, run.starts_on, days, zone)
    if not stays:
        return
    people = sorted(stays)
    interacted = _interactions(tenant, run, people, since, until)
    bought = _purchases(tenant, run, people, since, until, tally)
    told, asked = _told(tenant, run)
    friends = follow_staff_ids(tenant_id=tenant.pk, customer_ids=people)
    tally.add("late", sum(stay.first > 1 for stay in stays.values()), len(people))
    tally.add("overlap", sum(stay.groups > 1 for stay in stays.values()), len(people))
    tally.add("new", _newcomers(tenant, run, stays), len(people))
    tally.add("friends", sum(one in friends for one in people), len(people))
    tally.add("opted_out", len(opted_out_in(tenant_id=tenant.pk, customer_ids=people)), len(people))
    for who, stay in stays.items():
        span = range(stay.first, stay.last + 1)
        tally.add("leaves", int(stay.left), len(span))
        _count_days(tally, ("interacts_told", "interacts_untold"), span, interacted.get(who), told[who])
        _count_days(tally, ("buys_asked", "buys_unasked"), span, bought.get(who), asked[who])


def _count_days(
    tally: _Tally, names: tuple[str, str], span: range, happened_on: int | None, with_message: set[int]
) -> None:
    """Days until it happened, apart by whether a message came that day."""
    last = span.stop - 1 if happened_on is None else min(happened_on, span.stop - 1)
    inside = range(span.start, last + 1)
    had = sum(1 for day in with_message if day in inside)
    hit = happened_on is not None and happened_on in inside
    is_told = hit and happened_on in with_message
    tally.add(names[0], int(is_told), had)
    tally.add(names[1], int(hit and not is_told), len(inside) - had)


def _newcomers(tenant: "Tenant", run: Run, stays: dict[int, _Stay]) -> int:
    """How many the gate took for new members when they joined. Who is known by an older record is none."""
    new_days = timedelta(days=preferences.value(tenant.pk, NEW_MEMBER_DAYS))
    rows = customer_list(tenant_id=tenant.pk).filter(pk__in=list(stays)).order_by()
    return sum(
        clock.day_bounds(run.starts_on + timedelta(days=stays[who].first - 1), tenant.timezone)[0]
        < seen_at + new_days
        for who, seen_at in rows.values_list("pk", "first_seen_at")
    )


def _stays(
    spells: list[tuple[int, int, datetime, datetime | None]], starts_on: date, days: int, zone: str
) -> dict[int, _Stay]:
    """Each person once, however many groups and spells."""
    by_person: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for who, group_id, joined_at, left_at in spells:
        first = max(1, _camp_day(joined_at, starts_on, zone))
        last = days + 1 if left_at is None else max(first, _camp_day(left_at, starts_on, zone))
        by_person[who].append((first, last, group_id))
    found = {}
    for who, mine in by_person.items():
        first, last = min(one[0] for one in mine), max(one[1] for one in mine)
        if first <= days:
            found[who] = _Stay(first, min(last, days), last <= days, len({one[2] for one in mine}))
    return found


def _camp_day(moment: datetime, starts_on: date, zone: str) -> int:
    return (clock.local_date(moment, zone) - starts_on).days + 1


def _interactions(
    tenant: "Tenant", run: Run, people: list[int], since: datetime, until: datetime
) -> dict[int, int]:
    """{customer id: camp day of the first key interaction}."""
    if not run.key_interaction:
        return {}
    rows = behaviours_for(
        tenant_id=tenant.pk, customer_ids=people, since=since, until=until, kinds=[run.key_interaction]
    )
    found: dict[int, int] = {}
    for who, at in rows.values_list("customer_id", "occurred_at"):
        if who is not None:
            found.setdefault(who, _camp_day(at, run.starts_on, tenant.timezone))
    return found


def _purchases(
    tenant: "Tenant", run: Run, people: list[int], since: datetime, until: datetime, tally: _Tally
) -> dict[int, int]:
    """{customer id: camp day of the first order}; the amounts go to the tally."""
    rows = paid_orders(tenant_id=tenant.pk, customer_ids=people).filter(
        ordered_at__gte=since, ordered_at__lt=until
    )
    found: dict[int, int] = {}
    for who, at, paid, back in rows.order_by("ordered_at").values_list(
        "customer_id", "ordered_at", "amount_fen", "refund_fen"
    ):
        if at is not None:
            found.setdefault(who, _camp_day(at, run.starts_on, tenant.timezone))
        if paid and paid > (back or 0):
            tally.order_fen.append(paid - (back or 0))
    return found


def _told(tenant: "Tenant", run: Run) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Camp days on which each person got a message of the run, and those with marketing."""
    rows = Touch.objects.filter(tenant=tenant, run=run).exclude(channel__in=SILENT_CHANNELS)
    marketing = {f"{REF}:{pk}": sells for pk, sells in rows.values_list("pk", "step__is_marketing")}
    told: dict[int, set[int]] = defaultdict(set)
    asked: dict[int, set[int]] = defaultdict(set)
    for who, key, on in exposures_of(tenant_id=tenant.pk, touch_keys=marketing):
        day = (on - run.starts_on).days + 1
        told[who].add(day)
        if marketing[key]:
            asked[who].add(day)
    return told, asked
