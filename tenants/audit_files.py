"""The audit trail as a file that anyone can verify, and heads of its chain kept elsewhere (docs/audit.md)."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings

from tenants import chain, clock
from tenants.models import AuditCheck, Tenant
from tenants.scoping import tenant_scope
from tenants.sealing import head
from tenants.verifying import Link, links

FORMAT = "qunce-audit-1"
log = structlog.get_logger(__name__)


def export_lines(*, tenant: Tenant) -> Iterator[str]:
    """The chain as JSON lines: first what the file is and its head, then one line for each sealed entry, in order.

    Opens the tenant's scope itself for each slice of reading, so that it may run after the request's own has ended.
    """
    with tenant_scope(tenant):
        number, link = head(tenant.pk)
    told = {"format": FORMAT, "tenant": tenant.pk, "name": tenant.name, "entries": number, "head": link}
    yield _line(told | {"exported_at": chain.moment(clock.now())})
    rows = links(tenant.pk)
    while True:
        with tenant_scope(tenant):
            part = [row for _place, row in zip(range(500), rows, strict=False)]
        for row in part:
            if row.number > number:
                return
            yield _line(_told(row))
        if len(part) < 500:
            return


def _told(row: Link) -> dict[str, Any]:
    entry = row.entry
    made: dict[str, Any] = {
        "number": row.number, "salt": row.salt, "personal": row.personal, "link": row.link,
        "sealed_at": chain.moment(row.sealed_at), "id": row.entry_id,
    }  # fmt: skip
    if entry is None:
        return made
    return made | {
        "at": chain.moment(entry.at), "actor_kind": entry.actor_kind, "actor_id": entry.actor_id,
        "actor_name": entry.actor_name, "verb": entry.verb, "target_kind": entry.target_kind,
        "target_id": entry.target_id, "target_name": entry.target_name, "changes": entry.changes,
        "reason": entry.reason, "redacted_at": chain.moment(entry.redacted_at) if entry.redacted_at else None,
    }  # fmt: skip


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False) + "\n"


def head_keep(*, tenant: Tenant, check: AuditCheck) -> None:
    """Write the head that a check saw where this database cannot reach it: to the log, and to a file of the tenant in
    QUNCE_AUDIT_HEADS where that names a folder."""
    log.info(
        "audit_head", tenant=tenant.slug, number=check.number, link=check.link, finding=str(check.finding)
    )
    if not settings.AUDIT_HEADS:
        return
    folder = Path(settings.AUDIT_HEADS)
    folder.mkdir(parents=True, exist_ok=True)
    line = f"{chain.moment(check.at)} {check.number}:{check.link} {check.finding}\n"
    with (folder / f"{tenant.slug}.heads").open("a", encoding="utf-8") as kept:
        kept.write(line)
        kept.flush()
        os.fsync(kept.fileno())


def heads_kept(*, tenant: Tenant) -> list[tuple[int, str]]:
    """Heads of whole chains that the folder QUNCE_AUDIT_HEADS remembers of this tenant."""
    path = Path(settings.AUDIT_HEADS) / f"{tenant.slug}.heads" if settings.AUDIT_HEADS else None
    if path is None or not path.is_file():
        return []
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return [head_of(one[1]) for one in lines if len(one) == 3 and one[2] == "whole" and one[1][:2] != "0:"]


def head_of(text: str) -> tuple[int, str]:
    """ "12:ab34..." as (12, "ab34..."). Raises ValueError when it is none."""
    number, _colon, link = text.partition(":")
    if len(link) != len(chain.FIRST_LINK):
        raise ValueError(f"not a head: {text}")
    return int(number), link.lower()
