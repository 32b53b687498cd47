"""Own mass sends that carried out a touch which counts no more: they reached people all the same (R54)."""

from collections.abc import Collection

from groups.services.own_sends import own_sends_again
from sop.enums.proofs import ProofKind
from sop.models import TouchProof

SOURCE = "own:"  # before the number of the row of WeCom's log


def own_sends_stand_alone(*, tenant_id: int, touch_ids: Collection[int]) -> None:
    """Count the own sends that stood for these touches by themselves, now that the touches gave their places back.

    In the caller's transaction. Safe to repeat. One query, none without a touch, more where there is a send.
    """
    if not touch_ids:
        return
    rows = TouchProof.objects.filter(
        tenant_id=tenant_id, touch__in=list(touch_ids), kind=ProofKind.OWN_SEND
    ).values_list("source", flat=True)
    own_sends_again(
        tenant_id=tenant_id, reach_ids=sorted(int(source.removeprefix(SOURCE)) for source in rows)
    )
