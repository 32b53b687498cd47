"""Verifying the audit trail against its hash chain (R129), and the heads that were seen."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from tenants import chain, clock
from tenants.chain import Written
from tenants.enums import AuditFinding
from tenants.models import AuditCheck, AuditEntry, AuditSeal, Tenant
from tenants.sealing import chain_lock, entries_by_id

READ_ENTRIES = 5_000
LATE = timedelta(hours=1)  # further than this no entry's time is from its place in the chain
WAITS = timedelta(minutes=15)  # by then the worker has sealed an entry
REDACTED = "tenants.audit.redacted"
_LINKS = """
select number, entry_id, salt, personal, link, sealed_at from tenants_auditseal
where tenant_id = %s and number > %s order by number limit %s
"""
_BESIDE = """
select min(e.id) from tenants_auditentry e where e.tenant_id = %s
and not exists (select 1 from tenants_auditseal s where s.tenant_id = e.tenant_id and s.entry_id = e.id)
"""
_WAITING = """
select s.entry_id, e.at from tenants_auditseal s
left join tenants_auditentry e on e.tenant_id = s.tenant_id and e.id = s.entry_id
where s.tenant_id = %s and s.number is null and (e.id is null or e.at < %s) order by s.entry_id limit 1
"""


@dataclass(frozen=True)
class Verdict:
    """What a walk along the chain found. `number` and `link` are of the last entry read; broken ones are of the first
    that does not hold, None where the chain is whole or the place is not known."""

    finding: AuditFinding
    entries: int
    number: int
    link: str
    broken_number: int | None = None
    broken_entry_id: int | None = None


@dataclass(frozen=True)
class Link:
    """One row of the chain; `entry` is None where it is gone. Hashes and salt are hex, "" where there is none."""

    number: int
    entry_id: int
    salt: str
    personal: str
    link: str
    sealed_at: datetime
    entry: Written | None


def links(tenant_id: int) -> Iterator[Link]:
    """The whole chain in its order, read in slices."""
    last = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            chain_lock(tenant_id)  # an erasure changes entries and their seals at once
            cursor.execute(_LINKS, [tenant_id, last, READ_ENTRIES])
            rows = cursor.fetchall()
            entries = entries_by_id(tenant_id, [row[1] for row in rows])
        for number, entry_id, salt, personal, link, sealed_at in rows:
            yield Link(
                number, entry_id, _hex(salt), _hex(personal), _hex(link), sealed_at, entries.get(entry_id)
            )
        if len(rows) < READ_ENTRIES:
            return
        last = rows[-1][0]


def _hex(stored: memoryview | None) -> str:
    return "" if stored is None else bytes(stored).hex()


def audit_verify(*, tenant_id: int, heads: Collection[tuple[int, str]] = ()) -> Verdict:
    """Read the whole chain and say whether every entry is as it was written. `heads` are (number, link) that somebody
    kept outside; those of earlier checks are asked by themselves. Changes nothing."""
    known = {**_known_heads(tenant_id)}
    for number, link in heads:
        if known.setdefault(number, link) != link:
            return Verdict(AuditFinding.CUT, 0, 0, chain.FIRST_LINK, number)
    allowed = _erased(tenant_id)
    number, link, latest = 0, chain.FIRST_LINK, None
    for row in links(tenant_id):
        finding = _judge(tenant_id, row, number + 1, link, latest, allowed)
        if not finding and known.pop(row.number, row.link) != row.link:
            finding = AuditFinding.CUT
        if finding or row.entry is None:
            broken = number + 1
            entry_id = row.entry_id if row.number == broken else None
            return Verdict(finding or AuditFinding.REMOVED, number, number, link, broken, entry_id)
        number, link = row.number, row.link
        latest = row.entry.at if latest is None else max(latest, row.entry.at)
    return _ends(tenant_id, number, link, known)


def _judge(
    tenant_id: int,
    row: Link,
    number: int,
    before: str,
    latest: datetime | None,
    allowed: Mapping[int, datetime],
) -> AuditFinding | None:
    """What is wrong with the link that should have this number; None: nothing."""
    entry = row.entry
    if row.number != number or entry is None:
        return AuditFinding.REMOVED
    told = chain.link_of(
        tenant_id=tenant_id, number=number, before=before, sealed_at=row.sealed_at, entry=entry, personal=row.personal
    )  # fmt: skip
    if told != row.link:
        return AuditFinding.ALTERED
    if row.salt and chain.personal_of(row.salt, entry) != row.personal:
        return AuditFinding.ALTERED
    if not row.salt and not (entry.is_blank and entry.redacted_at):
        return AuditFinding.ALTERED
    if not row.salt and entry.id not in allowed:
        return AuditFinding.BLANKED
    if not _is_marked_rightly(entry, allowed.get(entry.id)):
        return AuditFinding.ALTERED
    if entry.at > row.sealed_at + LATE or (latest is not None and entry.at < latest - LATE):
        return AuditFinding.MISDATED
    return None


def _is_marked_rightly(entry: Written, told_at: datetime | None) -> bool:
    """Whether `redacted_at` agrees with the erasure that the trail tells of (`told_at`; None: it tells of none)."""
    if entry.redacted_at is None or told_at is None:
        return entry.redacted_at is None and told_at is None
    return abs(entry.redacted_at - told_at) <= LATE


def _ends(tenant_id: int, number: int, link: str, unseen: dict[int, str]) -> Verdict:
    """What lies behind the last link: heads that are gone, entries without a place, entries that wait too long."""
    if unseen:
        return Verdict(AuditFinding.CUT, number, number, link, number + 1)
    with connection.cursor() as cursor:
        cursor.execute(_BESIDE, [tenant_id])
        if (beside := cursor.fetchone()[0]) is not None:
            return Verdict(AuditFinding.INSERTED, number, number, link, None, beside)
        cursor.execute(_WAITING, [tenant_id, clock.now() - WAITS])
        if (waiting := cursor.fetchone()) is not None:
            finding = AuditFinding.REMOVED if waiting[1] is None else AuditFinding.UNSEALED
            return Verdict(finding, number, number, link, None, waiting[0])
    return Verdict(AuditFinding.WHOLE, number, number, link)


def _known_heads(tenant_id: int) -> dict[int, str]:
    checks = AuditCheck.objects.filter(tenant_id=tenant_id, finding=AuditFinding.WHOLE, number__gt=0)
    return dict(checks.values_list("number", "link"))


def _erased(tenant_id: int) -> dict[int, datetime]:
    """{id of an entry whose words an erasure took: when}, as the trail itself tells."""
    told = AuditEntry.objects.filter(tenant_id=tenant_id, verb=REDACTED).values_list("changes", "at")
    return {one: at for changes, at in told for one in changes["entries"][1]}


def audit_check(*, tenant_id: int, asked_by: str = "") -> AuditCheck:
    """Verify, and keep the result and the head that was seen."""
    verdict = audit_verify(tenant_id=tenant_id)
    return AuditCheck.objects.create(
        tenant_id=tenant_id, at=clock.now(), asked_by=asked_by[:128], entries=verdict.entries, number=verdict.number,
        link=verdict.link, finding=verdict.finding, broken_number=verdict.broken_number,
        broken_entry_id=verdict.broken_entry_id,
    )  # fmt: skip


def tenants_unchecked() -> list[int]:
    """Ids of tenants whose chain was not verified for a day. Across tenants: call inside unscoped()."""
    fresh = AuditCheck.objects.filter(at__gt=clock.now() - timedelta(days=1))
    rest = Tenant.objects.filter(suspended_at=None).exclude(pk__in=fresh.values("tenant_id"))
    return list(rest.order_by("pk").values_list("pk", flat=True))


def check_last(*, tenant_id: int) -> AuditCheck | None:
    """The verification made last, or None."""
    return AuditCheck.objects.filter(tenant_id=tenant_id).order_by("-at", "-pk").first()


def salts_drop(*, tenant_id: int, entry_ids: Collection[int]) -> int:
    """Within `redacting()` and under the chain's lock: forget the salts of entries whose words were erased. Returns how
    many."""
    rows = AuditSeal.objects.filter(tenant_id=tenant_id, entry_id__in=entry_ids, salt__isnull=False)
    return rows.update(salt=None)
