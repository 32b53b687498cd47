"""The dispatcher: claim due touches, ask the gate, hand over.

Two transactions a batch. The first claims rows (`FOR UPDATE SKIP LOCKED`) under a token with a lease and commits.
The second locks the rows that still carry the token and, in one piece, asks the gate, queues sends and work items
and moves the rows. A process that dies before the first commit claimed nothing; after it, the lease runs out and
another takes the rows up; in the second, everything is undone together. Nothing is lost and nothing goes out twice.
"""

import secrets as random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from contacts.enums import QUIET_FROM, QUIET_UNTIL
from contacts.selectors import follow_staff_ids
from contacts.services.touch import Decision, TouchRequest, gate_decide
from groups.enums import State
from groups.policies.endplan import is_overdue
from sop.enums import (
    CLAIM_LEASE_S,
    GROUP_CHANNELS,
    INTERNAL_CHANNELS,
    MASS_CHANNELS,
    PAST_CAPS,
    PULL_CHANNELS,
    Anchor,
    Audience,
    Channel,
    ExitRule,
    OnBlock,
    RecipientState,
    Rule,
    RunState,
    TouchState,
)
from sop.models import Touch
from sop.policies import dispatch as policy
from sop.policies.dispatch import Ruling, Verdict
from sop.policies.plan import in_quiet_hours
from sop.policies.reasons import why_kept
from sop.selectors.ahead import ahead_of
from sop.selectors.audience import audience_resolve
from sop.selectors.words import words_judged
from sop.services.circled import circle_left_note
from sop.services.handover import blocked_put, handed_over, has_sender
from sop.services.leaving import exited_leave, interacted_note
from sop.services.own_planned import own_sends_early_ask
from sop.services.parked import parked_put
from sop.services.recipients import Recipient, recipients_store
from sop.services.state import touch_move, touches_store
from tenants import clock, preferences
from tenants.models import Tenant
from tenants.words import Words, in_the_companys

if TYPE_CHECKING:
    from groups.models import Group

BATCH = 500
RULE_WORDS = {one.value: one.label for rules in (Rule, ExitRule) for one in rules}
# Held until the transaction ends: who gets a step of a run privately is asked by one dispatcher at a time.
_ONE_AT_A_TIME = (
    "select pg_advisory_xact_lock(hashtext('sop_reach'), run::int) from unnest(%s::bigint[]) as run"
)
# The rows are chosen in a CTE: as a subquery of IN the planner may run it again and claim past the limit.
_DUE = """
with due as materialized (
    select id from sop_touch
    where tenant_id = %(tenant)s and state in ('planned', 'claimed') and due_at <= %(now)s
      and (state = 'planned' or claimed_until < %(now)s)
    order by due_at, id limit %(size)s for update skip locked
)
update sop_touch set state = 'claimed', claim_token = %(token)s, claimed_until = %(until)s
from due where sop_touch.id = due.id and sop_touch.tenant_id = %(tenant)s
"""


@dataclass
class _Batch:
    """One tenant's claimed touches on their way to a decision."""

    tenant: Tenant
    now: datetime
    touches: list[Touch]
    decided: list[Touch] = field(default_factory=list)
    recipients: list[Recipient] = field(default_factory=list)


def touch_key(touch_id: int) -> str:
    """The gate's and the outbound queue's name for a touch; never reused."""
    return f"sop.touch:{touch_id}"


def tenants_with_due(*, now: datetime) -> list[int]:
    """Tenants that have something to send or to take up again. Runs across tenants: the caller is a tick."""
    due = Touch.objects.filter(tenant=OuterRef("pk"), due_at__lte=now).filter(
        Q(state=TouchState.PLANNED) | Q(state=TouchState.CLAIMED, claimed_until__lt=now)
    )
    return list(Tenant.objects.filter(Exists(due), suspended_at=None).values_list("pk", flat=True))


def dispatch_due(*, tenant_id: int, batches: int = 50) -> int:
    """Decide up to `batches` batches of one tenant's due touches. Returns how many rows were decided.

    Safe to run in parallel and to repeat. A caller that gets back a full count calls again.
    """
    done = 0
    for _ in range(batches):
        token = claim(tenant_id=tenant_id, size=BATCH)
        if token is None:
            break
        done += decide(tenant_id=tenant_id, token=token)
    return done


