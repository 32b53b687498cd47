"""The way in that staff set by hand where the order of events tells another (R30)."""

from django.db import models

from contacts.enums import WayIn
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class WayInSet(TenantModel):
    """One person's way as staff know it; without a row the order of events tells it. The audit trail keeps changes."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    way = models.CharField(max_length=8, choices=WayIn)
    reason = models.CharField(max_length=200)
    set_by = models.CharField(max_length=128)
    set_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "customer"], name="contacts_way_in_once")]

    def __str__(self) -> str:
        return self.way
