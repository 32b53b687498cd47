"""Own mass sends that carried out a touch (R54): they count while the touch does not, and only then."""

from collections.abc import Collection

from groups.services.own_sends import own_sends_again, own_sends_carried
from sop.enums.proofs import ProofKind
from sop.models import TouchProof

SOURCE = "own:"  # before the number of the row of WeCom's log


def own_sends_stand_alone(*, tenant_id: int, touch_ids: Collection[int]) -> None:
    """Count the own sends that stood for these touches by themselves, now that the touches gave their places back.

    In the caller's transaction. Safe to repeat. One query, none without a touch, more where there is a send.
    """
    if touch_ids:
        own_sends_again(tenant_id=tenant_id, reach_ids=_carriers(tenant_id, touch_ids))


def own_sends_stand_for(*, tenant_id: int, touch_ids: Collection[int]) -> None:
    """The same the other way round: touches that were given up count after all, and what carried them out with them.

    In the caller's transaction. Safe to repeat.
    """
    if touch_ids:
        own_sends_carried(tenant_id=tenant_id, reach_ids=_carriers(tenant_id, touch_ids))


def _carriers(tenant_id: int, touch_ids: Collection[int]) -> list[int]:
    """Rows of WeCom's log that prove these touches."""
    rows = TouchProof.objects.filter(
        tenant_id=tenant_id, touch__in=list(touch_ids), kind=ProofKind.OWN_SEND
    ).values_list("source", flat=True)
    return sorted(int(source.removeprefix(SOURCE)) for source in rows)