def claim(*, tenant_id: int, size: int = BATCH) -> str | None:
    """Claim due rows and commit. Returns the token they carry, or None when nothing is due."""
    now = clock.now()
    token = random.token_hex(16)
    lease_s = preferences.value(tenant_id, CLAIM_LEASE_S)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _DUE,
            {
                "tenant": tenant_id,
                "now": now,
                "until": now + timedelta(seconds=lease_s),
                "token": token,
                "size": size,
            },
        )
        return token if cursor.rowcount else None


def decide(*, tenant_id: int, token: str) -> int:
    """Carry the rows claimed under `token` to their next state, all in one transaction."""
    with transaction.atomic():
        touches = list(
            Touch.objects.select_for_update(of=("self",))
            .filter(tenant_id=tenant_id, claim_token=token, state=TouchState.CLAIMED)
            # Not joined: a batch is of few steps, runs, groups and staff, and each is made an object once.
            .prefetch_related("step", "run__version", "group__owner", "staff")
            # As everybody locks them: who plans anew meanwhile waits, and nobody waits for ever.
            .order_by("pk")
        )
        touches.sort(key=lambda one: (one.step.priority, one.due_at, one.pk))
        if not touches:
            return 0
        batch = _Batch(Tenant.objects.get(pk=tenant_id), clock.now(), touches)
        asked = _rule_before(batch)
        _hand_inside(batch, [one for one in asked if one.channel in INTERNAL_CHANNELS])
        _ask_gate(batch, [one for one in asked if one.channel not in INTERNAL_CHANNELS])
        touches_store(batch.decided)
        blocked = [
            one for one in batch.decided if one.state == TouchState.BLOCKED and one.rule_code != Rule.NOBODY
        ]
        if blocked:
            blocked_put(tenant=batch.tenant, touches=blocked, now=batch.now)
        asks = {one.run_id for one in batch.decided if one.state == TouchState.PARKED}
        if asks:
            parked_put(tenant=batch.tenant, run_ids=asks)
        recipients_store(tenant_id=tenant_id, rows=batch.recipients)
        handed = [one for one in batch.decided if one.state == TouchState.HANDED]
        own_sends_early_ask(tenant_id=tenant_id, handed=handed)
    return len(touches)


def _rule_before(batch: _Batch) -> list[Touch]:
    """End what may no longer be sent; return the rest."""
    asked = []
    for touch in batch.touches:
        touch.tries += 1
        ruling = policy.before_gate(
            now=batch.now,
            window_ends_at=touch.window_ends_at,
            catch_up=touch.step.catch_up,
            run_is_live=touch.run.state == RunState.RUNNING,
            offer_ends_at=_deadline(touch),
        )
        if ruling.verdict is Verdict.SEND and not has_sender(touch):
            # Before the gate: what nobody can send counts with nobody.
            ruling = Ruling(Verdict.FAIL, Rule.NO_STAFF)
        if ruling.verdict is Verdict.SEND:
            asked.append(touch)
        else:
            batch.decided.append(_apply(batch, touch, ruling))
    return asked


def _deadline(touch: Touch) -> datetime | None:
    return touch.run.offer_ends_at if touch.step.anchor == Anchor.OFFER_END else None


def _apply(batch: _Batch, touch: Touch, ruling: Ruling, reason: Words = "") -> Touch:
    words = in_the_companys(reason or RULE_WORDS.get(ruling.rule, ""))
    touch.evidence = {**touch.evidence, **why_kept(ruling.rule, reason)}
    if ruling.verdict is Verdict.RETIME:
        return touch_move(touch, TouchState.PLANNED, rule=ruling.rule, reason=words, due_at=ruling.at)
    if ruling.verdict is Verdict.REPLACE:
        return touch_move(
            touch, TouchState.PLANNED, rule=ruling.rule, reason=words, due_at=batch.now,
            channel=touch.step.replace_channel,
        )  # fmt: skip
    if ruling.verdict is Verdict.PARK:
        return touch_move(touch, TouchState.PARKED, rule=ruling.rule, reason=words)
    ends = {
        Verdict.EXPIRE: TouchState.EXPIRED,
        Verdict.CANCEL: TouchState.CANCELLED,
        Verdict.BLOCK: TouchState.BLOCKED,
        Verdict.FAIL: TouchState.FAILED,
    }
    return touch_move(touch, ends[ruling.verdict], rule=ruling.rule, reason=words, at=batch.now)


