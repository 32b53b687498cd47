"""What happened, and who was told."""

from django.db import models

from tenants import clock
from tenants.scoping import TenantModel


class DeliveryState(models.TextChoices):
    PENDING = "pending", "pending"
    DONE = "done", "done"
    DEAD = "dead", "dead"


class EventRow(TenantModel):
    """One domain event, written in the transaction that made it true. Append-only by trigger."""

    name = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    published_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["tenant", "name", "-occurred_at"], name="outbox_event_recent")]


class Delivery(TenantModel):
    """One handler's copy of an event: delivered at least once, its database effect exactly once."""

    event = models.ForeignKey(EventRow, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    handler = models.CharField(max_length=96)
    state = models.CharField(max_length=8, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "event", "handler"], name="outbox_delivery_once")
        ]
        indexes = [
            models.Index(
                fields=["tenant", "handler", "next_at"],
                name="outbox_delivery_due",
                condition=models.Q(state="pending"),
            )
        ]
