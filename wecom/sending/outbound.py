"""The river out: claim, commit, call, record.

A row is claimed in its own transaction, the call is made with no transaction open, the outcome is recorded only
by the claim that made the call. A claim is a lease on the database's own time. When it ends without a record the
worker died: a call that may be repeated is queued again; one that may not is looked for at WeCom, and if WeCom
cannot tell, parked as `unknown` for a person. It is never sent again by itself.
"""

import random
import secrets
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from outbox.services import publish
from tenants import clock
from wecom.adapters import ADAPTERS, Sent
from wecom.enums import AppState, SendKind, SendState
from wecom.errors import GivenUp, Permanent, Retryable, Stopped, UnknownOutcome, WecomError
from wecom.events import SendFinished
from wecom.gateway.client import WecomClient, client_for
from wecom.models import App, OutboundSend
from wecom.operations.tally import tally
from wecom.sending.closed import closed_kinds

log = structlog.get_logger(__name__)

LEASE_S = 90
MAX_ATTEMPTS = 6
BATCH = 50
STOPPED_PAUSE_S = 60
FIRST_PAUSE_S = 5
LONGEST_PAUSE_S = 600
JITTER = 0.25  # rows put off together come back one after the other
LOOKS = 5
FIRST_LOOK_S = 60
LOOK_AGAIN_S = 300
LOOK_FOR = timedelta(days=1)
TOO_OLD = _("It waited for so long that nobody needs it any more. Nothing was sent.")

# Materialised, or the planner may choose again for every row it looks at. Welcomes have 20 seconds: their own
# task claims each by its id.
_CLAIM = """
with chosen as materialized (
  select id from wecom_outboundsend
  where tenant_id = %s and state = 'queued' and next_at <= %s {only}
  order by next_at, id limit 1
  for update skip locked)
update wecom_outboundsend row
set state = 'claimed', claim = %s, called_at = %s, attempts = row.attempts + 1,
    leased_until = clock_timestamp() + make_interval(secs => %s)
from chosen where row.id = chosen.id
returning row.id
"""


def claim_next(
    *, tenant_id: int, send_id: int | None = None, but_kinds: Collection[str] = ()
) -> OutboundSend | None:
    """Claim one due send and commit, leaving out kinds whose call WeCom does not take now.

    Safe to run in parallel: a row has one claim.
    """
    now = clock.now()
    only, chosen = "", list[Any]()
    if send_id:
        only, chosen = "and id = %s", [send_id]
    elif but_kinds:
        only, chosen = "and kind <> all(%s)", [list(but_kinds)]
    given: list[Any] = [tenant_id, now, *chosen, secrets.token_hex(12), now, LEASE_S]
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM.format(only=only), given)
        found = cursor.fetchone()
    return OutboundSend.objects.get(tenant_id=tenant_id, pk=found[0]) if found else None


def drain(*, tenant_id: int, limit: int = BATCH) -> int:
    """Settle what was lost, then send what is due, up to `limit`. Returns how many were sent."""
    settle(tenant_id=tenant_id)
    return send_due(tenant_id=tenant_id, limit=limit)


def settle(*, tenant_id: int) -> None:
    """Deal with claims of workers that died and with parked calls. Safe to run in parallel."""
    settle_lost(tenant_id=tenant_id)
    look_again(tenant_id=tenant_id)


def send_due(*, tenant_id: int, limit: int) -> int:
    """Send up to `limit` due rows. Returns how many were dealt with; fewer than `limit`: nothing is left that
    may go now. Rows whose call is paused are not touched: they wait for the tick after the pause."""
    app = App.objects.filter(tenant_id=tenant_id, state=AppState.CONNECTED).order_by("pk").first()
    if app is None:
        return 0
    closed = closed_kinds(app)
    if closed is None:
        return 0
    done = 0
    while done < limit and (row := claim_next(tenant_id=tenant_id, but_kinds=closed)):
        done += 1
        if not deliver(row):
            closed = closed_kinds(app)
            if closed is None:
                return 0
    return done


