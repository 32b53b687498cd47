"""Proofs of touches: messages of the archive, replies, and screenshots that a colleague looks at."""

from django.db import models
from django.db.models import Q

from sop.enums.proofs import ProofKind, ProofState
from sop.models.touches import Touch
from tenants import clock
from tenants.scoping import TenantModel


class TouchProof(TenantModel):
    """One thing that shows that a touch was carried out, or a picture that is said to.

    `source` is the id of the archived message, or of the row of WeCom's log of own sends: one message proves one touch,
    for ever. `customer`: whom a private
    message went to or came from. `at`: when the message was sent, or the picture given.
    """

    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, related_name="proofs", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12, choices=ProofKind)
    state = models.CharField(max_length=10, choices=ProofState, default=ProofState.WAITING)
    source = models.CharField(max_length=128, blank=True)
    likeness = models.PositiveSmallIntegerField(null=True)  # percent of the step's words in the message
    at = models.DateTimeField(default=clock.now)
    offered_by = models.CharField(max_length=64, blank=True)
    offered_by_staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    picture = models.BinaryField(null=True)
    picture_type = models.CharField(max_length=16, blank=True)
    reviewed_by = models.CharField(max_length=64, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)  # why a picture was refused

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "source"], condition=~Q(source=""), name="sop_proof_source_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "touch"], condition=Q(state="waiting"), name="sop_proof_one_waiting"
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "touch", "at"], name="sop_proof_by_touch"),
            models.Index(fields=["tenant", "at"], condition=Q(state="waiting"), name="sop_proof_waiting"),
            models.Index(fields=["tenant", "customer"], name="sop_proof_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.touch}"
