"""What became of mass sends: WeCom tells nobody, so each task is polled, reminded of and at last cancelled (R113)."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from contacts.selectors import customer_list
from contacts.services.touch import gate_release
from outbox.services import publish
from sop.enums import (
    POLL_EVERY_S,
    REF,
    Anchor,
    CatchUp,
    Channel,
    RecipientState,
    Rule,
    RunState,
    TaskState,
    TouchState,
)
from sop.enums.reviews import ReviewState
from sop.events import TouchConfirmed, TouchMissed
from sop.models import Review, Run, SendTask, Touch, TouchRecipient
from sop.services.own_given import own_sends_stand_alone
from sop.services.parked import parked_put
from sop.services.reminders import mass_remind
from sop.services.state import send_forget, send_key, touch_move, touches_store
from team.services import work_items_close
from tenants import clock, preferences
from tenants.models import Tenant
from wecom.events import SendFinished
from wecom.selectors import MassSendResults, mass_send_results
from wecom.services import quota_return, send_cancel, send_queue

if TYPE_CHECKING:
    from collections.abc import Iterable

TASK_SENT = 2
_LEASE_S = 60
_BATCH = 100
LATE_GRACE = timedelta(hours=24)  # a step that may go out late stays open this long after its window
# A send that was on its way to WeCom while its touch was taken back.
_TAKEN_BACK = frozenset({TouchState.BLOCKED, TouchState.CANCELLED, TouchState.EXPIRED, TouchState.SKIPPED})
_NEVER_MADE = frozenset({"failed", "cancelled"})  # outcomes that left no task in WeCom
_RECIPIENT_OF = {1: RecipientState.SENT, 2: RecipientState.NOT_FRIEND, 3: RecipientState.OVER_LIMIT}


def tenants_with_results_due(*, now: datetime) -> list[int]:
    """Tenants with a mass send to ask about, a task that ran out, a run, or a review past its day.

    Runs across tenants: a tick calls.
    """
    tasks = SendTask.objects.filter(tenant=OuterRef("pk"), state=TaskState.WAITING, next_poll_at__lte=now)
    handed = Touch.objects.filter(tenant=OuterRef("pk"), state=TouchState.HANDED, window_ends_at__lt=now)
    runs = Run.objects.filter(tenant=OuterRef("pk"), state=RunState.RUNNING)
    reviews = Review.objects.filter(tenant=OuterRef("pk"), state=ReviewState.DUE, due_at__lte=now)
    due = Q(Exists(tasks)) | Q(Exists(handed)) | Q(Exists(runs)) | Q(Exists(reviews))
    return list(Tenant.objects.filter(due, suspended_at=None).values_list("pk", flat=True))


def send_finished(*, tenant_id: int, event: SendFinished) -> None:
    """A mass send was made at WeCom, refused, cancelled, or its outcome is unknown. Safe to repeat."""
    touch = (
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant_id=tenant_id, pk=event.ref_id)
        .select_related("step", "staff", "run")
        .first()
    )
    if touch is None:
        return
    if touch.send_id != event.send_id:  # planned once more, or made anew, while this one was on its way
        if event.state == "done":
            cancel_at_vendor(tenant_id=tenant_id, send_id=event.send_id, msgid=event.vendor_id)
        return
    if touch.state not in {TouchState.HANDED, TouchState.PARKED}:
        if event.state == "done" and touch.state in _TAKEN_BACK:
            cancel_at_vendor(tenant_id=tenant_id, send_id=event.send_id, msgid=event.vendor_id)
        elif event.state in _NEVER_MADE:
            _quota_back(tenant_id, [touch])
        return
    now = event.occurred_at
    if event.state == "done":
        _task_made(touch, event)
    elif event.state == "unknown":
        if touch.state == TouchState.PARKED:
            return
        touch_move(touch, TouchState.PARKED, rule=Rule.UNKNOWN, reason=str(Rule.UNKNOWN.label))
    elif event.state == "cancelled":
        touch_move(
            touch,
            TouchState.CANCELLED,
            rule=Rule.VENDOR,
            reason=event.error or str(Rule.VENDOR.label),
            at=now,
        )
    else:
        touch_move(
            touch, TouchState.FAILED, rule=Rule.VENDOR, reason=event.error or str(Rule.VENDOR.label), at=now
        )
    touches_store([touch])
    if touch.state in {TouchState.CANCELLED, TouchState.FAILED}:
        _give_back(tenant_id, [touch], "cancelled")
        _quota_back(tenant_id, [touch])


def _task_made(touch: Touch, event: SendFinished) -> None:
    touch.evidence = {**touch.evidence, "msgid": event.vendor_id}
    if touch.state == TouchState.PARKED:
        touch_move(touch, TouchState.HANDED)
    every_s = preferences.value(touch.tenant_id, POLL_EVERY_S)
    SendTask.objects.get_or_create(
        tenant_id=touch.tenant_id,
        send_id=event.send_id,
        defaults={
            "vendor_id": event.vendor_id,
            "sender_userid": touch.staff.userid if touch.staff else "",
            "is_group": touch.channel == Channel.GROUP_MASS,
            "created_at": clock.now(),
            "ends_at": _open_until(touch),
            "next_poll_at": clock.now() + timedelta(seconds=every_s),
        },
    )
    if event.fail_list and touch.channel == Channel.PRIVATE_MASS:
        _recipients_set(touch, dict.fromkeys(event.fail_list, 2), event.occurred_at)


def _open_until(touch: Touch) -> datetime:
    """Until when a person may still carry a touch out. What was handed over late has its time from then on; what
    counts down to an offer has none after it."""
    if touch.step.catch_up != CatchUp.LATE:
        return touch.window_ends_at
    end = max(touch.window_ends_at, touch.handed_at or touch.window_ends_at) + LATE_GRACE
    deadline = touch.run.offer_ends_at if touch.step.anchor == Anchor.OFFER_END else None
    return min(end, deadline) if deadline is not None else end


def results_poll(*, tenant_id: int) -> int:
    """Ask WeCom about due tasks of one tenant. Returns how many were asked about. Safe to repeat and in parallel.

    Tasks are claimed by moving their next look ahead; the network is used with no transaction open.
    """
    now = clock.now()
    with transaction.atomic():
        ids = list(
            SendTask.objects.select_for_update(skip_locked=True)
            .filter(tenant_id=tenant_id, state=TaskState.WAITING, next_poll_at__lte=now)
            .order_by("next_poll_at")
            .values_list("pk", flat=True)[:_BATCH]
        )
        SendTask.objects.filter(tenant_id=tenant_id, pk__in=ids).update(
            next_poll_at=now + timedelta(seconds=_LEASE_S), polls=F("polls") + 1
        )
    for task in SendTask.objects.filter(tenant_id=tenant_id, pk__in=ids).order_by("pk"):
        _poll_one(task)
    return len(ids)


def _poll_one(task: SendTask) -> None:
    try:
        results = mass_send_results(tenant_id=task.tenant_id, msgid=task.vendor_id, userid=task.sender_userid)
    except Exception as error:  # one task that WeCom does not answer for must not hold back the others
        SendTask.objects.filter(tenant_id=task.tenant_id, pk=task.pk).update(error=str(error)[:200])
        return
    with transaction.atomic():
        results_apply(task_id=task.pk, tenant_id=task.tenant_id, results=results)


def results_apply(*, tenant_id: int, task_id: int, results: MassSendResults) -> None:
    """Write what WeCom told of one task, in the caller's transaction. Safe to repeat."""
    task = SendTask.objects.select_for_update().get(tenant_id=tenant_id, pk=task_id)
    touches = list(
        Touch.objects.select_for_update(of=("self",))
        .filter(tenant_id=tenant_id, send_id=task.send_id)
        .select_related("step", "group", "staff", "run__tenant")
        .order_by("pk")
    )
    if task.state != TaskState.WAITING:
        return
    now = clock.now()
    if results.task_status == TASK_SENT:
        task.state = TaskState.CONFIRMED
        _confirm(tenant_id, touches, results, now)
    elif now >= task.ends_at:
        task.state = TaskState.EXPIRED
        cancel_at_vendor(tenant_id=tenant_id, send_id=task.send_id, msgid=task.vendor_id)
        _miss(tenant_id, touches, now)
    else:
        mass_remind(touches=touches, now=now)
    every_s = preferences.value(tenant_id, POLL_EVERY_S)
    task.next_poll_at, task.error = min(now + timedelta(seconds=every_s), max(task.ends_at, now)), ""
    task.save()