def deliver(row: OutboundSend) -> bool:
    """Call WeCom for one claimed row and record what became of it. Never raises for WeCom's refusals.

    Returns False when no call went out or a limit was met: others like it had better not be tried now.
    """
    adapter = ADAPTERS[row.kind]
    if row.expires_at and row.expires_at <= clock.now():
        _record(row, SendState.FAILED, error=WecomError(str(TOO_OLD)))
        return True
    try:
        sent = adapter.call(client_for(row.tenant_id, row.app_id), row.payload)
    except UnknownOutcome as error:
        _reconcile_or_park(row, error)
    except Retryable as error:
        _put_off(row, error)
        return error.counts
    except Stopped as error:
        _requeue(row, error, pause_s=STOPPED_PAUSE_S, counts=False)
        return False
    except GivenUp as error:
        _record(row, SendState.CANCELLED, error=error)
    except Permanent as error:
        _record(row, SendState.FAILED, error=error)
    except Exception as error:
        log.error("send_failed", send=row.pk, kind=row.kind, exc_info=error)
        if adapter.is_repeatable:
            _record(row, SendState.FAILED, error=WecomError(f"{type(error).__name__}: {error}"))
        else:
            _record(row, SendState.UNKNOWN, error=WecomError(f"{type(error).__name__}: {error}"))
    else:
        _record(row, SendState.DONE, sent=sent)
    return True


def _put_off(row: OutboundSend, error: Retryable) -> None:
    if error.counts and row.attempts >= MAX_ATTEMPTS:
        _record(row, SendState.FAILED, error=error)
        return
    wait_s = (error.retry_at - clock.now()).total_seconds()
    backoff_s = min(FIRST_PAUSE_S * 2 ** (row.attempts - 1), LONGEST_PAUSE_S) if error.counts else 0
    pause_s = max(wait_s, backoff_s, 0)
    _requeue(
        row,
        error,
        pause_s=pause_s + random.uniform(0, JITTER * min(pause_s, LONGEST_PAUSE_S)),
        counts=error.counts,
    )


def _requeue(row: OutboundSend, error: WecomError, *, pause_s: float, counts: bool) -> None:
    """Queue again after a refusal that certainly did nothing at WeCom."""
    if row.kind == SendKind.WELCOME:
        _record(row, SendState.CANCELLED, error=error)  # its 20 seconds do not wait
        return
    OutboundSend.objects.filter(tenant_id=row.tenant_id, pk=row.pk, claim=row.claim).exclude(
        state=SendState.DONE
    ).update(
        state=SendState.QUEUED,
        claim="",
        leased_until=None,
        attempts=row.attempts if counts else row.attempts - 1,
        next_at=clock.now() + timedelta(seconds=pause_s),
        error=str(error)[:2000],
        error_code=error.code,
    )


def _record(
    row: OutboundSend, state: SendState, *, sent: Sent | None = None, error: WecomError | None = None
) -> None:
    """Write the outcome and publish it, in one transaction, if this claim still owns the row.

    A worker that was thought dead and comes back owns it too, until somebody else has claimed or decided it.
    """
    with transaction.atomic():
        held = (
            OutboundSend.objects.select_for_update()
            .filter(tenant_id=row.tenant_id, pk=row.pk, claim=row.claim)
            .filter(state__in=[SendState.CLAIMED, SendState.UNKNOWN])
            .first()
        )
        if held is None:
            log.warning("send_record_refused", send=row.pk, state=state)
            return
        finish(held, state, sent=sent, error=error)


def finish(
    row: OutboundSend, state: SendState, *, sent: Sent | None = None, error: WecomError | None = None
) -> None:
    """Close a locked row and publish SendFinished. In the caller's transaction."""
    row.state, row.finished_at, row.leased_until = state, clock.now(), None
    row.next_at = clock.now() + timedelta(seconds=FIRST_LOOK_S)
    row.error, row.error_code = (str(error)[:2000], error.code) if error else ("", 0)
    if sent:
        row.vendor_id, row.answer = sent.vendor_id, sent.answer
    row.save()
    transaction.on_commit(partial(tally.count, f"send.{row.kind}.{state}"))
    publish(
        SendFinished(
            tenant_id=row.tenant_id,
            occurred_at=clock.now(),
            send_id=row.pk,
            kind=row.kind,
            ref_kind=row.ref_kind,
            ref_id=row.ref_id,
            state=str(state),
            vendor_id=row.vendor_id,
            fail_list=sent.fail_list if sent else [],
            error=row.error,
            error_code=row.error_code,
        )
    )


