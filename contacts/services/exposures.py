"""The counters behind the caps: given back, counted anew, and held while they are (R54, R37).

A counter is a person's: of somebody with several records the one that stands for the person carries it. It holds how
many different messages were let through to any of the records on a local day, and in a week from Monday.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from contacts.events import ExposuresMoved
from contacts.policies.touch import week_start
from contacts.selectors.identity import as_persons, persons_of, records_under
from outbox.services import publish
from tenants import clock

_EVENT_PEOPLE = 500
COUNTERS = {
    "day": {"table": "contacts_exposureday", "owner": "customer_id", "period": "local_date"},
    "week": {"table": "contacts_exposureweek", "owner": "customer_id", "period": "starts_on"},
    "group": {"table": "contacts_groupday", "owner": "group_id", "period": "local_date"},
}
# Held until the transaction ends: while the gate counts, nobody decides who is one person (services.identity).
_HOLD = "select timezone from tenants_tenant where id = %s for share"
# Makes the missing counters and locks all of them, in key order, in one statement.
LOCK = """
insert into {table} (tenant_id, {owner}, {period}, count)
select %s, id, %s, 0 from unnest(%s::bigint[]) as id order by id
on conflict (tenant_id, {owner}, {period}) do update set count = {table}.count
returning {owner}, count
"""
STORE = """
update {table} set count = fresh.count from unnest(%s::bigint[], %s::int[]) as fresh(id, count)
where tenant_id = %s and {period} = %s and {owner} = fresh.id
"""
_UNEXPOSE = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, capped, gives_value)
select tenant_id, customer_id, touch_key, seq + 1, -1, local_date, %s, channel, group_id, capped, gives_value
from (
    select distinct on (touch_key, customer_id) * from contacts_exposure
    where tenant_id = %s and touch_key = any(%s) {only} order by touch_key, customer_id, seq desc
) latest
where weight = 1
on conflict do nothing
returning customer_id, touch_key, local_date, group_id, capped
"""
# The latest row of each that was given back, standing again on its day.
_REEXPOSE = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, capped, gives_value)
select tenant_id, customer_id, touch_key, seq + 1, 1, local_date, %s, channel, group_id, capped, gives_value
from (
    select distinct on (touch_key, customer_id) * from contacts_exposure
    where tenant_id = %s and touch_key = any(%s) order by touch_key, customer_id, seq desc
) latest
where weight = -1 and (touch_key, customer_id) not in (select * from unnest(%s::text[], %s::bigint[]))
on conflict do nothing
returning customer_id, touch_key, local_date, group_id, capped
"""
# Different messages that stand, by person and local day, from the raw log.
_RECOUNT_DAYS = """
insert into contacts_exposureday (tenant_id, customer_id, local_date, count)
select %(tenant)s, person, local_date, count(distinct touch_key) from (
    select coalesce(c.person_id, c.id) as person, e.local_date, e.touch_key
    from contacts_exposure e join contacts_customer c on c.id = e.customer_id and c.tenant_id = e.tenant_id
    where e.tenant_id = %(tenant)s and e.customer_id = any(%(ids)s) and e.capped
    group by e.customer_id, 1, 2, 3 having sum(e.weight) > 0
) standing group by person, local_date
"""
_RECOUNT_WEEKS = """
insert into contacts_exposureweek (tenant_id, customer_id, starts_on, count)
select tenant_id, customer_id, date_trunc('week', local_date)::date, sum(count)
from contacts_exposureday where tenant_id = %(tenant)s and customer_id = any(%(ids)s)
group by 1, 2, 3
"""
# What was sent elsewhere, unless it stands there already; each on its own day.
_NOTE = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, capped)
select %s, x.customer_id, x.touch_key, coalesce(max(e.seq) + 1, 0), 1, x.day, x.at, x.channel, x.group_id, x.capped
from unnest(%s::text[], %s::bigint[], %s::date[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bool[])
    as x(touch_key, customer_id, day, at, channel, group_id, capped)
left join contacts_exposure e on e.tenant_id = %s and e.touch_key = x.touch_key and e.customer_id = x.customer_id
group by x.touch_key, x.customer_id, x.day, x.at, x.channel, x.group_id, x.capped
having coalesce(max(e.seq), 1) %% 2 = 1
on conflict do nothing
returning customer_id, touch_key, local_date, group_id, capped
"""
# Persons whom a message stands for already, with which records.
_STANDING = """
select e.touch_key, coalesce(c.person_id, c.id), c.id from contacts_exposure e
join contacts_customer c on c.tenant_id = e.tenant_id and c.id = e.customer_id
where e.tenant_id = %s and e.touch_key = any(%s)
group by 1, 2, 3 having sum(e.weight) > 0
"""
# What the log lacks, unless it stands there already.
_ADD = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, gives_value, capped)
select %s, x.customer_id, x.touch_key, coalesce(max(e.seq) + 1, 0), 1, %s, x.at, x.channel, x.group_id, x.gives_value,
    true
from unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bool[])
    as x(touch_key, customer_id, at, channel, group_id, gives_value)
left join contacts_exposure e on e.tenant_id = %s and e.touch_key = x.touch_key and e.customer_id = x.customer_id
group by x.touch_key, x.customer_id, x.at, x.channel, x.group_id, x.gives_value
having coalesce(max(e.seq), 1) %% 2 = 1
"""


def hold_identity(*, tenant_id: int) -> str:
    """Until the transaction ends, who is one person stays as it is. Returns the tenant's zone (IANA)."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [tenant_id])
        return str(cursor.fetchone()[0])


def gate_release(
    *, tenant_id: int, keys: list[str], now: datetime, customer_ids: Iterable[int] | None = None
) -> int:
    """Give back what touches used that in the end reached nobody (a task that expired, a send that failed); with
    `customer_ids` only what they used with these people, whom they no longer reach.

    Writes a row of -1 beside each exposure and lowers the counters. Returns how many exposures were given back.
    Runs in a transaction. Safe to repeat. WeCom's quota is not given back: what WeCom counted, it counted.
    """
    hold_identity(tenant_id=tenant_id)
    with connection.cursor() as cursor:
        if customer_ids is None:
            cursor.execute(_UNEXPOSE.format(only=""), [now, tenant_id, keys])
        else:
            only = "and customer_id = any(%s)"
            cursor.execute(_UNEXPOSE.format(only=only), [now, tenant_id, keys, list(customer_ids)])
        rows = cursor.fetchall()
        _count_by(cursor, tenant_id, rows, -1)
    _tell(tenant_id, {row[0] for row in rows}, now)
    return len(rows)


def gate_restore(
    *, tenant_id: int, keys: list[str], now: datetime, left_out: Iterable[tuple[str, int]] = ()
) -> int:
    """Count again, on their days, touches that were given back and turn out to have reached people all the same;
    `left_out`: (key, customer) that they did not reach.

    Writes a row of 1 beside each that was given back and raises the counters; a cap may be passed by it, as it was in
    truth. Returns how many exposures stand again. Runs in a transaction. Safe to repeat.
    """
    hold_identity(tenant_id=tenant_id)
    with connection.cursor() as cursor:
        others = list(left_out)
        cursor.execute(
            _REEXPOSE, [now, tenant_id, keys, [one[0] for one in others], [one[1] for one in others]]
        )
        rows = cursor.fetchall()
        _count_by(cursor, tenant_id, rows, 1)
    _tell(tenant_id, {row[0] for row in rows}, now)
    return len(rows)


def _count_by(cursor: Any, tenant_id: int, rows: list[Any], sign: int) -> None:
    """Raise (`sign` 1) or lower (-1) the counters of everybody in these exposures: each message once a person, and
    once a group on the day on which it was let through first."""
    persons = persons_of(tenant_id=tenant_id, customer_ids={row[0] for row in rows}) if rows else {}
    days: dict[date, set[tuple[str, int]]] = defaultdict(set)
    groups: dict[tuple[str, int], date] = {}
    for customer_id, touch_key, local_date, group_id, capped in rows:
        if capped:
            days[local_date].add((touch_key, persons.get(customer_id, customer_id)))
            if group_id is not None:
                place = (touch_key, group_id)
                groups[place] = min(local_date, groups.get(place, local_date))
    for day in sorted(days):
        used = Counter(person for _key, person in days[day])
        into = Counter(group for (_key, group), first in groups.items() if first == day)
        _move(cursor, COUNTERS["group"], tenant_id, day, into, sign)
        _move(cursor, COUNTERS["day"], tenant_id, day, used, sign)
        _move(cursor, COUNTERS["week"], tenant_id, week_start(day), used, sign)


def exposures_recount(*, tenant_id: int, customer_ids: Iterable[int]) -> None:
    """Count anew, from the raw log, what the persons of these records were reached by. `customer_ids` are all
    records of everyone concerned.

    The caller has stopped the gate: it holds the tenant's row (services.identity.one_at_a_time). Safe to repeat.
    """
    who: dict[str, Any] = {"tenant": tenant_id, "ids": sorted(set(customer_ids))}
    with connection.cursor() as cursor:
        for counter in (COUNTERS["day"], COUNTERS["week"]):
            cursor.execute(
                f"delete from {counter['table']} where tenant_id = %(tenant)s and customer_id = any(%(ids)s)",
                who,
            )
        cursor.execute(_RECOUNT_DAYS, who)
        cursor.execute(_RECOUNT_WEEKS, who)


