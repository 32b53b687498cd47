"""What the rules of group tags compare: facts of many groups, a constant number of queries for any number."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contacts.selectors import buyers_in
from groups.enums import ACTIVE_HOURS, LIVE_STATES, SIZE_TARGET
from groups.models import Group
from groups.policies import group_tags as rules
from groups.selectors.activity import active_counts, messages_spoken
from groups.selectors.members import members_current
from tenants import clock, preferences
from tenants.models import Tenant

Found = dict[int, dict[str, rules.Value | None]]
_NEEDS_PEOPLE = frozenset({rules.ACTIVE, rules.SILENT, rules.BUYERS})
_DAY = timedelta(days=1)


def facts_of_groups(*, tenant: Tenant, groups: Iterable[Group], keys: Iterable[str], now: datetime) -> Found:
    """{group id: {fact: value}} of the wanted facts; None is a fact that nobody knows.

    What costs more than the group's own row (activity, silence, buyers) is read only where a rule asks for it:
    then four queries more, whatever the number of groups.
    """
    rows, wanted = list(groups), set(keys)
    usual = preferences.value(tenant.pk, SIZE_TARGET)
    found: Found = {row.pk: _own(tenant, row, usual, now) for row in rows}
    if not rows or not wanted & _NEEDS_PEOPLE:
        return found
    members = members_current(tenant_id=tenant.pk, group_ids=[row.pk for row in rows])
    for fact, read in ((rules.SILENT, _silent), (rules.ACTIVE, _active), (rules.BUYERS, _buyers)):
        if fact in wanted:
            for group_id, value in read(tenant, rows, members, now).items():
                found[group_id][fact] = value
    return found


def _own(tenant: Tenant, row: Group, usual: int, now: datetime) -> dict[str, rules.Value | None]:
    """What the group's row tells by itself."""
    today = clock.local_date(now, tenant.timezone)
    began = row.goes_live_at or row.created_at
    target = row.target_size or usual
    seats = row.customer_count + row.staff_count
    known = bool(row.chat_id)
    return {
        rules.SIZE: row.customer_count if known else None,
        rules.FILL: rules.share_percent(seats, target) if known else None,
        rules.STAFF: row.staff_count if known else None,
        rules.CUSTOMER_SHARE: rules.share_percent(row.customer_count, seats) if known else None,
        rules.AGE: max((now - began) // _DAY, 0) if began else None,
        rules.LEFT: max((row.ends_on - today).days, 0) if row.ends_on else None,
        rules.KIND: row.kind or None,
        rules.STATE: row.state,
        rules.SCENARIO: row.scenario or None,
        rules.PURPOSE: row.purpose or None,
        rules.PAYMENT: row.payment_basis or None,
        rules.HEALTH: str(row.risk) if row.state in LIVE_STATES else None,
        rules.FROZEN: "yes" if row.is_frozen else "no",
        rules.SERIES: row.series or None,
    }


Members = dict[int, list[int]]


def _silent(tenant: Tenant, rows: list[Group], members: Members, now: datetime) -> dict[int, int]:
    """Whole days since a customer last wrote; absent where no message was ever heard."""
    spoken = messages_spoken(tenant_id=tenant.pk, group_ids=members, now=now)
    return {group_id: max((now - one.last_at) // _DAY, 0) for group_id, one in spoken.items()}


def _active(tenant: Tenant, rows: list[Group], members: Members, now: datetime) -> dict[int, int | None]:
    hours = preferences.value(tenant.pk, ACTIVE_HOURS)
    since, until = now - timedelta(hours=hours), now + timedelta(seconds=1)
    active = active_counts(tenant_id=tenant.pk, group_ids=members, before=since, since=since, until=until)
    return {one: rules.share_percent(active[one].now, len(listed)) for one, listed in members.items()}


def _buyers(tenant: Tenant, rows: list[Group], members: Members, now: datetime) -> dict[int, int | None]:
    everyone = {who for listed in members.values() for who in listed}
    bought = buyers_in(tenant_id=tenant.pk, customer_ids=everyone)
    return {
        one: rules.share_percent(len(bought & set(listed)), len(listed)) for one, listed in members.items()
    }
