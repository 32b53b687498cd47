"""Reads of obstacles (R34)."""

from django.db.models import F, QuerySet

from contacts.models import Obstacle


def obstacles_of(*, tenant_id: int, customer_ids: list[int]) -> list[Obstacle]:
    """One person's obstacles, open ones first, then the latest."""
    rows = Obstacle.objects.filter(tenant_id=tenant_id, customer_id__in=customer_ids).order_by(
        "-noted_at", "-pk"
    )
    return sorted(rows[:50], key=lambda one: one.solved_at is not None)


def obstacle_customer_id(*, tenant_id: int, obstacle_id: int) -> int | None:
    """Whose obstacle it is; None for an unknown or foreign one."""
    rows = Obstacle.objects.filter(tenant_id=tenant_id, pk=obstacle_id)
    return rows.values_list("customer_id", flat=True).first()


def obstacle_log(*, tenant_id: int) -> QuerySet[Obstacle]:
    """Everybody's obstacles with whom they stood in the way of: open ones first, then the latest."""
    rows = Obstacle.objects.filter(tenant_id=tenant_id).select_related("customer__person")
    return rows.order_by(F("solved_at").desc(nulls_first=True), "-noted_at", "-pk")