@dataclass(frozen=True)
class Reached:
    """A message that reached a record and is missing in the log. `at`: when it went out, aware UTC. `capped`: it
    takes a place of the person's limits."""

    touch_key: str
    customer_id: int
    at: datetime
    channel: str
    group_id: int | None
    gives_value: bool = False
    capped: bool = True


def exposures_note(*, tenant_id: int, reached: Iterable[Reached]) -> int:
    """Count messages that no gate let through: what colleagues sent by themselves, on the day it got there. A cap may
    be passed by it, as it was in truth.

    Returns how many records are new. Runs in a transaction. Safe to repeat and beside the gate, which waits.
    """
    zone = hold_identity(tenant_id=tenant_id)
    rows = sorted(
        (one.touch_key, one.customer_id, clock.local_date(one.at, zone), one.at, one.channel, one.group_id, one.capped)
        for one in {(one.touch_key, one.customer_id): one for one in reached}.values()
    )  # fmt: skip
    if not rows:
        return 0
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [tenant_id, *columns, tenant_id])
        fresh = cursor.fetchall()
        _count_new(cursor, tenant_id, fresh)
    return len(fresh)


def _count_new(cursor: Any, tenant_id: int, fresh: list[Any]) -> None:
    """Raise the counters for records that are new, not for who was counted with another record before, and not for
    a group whose message counts already."""
    if not fresh:
        return
    new = {(row[1], row[0]) for row in fresh}
    cursor.execute(_STANDING, [tenant_id, sorted({row[1] for row in fresh})])
    standing = cursor.fetchall()
    known = {(key, person) for key, person, record in standing if (key, record) not in new}
    known_keys = {key for key, _person in known}
    persons = {record: person for _key, person, record in standing}
    _count_by(
        cursor,
        tenant_id,
        [
            (record, key, day, None if key in known_keys else group_id, capped)
            for record, key, day, group_id, capped in fresh
            if (key, persons.get(record, record)) not in known
        ],
        1,
    )


def exposures_correct(
    *, tenant_id: int, day: date, now: datetime, missing: Iterable[Reached], surplus: Iterable[tuple[str, int]],
    customer_ids: Iterable[int], groups: Mapping[int, int],
) -> None:  # fmt: skip
    """Bring the log of a local day to what happened and count the persons of these records anew.

    `surplus`: (touch key, customer id) that reached nobody; `groups`: group id -> its messages of the day. The caller
    has stopped the gate as for `exposures_recount`. Safe to repeat.
    """
    lacking = [
        (one.touch_key, one.customer_id, one.at, one.channel, one.group_id, one.gives_value)
        for one in missing
    ]
    with connection.cursor() as cursor:
        if lacking:
            columns = [list(column) for column in zip(*lacking, strict=True)]
            cursor.execute(_ADD, [tenant_id, day, *columns, tenant_id])
        surplus = list(surplus)
        for touch_key, customer_id in surplus:
            cursor.execute(
                _UNEXPOSE.format(only="and customer_id = %s"), [now, tenant_id, [touch_key], customer_id]
            )
        if groups:
            cursor.execute(LOCK.format(**COUNTERS["group"]), [tenant_id, day, sorted(groups)])
            cursor.execute(
                STORE.format(**COUNTERS["group"]), [list(groups), list(groups.values()), tenant_id, day]
            )
    _tell(tenant_id, {*(one[1] for one in lacking), *(who for _key, who in surplus)}, now)
    people = as_persons(tenant_id=tenant_id, customer_ids=customer_ids)
    exposures_recount(
        tenant_id=tenant_id, customer_ids=[*people, *records_under(tenant_id=tenant_id, person_ids=people)]
    )


def _tell(tenant_id: int, customer_ids: set[int], now: datetime) -> None:
    ordered = sorted(customer_ids)
    for start in range(0, len(ordered), _EVENT_PEOPLE):
        part = ordered[start : start + _EVENT_PEOPLE]
        publish(ExposuresMoved(tenant_id=tenant_id, occurred_at=now, customer_ids=part))


def _move(
    cursor: Any, table: dict[str, str], tenant_id: int, period: date, used: Counter[int], sign: int
) -> None:
    ids = sorted(used)
    if not ids:
        return
    cursor.execute(LOCK.format(**table), [tenant_id, period, ids])
    left = {one: max(0, count + sign * used[one]) for one, count in cursor.fetchall()}
    cursor.execute(STORE.format(**table), [list(left), list(left.values()), tenant_id, period])
