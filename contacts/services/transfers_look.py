"""How hand-overs of customers stand at WeCom: what no callback told is read there; what waits for its day is asked."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet

from contacts.enums import FollowState, TransferState
from contacts.events import FollowChanged
from contacts.models import CustomerTransfer, Follow
from contacts.policies import transfers as policy
from contacts.policies.follow import LIVE
from contacts.services.transfers import rows_locked, rows_queue, rows_save, transfer_end, transfer_next_look
from outbox.services import publish_many
from team.selectors import staff_by_id
from tenants import clock
from wecom.calls.customers import TransferRow
from wecom.errors import Permanent, Stopped
from wecom.gateway.client import client_for

if TYPE_CHECKING:
    from team.models import Staff

SILENT_FOR = timedelta(days=3)  # WeCom does it after one
WAITS = 2
ADDED_BY_TRANSFER = 202
Pair = tuple[int, int, bool]  # giver, taker, whether the giver has left
Told = dict[str, tuple[int, datetime | None]]  # external_userid: (status, when it was taken over)


def transfers_go_on(*, tenant_id: int) -> int:
    """Ask for what waited for WeCom's limit, then look at what is due. Returns how many rows changed.

    Raises Retryable and Stopped: what was not looked at is due still. Safe to repeat and to be cut off anywhere.
    """
    moved = _ask_later_ones(tenant_id)
    due = CustomerTransfer.objects.filter(tenant_id=tenant_id, look_at__lte=clock.now()).order_by()
    for pair in sorted(due.values_list("giver_id", "taker_id", "is_resigned").distinct()):
        moved += _look_at(tenant_id, pair)
    return moved


def _ask_later_ones(tenant_id: int) -> int:
    with transaction.atomic():
        waiting = rows_locked(tenant_id, state=TransferState.LATER, ask_at__lte=clock.now())
        rows = list(waiting.select_related("giver"))
        for row in rows:
            row.is_resigned = not row.giver.is_active
            row.state, row.ask_at, row.attempt = TransferState.QUEUED, None, row.attempt + 1
        rows_save(tenant_id, rows)
        rows_queue(tenant_id, rows)
    return len(rows)


def _look_at(tenant_id: int, pair: Pair) -> int:
    """One pair: what WeCom lists, then one write."""
    staff = staff_by_id(tenant_id=tenant_id, staff_ids=pair[:2])
    told = _told(tenant_id, staff[pair[0]], staff[pair[1]], is_resigned=pair[2])
    giver_id, taker_id, is_resigned = pair
    look_at = transfer_next_look(tenant_id)
    with transaction.atomic():
        rows = rows_locked(
            tenant_id, giver_id=giver_id, taker_id=taker_id, is_resigned=is_resigned, look_at__isnull=False
        )
        found = list(rows.select_related("customer"))
        for row in found:
            status, at = told.get(row.customer.external_userid, (0, None))
            _apply(row, status, at, look_at)
        done = {row.customer_id: row.ended_at for row in found if row.state == TransferState.DONE}
        _ties_move(tenant_id, giver_id, taker_id, done)
        rows_save(tenant_id, found)
    return len(found)


def _told(tenant_id: int, giver: "Staff", taker: "Staff", *, is_resigned: bool) -> Told:
    """The latest WeCom lists of each customer of the pair; one that waits outranks what ended."""
    customers = client_for(tenant_id, giver.app_id).customers
    ask = customers.transfer_resigned_result if is_resigned else customers.transfer_result
    told: Told = {}
    try:
        listed: list[TransferRow] = list(ask(handover_userid=giver.userid, takeover_userid=taker.userid))
    except Stopped:
        raise
    except Permanent:
        return told
    for one in sorted(listed, key=lambda row: (row.get("status") == WAITS, row.get("takeover_time") or 0)):
        at = one.get("takeover_time")
        told[one["external_userid"]] = (
            int(one.get("status") or 0), datetime.fromtimestamp(int(at), UTC) if at else None,
        )  # fmt: skip
    return told


def _apply(row: CustomerTransfer, status: int, at: datetime | None, look_at: datetime) -> None:
    end = policy.told_by(status)
    if end is not None:
        transfer_end(row, end, at or clock.now())
    elif row.state == TransferState.FAILED and status != WAITS:
        row.look_at = None  # a call nobody answered did not arrive: what was recorded stands
    elif row.state == TransferState.WAITING and _is_silent(row):
        transfer_end(row, TransferState.FAILED, clock.now())
        row.error = str(policy.SILENCE)
    else:
        if row.state == TransferState.FAILED:
            row.state, row.ended_at, row.error_code, row.error = TransferState.WAITING, None, 0, ""
            row.starts = [*row.starts, row.asked_at]
        row.look_at = look_at


def _is_silent(row: CustomerTransfer) -> bool:
    return clock.now() - (row.starts[-1] if row.starts else row.asked_at) > SILENT_FOR


def _ties_move(tenant_id: int, giver_id: int, taker_id: int, done: dict[int, datetime | None]) -> None:
    """What WeCom did and no callback told: the giver's tie ends, the receiver's begins. A constant number of
    statements; ties that changed after it are left alone."""
    held = _ties(tenant_id, giver_id, done).filter(state__in=LIVE)
    ended = [
        one for one in held if one.event_at is None or one.event_at <= (done[one.customer_id] or clock.now())
    ]
    if not ended:
        return
    for one in ended:
        one.state, one.ended_at = FollowState.STAFF_DELETED, done[one.customer_id]
        one.event_at = done[one.customer_id]
    Follow.objects.bulk_update(ended, ["state", "ended_at", "event_at"], batch_size=1000)
    people = [one.customer_id for one in ended]
    Follow.objects.bulk_create(
        [Follow(tenant_id=tenant_id, customer_id=one, staff_id=taker_id, state="") for one in sorted(people)],
        ignore_conflicts=True,
    )
    begun = list(_ties(tenant_id, taker_id, people).exclude(state=FollowState.FULL))
    for one in begun:
        one.state, one.ended_at, one.add_way = FollowState.FULL, None, ADDED_BY_TRANSFER
        one.event_at = one.followed_at = done[one.customer_id]
    Follow.objects.bulk_update(
        begun, ["state", "ended_at", "event_at", "followed_at", "add_way"], batch_size=1000
    )
    publish_many(
        FollowChanged(
            tenant_id=tenant_id, occurred_at=one.event_at or clock.now(), customer_id=one.customer_id,
            staff_id=one.staff_id, state=one.state, state_code=one.state_code,
        )
        for one in (*ended, *begun)
    )  # fmt: skip


def _ties(tenant_id: int, staff_id: int, customer_ids: Collection[int]) -> QuerySet[Follow]:
    rows = Follow.objects.filter(tenant_id=tenant_id, staff_id=staff_id, customer_id__in=list(customer_ids))
    return rows.select_for_update(of=("self",), no_key=True).order_by("customer_id")
