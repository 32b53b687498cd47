"""One person's data handed out, and one person forgotten (R39)."""

from typing import Any

from django.db import models

from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class PersonalExport(TenantModel):
    """Everything about one customer as one JSON document; `body` is emptied a week after it was made."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    asked_by = models.CharField(max_length=128)
    asked_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer", "-asked_at"], name="contacts_personal_export")]


class Erasure(TenantModel):
    """One person forgotten. `customer` stays as a row without the person, so that figures stay.

    `digest` is a keyed hash of WeCom's id: with it what WeCom tells later is known to be about somebody who was
    erased, and is not written again. `counts`: {table: rows changed}. `heard_at`: when WeCom last spoke of them.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=200)
    asked_by = models.CharField(max_length=128)
    asked_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)
    counts: Any = models.JSONField(default=dict)
    heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "digest"], name="contacts_erasure_once")
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="contacts_erasure_person")]
