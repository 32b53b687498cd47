"""Customers change hands through WeCom (R125): asked in calls of a hundred, settled by answer, callback and look.

A row says where one customer stands. WeCom begins a hand-over and does it after 24 hours unless the customer refuses
or the receiver has too many; twice a customer in 90 days (PROTOCOL 3.2). The call looks first at what WeCom lists, so
that a worker may die anywhere; what no callback told is read from `transfer_result`.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q, QuerySet

from contacts.enums import TRANSFER_LOOK_MIN, TRANSFER_MOST, FollowState, TransferState
from contacts.errors import TakerCannotTalk, TransferReason
from contacts.models import CustomerTransfer, Follow
from contacts.policies import transfers as policy
from contacts.selectors.transfers import starts_of, ties_unasked
from contacts.services.transfers_back import back_look
from team.errors import HandoverTaker
from team.selectors import staff_by_id
from team.services.handover import staff_held
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.enums import SendKind, SendState
from wecom.events import SendFinished
from wecom.selectors import send_get
from wecom.services import SendDraft, send_queue_many

if TYPE_CHECKING:
    from team.models import Staff

REF_KIND = "contacts.transfer"
CUSTOMERS_A_CALL = 100
ASK_AGAIN_AFTER = timedelta(days=7)  # where WeCom counts hand-overs that were not asked for here
_TURNED = (
    "taker", "is_resigned", "state", "attempt", "reason", "asked_by", "asked_at", "ask_at", "look_at", "ended_at",
    "error_code", "error",
)  # fmt: skip


def transfers_ask(
    *,
    tenant: Tenant,
    giver: "Staff",
    taker: "Staff",
    reason: str,
    actor: Actor,
    customer_ids: Collection[int] | None = None,
) -> int:
    """Have WeCom give the friends of one colleague to another: all that were not asked for yet, or those named.

    In the caller's transaction; a constant number of statements. Safe to repeat: what is on its way is left out, and
    what WeCom would refuse now waits for its day. Returns how many were taken up. Raises TakerCannotTalk.
    """
    staff_held(tenant=tenant, staff_id=giver.pk)
    people = _people(tenant.pk, giver, customer_ids)
    if not people:
        return 0
    if not (taker.is_active and taker.can_contact):
        raise TakerCannotTalk
    known = {
        row.customer_id: row for row in rows_locked(tenant.pk, giver_id=giver.pk, customer_id__in=people)
    }
    earlier = starts_of(tenant_id=tenant.pk, customer_ids=people)
    now, most = clock.now(), preferences.value(tenant.pk, TRANSFER_MOST)
    fresh, turned = list[CustomerTransfer](), list[CustomerTransfer]()
    for customer_id in people:
        row = known.get(customer_id)
        if row is None:
            row = CustomerTransfer(tenant=tenant, customer_id=customer_id, giver=giver, attempt=0)
            fresh.append(row)
        else:
            turned.append(row)
        row.taker, row.is_resigned, row.attempt = taker, not giver.is_active, row.attempt + 1
        row.reason, row.asked_by, row.asked_at = reason.strip()[:200], actor.name[:128], now
        row.ask_at = policy.ask_at(starts=earlier.get(customer_id, []), now=now, most=most)
        row.state = TransferState.LATER if row.ask_at else TransferState.QUEUED
        row.look_at, row.ended_at, row.error_code, row.error = None, None, 0, ""
    CustomerTransfer.objects.bulk_create(fresh, batch_size=2000)
    CustomerTransfer.objects.bulk_update(turned, _TURNED, batch_size=1000)
    rows_queue(tenant.pk, [row for row in (*fresh, *turned) if row.state == TransferState.QUEUED])
    return len(people)


def _people(tenant_id: int, giver: "Staff", customer_ids: Collection[int] | None) -> list[int]:
    """Ids of the customers to ask for, in order."""
    if customer_ids is None:
        rows = ties_unasked(tenant_id=tenant_id, staff_id=giver.pk)
    else:
        moving = CustomerTransfer.objects.filter(tenant_id=tenant_id, giver=giver, state__in=policy.AT_WECOM)
        rows = Follow.objects.filter(
            tenant_id=tenant_id, staff=giver, state=FollowState.FULL, customer_id__in=list(customer_ids)
        ).exclude(customer_id__in=moving.values("customer_id"))
    return sorted(rows.order_by().values_list("customer_id", flat=True))


def rows_locked(tenant_id: int, **where: object) -> QuerySet[CustomerTransfer]:
    """Rows held to the end of the caller's transaction, in the order of their keys."""
    rows = CustomerTransfer.objects.filter(tenant_id=tenant_id, **where)
    return rows.select_for_update(of=("self",), no_key=True).order_by("pk")


