"""One group's row: locked, stamped with what it is true of, recounted. Call them in one transaction."""

from datetime import datetime

from groups.models import Group
from groups.selectors import counts

STAMP_FIELDS = ("member_version", "members_as_of", "revision", "read_digest")
COUNT_FIELDS = ("customer_count", "staff_count")


def group_locked(*, tenant_id: int, app_id: int, chat_id: str) -> Group | None:
    """The group with its row locked until the transaction ends; None: not known here."""
    return (
        Group.objects.select_for_update(of=("self",))
        .select_related("tenant")
        .filter(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id)
        .first()
    )


def stamp(group: Group, *, version: str, as_of: datetime) -> None:
    """The members are these as of then; no answer read before is theirs any more. Does not save."""
    group.member_version = version
    group.members_as_of = as_of
    group.revision += 1
    group.read_digest = ""


def recount(group: Group) -> None:
    """Count who sits in it now. Does not save."""
    seats = counts(tenant_id=group.tenant_id, group_ids=[group.pk])[group.pk]
    group.customer_count, group.staff_count = seats.customers, seats.staff
