"""Figures of the product's apps for the operations page, which imports none of them."""

from datetime import datetime

from groups.enums import LIVE_STATES
from groups.selectors import group_ids_by_chat, groups_by_id, groups_open
from sop.selectors.late import touches_late
from wecom.operations.facts import Late


def due_late(tenant_id: int | None, now: datetime) -> Late:
    """Touches that are due and not handed over; None: of all tenants, for a caller that may see everything."""
    count, oldest_at = touches_late(now=now, tenant_id=tenant_id)
    return Late(count, oldest_at)


def groups_active(tenant_id: int) -> int:
    """Groups in which something is expected to happen."""
    return groups_open(tenant_id=tenant_id).filter(state__in=LIVE_STATES).count()


def group_names(tenant_id: int, chat_ids: list[str]) -> dict[str, tuple[int, str]]:
    """{chat_id: (group id, name)} of the groups known."""
    ids = group_ids_by_chat(tenant_id=tenant_id, chat_ids=chat_ids)
    rows = groups_by_id(tenant_id=tenant_id, group_ids=ids.values())
    return {chat_id: (pk, str(rows[pk])) for chat_id, pk in ids.items() if pk in rows}
