"""The second way to the gate's counts: from touches, memberships of that moment, recipients and sends.

The gate counts while it decides. Here nothing is taken from its counters or its log: what went out on a local day is
read from the touches themselves, whom it reached from who sat in the group then, or from the recipients named. What
colleagues sent by themselves is read from what WeCom told of it.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

from contacts.enums import CAP_PER_DAY, CAP_PER_WEEK
from contacts.policies.touch import week_start
from contacts.selectors.identity import joined_since
from sop.enums import GROUP_CHANNELS, PAST_CAPS, REF, SILENT_CHANNELS, Fault, TouchState
from tenants import clock, preferences
from tenants.models import AuditEntry
from wecom.selectors import OWN, quota_window

if TYPE_CHECKING:
    from tenants.models import Tenant

STANDING = (TouchState.HANDED, TouchState.SUBMITTED, TouchState.CONFIRMED, TouchState.PARKED)
NO_CAP = 1_000_000
MOST = 200  # of each kind of fault, rows that are kept

# What colleagues sent by themselves: each message, the group it went into, and each record it reached.
_OWN = """
told as materialized (
    select r.key, r.kind, r.receiver_id, r.sent_at from wecom_ownreach r
    where r.tenant_id = %(tenant)s and r.sent_at >= %(since)s and r.sent_at < %(until)s and r.counts
      and r.receiver_id not like 'erased-%%'
), own as materialized (
    select told.key, g.id as group_id, m.customer_id from told
    join lateral (
        select id from groups_group where tenant_id = %(tenant)s and chat_id = told.receiver_id order by id limit 1
    ) g on true
    join groups_member m on m.tenant_id = %(tenant)s and m.group_id = g.id and not m.is_staff
      and m.customer_id is not null and m.joined_at <= told.sent_at
      and (m.left_at is null or m.left_at > told.sent_at)
    join contacts_customer c on c.tenant_id = %(tenant)s and c.id = m.customer_id
      and c.external_userid not like 'erased-%%'
    where told.kind = 'group'
    group by 1, 2, 3
    union all
    select told.key, null, c.id from told
    join lateral (
        select id from contacts_customer where tenant_id = %(tenant)s and external_userid = told.receiver_id
        order by app_id limit 1
    ) c on true
    where told.kind <> 'group'
)"""
_ALL, _LET_PAST = "", f"and t.evidence ? '{PAST_CAPS}'"
# What went out on the day and still stands, and each record it reached; all of it, or what a leader let past our caps.
_OUT_OF = f"""{_OWN},
out as materialized (
    select t.id, %(ref)s || ':' || t.id as key, t.group_id, t.channel, t.handed_at,
        t.evidence ? '{PAST_CAPS}' as let_past from sop_touch t
    join sop_step s on s.tenant_id = t.tenant_id and s.id = t.step_id
    where t.tenant_id = %(tenant)s and t.handed_at >= %(since)s and t.handed_at < %(until)s
      and t.state = any(%(standing)s) and (t.is_talk or not s.is_service) and t.channel <> all(%(pull)s) {{only}}
), reached as materialized (
    select out.key, m.customer_id from out
    join groups_member m on m.tenant_id = %(tenant)s and m.group_id = out.group_id and not m.is_staff
      and m.customer_id is not null and m.joined_at <= out.handed_at
      and (m.left_at is null or m.left_at > out.handed_at)
    join contacts_customer c on c.tenant_id = %(tenant)s and c.id = m.customer_id
      and c.external_userid not like 'erased-%%'
    where out.channel = any(%(into_group)s)
    group by 1, 2
    union all
    select out.key, r.customer_id from out
    join sop_touchrecipient r on r.tenant_id = %(tenant)s and r.touch_id = out.id and r.state <> 'blocked'
    where out.channel <> all(%(into_group)s)
    union all
    select own.key, own.customer_id from own
)"""
_OUT = _OUT_OF.format(only=_ALL)
# What the gate's log says of the same day.
_LOGGED = """
logged as materialized (
    select e.touch_key as key, e.customer_id from contacts_exposure e
    join contacts_customer c on c.tenant_id = e.tenant_id and c.id = e.customer_id
      and c.external_userid not like 'erased-%%'
    where e.tenant_id = %(tenant)s and e.at >= %(since)s and e.local_date = %(day)s and e.capped
      and (e.touch_key like %(ref)s || ':%%' or e.touch_key like %(own)s || '%%')
    group by 1, 2 having sum(e.weight) > 0
)"""
_ROWS = f"""
with {_OUT}, {_LOGGED}
select coalesce(reached.key, logged.key), coalesce(reached.customer_id, logged.customer_id), logged.key is null,
    count(*) over (partition by logged.key is null)
