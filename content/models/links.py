"""Links that tell who clicked."""

from django.db import models

from content.enums import LinkKind
from tenants import clock
from tenants.scoping import TenantModel


class RadarLink(TenantModel):
    """A short link that leads to one stored target and tells who opened it (雷达)."""

    token = models.CharField(max_length=40)  # "<tenant id in base 36>-<random>": names its tenant
    target_url = models.URLField(max_length=1000)
    title = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=16, choices=LinkKind, default=LinkKind.LINK)
    object_id = models.CharField(max_length=128, blank=True)  # what the click is about: a SKU, a form
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    source_kind = models.CharField(max_length=32, blank=True)  # e.g. "sop.run"
    source_id = models.BigIntegerField(default=0)
    source_key = models.CharField(max_length=96, blank=True)  # makes a link of a step and group findable
    clicks = models.PositiveIntegerField(default=0)  # counted clicks, known and unknown visitors
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "token"], name="content_radar_token_once"),
            models.UniqueConstraint(
                fields=["tenant", "source_kind", "source_id", "source_key"],
                condition=~models.Q(source_key=""),
                name="content_radar_source_once",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.token
