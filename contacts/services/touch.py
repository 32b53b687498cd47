"""The one gate every touch passes (R54, R114): nothing is sent to a customer without its yes.

`gate_decide` takes a batch and works in sets: facts in one query, counters locked in key order (groups, then days,
then weeks, each by id), rules decided in memory by `policies.touch`, and what changed written back in one statement
a table, all in the caller's transaction. The locked counters are what keeps a cap under any concurrency: a second
caller waits for the first one's commit and then reads the new count.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

from contacts.enums import (
    CAP_PER_DAY,
    CAP_PER_WEEK,
    CONSENT_REQUIRED,
    GROUP_PER_DAY,
    QUIET_FROM,
    QUIET_UNTIL,
)
from contacts.policies.touch import Decision, Ledger, Limits, Person, TouchRequest, admit, screen, week_start
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.enums import ReceiverKind
from wecom.selectors import quota_left
from wecom.services import quota_use_many

__all__ = ["Decision", "TouchRequest", "gate_decide", "gate_limits", "gate_release"]

# Who asked for no marketing with one record is left alone with every record of the same person.
_OPTED_OUT = """(c.opt_out_at is not null
    or exists (select 1 from contacts_customer p where p.id = c.person_id and p.opt_out_at is not null)
    or exists (select 1 from contacts_customer r where r.tenant_id = c.tenant_id and r.opt_out_at is not null
        and r.person_id = coalesce(c.person_id, c.id)))"""
_PEOPLE = f"""
select id, external_userid, {_OPTED_OUT}, coalesce(consent->>'marketing', '')
from contacts_customer c where tenant_id = %(tenant)s and id = any(%(ids)s)
"""
_PEOPLE_AND_ORDERS = f"""
select id, external_userid, {_OPTED_OUT}, coalesce(consent->>'marketing', ''),
    (select max(ordered_at) from contacts_order o
     where o.tenant_id = c.tenant_id and o.customer_id = c.id and o.state = 'paid')
from contacts_customer c where tenant_id = %(tenant)s and id = any(%(ids)s)
"""
_COUNTED = """
select touch_key, customer_id, max(seq) from contacts_exposure
where tenant_id = %s and touch_key = any(%s) group by touch_key, customer_id
"""
# Makes the missing counters and locks all of them, in key order, in one statement.
_LOCK = """
insert into {table} (tenant_id, {owner}, {period}, count)
select %s, id, %s, 0 from unnest(%s::bigint[]) as id order by id
on conflict (tenant_id, {owner}, {period}) do update set count = {table}.count
returning {owner}, count
"""
_STORE = """
update {table} set count = fresh.count from unnest(%s::bigint[], %s::int[]) as fresh(id, count)
where tenant_id = %s and {period} = %s and {owner} = fresh.id
"""
_EXPOSE = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, capped)
select %s, customer_id, touch_key, seq, 1, %s, %s, channel, group_id, capped
from unnest(%s::bigint[], %s::text[], %s::int[], %s::text[], %s::bigint[], %s::bool[])
    as t(customer_id, touch_key, seq, channel, group_id, capped)
"""
_UNEXPOSE = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, capped)
select tenant_id, customer_id, touch_key, seq + 1, -1, local_date, %s, channel, group_id, capped
from (
    select distinct on (touch_key, customer_id) * from contacts_exposure
    where tenant_id = %s and touch_key = any(%s) order by touch_key, customer_id, seq desc
) latest
where weight = 1
on conflict do nothing
returning customer_id, touch_key, local_date, group_id, capped
"""
_DAY = {"table": "contacts_exposureday", "owner": "customer_id", "period": "local_date"}
_WEEK = {"table": "contacts_exposureweek", "owner": "customer_id", "period": "starts_on"}
_GROUP = {"table": "contacts_groupday", "owner": "group_id", "period": "local_date"}


def gate_limits(*, tenant_id: int) -> Limits:
    """The tenant's settings as the rules take them. Two queries."""
    own = preferences.values(
        tenant_id, CAP_PER_DAY, CAP_PER_WEEK, GROUP_PER_DAY, QUIET_FROM, QUIET_UNTIL, CONSENT_REQUIRED
    )
    return Limits(
        zone=Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id),
        per_day=own[CAP_PER_DAY.key],
        per_week=own[CAP_PER_WEEK.key],
        group_per_day=own[GROUP_PER_DAY.key],
        quiet_from=own[QUIET_FROM.key],
        quiet_until=own[QUIET_UNTIL.key],
        consent_required=own[CONSENT_REQUIRED.key],
    )


