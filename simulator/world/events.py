"""Turns a change made by people into a logical callback event (PROTOCOL 2).

Changes made through the API never come here: the vendor sends no callback for them.
"""

from __future__ import annotations

from simulator.wire import xml
from simulator.world.ledger import CallbackEvent
from simulator.world.model import Corp


def emit(
    corp: Corp,
    *,
    event: str,
    change_type: str,
    fields: xml.Fields,
    at: float,
    lane: str,
    from_user: str = "sys",
    agentid: int = 0,
) -> CallbackEvent | None:
    """Record one event in the corp's ledger. Returns None while the corp has no callback URL."""
    callback = corp.callback
    if not callback.url:
        return None
    moment = int(at)
    if callback.form == "suite":
        plaintext = xml.suite_event(
            suite_id=callback.suite_id,
            corp_id=corp.corp_id,
            at=moment,
            event=event,
            change_type=change_type,
            fields=fields,
        )
    else:
        plaintext = xml.head_event(
            corp_id=corp.corp_id,
            from_user=from_user,
            at=moment,
            event=event,
            change_type=change_type,
            fields=fields,
            agentid=agentid,
        )
    return corp.ledger.record(
        event=event, change_type=change_type, lane=lane, plaintext=plaintext, at=moment, from_user=from_user
    )