from reached full join logged on logged.key = reached.key and logged.customer_id = reached.customer_id
where reached.key is null or logged.key is null order by 3, 1, 2 limit {MOST}
"""
_PERSON = """(
    select coalesce(c.person_id, c.id) as person, count(distinct reached.key) as n,
        count(distinct reached.key) filter (where reached.key not like %(own)s || '%%') as planned,
        count(distinct reached.key) filter (where reached.key in (select key from out where let_past)) as let_past
    from reached join contacts_customer c on c.tenant_id = %(tenant)s and c.id = reached.customer_id group by 1
)"""
_DAYS = f"""
with {_OUT}, real as {_PERSON}
select coalesce(real.person, kept.customer_id), coalesce(real.n, 0), coalesce(kept.count, 0),
    coalesce(real.planned, 0), coalesce(real.let_past, 0)
from real full join (
    select customer_id, count from contacts_exposureday
    where tenant_id = %(tenant)s and local_date = %(day)s and count > 0
) kept on kept.customer_id = real.person
"""
_WEEKS = f"""
with {_OUT_OF.format(only=_LET_PAST)}, beside as {_PERSON}
select coalesce(days.customer_id, kept.customer_id), coalesce(days.n, 0), coalesce(kept.count, 0),
    coalesce(days.n, 0) - coalesce(beside.n - beside.planned, 0), coalesce(beside.let_past, 0)
from (
    select customer_id, sum(count) as n from contacts_exposureday
    where tenant_id = %(tenant)s and local_date between %(monday)s and %(sunday)s group by 1
) days full join (
    select customer_id, count from contacts_exposureweek where tenant_id = %(tenant)s and starts_on = %(monday)s
) kept on kept.customer_id = days.customer_id
left join beside on beside.person = coalesce(days.customer_id, kept.customer_id)
where coalesce(days.n, 0) <> coalesce(kept.count, 0) or coalesce(days.n, 0) > %(per_week)s
"""
_GROUPS = f"""
with {_OUT}
select coalesce(real.group_id, kept.group_id), coalesce(real.n, 0), coalesce(kept.count, 0)
from (
    select group_id, count(distinct key) as n from (
        select group_id, key from out where channel = any(%(into_group)s)
        union all
        select group_id, key from own where group_id is not null
    ) messages group by 1
) real full join (
    select group_id, count from contacts_groupday
    where tenant_id = %(tenant)s and local_date = %(day)s and count > 0
) kept on kept.group_id = real.group_id
where coalesce(real.n, 0) <> coalesce(kept.count, 0)
"""
_COUNTS = f"with {_OUT} select (select count(*) from out), (select count(*) from reached)"
# Mass sends that WeCom was asked for: it has a number, or the answer is still awaited.
_SENDS = """
with sent as (
    select %(ref)s || ':' || t.id as key, 'group' as kind, g.chat_id as receiver from sop_touch t
    join groups_group g on g.tenant_id = t.tenant_id and g.id = t.group_id
    where t.tenant_id = %(tenant)s and t.channel = 'group_mass' and {counts}
    union all
    select %(ref)s || ':' || t.id, 'customer', c.external_userid from sop_touch t
    join sop_touchrecipient r on r.tenant_id = t.tenant_id and r.touch_id = t.id and r.state <> 'blocked'
    join contacts_customer c on c.tenant_id = t.tenant_id and c.id = r.customer_id
    where t.tenant_id = %(tenant)s and t.channel = 'private_mass' and {counts}
      and c.external_userid not like 'erased-%%'
), used as (
    select vendor_msgid as key, receiver_kind as kind, receiver_id as receiver from wecom_quotaentry
    where tenant_id = %(tenant)s and local_date = %(day)s and source = 'corp' and vendor_msgid like %(ref)s || ':%%'
      and receiver_id not like 'erased-%%'
)
select coalesce(sent.key, used.key), coalesce(sent.receiver, used.receiver), used.key is null,
    sent.key is null, coalesce(sent.kind, used.kind)
from sent full join used using (key, kind, receiver)
""".format(
    counts="t.handed_at >= %(since)s and t.handed_at < %(until)s and t.send_id is not null"
    " and (t.state = any(%(standing)s) or t.evidence ? 'msgid')"
)
_OVER = """
select receiver_id, count(*) from wecom_quotaentry
where tenant_id = %(tenant)s and local_date between %(first)s and %(last)s and source = 'corp'
group by receiver_kind, receiver_id
having count(*) > %(limit)s and bool_or(local_date = %(day)s)
order by 1 limit %(most)s
"""


@dataclass
class Findings:
    """One local day as both ways saw it. `faults` are rows as models.Certificate keeps them."""

    touches: int = 0
    exposures: int = 0
    persons: int = 0
    sends: int = 0
    fault_count: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kind: Fault, total: int, rows: list[dict[str, Any]]) -> None:
        self.fault_count += total
        self.faults += [{"kind": str(kind), **row} for row in rows[:MOST]]


def compare(*, tenant: "Tenant", day: date) -> Findings:
    """Count a local day a second time and lay it beside the gate's counts. Ten statements."""
    since, until = clock.day_bounds(day, tenant.timezone)
    window = quota_window(tenant_id=tenant.pk, day=day)
    ask = {
        "tenant": tenant.pk, "day": day, "since": since, "until": until, "ref": REF, "standing": list(STANDING),
        "pull": list(SILENT_CHANNELS), "into_group": list(GROUP_CHANNELS), "monday": week_start(day),
        "sunday": week_start(day) + timedelta(days=6), "first": window.first, "last": window.last,
        "limit": window.limit, **_caps(tenant, since),
        "most": MOST, "own": OWN, "week_since": clock.day_bounds(week_start(day), tenant.timezone)[0],
        "week_until": clock.day_bounds(week_start(day) + timedelta(days=6), tenant.timezone)[1],
    }  # fmt: skip
    found = Findings()
    found.touches, found.exposures = _all(_COUNTS, ask)[0]
    _compare_rows(found, ask)
    _compare_persons(found, ask)
    _compare_groups(found, ask)
    _compare_sends(found, ask)
    return found


