"""What a new version answers of the reviews it was opened for (R57)."""

from sop.enums.reviews import ItemKind, ItemState
from sop.errors import ReviewOpenItems
from sop.models import ReviewItem, Version
from sop.selectors.reviews import changed_keys
from tenants import clock
from tenants.audit import Actor


def settle(item: ReviewItem, state: ItemState, reason: str, name: str) -> None:
    """Say what became of a point, in the caller's transaction; open again clears reason and name."""
    is_open = state == ItemState.OPEN
    item.state, item.settle_reason = state, "" if is_open else reason.strip()[:200]
    item.settled_at, item.settled_by = (None, "") if is_open else (clock.now(), name[:64])
    item.save(update_fields=["state", "settle_reason", "settled_at", "settled_by"])


def version_answers(*, version: Version, actor: Actor) -> int:
    """Before a draft is published: points whose step changed are ticked. Runs in the caller's transaction.

    Returns how many points the version answers. Raises ReviewOpenItems while one is open without a reason.
    """
    items = list(
        ReviewItem.objects.select_for_update(of=("self",)).filter(
            tenant_id=version.tenant_id, review__next_version=version, kind=ItemKind.IMPROVE
        )
    )
    if not items:
        return 0
    changed = changed_keys(version)
    waiting = [one for one in items if one.state == ItemState.OPEN]
    for item in waiting:
        if item.step_key in changed:
            settle(item, ItemState.CHANGED, "", actor.name)
    left = sum(1 for one in waiting if one.state == ItemState.OPEN)
    if left:
        raise ReviewOpenItems(left)
    return len(items)