def _confirm(tenant_id: int, touches: list[Touch], results: MassSendResults, now: datetime) -> None:
    by_receiver = {row["receiver_id"]: row for row in results.rows}
    confirmed, refused = [], []
    for touch in touches:
        if touch.state != TouchState.HANDED:
            continue
        sent_at = results.confirmed_at or now
        evidence = {**touch.evidence, "kind": "send_result", "confirmed_at": sent_at.isoformat()}
        if touch.channel == Channel.GROUP_MASS:
            row = by_receiver.get(touch.group.chat_id if touch.group else "")
            if row is not None and row["status"] in (2, 3):
                touch_move(touch, TouchState.FAILED, rule=Rule.VENDOR, reason="QUOTA-01", at=sent_at)
                refused.append(touch)
                continue
        else:
            _recipients_set(touch, {row["receiver_id"]: row["status"] for row in results.rows}, sent_at)
        touch_move(touch, TouchState.CONFIRMED, at=sent_at, evidence=evidence)
        confirmed.append(touch)
    touches_store([*confirmed, *refused])
    _give_back(tenant_id, refused, "cancelled")
    touches_confirmed(tenant_id=tenant_id, touches=confirmed, now=now)


def touches_confirmed(*, tenant_id: int, touches: "Iterable[Touch]", now: datetime) -> None:
    """Tell the others and close the work items whose touches are all done."""
    by_run: dict[int, list[int]] = defaultdict(list)
    for touch in touches:
        by_run[touch.run_id].append(touch.pk)
    for run_id, ids in sorted(by_run.items()):
        publish(
            TouchConfirmed(
                tenant_id=tenant_id, occurred_at=now, run_id=run_id, touch_ids=ids, confirmed_at=now
            )
        )
    bundles_close(tenant_id=tenant_id, touches=touches, state="done")