def settle_lost(*, tenant_id: int) -> int:
    """Deal with claims whose worker died. Returns how many. Safe to run in parallel."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """with lost as materialized (
                 select id from wecom_outboundsend
                 where tenant_id = %s and state = 'claimed' and leased_until < clock_timestamp()
                 order by id limit %s for update skip locked)
               update wecom_outboundsend row
               set leased_until = clock_timestamp() + make_interval(secs => %s)
               from lost where row.id = lost.id returning row.id""",
            [tenant_id, BATCH, LEASE_S],
        )
        lost = [row[0] for row in cursor.fetchall()]
    for row in OutboundSend.objects.filter(tenant_id=tenant_id, pk__in=lost).order_by("pk"):
        gone = WecomError("the worker ended between the call and its record")
        if ADAPTERS[row.kind].is_repeatable:
            _requeue(row, gone, pause_s=0, counts=True)
        else:
            _reconcile_or_park(row, UnknownOutcome(gone.message))
    return len(lost)


def _reconcile_or_park(row: OutboundSend, error: UnknownOutcome) -> None:
    """Ask WeCom whether the call was made; what WeCom cannot tell is parked for a person."""
    vendor_id = look_up(row)
    if vendor_id:
        _record(row, SendState.DONE, sent=Sent(vendor_id, [], {"reconciled": True}))
    else:
        _record(row, SendState.UNKNOWN, error=error)


def look_again(*, tenant_id: int) -> int:
    """Look for parked calls that WeCom may list by now. Returns how many were found. Safe to run in parallel."""
    now = clock.now()
    with transaction.atomic():
        rows = list(
            _parked().filter(tenant_id=tenant_id).select_for_update(skip_locked=True).order_by("pk")[:LOOKS]
        )
        OutboundSend.objects.filter(tenant_id=tenant_id, pk__in=[row.pk for row in rows]).update(
            next_at=now + timedelta(seconds=LOOK_AGAIN_S)
        )
    found = 0
    for row in rows:
        vendor_id = look_up(row)
        if vendor_id:
            _record(row, SendState.DONE, sent=Sent(vendor_id, [], {"reconciled": True}))
            found += 1
    return found


def _parked() -> QuerySet[OutboundSend]:
    """Parked calls worth another look: of kinds that can be found, not older than a day, due."""
    now = clock.now()
    kinds = [kind for kind, adapter in ADAPTERS.items() if adapter.find]
    return OutboundSend.objects.filter(
        kind__in=kinds, state=SendState.UNKNOWN, next_at__lte=now, called_at__gte=now - LOOK_FOR
    )


def look_up(row: OutboundSend, client: WecomClient | None = None) -> str:
    """The vendor's id of a call that was made earlier, or "". An id another row owns is not this row's."""
    find = ADAPTERS[row.kind].find
    if find is None or row.called_at is None:
        return ""
    try:
        vendor_id = find(client or client_for(row.tenant_id, row.app_id), row.payload, row.called_at)
    except WecomError as error:
        log.warning("send_not_reconciled", send=row.pk, error=str(error))
        return ""
    taken = OutboundSend.objects.filter(tenant_id=row.tenant_id, vendor_id=vendor_id).exclude(pk=row.pk)
    return "" if not vendor_id or taken.exists() else vendor_id


def tenants_with_due() -> list[int]:
    """Tenants with something to send or to settle. Runs across tenants: the caller is a tick."""
    due = OutboundSend.objects.filter(state=SendState.QUEUED, next_at__lte=clock.now())
    claimed = OutboundSend.objects.filter(state=SendState.CLAIMED)
    found: set[Any] = set(due.values_list("tenant_id", flat=True).distinct())
    for more in (claimed, _parked()):
        found |= set(more.values_list("tenant_id", flat=True).distinct())
    return sorted(found)
