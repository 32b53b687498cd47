"""The one gate every touch passes (R54, R114): nothing is sent to a customer without its yes.

`gate_decide` takes a batch and works in sets: facts in one query, counters locked in key order (groups, then days,
then weeks, each by id), rules decided in memory by `policies.touch`, and what changed written back in one statement
a table, all in the caller's transaction. The locked counters are what keeps a cap under any concurrency: a second
caller waits for the first one's commit and then reads the new count.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.transaction import TransactionManagementError

from contacts.enums import (
    CAP_PER_DAY,
    CAP_PER_WEEK,
    CONSENT_REQUIRED,
    GROUP_PER_DAY,
    NEW_MEMBER_DAYS,
    QUIET_FROM,
    QUIET_UNTIL,
    VALUE_BEFORE_SALES,
)
from contacts.policies.touch import (
    NOTHING_AHEAD,
    Ahead,
    Coming,
    Decision,
    Ledger,
    Limits,
    Person,
    TouchRequest,
    is_new,
    person_of,
    screen,
    week_start,
)
from contacts.policies.touch_count import Count
from contacts.services.exposures import COUNTERS, LOCK, STORE, gate_release, gate_restore, hold_identity
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.enums import ReceiverKind
from wecom.selectors import quota_left
from wecom.services import quota_use_many

__all__ = [
    "Ahead",
    "Coming",
    "Decision",
    "TouchRequest",
    "gate_decide",
    "gate_limits",
    "gate_peek",
    "gate_release",
    "gate_restore",
]

# Everyone asked for, with every record of theirs: who asked for no marketing, agreed or bought with one record, did
# so with all of them. The partial index of merged records makes the second half cheap where few are merged.
_PEOPLE = """
with asked as materialized (
    select coalesce(person_id, id) as person from contacts_customer
    where tenant_id = %(tenant)s and id = any(%(ids)s) group by 1
), records as (
    select c.id, c.person_id, c.external_userid, c.opt_out_at, c.consent, c.first_seen_at from asked
    join contacts_customer c on c.tenant_id = %(tenant)s and c.id = asked.person
    union all
    select c.id, c.person_id, c.external_userid, c.opt_out_at, c.consent, c.first_seen_at from asked
    join contacts_customer c on c.tenant_id = %(tenant)s and c.person_id = asked.person
    where c.person_id is not null
)
select id, coalesce(person_id, id), external_userid, opt_out_at is not null, coalesce(consent->>'marketing', ''),
    {bought}, first_seen_at
from records order by id
"""
_BOUGHT = """(select max(ordered_at) from contacts_order o
     where o.tenant_id = %(tenant)s and o.customer_id = records.id and o.state = 'paid')"""
_COUNTED = """
select touch_key, customer_id, max(seq) from contacts_exposure
where tenant_id = %s and touch_key = any(%s) group by touch_key, customer_id
"""
# Different messages of value that stand, by person.
_VALUE = """
select person, count(*) from (
    select coalesce(c.person_id, c.id) as person, e.touch_key from contacts_customer c
    join contacts_exposure e on e.tenant_id = c.tenant_id and e.customer_id = c.id and e.gives_value
    where c.tenant_id = %s and c.id = any(%s)
    group by c.id, 1, 2 having sum(e.weight) > 0
) given group by person
"""
_LOOK = "select {owner}, count from {table} where tenant_id = %s and {period} = %s and {owner} = any(%s)"
_EXPOSE = """
insert into contacts_exposure
    (tenant_id, customer_id, touch_key, seq, weight, local_date, at, channel, group_id, capped, gives_value)
select %s, customer_id, touch_key, seq, 1, %s, %s, channel, group_id, capped, gives_value
from unnest(%s::bigint[], %s::text[], %s::int[], %s::text[], %s::bigint[], %s::bool[], %s::bool[])
    as t(customer_id, touch_key, seq, channel, group_id, capped, gives_value)
"""


def gate_limits(*, tenant_id: int, zone: str = "") -> Limits:
    """The tenant's settings as the rules take them. Two queries; one where its time zone is at hand."""
    known = zone or Tenant.objects.values_list("timezone", flat=True).get(pk=tenant_id)
    return _limits(tenant_id, known)


LIMIT_SETTINGS = (
    CAP_PER_DAY, CAP_PER_WEEK, GROUP_PER_DAY, QUIET_FROM, QUIET_UNTIL, CONSENT_REQUIRED, VALUE_BEFORE_SALES,
    NEW_MEMBER_DAYS,
)  # fmt: skip