def _hand_inside(batch: _Batch, touches: list[Touch]) -> None:
    """Work among colleagues reaches no customer: there is nobody to ask the gate for."""
    inside = [(touch, ()) for touch in touches]
    batch.decided.extend(handed_over(tenant=batch.tenant, now=batch.now, allowed=inside))


def _ask_gate(batch: _Batch, touches: list[Touch]) -> None:
    if not touches:
        return
    tenant_id, zone = batch.tenant.pk, batch.tenant.timezone
    touches, people = _still_meant(batch, touches)
    _leave_out_strangers(batch, touches, people)
    quiet = preferences.values(tenant_id, QUIET_FROM, QUIET_UNTIL)
    is_quiet = in_quiet_hours(
        clock.local(batch.now, zone).time(), quiet[QUIET_FROM.key], quiet[QUIET_UNTIL.key]
    )
    asked: list[Touch] = []
    judged = words_judged(tenant=batch.tenant, touches=touches)
    for touch in touches:
        said = judged[touch.pk]
        touch.warned = list(said.warned)
        if not people.get(touch.pk):
            batch.decided.append(_apply(batch, touch, Ruling(Verdict.BLOCK, Rule.NOBODY)))
        elif said.rule:
            batch.decided.append(_apply(batch, touch, Ruling(Verdict.BLOCK, said.rule), said.why))
        elif touch.channel in PULL_CHANNELS and is_quiet:
            batch.decided.append(_apply(batch, touch, Ruling(Verdict.BLOCK, "QUIET-01")))
        else:
            asked.append(touch)
    requests = [_request(touch, people[touch.pk], zone, batch.now) for touch in asked]
    ahead = ahead_of(tenant_id=tenant_id, zone=zone, touches=asked, now=batch.now)
    decisions = gate_decide(tenant_id=tenant_id, requests=requests, now=batch.now, ahead=ahead)
    allowed = []
    for touch, decision in zip(asked, decisions, strict=True):
        _note_blocked(batch, touch, decision)
        if decision.allowed:
            allowed.append((touch, decision.customer_ids))
        else:
            batch.decided.append(_refused(batch, touch, decision))
    batch.decided.extend(handed_over(tenant=batch.tenant, now=batch.now, allowed=allowed))
    batch.recipients.extend(_reached(allowed))


def _still_meant(batch: _Batch, touches: list[Touch]) -> tuple[list[Touch], dict[int, list[int]]]:
    """(touches of groups that are still in their runs, {touch: people who are}); the others are written down."""
    _wait_for_neighbours(touches)
    people = audience_resolve(tenant_id=batch.tenant.pk, zone=batch.tenant.timezone, touches=touches)
    batch.recipients.extend(interacted_note(tenant=batch.tenant, touches=touches, people=people))
    batch.recipients.extend(circle_left_note(tenant=batch.tenant, touches=touches, people=people))
    gone, left = exited_leave(tenant=batch.tenant, touches=touches, people=people)
    batch.recipients.extend(left)
    batch.decided.extend(_apply(batch, touch, Ruling(Verdict.CANCEL, rule)) for touch, rule in gone)
    ended = {touch.pk for touch, _rule in gone}
    return [touch for touch in touches if touch.pk not in ended], people


def _wait_for_neighbours(touches: list[Touch]) -> None:
    """Somebody who sits in two groups of a run gets a private step once, also when two dispatchers have one group
    each: the second asks when the first has written down whom it reaches. Steps planned for single people were
    planned once each."""
    runs = {
        touch.run_id
        for touch in touches
        if touch.channel not in GROUP_CHANNELS and not (touch.step.repeats or touch.step.is_personal)
    }
    if runs:
        with connection.cursor() as cursor:
            cursor.execute(_ONE_AT_A_TIME, [sorted(runs)])


