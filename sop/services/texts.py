"""Final words of touches at hand-over: variables filled, links turned into radar links."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from content.policies.wording import render
from content.services import RadarWish, radar_links_put
from sop.selectors.texts import values_of

if TYPE_CHECKING:
    from sop.models import Run, Touch
    from tenants.models import Tenant

# Link kinds that lead to the product when the step names no address of its own.
PRODUCT_LINKS = frozenset({"purchase", "pay"})


def texts_of(*, tenant: "Tenant", touches: Sequence["Touch"]) -> dict[int, str]:
    """Touch id -> text as the customer will read it. Makes missing radar links: one a run, step, link and group."""
    wishes: dict[int, dict[str, RadarWish]] = {touch.pk: _wishes(touch) for touch in touches}
    made = radar_links_put(
        tenant_id=tenant.pk, wishes=[wish for some in wishes.values() for wish in some.values()]
    )
    found: dict[int, str] = {}
    same: dict[tuple[object, ...], str] = {}  # one wording for all who join a group on one morning
    for touch in touches:
        alike = (touch.run_id, touch.step_id, touch.group_id, touch.staff_id, touch.planned_at)
        if alike not in same:
            links = {key: made[wish.source_id, wish.source_key] for key, wish in wishes[touch.pk].items()}
            same[alike] = render(touch.step.text, values_of(tenant=tenant, touch=touch), links)
        found[touch.pk] = same[alike]
    return found


def _wishes(touch: "Touch") -> dict[str, RadarWish]:
    found = {}
    for link in touch.step.links:
        url = target_url(touch.run, link)
        if url:
            found[link["key"]] = RadarWish(
                target_url=url,
                title=link["title"],
                kind=link["kind"],
                object_id=link.get("object_id") or link["key"],
                group_id=touch.group_id,
                source_kind="sop.run",
                source_id=touch.run_id,
                source_key=f"{touch.step.key}:{link['key']}:{touch.group_id}",
            )
    return found


def target_url(run: "Run", link: dict[str, str]) -> str:
    """The step's own address; else the product's for purchase and payment, the key interaction's for the rest."""
    own = link.get("url", "")
    return own or (run.product_url if link["kind"] in PRODUCT_LINKS else run.interaction_url)