def _caps(tenant: "Tenant", since: datetime) -> dict[str, Any]:
    """The caps as they held: one that was changed since then proves nothing. `joined`: people who were found to be
    one since then, and were two for the gate."""
    caps = preferences.values(tenant.pk, CAP_PER_DAY, CAP_PER_WEEK)
    changed = {
        key
        for changes in AuditEntry.objects.filter(
            tenant=tenant, verb="tenants.preference.set", at__gte=since
        ).values_list("changes", flat=True)
        for key in changes
    }
    return {
        "per_day": NO_CAP if CAP_PER_DAY.key in changed else caps[CAP_PER_DAY.key],
        "per_week": NO_CAP if CAP_PER_WEEK.key in changed else caps[CAP_PER_WEEK.key],
        "joined": joined_since(tenant_id=tenant.pk, since=since),
    }


def _all(statement: str, ask: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {name: value for name, value in ask.items() if name != "joined"})
        return cursor.fetchall()


def _named(key: str) -> dict[str, Any]:
    """A message as a fault names it: a touch by its id, what colleagues sent by its key."""
    return {"send": key} if key.startswith(OWN) else {"touch": touch_of(key)}


def touch_of(key: str) -> int:
    """The touch that a key of the gate names."""
    return int(key.rpartition(":")[2])


def _compare_rows(found: Findings, ask: dict[str, Any]) -> None:
    rows = _all(_ROWS, ask)
    for kind, is_missing in ((Fault.NOT_LOGGED, True), (Fault.NOT_SENT, False)):
        some = [row for row in rows if row[2] is is_missing]
        shown = [{**_named(key), "customer": customer} for key, customer, _missing, _n in some]
        found.add(kind, some[0][3] if some else 0, shown)


def _compare_persons(found: Findings, ask: dict[str, Any]) -> None:
    """Who was reached how often. Over a cap is what was planned here; what colleagues sent on top is told apart:
    nobody asked the gate for it. So is what a leader let past the cap."""
    days, weeks = _all(_DAYS, ask), _all(_WEEKS, _of_the_week(ask))
    found.persons = sum(1 for _who, n, *_kinds in days if n)
    for kind, over, per, rows in (
        (Fault.DAY, Fault.OVER_DAY, ask["per_day"], days),
        (Fault.WEEK, Fault.OVER_WEEK, ask["per_week"], weeks),
    ):
        wrong = [row for row in rows if row[1] != row[2]]
        found.add(kind, len(wrong), _counted("customer", wrong))
        many = [row for row in rows if row[1] > per and row[0] not in ask["joined"]]
        passed = [(who, per, n) for who, n, _kept, planned, let in many if planned - let > per]
        found.add(over, len(passed), _counted("customer", passed))
        granted = [(who, per, n) for who, n, _kept, planned, let in many if planned > per >= planned - let]
        found.add(Fault.GRANTED, 0, _counted("customer", granted))
        beside = [(who, per, n) for who, n, _kept, planned, _let in many if planned <= per]
        found.add(Fault.OWN_OVER, 0, _counted("customer", beside))


def _of_the_week(ask: dict[str, Any]) -> dict[str, Any]:
    """The same question for the days from Monday to Sunday."""
    return {**ask, "since": ask["week_since"], "until": ask["week_until"]}


def _compare_groups(found: Findings, ask: dict[str, Any]) -> None:
    rows = _all(_GROUPS, ask)
    found.add(Fault.GROUP, len(rows), _counted("group", rows))


def _compare_sends(found: Findings, ask: dict[str, Any]) -> None:
    rows = _all(_SENDS, ask)
    found.sends = sum(1 for row in rows if not row[3])
    for kind, place in ((Fault.QUOTA_MISSING, 2), (Fault.QUOTA_SURPLUS, 3)):
        some = [row for row in rows if row[place]]
        shown = [{"touch": touch_of(row[0]), "receiver": row[1], "receiver_kind": row[4]} for row in some]
        found.add(kind, len(some), shown)
    over = _all(_OVER, ask)
    shown = [{"receiver": one, "expected": ask["limit"], "found": n} for one, n in over]
    found.add(Fault.QUOTA_OVER, len(over), shown)


def _counted(what: str, rows: list[Any]) -> list[dict[str, Any]]:
    return [{what: row[0], "expected": int(row[1]), "found": int(row[2])} for row in sorted(rows)]


def day_before(now: datetime, zone: str) -> date:
    """The last local day that is over."""
    return clock.local_date(now, zone) - timedelta(days=1)
