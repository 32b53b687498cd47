"""Figures of the product's apps for the operations page, which imports none of them."""

from datetime import datetime

from contacts.selectors import customer_list
from groups.enums import LIVE_STATES
from groups.selectors import group_ids_by_chat, groups_by_id, groups_open
from sop.selectors.late import touches_late
from team.selectors import staff_list
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


def names_at_wecom(
    tenant_id: int, *, userids: list[str], chat_ids: list[str], external_userids: list[str]
) -> dict[str, str]:
    """{WeCom's id: name} of the staff, groups and customers known; three queries."""
    staff = staff_list(tenant_id=tenant_id).filter(userid__in=userids).values_list("userid", "name")
    people = customer_list(tenant_id=tenant_id).filter(external_userid__in=external_userids).order_by()
    groups = group_names(tenant_id, chat_ids) if chat_ids else {}
    return {
        **dict(staff),
        **{chat_id: name for chat_id, (_pk, name) in groups.items()},
        **dict(people.values_list("external_userid", "name")),
    }
