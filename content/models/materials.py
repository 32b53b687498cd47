"""Pieces of content."""

from django.db import models

from content.enums import MaterialType
from tenants import clock
from tenants.scoping import TenantModel


class Material(TenantModel):
    """A piece of content with a mandatory type (R60, R63)."""

    kind = models.CharField(max_length=16, choices=MaterialType)
    title = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    attachments = models.JSONField(default=list, blank=True)  # [{"kind", "title", "url"}]
    created_at = models.DateTimeField(default=clock.now)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "kind"], name="content_material_by_kind")]

    def __str__(self) -> str:
        return self.title
