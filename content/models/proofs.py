"""Social proof: testimonials and show-orders of real customers (R67)."""

from django.db import models

from content.enums import NameShown, ProofKind, ProofScope
from tenants import clock
from tenants.scoping import TenantModel


class Proof(TenantModel):
    """What a customer said or bought, with the order and the permission behind it.

    Without any of the three it is not published. `permitted_until` is a day of the tenant's zone, inclusive; None:
    until it is taken back. `permission_note` says how the permission was given and where that is kept.
    """

    kind = models.CharField(max_length=12, choices=ProofKind, default=ProofKind.TESTIMONIAL)
    title = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    asset_id = models.BigIntegerField(null=True, blank=True)  # a picture kept by wecom.keeping
    customer = models.ForeignKey(
        "contacts.Customer", null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    order = models.ForeignKey(
        "contacts.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    scope = models.CharField(max_length=8, choices=ProofScope, default=ProofScope.GROUPS)
    name_shown = models.CharField(max_length=8, choices=NameShown, default=NameShown.MASKED)
    permitted_at = models.DateTimeField(null=True, blank=True)
    permitted_until = models.DateField(null=True, blank=True)
    permission_note = models.CharField(max_length=200, blank=True)
    permission_by = models.CharField(max_length=128, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer"], name="content_proof_of_person")]

    def __str__(self) -> str:
        return self.title
