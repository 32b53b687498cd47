"""The only place that moves a touch from state to state, by the table in sop.enums."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from sop.enums import REF, TOUCH_MOVES, TouchState
from sop.errors import TouchFixed
from sop.models import Touch

# Column -> its type in PostgreSQL: what a move may change.
_STORED = {
    "state": "text", "rule_code": "text", "reason": "text", "due_at": "timestamptz", "window_ends_at": "timestamptz",
    "planned_at": "timestamptz", "channel": "text", "claimed_until": "timestamptz", "claim_token": "text",
    "handed_at": "timestamptz", "done_at": "timestamptz", "lateness_s": "int", "bundle": "bigint",
    "send_id": "bigint", "text": "text", "evidence": "jsonb", "recipients_count": "int", "blocked_count": "int",
    "staff_id": "bigint", "tries": "int", "attachments": "jsonb",
    "material_id": "bigint", "wording": "text", "warned": "jsonb", "fact_id": "bigint",
}  # fmt: skip
_BATCH = 1000
# One statement for a batch: an UPDATE with a CASE for each column and row is an order slower.
_STORE = """
update sop_touch t set {assignments}
from jsonb_to_recordset(%s::jsonb) as x(id bigint, {columns})
where t.tenant_id = %s and t.id = x.id
""".format(
    assignments=", ".join(f"{name} = x.{name}" for name in _STORED),
    columns=", ".join(f"{name} {kind}" for name, kind in _STORED.items()),
)


def touch_move(
    touch: Touch, to: str, *, rule: str = "", reason: str = "", at: datetime | None = None, **fields: object
) -> Touch:
    """Move one touch in memory; `touches_store` writes. Raises TouchFixed for a move the table does not know.

    `at` becomes `done_at` (aware UTC) when the new state ends the touch. A touch that is planned once more forgets
    the mass send it had.
    """
    if to not in TOUCH_MOVES[touch.state]:
        raise TouchFixed
    touch.state = to
    if to == TouchState.PLANNED and touch.send_id is not None:
        send_forget(touch)
    touch.rule_code, touch.reason = rule, reason[:300]
    if to != TouchState.CLAIMED:
        touch.claim_token, touch.claimed_until = "", None
    if at is not None:
        touch.done_at = at
    for name, value in fields.items():
        setattr(touch, name, value)
    return touch


def send_key(touch: Touch) -> str:
    """The outbound queue's name for a touch's mass send. One made anew for fewer people has a name of its own."""
    number = touch.evidence.get("sends", 1)
    return f"{REF}:{touch.pk}" if number == 1 else f"{REF}:{touch.pk}:{number}"


def send_forget(touch: Touch) -> None:
    """The next mass send of a touch has a name of its own: the queue keeps what became of the one before."""
    kept = {name: value for name, value in touch.evidence.items() if name != "msgid"}
    touch.evidence = {**kept, "sends": touch.evidence.get("sends", 1) + 1}
    touch.send_id = None


def touches_store(touches: Iterable[Touch]) -> None:
    """Write moved touches of one tenant. The caller holds their locks."""
    rows = list(touches)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _BATCH):
            some = rows[start : start + _BATCH]
            payload = json.dumps([_values(touch) for touch in some])
            cursor.execute(_STORE, [payload, some[0].tenant_id])


def _values(touch: Touch) -> dict[str, Any]:
    values: dict[str, Any] = {"id": touch.pk}
    for name in _STORED:
        value = (
            touch.__dict__[name] if name in touch.__dict__ else getattr(touch, name)
        )  # as held, whoever reads
        values[name] = value.isoformat() if isinstance(value, datetime) else value
    return values
