"""Reads of approvals."""

from django.db.models import QuerySet

from team.enums import ApprovalState
from team.models import Approval
from tenants import clock


def approvals_waiting(*, tenant_id: int) -> QuerySet[Approval]:
    """What waits for a decision, what expires first on top."""
    rows = Approval.objects.filter(tenant_id=tenant_id, state=ApprovalState.ASKED, expires_at__gt=clock.now())
    return rows.order_by("expires_at", "pk")


def approvals_decided(*, tenant_id: int) -> QuerySet[Approval]:
    """What was granted, refused, withdrawn or expired, newest first."""
    rows = Approval.objects.filter(tenant_id=tenant_id).exclude(state=ApprovalState.ASKED)
    return rows.order_by("-decided_at", "-pk")


def approval_of(*, tenant_id: int, kind: str, target: str) -> Approval | None:
    """The request that waits for one matter, or None."""
    return approvals_waiting(tenant_id=tenant_id).filter(kind=kind, target=target).first()


def approvals_of_targets(*, tenant_id: int, target: str) -> dict[str, Approval]:
    """{kind: the request that waits} of one matter. One query."""
    return {row.kind: row for row in approvals_waiting(tenant_id=tenant_id).filter(target=target)}


def tenants_with_expired() -> list[int]:
    """Tenants with a request past its time. Runs across tenants: the caller is a tick."""
    rows = Approval.objects.filter(state=ApprovalState.ASKED, expires_at__lte=clock.now())
    return list(rows.values_list("tenant_id", flat=True).distinct())
