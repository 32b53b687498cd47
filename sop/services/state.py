"""The only place that moves a touch from state to state, by the table in sop.enums."""

from collections.abc import Iterable
from datetime import datetime

from sop.enums import TOUCH_MOVES, TouchState
from sop.errors import TouchFixed
from sop.models import Touch

_STORED = (
    "state", "rule_code", "reason", "due_at", "window_ends_at", "channel", "claimed_until", "claim_token",
    "handed_at", "done_at", "lateness_s", "bundle", "send_id", "text", "evidence", "recipients_count",
    "blocked_count", "staff_id", "tries",
)  # fmt: skip
_FIELDS = tuple("staff" if name == "staff_id" else name for name in _STORED)
_BATCH = 500


def touch_move(
    touch: Touch, to: str, *, rule: str = "", reason: str = "", at: datetime | None = None, **fields: object
) -> Touch:
    """Move one touch in memory; `touches_store` writes. Raises TouchFixed for a move the table does not know.

    `at` becomes `done_at` (aware UTC) when the new state ends the touch.
    """
    if to not in TOUCH_MOVES[touch.state]:
        raise TouchFixed
    touch.state = to
    touch.rule_code, touch.reason = rule, reason[:300]
    if to != TouchState.CLAIMED:
        touch.claim_token, touch.claimed_until = "", None
    if at is not None:
        touch.done_at = at
    for name, value in fields.items():
        setattr(touch, name, value)
    return touch


def touches_store(touches: Iterable[Touch]) -> None:
    """Write moved touches. The caller holds their locks."""
    Touch.objects.bulk_update(list(touches), _FIELDS, batch_size=_BATCH)