def rows_queue(tenant_id: int, rows: Sequence[CustomerTransfer]) -> None:
    """Calls of a hundred customers of one pair. Each attempt of a row is in one call, so the first names it."""
    ids = [row.pk for row in rows]
    told = CustomerTransfer.objects.filter(tenant_id=tenant_id, pk__in=ids).select_related(
        "customer", "giver", "taker"
    )
    pairs: dict[tuple[int, int, bool], list[CustomerTransfer]] = {}
    for row in told.order_by("pk"):
        pairs.setdefault((row.giver_id, row.taker_id, row.is_resigned), []).append(row)
    send_queue_many(
        tenant=tenant_id,
        sends=[
            _draft(found[at : at + CUSTOMERS_A_CALL])
            for found in pairs.values()
            for at in range(0, len(found), CUSTOMERS_A_CALL)
        ],
    )


def _draft(rows: list[CustomerTransfer]) -> SendDraft:
    first = rows[0]
    return SendDraft(
        kind=SendKind.TRANSFER_CUSTOMERS, key=f"{REF_KIND}:{first.pk}:{first.attempt}", ref_kind=REF_KIND,
        ref_id=first.giver_id, app_id=first.giver.app_id,
        payload={
            "handover_userid": first.giver.userid, "takeover_userid": first.taker.userid,
            "external_userids": [row.customer.external_userid for row in rows], "is_resigned": first.is_resigned,
            "asked_before": [row.customer.external_userid for row in rows if row.attempt > 1],
            "rows": [[row.pk, row.attempt] for row in rows],
        },
    )  # fmt: skip


def transfers_settle(*, tenant_id: int, event: SendFinished) -> None:
    """What WeCom answered to one call, customer by customer. Safe to repeat: a row that moved on is left alone."""
    send = send_get(tenant_id=tenant_id, send_id=event.send_id)
    told = {int(pk): int(attempt) for pk, attempt in send.payload.get("rows", [])}
    codes = send.answer.get("customers", {}) if event.state == SendState.DONE else None
    look_at = transfer_next_look(tenant_id)
    with transaction.atomic():
        rows = [
            row
            for row in rows_locked(tenant_id, pk__in=list(told), state=TransferState.QUEUED).select_related(
                "customer"
            )
            if row.attempt == told[row.pk]
        ]
        for row in rows:
            code = event.error_code if codes is None else int(codes.get(row.customer.external_userid, 40096))
            _answer(row, code, is_answered=codes is not None, error=event.error, look_at=look_at)
        rows_save(tenant_id, rows)


def _answer(row: CustomerTransfer, code: int, *, is_answered: bool, error: str, look_at: datetime) -> None:
    """One customer's answer; a call nobody answered is looked at once more, as WeCom may have heard it."""
    now = clock.now()
    row.state = policy.outcome_of(code) if is_answered else TransferState.FAILED
    row.error_code = code
    row.look_at = look_at if row.state == TransferState.WAITING or not is_answered else None
    if row.state == TransferState.WAITING:
        row.starts = [*row.starts, now] if not code else row.starts
        row.error_code = 0
    elif row.state == TransferState.LATER:
        row.ask_at = now + ASK_AGAIN_AFTER
    elif row.state == TransferState.FAILED:
        row.error = (policy.code_words(code) if code else error)[:300]
        row.ended_at = now
    else:
        row.ended_at = now


def transfer_next_look(tenant_id: int) -> datetime:
    """When WeCom is looked at again (UTC). One query."""
    return clock.now() + timedelta(minutes=preferences.value(tenant_id, TRANSFER_LOOK_MIN))


