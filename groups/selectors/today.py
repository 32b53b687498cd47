"""A group's present day, as the staff member who looks after it needs it."""

from dataclasses import dataclass
from datetime import datetime

from contacts.selectors.questions import Waiting, questions_waiting
from groups.models import Group, Member
from wecom.archive.selectors import coverage

NAMED = 5


@dataclass(frozen=True)
class Moves:
    """Customers who came and went since a moment; the latest by name."""

    joined: int
    left: int
    joined_names: list[str]
    left_names: list[str]


@dataclass(frozen=True)
class Questions:
    """Open questions of customers, the oldest first. `is_known` is False while no source tells messages."""

    is_known: bool
    as_of: datetime | None
    rows: list[Waiting]


def group_by_chat(*, tenant_id: int, app_id: int, chat_id: str) -> Group | None:
    """The group of a chat that one app knows, or None."""
    rows = Group.objects.filter(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id)
    return rows.select_related("owner").first()


def looks_after(*, group: Group, staff_id: int, userid: str) -> bool:
    """Whether a staff member owns, administers or sits in the group."""
    if group.owner_id == staff_id or userid in group.admin_userids:
        return True
    return Member.objects.filter(
        tenant_id=group.tenant_id, group=group, staff_id=staff_id, left_at=None
    ).exists()


def moves_since(*, group: Group, since: datetime) -> Moves:
    """Who came and went. Those invited when the group was made did not join. Two queries."""
    people = Member.objects.filter(tenant_id=group.tenant_id, group=group, is_staff=False)
    joined = people.filter(joined_at__gte=since, is_creation_invitee=False).select_related("customer")
    left = people.filter(left_at__gte=since).select_related("customer")
    came, went = list(joined.order_by("-joined_at", "-pk")), list(left.order_by("-left_at", "-pk"))
    return Moves(len(came), len(went), _names(came), _names(went))


def _names(rows: list[Member]) -> list[str]:
    named = [row.nickname or (row.customer.name if row.customer else "") for row in rows]
    return [one for one in named if one][:NAMED]


def questions_open(*, group: Group) -> Questions:
    """What customers asked in the group and nobody has answered, by the ledger that Today and the service page read
    (R75): what an SOP posts is no answer. Constant queries.
    """
    told = coverage(tenant_id=group.tenant_id)
    if not told.sees_messages or not group.chat_id:
        return Questions(False, None, [])
    return Questions(True, told.as_of, questions_waiting(tenant_id=group.tenant_id, group_id=group.pk))