def _limits(tenant_id: int, zone: str) -> Limits:
    return limits_from(preferences.values(tenant_id, *LIMIT_SETTINGS), zone)


def limits_from(own: Mapping[str, Any], zone: str) -> Limits:
    """The same from the values of LIMIT_SETTINGS, for one who reads other settings along with them."""
    return Limits(
        zone=zone,
        per_day=own[CAP_PER_DAY.key],
        per_week=own[CAP_PER_WEEK.key],
        group_per_day=own[GROUP_PER_DAY.key],
        quiet_from=own[QUIET_FROM.key],
        quiet_until=own[QUIET_UNTIL.key],
        consent_required=own[CONSENT_REQUIRED.key],
        value_first=own[VALUE_BEFORE_SALES.key],
        new_days=own[NEW_MEMBER_DAYS.key],
    )


def gate_decide(
    *, tenant_id: int, requests: list[TouchRequest], now: datetime, ahead: Ahead = NOTHING_AHEAD
) -> list[Decision]:
    """Decide a batch, in its order, and write the exposures and quota of what passes. Answers stand in that order.

    `ahead`: what is still to come on the local day, for which a last place may be kept.
    Must run in the tenant's scope and in a transaction that also marks the touches; call it once a transaction, or
    two callers may wait for each other. Safe to repeat: a key on record costs nothing again, yet every rule that
    needs no count (freeze, opt-out, quiet hours ...) is asked anew. Some 500 to 2,000 requests a batch are best.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("the gate decides in the transaction that marks the touches")
    limits = _limits(tenant_id, hold_identity(tenant_id=tenant_id))
    batch = _Batch(tenant_id, requests, limits, now)
    decisions = batch.judge(ahead)
    batch.store(decisions)
    return decisions


def gate_peek(*, tenant_id: int, requests: list[TouchRequest], now: datetime) -> list[Decision]:
    """What the gate would answer to this batch at `now`, by what is on record at present.

    Reads only: nothing is locked, counted or promised; another touch may be first. At most ten queries. Keys are the
    asker's own, not those of touches.
    """
    return _Batch(tenant_id, requests, gate_limits(tenant_id=tenant_id), now, locks=False).judge(
        NOTHING_AHEAD
    )


def _one_person(rows: list[Any]) -> Iterator[tuple[int, Person]]:
    """Each record of one person, with what the person said and did with any of them. A no outweighs a yes."""
    said = {row[4] for row in rows}
    bought = max((row[5] for row in rows if row[5] is not None), default=None)
    for row in rows:
        yield (
            row[0],
            Person(
                external_userid=row[2],
                opted_out=any(one[3] for one in rows),
                consent="refused" if "refused" in said else "granted" if "granted" in said else "",
                last_bought_at=bought,
                known_since=min(one[6] for one in rows),
                person_id=row[1],
                records=tuple(one[0] for one in rows),
            ),
        )


class _Batch:
    """The facts of one call: read and locked at its start, written at its end."""

    def __init__(
        self,
        tenant_id: int,
        requests: list[TouchRequest],
        limits: Limits,
        now: datetime,
        *,
        locks: bool = True,
    ) -> None:
        self._counters = LOCK if locks else _LOOK
        self.tenant_id, self.requests, self.limits, self.now = tenant_id, requests, limits, now
        self.today = clock.local_date(now, limits.zone)
        self.monday = week_start(self.today)
        self.people = self._people()
        self.counted: dict[str, set[int]] = defaultdict(set)
        self._next_seq: dict[tuple[str, int], int] = {}  # of exposures that were given back
        self.ledger = Ledger()
        self._before: tuple[dict[int, int], dict[int, int], dict[int, int]] = ({}, {}, {})

    def _people(self) -> dict[int, Person]:
        """Everyone asked for and their other records, each with what its person said and did."""
        ids = sorted({one for request in self.requests for one in request.customer_ids})
        asks_buyers = any(request.excludes_buyers for request in self.requests)
        statement = _PEOPLE.format(bought=_BOUGHT if asks_buyers else "null::timestamptz")
        with connection.cursor() as cursor:
            cursor.execute(statement, {"tenant": self.tenant_id, "ids": ids})
            rows = cursor.fetchall()
        merged = {row[1] for row in rows if row[0] != row[1]}
        alone = {row[0]: Person(*row[2:]) for row in rows if row[1] not in merged}
        together: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            if row[1] in merged:
                together[row[1]].append(row)
        return alone | {one: who for some in together.values() for one, who in _one_person(some)}

    def judge(self, ahead: Ahead) -> list[Decision]:
        """The rules in their order, over counters that are read, and locked where the answer counts."""
        screened = [screen(one, self.people, self.limits, self.now) for one in self.requests]
        passed_since = self.lock(screened, ahead.keys())
        count = Count(self.ledger, self.people, self.limits, self.now, ahead.without(passed_since))
        return [
            count.decide(request, seen, self.counted.get(request.key, ())) if seen.allowed else seen
            for request, seen in zip(self.requests, screened, strict=True)
        ]

    def lock(self, screened: list[Decision], ahead: frozenset[str]) -> set[str]:
        """Lock the counters of everyone still in question, and read what they hold.

        Returns which of the messages `ahead` were let through before the counters were locked.
        """
        going = [(one, seen) for one, seen in zip(self.requests, screened, strict=True) if seen.allowed]
        groups = {one.group_id for one, _seen in going if one.group_id is not None}
        people = {
            person_of(customer_id, self.people)
            for one, seen in going
            if not one.is_service or one.wecom_quota
            for customer_id in seen.customer_ids
        }
        passed_since = set()
        with connection.cursor() as cursor:
            self.ledger.group = self._locked(cursor, COUNTERS["group"], self.today, groups)
            self.ledger.day = self._locked(cursor, COUNTERS["day"], self.today, people)
            self.ledger.week = self._locked(cursor, COUNTERS["week"], self.monday, people)
            cursor.execute(_COUNTED, [self.tenant_id, [*(one.key for one, _seen in going), *ahead]])
            for key, customer_id, seq in cursor.fetchall():
                if seq % 2:
                    self._next_seq[key, customer_id] = seq + 1
                elif key in ahead:
                    passed_since.add(key)
                else:
                    self.counted[key].add(person_of(customer_id, self.people))
            self._read_value(cursor, going)
        self._before = (dict(self.ledger.group), dict(self.ledger.day), dict(self.ledger.week))
        self._read_quota(going)
        return passed_since

    def _read_value(self, cursor: Any, going: list[tuple[TouchRequest, Decision]]) -> None:
        """What new members who are to be sold something were given. After the counters are locked: whoever gives
        or takes back at the same moment has locked them too, and is waited for."""
        asked = {one for request, seen in going if request.is_pushy for one in seen.customer_ids}
        new = {one for one in asked if is_new(self.people[one], self.limits, self.now)}
        if not new or not self.limits.value_first:
            return
        records = sorted({record for one in new for record in self.people[one].records or (one,)})
        cursor.execute(_VALUE, [self.tenant_id, records])
        self.ledger.value = dict(cursor.fetchall())

    def _locked(self, cursor: Any, table: dict[str, str], period: date, ids: set[int]) -> dict[int, int]:
        if not ids:
            return {}
        cursor.execute(self._counters.format(**table), [self.tenant_id, period, sorted(ids)])
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
            self._store_counters(cursor, COUNTERS["group"], self.today, self._before[0], ledger.group)
            self._store_counters(cursor, COUNTERS["day"], self.today, self._before[1], ledger.day)
            self._store_counters(cursor, COUNTERS["week"], self.monday, self._before[2], ledger.week)
            self._store_exposures(cursor, decisions)
        self._use_quota(decisions)

    def _store_counters(
        self, cursor: Any, table: dict[str, str], period: date, before: dict[int, int], after: dict[int, int]
    ) -> None:
        moved = {one: count for one, count in after.items() if count != before.get(one)}
        if moved:
            cursor.execute(STORE.format(**table), [list(moved), list(moved.values()), self.tenant_id, period])

    def _fresh(self, decision: Decision) -> Sequence[int]:
        known = self.counted.get(decision.key)
        if not known:
            return decision.customer_ids
        return [one for one in decision.customer_ids if person_of(one, self.people) not in known]

    def _store_exposures(self, cursor: Any, decisions: list[Decision]) -> None:
        seqs = self._next_seq
        rows = [
            (
                one,
                request.key,
                seqs.get((request.key, one), 0),
                request.channel,
                request.group_id,
                capped,
                request.gives_value,
            )
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
