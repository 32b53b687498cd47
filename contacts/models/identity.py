"""Which records are one person, and who said so (R37)."""

from typing import Any

from django.db import models

from contacts.enums import IdentityGround, IdentityVerb
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class IdentityMove(TenantModel):
    """One decision about two records; never changed. The last one of a record says where it belongs.

    `merged`: the record `customer` is the same person as `into`, which goes on. `split`: it is not after all, and is
    on its own again with everything it had and got. `apart`: the two were looked at and are different people.
    `evidence`: {"unionid": "...", "phone": "..."}, what both carried then.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    into = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    verb = models.CharField(max_length=8, choices=IdentityVerb)
    ground = models.CharField(max_length=8, choices=IdentityGround)
    evidence: Any = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    moved_by = models.CharField(max_length=128, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "customer", "-at"], name="contacts_identity_record"),
            models.Index(fields=["tenant", "into", "-at"], name="contacts_identity_into"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.verb} {self.into_id}"
