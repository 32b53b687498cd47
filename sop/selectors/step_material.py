"""The material a step was taken from: which wording its words are, and whether it may still be used (R63)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ObjectDoesNotExist

from content.selectors.library import materials_by_id, wording_keys, wordings
from content.selectors.picking import material_open, problems_of

if TYPE_CHECKING:
    from content.models import Material
    from sop.models import Step
    from tenants.models import Tenant


@dataclass(frozen=True)
class Picked:
    """Where a step's words come from. `wording` "": changed by hand since; `problem`: why it may not be taken anew."""

    material: "Material"
    wording: str
    problem: str


def material_shown(*, tenant: "Tenant", step: "Step") -> Picked | None:
    """None for a step with words of its own. At most three queries."""
    if not step.material_id:
        return None
    material = materials_by_id(tenant_id=tenant.pk, material_ids=[step.material_id]).get(step.material_id)
    if material is None:
        return None
    known = wording_keys(tenant_id=tenant.pk, material_ids=[material.pk])[material.pk]
    name = wording_name(material, known.get(step.text.strip(), ""))
    return Picked(material, name, problems_of(tenant=tenant, materials=[material])[material.pk])


def wording_name(material: "Material", key: str) -> str:
    """The letter of a wording; "" for words changed by hand."""
    names = {one: name for one, name, _text in wordings(material)}
    return names.get(key, key)


def material_found(*, tenant: "Tenant", asked: str) -> "Material | None":
    """The material somebody asked to take; None for an unknown one and for one that may not be taken today."""
    if not asked.isdecimal() or len(asked) > 18:
        return None
    try:
        material, problem = material_open(tenant=tenant, material_id=int(asked))
    except ObjectDoesNotExist:
        return None
    return None if problem else material


def wordings_carried(*, tenant_id: int, said: Iterable[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """{(material, words): key of the wording they are, "" for words changed by hand}. One query, none for none."""
    pairs = set(said)
    if not pairs:
        return {}
    known = wording_keys(tenant_id=tenant_id, material_ids={material_id for material_id, _text in pairs})
    return {(material_id, text): known[material_id].get(text.strip(), "") for material_id, text in pairs}
