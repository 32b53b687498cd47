"""Customers handed over by the API: done a day later, unless nothing is left to hand over (PROTOCOL 2.2, 3.2)."""

from __future__ import annotations

from simulator.world.entities import Relation, Transfer
from simulator.world.events import emit
from simulator.world.model import Corp

DONE, WAITING, REFUSED, LIMIT = 1, 2, 3, 4
WAIT_S = 86400
ADDED_BY_TRANSFER = 202


def settle(corp: Corp, now: float) -> int:
    """Complete what has waited a day. Returns how many; a second call finds nothing."""
    due = [one for one in corp.transfers if one.status == WAITING and now - one.started_at >= WAIT_S]
    for one in due:
        _complete(corp, one)
    return len(due)


def _complete(corp: Corp, one: Transfer) -> None:
    one.status, one.done_at = DONE, int(one.started_at + WAIT_S)
    old = corp.relations.get((one.handover, one.external_userid))
    if old is not None:
        old.status = "staff_deleted"
        _emit(corp, one, "del_external_contact", one.handover, ("Source", "DELETE_BY_TRANSFER"))
    key = (one.takeover, one.external_userid)
    tie = corp.relations.setdefault(key, Relation(*key))
    tie.status, tie.created_at, tie.add_way = "full", one.done_at, ADDED_BY_TRANSFER
    _emit(corp, one, "add_external_contact", one.takeover)


def _emit(corp: Corp, one: Transfer, change_type: str, userid: str, *extra: tuple[str, object]) -> None:
    emit(
        corp,
        event="change_external_contact",
        change_type=change_type,
        fields=[("UserID", userid), ("ExternalUserID", one.external_userid), *extra],
        at=one.done_at,
        lane=one.external_userid,
        from_user=userid,
    )


def fail(corp: Corp, one: Transfer, *, status: int, reason: str, at: float) -> None:
    """The hand-over does not come about: transfer_fail with its reason."""
    one.status, one.done_at = status, int(at)
    _emit(corp, one, "transfer_fail", one.takeover, ("FailReason", reason))
