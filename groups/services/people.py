"""Ids of WeCom -> our staff and customers; a customer met only in a group is made known to contacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contacts.selectors import customer_ids_by_external
from contacts.selectors.personal import erased_among, erased_name
from contacts.services.customers import PersonSeen, customers_meet
from groups.policies.wire import SeenMember
from team.selectors import staff_by_userids


@dataclass(frozen=True)
class Person:
    """Who a userid is. Both ids None: staff that the contacts sync has not brought yet.

    `is_erased`: a customer who was forgotten on request; how they call themselves in the group is not kept.
    """

    is_staff: bool
    staff_id: int | None = None
    customer_id: int | None = None
    is_erased: bool = False


def erased_names(*, tenant_id: int, app_id: int, userids: Iterable[str]) -> dict[str, str]:
    """{userid: the name their row keeps} of those who were erased and whom WeCom still names by their id."""
    found = erased_among(tenant_id=tenant_id, app_id=app_id, external_userids=userids)
    return {userid: erased_name(customer_id) for userid, customer_id in found.items()}


def people_known(*, tenant_id: int, app_id: int, userids: Iterable[str]) -> dict[str, Person]:
    """{userid: Person} of those known; who the others are only a full read can tell."""
    wanted = set(userids)
    staff = staff_by_userids(tenant_id=tenant_id, userids=wanted, app_id=app_id)
    customers = customer_ids_by_external(tenant_id=tenant_id, external_userids=wanted - set(staff))
    found = {userid: Person(True, staff_id=row.pk) for userid, row in staff.items()}
    return found | {userid: Person(False, customer_id=one) for userid, one in customers.items()}


def people_of(
    *, tenant_id: int, app_id: int, members: Iterable[SeenMember], read_at: datetime
) -> dict[str, Person]:
    """{userid: Person} of a group's members; customers that contacts does not know are added, with their names."""
    rows = list(members)
    outside = [PersonSeen(row.userid, row.name, row.unionid) for row in rows if not row.is_staff]
    staff = staff_by_userids(
        tenant_id=tenant_id, userids=[row.userid for row in rows if row.is_staff], app_id=app_id
    )
    met = customers_meet(tenant_id=tenant_id, app_id=app_id, people=outside, seen_at=read_at)
    return {
        row.userid: Person(True, staff_id=staff[row.userid].pk if row.userid in staff else None)
        if row.is_staff
        else Person(False, customer_id=met.ids[row.userid], is_erased=row.userid in met.erased)
        for row in rows
    }