def rows_save(tenant_id: int, rows: Iterable[CustomerTransfer]) -> None:
    """Write locked rows, and tell the lead of what came back or has no way to go any more."""
    changed = list(rows)
    CustomerTransfer.objects.bulk_update(changed, (*_TURNED, "starts"), batch_size=1000)
    back_look(
        tenant_id=tenant_id, giver_ids={row.giver_id for row in changed if row.state not in policy.ON_THE_WAY}
    )


def transfer_heard(
    *, tenant_id: int, external_userid: str, app_id: int, staff_id: int, state: TransferState
) -> bool:
    """A callback told how a hand-over from or to this colleague ended. Returns whether it was asked for here.

    In a transaction of its own. Safe to repeat.
    """
    with transaction.atomic():
        rows = list(
            rows_locked(
                tenant_id,
                customer__app_id=app_id,
                customer__external_userid=external_userid,
                state__in=policy.AT_WECOM,
            ).filter(Q(giver_id=staff_id) | Q(taker_id=staff_id))
        )
        for row in rows:
            transfer_end(row, state, clock.now())
        rows_save(tenant_id, rows)
    return bool(rows)


def transfer_end(row: CustomerTransfer, state: TransferState, at: datetime) -> None:
    """Set how a hand-over ended; the caller holds the row and writes it."""
    row.state, row.ended_at, row.look_at, row.error_code, row.error = state, at, None, 0, ""


def transfers_again(
    *, tenant: Tenant, giver_id: int, transfer_ids: Collection[int], taker_id: int, actor: Actor
) -> int:
    """Ask WeCom once more for customers that came back, perhaps for another receiver. Returns for how many.

    Raises NotPermitted, HandoverTaker, TakerCannotTalk, StaffUnknown. Safe to repeat.
    """
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        giver = staff_held(tenant=tenant, staff_id=giver_id)
        taker = staff_by_id(tenant_id=tenant.pk, staff_ids=[taker_id]).get(taker_id)
        is_here = taker is not None and taker.is_active and taker.app_id == giver.app_id
        if taker is None or not is_here or taker.pk == giver.pk:
            raise HandoverTaker
        rows = list(_picked(tenant.pk, giver_id, transfer_ids, policy.MAY_BE_ASKED_AGAIN))
        asked = transfers_ask(
            tenant=tenant, giver=giver, taker=taker, actor=actor, reason=rows[0].reason if rows else "",
            customer_ids=[row.customer_id for row in rows],
        )  # fmt: skip
        if asked:
            audit.record(
                tenant=tenant, actor=actor, verb="contacts.transfers.asked_again", target=giver,
                changes={"customers": [None, asked], "taker": [None, str(taker)]},
            )  # fmt: skip
        back_look(tenant_id=tenant.pk, giver_ids=[giver.pk])
    return asked


def transfers_rest(
    *, tenant: Tenant, giver_id: int, transfer_ids: Collection[int], reason: str, actor: Actor
) -> int:
    """Decide that customers whom WeCom did not move stay without a colleague. Returns how many. Safe to repeat.

    Raises NotPermitted, TransferReason, StaffUnknown.
    """
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        giver = staff_held(tenant=tenant, staff_id=giver_id)
        if not reason.strip():
            raise TransferReason
        rows = list(_picked(tenant.pk, giver_id, transfer_ids, (*policy.CAME_BACK, TransferState.LATER)))
        for row in rows:
            row.state, row.reason, row.ended_at, row.look_at = (
                TransferState.RESTED, reason.strip()[:200], clock.now(), None,
            )  # fmt: skip
        if rows:
            audit.record(
                tenant=tenant, actor=actor, verb="contacts.transfers.rested", target=giver, reason=reason.strip(),
                changes={"customers": [None, len(rows)]},
            )  # fmt: skip
        rows_save(tenant.pk, rows)
    return len(rows)


def _picked(
    tenant_id: int, giver_id: int, ids: Collection[int], states: Collection[str]
) -> QuerySet[CustomerTransfer]:
    return rows_locked(tenant_id, giver_id=giver_id, pk__in=list(ids), state__in=states)
