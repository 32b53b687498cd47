"""Tracked links made of materials."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from content.models import Material, RadarLink

SOURCE = "content.material"


@dataclass(frozen=True)
class Tracked:
    """A tracked link of a material's own: for Moments, posters, wherever no run makes one."""

    title: str
    url: str
    clicks: int


def material_links(*, tenant_id: int, material: Material) -> list[Tracked]:
    """Those that were made, the oldest first. One query."""
    rows = RadarLink.objects.filter(tenant_id=tenant_id, source_kind=SOURCE, source_id=material.pk)
    return [
        Tracked(row.title, f"{settings.PUBLIC_URL}/r/{row.token}", row.clicks) for row in rows.order_by("pk")
    ]


def tokens_of(*, tenant_id: int, source_kind: str, source_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """{(source id, source key): token} of every tracked link of these sources. One query."""
    rows = RadarLink.objects.filter(
        tenant_id=tenant_id, source_kind=source_kind, source_id__in=set(source_ids)
    )
    return {(row[0], row[1]): row[2] for row in rows.values_list("source_id", "source_key", "token")}