def bundles_close(*, tenant_id: int, touches: "Iterable[Touch]", state: str) -> None:
    """Close the work item of each bundle in which nothing waits any more."""
    bundles = {touch.bundle for touch in touches if touch.bundle}
    if not bundles:
        return
    waiting = set(
        Touch.objects.filter(tenant_id=tenant_id, bundle__in=bundles, state=TouchState.HANDED).values_list(
            "bundle", flat=True
        )
    )
    work_items_close(tenant_id=tenant_id, source_kind=REF, source_ids=sorted(bundles - waiting), state=state)


def _recipients_set(touch: Touch, statuses: dict[str, int], at: datetime) -> None:
    """Status by WeCom's id: 1 sent, 2 not a friend, 3 over the limit; 0 stays as it is."""
    known = dict(
        customer_list(tenant_id=touch.tenant_id)
        .filter(external_userid__in=list(statuses))
        .order_by()
        .values_list("pk", "external_userid")
    )
    rows = list(
        TouchRecipient.objects.filter(
            tenant_id=touch.tenant_id, touch=touch, customer__in=list(known)
        ).order_by("pk")
    )
    for row in rows:
        state = _RECIPIENT_OF.get(statuses[known[row.customer_id]])
        if state is not None:
            row.state, row.at = state, at
            row.rule_code = Rule.NOT_FRIEND if state == RecipientState.NOT_FRIEND else ""
    TouchRecipient.objects.bulk_update(rows, ["state", "at", "rule_code"], batch_size=1000)


def cancel_at_vendor(*, tenant_id: int, send_id: int, msgid: str) -> None:
    """Take a task back that no staff member may confirm any more. Safe to repeat."""
    send_queue(
        tenant=tenant_id,
        kind="cancel_mass_send",
        key=f"sop.cancel:{send_id}",
        payload={"msgid": msgid},
        ref_kind="sop.cancel",
        ref_id=send_id,
    )