def gate_decide(*, tenant_id: int, requests: list[TouchRequest], now: datetime) -> list[Decision]:
    """Decide a batch, in its order, and write the exposures and quota of what passes. Answers stand in that order.

    Must run in the tenant's scope and in a transaction that also marks the touches; call it once a transaction, or
    two callers may wait for each other. Safe to repeat: a key on record costs nothing again, yet every rule that
    needs no count (freeze, opt-out, quiet hours ...) is asked anew. Some 500 to 2,000 requests a batch are best.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("the gate decides in the transaction that marks the touches")
    limits = gate_limits(tenant_id=tenant_id)
    batch = _Batch(tenant_id, requests, limits, now)
    screened = [screen(one, batch.people, limits, now) for one in requests]
    batch.lock(screened)
    decisions = []
    for request, seen in zip(requests, screened, strict=True):
        if seen.allowed:
            known = batch.counted.get(request.key, ())
            seen = admit(request, seen, batch.ledger, known, batch.people, limits, now)
        decisions.append(seen)
    batch.store(decisions)
    return decisions


def gate_release(*, tenant_id: int, keys: list[str], now: datetime) -> int:
    """Give back what touches used that in the end reached nobody (a task that expired, a send that failed).

    Writes a row of -1 beside each exposure and lowers the counters. Returns how many exposures were given back.
    Runs in a transaction. Safe to repeat. WeCom's quota is not given back: what WeCom counted, it counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_UNEXPOSE, [now, tenant_id, keys])
        rows = cursor.fetchall()
        days: dict[date, Counter[int]] = defaultdict(Counter)
        groups: dict[date, set[tuple[str, int]]] = defaultdict(set)
        for customer_id, touch_key, local_date, group_id, capped in rows:
            if capped:
                days[local_date][customer_id] += 1
                if group_id is not None:
                    groups[local_date].add((touch_key, group_id))
        for day in sorted(days):
            _lower(cursor, _GROUP, tenant_id, day, Counter(group for _key, group in groups[day]))
            _lower(cursor, _DAY, tenant_id, day, days[day])
            _lower(cursor, _WEEK, tenant_id, week_start(day), days[day])
    return len(rows)


def _lower(cursor: Any, table: dict[str, str], tenant_id: int, period: date, used: Counter[int]) -> None:
    ids = sorted(used)
    if not ids:
        return
    cursor.execute(_LOCK.format(**table), [tenant_id, period, ids])
    left = {one: max(0, count - used[one]) for one, count in cursor.fetchall()}
    cursor.execute(_STORE.format(**table), [list(left), list(left.values()), tenant_id, period])


