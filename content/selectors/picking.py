"""The library as whoever writes a message picks from it: what may be taken now, and why the rest may not."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from content.enums import EditionState
from content.models import Material
from content.policies.proofs import Standing
from content.policies.usage import Figures, Usage
from content.selectors.library import material_get, material_list, materials_to_pick, wordings
from content.selectors.proofs import standing_of
from content.selectors.usage import usage_of
from tenants import clock

if TYPE_CHECKING:
    from datetime import date

    from tenants.models import Tenant

SHOWN = 20
SHOWN_CLOSED = 10


@dataclass(frozen=True)
class Wording:
    """One wording of a material: its key, its letter, its words and what came of it in 90 days; None: never sent."""

    key: str
    name: str
    text: str
    figures: Figures | None


@dataclass(frozen=True)
class Choice:
    """A material in the list. `problem` is empty where it may be taken, else says why not."""

    material: Material
    wordings: list[Wording]
    problem: str


def materials_to_choose(*, tenant: "Tenant", kind: str = "", words: str = "") -> list[Choice]:
    """What may be taken, the latest changed first, then what may not with the reason. The same number of queries for
    any number of materials."""
    open_rows = materials_to_pick(tenant=tenant, kind=kind, words=words, limit=SHOWN)
    closed = _closed(tenant, kind, words, taken={one.pk for one in open_rows})
    reasons = problems_of(tenant=tenant, materials=closed)
    usage = usage_of(tenant=tenant, material_ids=[one.pk for one in (*open_rows, *closed)])
    found = [Choice(one, _wordings(one, usage.get(one.pk)), "") for one in open_rows]
    found += [
        Choice(one, _wordings(one, usage.get(one.pk)), reasons[one.pk]) for one in closed if reasons[one.pk]
    ]
    return found


def _closed(tenant: "Tenant", kind: str, words: str, taken: set[int]) -> list[Material]:
    rows = material_list(tenant_id=tenant.pk).filter(archived_at=None).exclude(pk__in=taken)
    if kind:
        rows = rows.filter(kind=kind)
    for word in words.split():
        rows = rows.filter(Q(title__icontains=word) | Q(text__icontains=word) | Q(tags__icontains=word))
    today = clock.local_date(clock.now(), tenant.timezone)
    shut = (
        Q(edition=0) | Q(valid_from__gt=today) | Q(valid_until__lt=today) | Q(needs_proof=True)
    )  # a testimonial that may be shown has no problem and falls out above
    return list(rows.filter(shut)[:SHOWN_CLOSED])


def _wordings(material: Material, usage: Usage | None) -> list[Wording]:
    by_key = usage.by_wording if usage else {}
    return [Wording(key, name, text, by_key.get(key)) for key, name, text in wordings(material)]


def problems_of(*, tenant: "Tenant", materials: Iterable[Material]) -> dict[int, str]:
    """{material: why no step may take it today, "" where it may}. One query, none without testimonials."""
    rows = list(materials)
    today = clock.local_date(clock.now(), tenant.timezone)
    proofs = standing_of(
        tenant=tenant, proof_ids=[one.proof_id for one in rows if one.needs_proof and one.proof_id]
    )
    return {one.pk: _problem(one, today, proofs) for one in rows}


def _problem(row: Material, today: "date", proofs: dict[int, Standing]) -> str:
    if row.archived_at is not None:
        return _("It was put away.")
    if row.edition == 0:
        return {
            EditionState.WAITING.value: _("It waits for approval."),
            EditionState.REFUSED.value: _("It was sent back and is being changed."),
        }.get(row.state, _("A draft: nobody has asked for its approval yet."))
    if row.valid_from is not None and row.valid_from > today:
        return _("It may be used from %(day)s on.") % {
            "day": date_format(row.valid_from, "SHORT_DATE_FORMAT")
        }
    if row.valid_until is not None and row.valid_until < today:
        return _("Its days ended on %(day)s.") % {"day": date_format(row.valid_until, "SHORT_DATE_FORMAT")}
    if row.needs_proof:
        standing = proofs.get(row.proof_id or 0, Standing())
        return "" if standing.is_shown else f"{standing.problems[0].value} {standing.problems[0].label}"
    return ""


def material_open(*, tenant: "Tenant", material_id: int) -> tuple[Material, str]:
    """(material, why it may not be taken or ""). Raises Material.DoesNotExist, also for another tenant's id."""
    row = material_get(tenant_id=tenant.pk, material_id=material_id)
    return row, problems_of(tenant=tenant, materials=[row])[row.pk]