def _miss(tenant_id: int, touches: list[Touch], now: datetime) -> None:
    missed = [touch for touch in touches if touch.state == TouchState.HANDED]
    for touch in missed:
        ended = touch.run.offer_ends_at if touch.step.anchor == Anchor.OFFER_END else None
        rule = Rule.OFFER_ENDED if ended is not None and ended <= now else Rule.NOT_SENT
        touch_move(touch, TouchState.EXPIRED, rule=rule, reason=str(rule.label), at=now)
    touches_store(missed)
    TouchRecipient.objects.filter(
        tenant_id=tenant_id, touch__in=[one.pk for one in missed], state=RecipientState.PLANNED
    ).update(state=RecipientState.MISSED, rule_code=Rule.NOT_SENT)
    _give_back(tenant_id, missed, "missed")
    by_run: dict[int, list[int]] = defaultdict(list)
    for touch in missed:
        by_run[touch.run_id].append(touch.pk)
    for run_id, ids in sorted(by_run.items()):
        publish(TouchMissed(tenant_id=tenant_id, occurred_at=now, run_id=run_id, touch_ids=ids))


def _give_back(tenant_id: int, touches: list[Touch], work_state: str) -> None:
    """What reached nobody counts against nobody's cap."""
    if touches:
        gate_release(tenant_id=tenant_id, keys=[f"{REF}:{one.pk}" for one in touches], now=clock.now())
        own_sends_stand_alone(tenant_id=tenant_id, touch_ids=[one.pk for one in touches if not one.send_id])
        bundles_close(tenant_id=tenant_id, touches=touches, state=work_state)


def _quota_back(tenant_id: int, touches: "Iterable[Touch]") -> None:
    """WeCom counts what it was asked to send: a mass send that it never got costs no receiver a place."""
    keys = [f"{REF}:{one.pk}" for one in touches if one.send_id]
    if keys:
        quota_return(tenant_id=tenant_id, vendor_msgids=keys)


def handed_expire(*, tenant_id: int, limit: int = 500) -> int:
    """End touches that a person did not carry out in time, and mass sends that never reached WeCom in time.

    A mass send that WeCom has taken waits for its result instead. One that WeCom could not take, as it was down, is
    nobody's to miss: where the step asks a lead decides; one that may go out late stays queued until its offer or its
    run is over. Returns how many ended. Safe to repeat.
    """
    now = clock.now()
    offer_stands = ~Q(step__anchor=Anchor.OFFER_END) | Q(run__offer_ends_at__gte=now)
    waits = Q(step__catch_up=CatchUp.LATE, send_id__isnull=False, run__state=RunState.RUNNING) & offer_stands
    # What still has its time must not stand before others that are over: it would fill the batch.
    since = now - LATE_GRACE
    is_young = Q(window_ends_at__gte=since) | Q(handed_at__gte=since)
    has_time = Q(step__catch_up=CatchUp.LATE) & is_young & offer_stands
    with transaction.atomic():
        rows = list(
            Touch.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(tenant_id=tenant_id, state=TouchState.HANDED, window_ends_at__lt=now)
            .exclude(Exists(SendTask.objects.filter(tenant_id=tenant_id, send_id=OuterRef("send_id"))))
            .exclude(waits | has_time)
            .select_related("step", "run")
            .order_by("window_ends_at", "pk")[:limit]
        )
        over = [row for row in rows if _open_until(row) < now and _is_stopped(row)]
        asks = [row for row in over if row.send_id and row.step.catch_up == CatchUp.ASK]
        missed = [row for row in over if row not in asks]
        _quota_back(tenant_id, over)
        _park(tenant_id, asks)
        _miss(tenant_id, missed, now)
    return len(over)


def _park(tenant_id: int, touches: list[Touch]) -> None:
    """Mass sends that never reached WeCom in their window, and whose step asks: a lead decides."""
    for touch in touches:
        touch_move(touch, TouchState.PARKED, rule=Rule.ASK, reason=str(Rule.ASK.label), handed_at=None)
        send_forget(touch)
    touches_store(touches)
    _give_back(tenant_id, touches, "cancelled")
    parked_put(tenant=Tenant.objects.get(pk=tenant_id), run_ids={touch.run_id for touch in touches})


def _is_stopped(touch: Touch) -> bool:
    """Whether nothing can go out any more. A send that a worker has in its hands tells its outcome itself."""
    return touch.send_id is None or send_cancel(tenant=touch.tenant_id, key=send_key(touch))
