"""What stands in somebody's way while they try (R34)."""

from django.db import models

from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class Obstacle(TenantModel):
    """One obstacle: what, who noted it, when, and how and by whom it was solved; open while `solved_at` is empty."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    text = models.CharField(max_length=200)
    noted_by = models.CharField(max_length=128)
    noted_at = models.DateTimeField(default=clock.now)
    solution = models.CharField(max_length=200, blank=True)
    solved_by = models.CharField(max_length=128, blank=True)
    solved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "customer", "-noted_at"], name="contacts_obstacle_person"),
            models.Index(
                fields=["tenant", "noted_at"],
                name="contacts_obstacle_open",
                condition=models.Q(solved_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.text