class _Batch:
    """The facts of one call: read and locked at its start, written at its end."""

    def __init__(self, tenant_id: int, requests: list[TouchRequest], limits: Limits, now: datetime) -> None:
        self.tenant_id, self.requests, self.limits, self.now = tenant_id, requests, limits, now
        self.today = clock.local_date(now, limits.zone)
        self.monday = week_start(self.today)
        self.people = self._people()
        self.counted: dict[str, set[int]] = defaultdict(set)
        self._next_seq: dict[tuple[str, int], int] = {}  # of exposures that were given back
        self.ledger = Ledger()
        self._before: tuple[dict[int, int], dict[int, int], dict[int, int]] = ({}, {}, {})

    def _people(self) -> dict[int, Person]:
        ids = sorted({one for request in self.requests for one in request.customer_ids})
        asks_buyers = any(request.excludes_buyers for request in self.requests)
        with connection.cursor() as cursor:
            cursor.execute(
                _PEOPLE_AND_ORDERS if asks_buyers else _PEOPLE, {"tenant": self.tenant_id, "ids": ids}
            )
            return {row[0]: Person(*row[1:]) for row in cursor.fetchall()}

    def lock(self, screened: list[Decision]) -> None:
        """Lock the counters of everyone still in question, and read what they hold."""
        going = [(one, seen) for one, seen in zip(self.requests, screened, strict=True) if seen.allowed]
        groups = {one.group_id for one, _seen in going if one.group_id is not None}
        people = {
            customer_id
            for one, seen in going
            if not one.is_service or one.wecom_quota
            for customer_id in seen.customer_ids
        }
        with connection.cursor() as cursor:
            self.ledger.group = self._locked(cursor, _GROUP, self.today, groups)
            self.ledger.day = self._locked(cursor, _DAY, self.today, people)
            self.ledger.week = self._locked(cursor, _WEEK, self.monday, people)
            cursor.execute(_COUNTED, [self.tenant_id, [one.key for one, _seen in going]])
            for key, customer_id, seq in cursor.fetchall():
                if seq % 2:
                    self._next_seq[key, customer_id] = seq + 1
                else:
                    self.counted[key].add(customer_id)
        self._before = (dict(self.ledger.group), dict(self.ledger.day), dict(self.ledger.week))
        self._read_quota(going)

    def _locked(self, cursor: Any, table: dict[str, str], period: date, ids: set[int]) -> dict[int, int]:
        if not ids:
            return {}
        cursor.execute(_LOCK.format(**table), [self.tenant_id, period, sorted(ids)])
        return dict(cursor.fetchall())

    def _read_quota(self, going: list[tuple[TouchRequest, Decision]]) -> None:
        """After the counters are locked, so that two callers cannot both see the last one left."""
        chats = sorted({one.chat_id for one, _seen in going if one.wecom_quota and one.group_id is not None})
        persons = sorted(
            {
                self.people[customer_id].external_userid
                for one, seen in going
                if one.wecom_quota and one.group_id is None
                for customer_id in seen.customer_ids
            }
        )
        if chats:
            self.ledger.chat_quota = self._quota_left(ReceiverKind.GROUP, chats)
        if persons:
            self.ledger.person_quota = self._quota_left(ReceiverKind.CUSTOMER, persons)

    def _quota_left(self, kind: str, receivers: list[str]) -> dict[str, int]:
        return quota_left(
            tenant_id=self.tenant_id, receiver_kind=kind, receiver_ids=receivers, day=self.today
        )

    def store(self, decisions: list[Decision]) -> None:
        """Write the counters that moved, the exposures that are new, and the quota they use."""
        ledger = self.ledger
        with connection.cursor() as cursor:
            self._store_counters(cursor, _GROUP, self.today, self._before[0], ledger.group)
            self._store_counters(cursor, _DAY, self.today, self._before[1], ledger.day)
            self._store_counters(cursor, _WEEK, self.monday, self._before[2], ledger.week)
            self._store_exposures(cursor, decisions)
        self._use_quota(decisions)

    def _store_counters(
        self, cursor: Any, table: dict[str, str], period: date, before: dict[int, int], after: dict[int, int]
    ) -> None:
        moved = {one: count for one, count in after.items() if count != before.get(one)}
        if moved:
            cursor.execute(
                _STORE.format(**table), [list(moved), list(moved.values()), self.tenant_id, period]
            )

    def _fresh(self, decision: Decision) -> Sequence[int]:
        known = self.counted.get(decision.key)
        return [one for one in decision.customer_ids if one not in known] if known else decision.customer_ids

    def _store_exposures(self, cursor: Any, decisions: list[Decision]) -> None:
        seqs = self._next_seq
        rows = [
            (one, request.key, seqs.get((request.key, one), 0), request.channel, request.group_id, capped)
            for request, decision in zip(self.requests, decisions, strict=True)
            if decision.allowed
            for capped in (not request.is_service,)
            for one in self._fresh(decision)
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            cursor.execute(_EXPOSE, [self.tenant_id, self.today, self.now, *columns])

    def _use_quota(self, decisions: list[Decision]) -> None:
        """Under the touch's key, which stands for WeCom's message id: a send that never was gives back by it."""
        uses: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for request, decision in zip(self.requests, decisions, strict=True):
            if not (decision.allowed and request.wecom_quota):
                continue
            if request.group_id is None:
                uses[ReceiverKind.CUSTOMER] += [
                    (self.people[one].external_userid, request.key) for one in self._fresh(decision)
                ]
            elif self._fresh(decision):
                uses[ReceiverKind.GROUP].append((request.chat_id, request.key))
        for kind, entries in uses.items():
            quota_use_many(tenant_id=self.tenant_id, receiver_kind=kind, uses=entries, day=self.today)
