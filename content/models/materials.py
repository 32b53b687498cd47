"""The content library: materials and their editions."""

from django.db import models
from django.db.models import Q

from content.enums import EditionState, MaterialType
from content.models.proofs import Proof
from tenants import clock
from tenants.scoping import TenantModel


class Material(TenantModel):
    """A piece of content with a mandatory type (R60, R63).

    What it says is that of its newest approved edition; while there is none, of its draft. `edition` is the number of
    the approved one, 0 for none; `state` is that of its newest edition. `valid_from` and `valid_until` are days of
    the tenant's zone, both inclusive.
    """

    kind = models.CharField(max_length=16, choices=MaterialType)
    title = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    attachments = models.JSONField(default=list, blank=True)  # see content.policies.attachments
    links = models.JSONField(default=list, blank=True)  # [{"key", "title", "kind", "url"}], as a step's
    variants = models.JSONField(default=list, blank=True)  # [{"key", "name", "text"}]: other wordings
    edition = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=EditionState, default=EditionState.DRAFT)
    tags = models.JSONField(default=list, blank=True)  # [str]
    owner = models.ForeignKey(
        "team.Staff", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    proof = models.ForeignKey(
        Proof, null=True, blank=True, on_delete=models.SET_NULL, related_name="materials", db_index=False
    )
    needs_proof = models.BooleanField(default=False)  # made of a testimonial: without it, never sent
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["tenant", "kind"], name="content_material_by_kind"),
            models.Index(fields=["tenant", "-changed_at"], name="content_material_recent"),
        ]

    def __str__(self) -> str:
        return self.title


class MaterialEdition(TenantModel):
    """One edition of what a material says. An approved one never changes; at most one is open beside it.

    `revision` counts its savings: two people who edit at once do not overwrite one another.
    """

    material = models.ForeignKey(Material, on_delete=models.CASCADE, related_name="editions", db_index=False)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=EditionState, default=EditionState.DRAFT)
    kind = models.CharField(max_length=16, choices=MaterialType)
    title = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    attachments = models.JSONField(default=list, blank=True)
    links = models.JSONField(default=list, blank=True)
    variants = models.JSONField(default=list, blank=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.CharField(max_length=128, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=200, blank=True)  # why it was sent back

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "material", "number"], name="content_edition_number_once"
            ),
            models.UniqueConstraint(
                fields=["tenant", "material"],
                condition=~Q(state="approved"),
                name="content_edition_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} · {self.number}"