def _leave_out_strangers(batch: _Batch, touches: list[Touch], people: dict[int, list[int]]) -> None:
    """WeCom carries a private mass send only to the sender's friends: the others are named, not tried."""
    private = [touch for touch in touches if touch.channel == Channel.PRIVATE_MASS]
    ties = follow_staff_ids(
        tenant_id=batch.tenant.pk, customer_ids={one for touch in private for one in people.get(touch.pk, ())}
    )
    for touch in private:
        asked = people.get(touch.pk, [])
        people[touch.pk] = [one for one in asked if touch.staff_id in ties.get(one, ())]
        strangers = set(asked) - set(people[touch.pk])
        touch.blocked_count = len(strangers)
        batch.recipients.extend(
            (touch.pk, customer_id, RecipientState.BLOCKED, Rule.NOT_FRIEND)
            for customer_id in sorted(strangers)
        )


def _request(touch: Touch, customer_ids: list[int], zone: str, now: datetime) -> TouchRequest:
    is_group = touch.channel in GROUP_CHANNELS
    group, step = touch.group, touch.step
    return TouchRequest(
        key=touch_key(touch.pk),
        channel=touch.channel,
        customer_ids=tuple(customer_ids),
        group_id=touch.group_id if is_group else None,
        chat_id=group.chat_id if group is not None else "",
        staff_id=touch.staff_id,
        is_marketing=step.is_marketing and not touch.is_talk,
        # Moments ring nobody's phone: they pass the gate for buyers, freeze and end, and count as no message.
        is_service=(step.is_service and not touch.is_talk) or touch.channel in PULL_CHANNELS,
        excludes_buyers=not is_group
        and not touch.is_talk
        and (step.is_marketing or step.audience == Audience.UNDECIDED),
        buyers_since=clock.day_bounds(touch.run.starts_on, zone)[0],
        wecom_quota=touch.channel in MASS_CHANNELS,
        group_frozen=group is not None and group.frozen_at is not None,
        group_ended=group is not None and _is_over(group, zone, now, is_marketing=step.is_marketing),
        priority=step.priority,
        sells=step.sells and not touch.is_talk,
        gives_value=step.gives_value,
        past_caps=PAST_CAPS in touch.evidence,
    )


def _is_over(group: "Group", zone: str, now: datetime, *, is_marketing: bool) -> bool:
    """Dissolved or archived; a flash group past its end takes no marketing any more either (R2)."""
    if group.dismissed_at is not None or group.state == State.ARCHIVED:
        return True
    return is_marketing and is_overdue(kind=group.kind, ends_at=group.ends_at(zone), now=now)


def _refused(batch: _Batch, touch: Touch, decision: Decision) -> Touch:
    replacement = touch.step.replace_channel
    ruling = policy.after_refusal(
        rule=decision.rule_code,
        retry_at=decision.retry_at,
        window_ends_at=touch.window_ends_at,
        now=batch.now,
        on_block=OnBlock.DELAY if touch.is_talk else touch.step.on_block,
        can_replace=not touch.is_talk and bool(replacement) and replacement != touch.channel,
    )
    return _apply(batch, touch, ruling, decision.reason)


def _note_blocked(batch: _Batch, touch: Touch, decision: Decision) -> None:
    """Each person left out of a private touch is a row with the rule; a group message has none."""
    if touch.channel in GROUP_CHANNELS:
        return
    left_out = {customer_id: rule for customer_id, rule in decision.blocked.items() if customer_id}
    already = touch.blocked_count if touch.channel == Channel.PRIVATE_MASS else 0
    touch.blocked_count = already + len(left_out)
    batch.recipients.extend(
        (touch.pk, customer_id, RecipientState.BLOCKED, rule) for customer_id, rule in left_out.items()
    )


def _reached(allowed: Iterable[tuple[Touch, tuple[int, ...]]]) -> Iterator[Recipient]:
    return (
        (touch.pk, customer_id, RecipientState.PLANNED, "")
        for touch, customer_ids in allowed
        if touch.channel not in GROUP_CHANNELS and touch.state == TouchState.HANDED
        for customer_id in customer_ids
    )
