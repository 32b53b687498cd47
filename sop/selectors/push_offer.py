"""What the library offers beside the weekly push table, and when this group had it last (R61, R63)."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Max, OuterRef

from content.selectors.library import materials_to_pick
from sop.models import PushSlot
from sop.policies.push import TONES

if TYPE_CHECKING:
    from content.models import Material
    from tenants.models import Tenant

SHOWN = 12


@dataclass(frozen=True)
class Offered:
    """A material that may be used now. `last`: the Monday of the group's latest week that holds it."""

    material: "Material"
    tone: str
    last: date | None


def materials_offered(*, tenant: "Tenant", group_id: int, kind: str, words: str) -> list[Offered]:
    """Materials for a slot of this group, those it never had first, then those it had longest ago."""
    used = PushSlot.objects.filter(tenant=tenant, week__group=group_id, material=OuterRef("pk")).order_by()
    last = used.values("material").annotate(last=Max("week__monday")).values("last")
    rows = materials_to_pick(tenant=tenant, kind=kind, words=words, limit=SHOWN * 3, also={"last_week": last})
    made = [Offered(one, TONES.get(one.kind, "value"), one.last_week) for one in rows]  # type: ignore[attr-defined]
    made.sort(key=lambda one: one.last or date.min)
    return made[:SHOWN]
