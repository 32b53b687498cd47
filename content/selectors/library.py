"""Reads of the content library: what may be picked, what it says, what waits for a decision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet, Subquery

from content.enums import EDITION_OPEN, EditionState
from content.models import Material, MaterialEdition
from content.policies.attachments import Attachment, attachments_read
from content.selectors.proofs import standing_of
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant

MAIN = "main"  # the key of a material's own wording beside its variants


@dataclass(frozen=True)
class MaterialWords:
    """What a step takes over. `links` are as a step's: [{"key", "title", "kind", "url"}]."""

    text: str
    attachments: list[Attachment]
    links: list[dict[str, Any]]


def material_list(*, tenant_id: int) -> QuerySet[Material]:
    """Every material, archived ones too, the latest changed first; with its owner."""
    rows = Material.objects.filter(tenant_id=tenant_id).select_related("owner", "proof")
    return rows.order_by("-changed_at", "-pk")


def material_get(*, tenant_id: int, material_id: int) -> Material:
    """Raises Material.DoesNotExist, also for another tenant's id."""
    return material_list(tenant_id=tenant_id).get(pk=material_id)


def edition_open(*, material: Material) -> MaterialEdition | None:
    """The edition somebody works on or that waits; None while the approved one is all there is."""
    rows = MaterialEdition.objects.filter(tenant_id=material.tenant_id, material=material)
    return rows.filter(state__in=EDITION_OPEN).first()


def edition_list(*, material: Material) -> list[MaterialEdition]:
    """Every edition, the newest first."""
    rows = MaterialEdition.objects.filter(tenant_id=material.tenant_id, material=material)
    return list(rows.order_by("-number"))


def waiting_list(*, tenant_id: int) -> QuerySet[MaterialEdition]:
    """Editions that wait for a decision, those asked for first first."""
    rows = MaterialEdition.objects.filter(
        tenant_id=tenant_id, state=EditionState.WAITING, material__archived_at=None
    )
    return rows.select_related("material").order_by("asked_at", "pk")


def tags_of(*, tenant_id: int) -> list[str]:
    """Every tag in use, by name."""
    rows = Material.objects.filter(tenant_id=tenant_id, archived_at=None).exclude(tags=[])
    return sorted({tag for tags in rows.values_list("tags", flat=True) for tag in tags})


def in_validity(day: date) -> Q:
    """Materials whose days hold this day of the tenant's zone."""
    return (Q(valid_from=None) | Q(valid_from__lte=day)) & (Q(valid_until=None) | Q(valid_until__gte=day))


def materials_to_pick(
    *,
    tenant: "Tenant",
    kind: str = "",
    words: str = "",
    limit: int = 30,
    material_id: int | None = None,
    also: Mapping[str, QuerySet] | None = None,
) -> list[Material]:
    """Materials that a step may take now, the latest changed first: approved, not archived, within their days, and
    those made of a testimonial only while it may be shown. `material_id`: that one alone, if it may be. `also`: {name:
    a query of one value for each}.

    One query where none of them is made of a testimonial, a second where each of these may be shown, else three.
    """
    today = clock.local_date(clock.now(), tenant.timezone)
    rows = material_list(tenant_id=tenant.pk).filter(in_validity(today), archived_at=None, edition__gt=0)
    if material_id is not None:
        rows = rows.filter(pk=material_id)
    if kind:
        rows = rows.filter(kind=kind)
    for word in words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(text__icontains=word) | Q(tags__icontains=word))
    rows = rows.annotate(**{name: Subquery(query[:1]) for name, query in (also or {}).items()})
    first = list(rows[:limit])
    if not any(one.needs_proof for one in first):
        return first
    named = rows.filter(needs_proof=True, proof__isnull=False).order_by().values("proof_id")
    proved = standing_of(tenant=tenant, proof_ids=named)
    shown = [proof_id for proof_id, standing in proved.items() if standing.is_shown]
    if all(not one.needs_proof or one.proof_id in shown for one in first):
        return first
    return list(rows.filter(Q(needs_proof=False) | Q(proof__in=shown))[:limit])


def material_words(material: Material, variant: str = "") -> MaterialWords:
    """What the material says in one of its wordings: "" or MAIN its own, else the key of a variant.

    An unknown variant is its own wording: a variant that was taken off must not leave a step without words.
    """
    texts = {one["key"]: one["text"] for one in material.variants}
    return MaterialWords(
        text=texts.get(variant, material.text),
        attachments=attachments_read(material.attachments),
        links=[dict(one) for one in material.links],
    )


def wordings(material: Any) -> list[tuple[str, str, str]]:
    """[(key, name, text)]: its own wording, then its variants. Takes a Material or an edition."""
    own = [(MAIN, "A", material.text)]
    return own + [(one["key"], one["name"], one["text"]) for one in material.variants]


def materials_by_id(*, tenant_id: int, material_ids: Iterable[int]) -> dict[int, Material]:
    """{id: material}; foreign and unknown ids are absent. One query."""
    return Material.objects.filter(tenant_id=tenant_id).in_bulk(list(material_ids))


def is_in_force(material: Material, today: date) -> bool:
    """Whether a step may take it on this day, apart from its testimonial."""
    begun = material.valid_from is None or material.valid_from <= today
    over = material.valid_until is not None and material.valid_until < today
    return material.edition > 0 and material.archived_at is None and begun and not over


def wording_keys(*, tenant_id: int, material_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """{material: {words: key of the wording}} of every edition, the newest last. One query.

    A step holds its own words: which wording it carries is told by comparing them.
    """
    found: dict[int, dict[str, str]] = {pk: {} for pk in material_ids}
    rows = MaterialEdition.objects.filter(tenant_id=tenant_id, material_id__in=list(found)).order_by("number")
    for row in rows:
        for key, _name, text in wordings(row):
            found[row.material_id][text.strip()] = key
    return found
