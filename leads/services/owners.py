"""Who follows a lead unless somebody decides otherwise."""

from collections.abc import Iterable

from contacts.selectors import follow_staff_ids
from leads.models import WindowMember


def owners_default(*, tenant_id: int, members: Iterable[WindowMember]) -> dict[int, int]:
    """{customer id: staff id}: the group's owner where they are friends with the customer, else the colleague who
    became a friend last, else the group's owner. Whom nobody can reach is left out. One query.
    `members` carry `group_owner_id`.
    """
    rows = list(members)
    friends = follow_staff_ids(tenant_id=tenant_id, customer_ids=[one.customer_id for one in rows])
    found: dict[int, int] = {}
    for row in rows:
        group_owner = row.group_owner_id  # type: ignore[attr-defined]
        staff = friends.get(row.customer_id, [])
        chosen = group_owner if group_owner in staff or not staff else staff[-1]
        if chosen is not None:
            found[row.customer_id] = chosen
    return found
