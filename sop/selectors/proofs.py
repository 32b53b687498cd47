"""Pictures that wait for a colleague's look, and the proofs of a touch."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from sop.enums import GROUP_CHANNELS, RecipientState
from sop.enums.proofs import ProofKind, ProofState
from sop.models import TouchProof, TouchRecipient

if TYPE_CHECKING:
    from sop.models import Touch
    from tenants.models import Tenant


def proofs_waiting(*, tenant: "Tenant", run_id: int | None = None) -> QuerySet[TouchProof]:
    """Pictures to look at with their touches, the oldest first; without the bytes."""
    rows = TouchProof.objects.filter(tenant=tenant, state=ProofState.WAITING).defer("picture")
    if run_id is not None:
        rows = rows.filter(touch__run=run_id)
    return rows.select_related("touch__step", "touch__run", "touch__group", "touch__staff").order_by(
        "at", "pk"
    )


def names_of(*, tenant: "Tenant", touches: Iterable["Touch"]) -> dict[int, list[str]]:
    """{private touch: names of the people it was for}. One query."""
    private = [touch.pk for touch in touches if touch.channel not in GROUP_CHANNELS]
    rows = TouchRecipient.objects.filter(tenant=tenant, touch__in=private).exclude(
        state=RecipientState.BLOCKED
    )
    found: dict[int, list[str]] = defaultdict(list)
    for touch_id, name in rows.order_by("pk").values_list("touch_id", "customer__name"):
        if name:
            found[touch_id].append(name)
    return found


def proofs_of(*, tenant: "Tenant", touch_id: int) -> list[TouchProof]:
    """The proofs of one touch, the newest first; at most twenty."""
    rows = TouchProof.objects.filter(tenant=tenant, touch=touch_id).defer("picture")
    return list(rows.select_related("customer").order_by("-at", "-pk")[:20])


def proof_picture(*, tenant: "Tenant", proof_id: int) -> TouchProof:
    """A screenshot with its bytes. Raises TouchProof.DoesNotExist, also for another tenant's."""
    return TouchProof.objects.get(tenant=tenant, pk=proof_id, kind=ProofKind.SCREENSHOT)


def pictures_waiting(*, tenant: "Tenant", touches: Iterable["Touch"]) -> set[int]:
    """Those of these touches whose picture waits for a look."""
    rows = TouchProof.objects.filter(
        tenant=tenant, state=ProofState.WAITING, touch__in=[touch.pk for touch in touches]
    )
    return set(rows.values_list("touch_id", flat=True))
