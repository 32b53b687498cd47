"""Touches proven by what was said: messages of the archive, and replies (R58). Database only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Count, Q

from contacts.services.touch import gate_restore
from sop.enums import GROUP_CHANNELS, INTERNAL_CHANNELS, MASS_CHANNELS, REF, RecipientState, Rule, TouchState
from sop.enums.proofs import LIKENESS, REPLY_HOURS, ProofKind, ProofState
from sop.models import Touch, TouchProof, TouchRecipient
from sop.policies import proofs as policy
from sop.policies.proofs import Hit, Said, Wanted
from sop.services.own_given import own_sends_stand_for
from sop.services.results import touches_confirmed
from sop.services.state import touch_move, touches_store
from team.selectors import staff_by_userids
from tenants import clock, preferences
from wecom.archive.selectors import is_talk, messages_by_id
from wecom.archive.texts import plain_text

_UNSEEN = (
    MASS_CHANNELS | INTERNAL_CHANNELS
)  # WeCom's own result proves a mass send; staff work is not said anywhere
_WAITING = (TouchState.HANDED, TouchState.SUBMITTED)
_NOTE = """
update sop_touchrecipient set state = 'sent', at = proven.at
from unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) as proven(touch_id, customer_id, at)
where sop_touchrecipient.tenant_id = %s and sop_touchrecipient.touch_id = proven.touch_id
    and sop_touchrecipient.customer_id = proven.customer_id and sop_touchrecipient.state = 'planned'
"""
# Counted as missed while the archive was late: what was said in the window proves them all the same.
MISSED = (Rule.NOT_SENT, Rule.OFFER_ENDED)
People = dict[int, list[tuple[int, str]]]


def messages_prove(*, tenant_id: int, app_id: int, message_ids: Iterable[int]) -> int:
    """Confirm what these archived messages prove. Returns how many touches. Safe to repeat and in parallel.

    A message proves one touch, and nothing handed over after it: see sop.policies.proofs.
    """
    rows = [row for row in messages_by_id(tenant_id=tenant_id, message_ids=message_ids) if is_talk(row)]
    said = [
        Said(row.msgid, row.sender_id, row.room_id, frozenset(row.receiver_ids), row.sent_at, plain_text(row))
        for row in rows
        if row.msgid and row.sender_id
    ]
    if not said:
        return 0
    named = {one.by for one in said} | {userid for one in said if not one.room for userid in one.to}
    staff = staff_by_userids(tenant_id=tenant_id, userids=named, app_id=app_id)
    with transaction.atomic():
        touches = _waiting(tenant_id, said, [one.pk for one in staff.values()])
        if not touches:
            return 0
        used = TouchProof.objects.filter(tenant_id=tenant_id, source__in=[one.id for one in said])
        known = set(used.values_list("source", flat=True))
        fresh = [one for one in said if one.id not in known]
        return _prove(tenant_id, touches, fresh, set(staff))


def _waiting(tenant_id: int, said: Sequence[Said], staff_ids: Collection[int]) -> list[Touch]:
    """Touches that these messages may prove, locked in the order of their numbers."""
    rooms = {one.room for one in said if one.room}
    where = Q(group__chat_id__in=rooms, channel__in=GROUP_CHANNELS) | (
        Q(staff__in=staff_ids) & ~Q(channel__in=GROUP_CHANNELS)
    )
    rows = Touch.objects.select_for_update(of=("self",)).select_related("step", "run", "group", "staff")
    return list(
        rows.filter(
            where,
            Q(state__in=_WAITING) | Q(state=TouchState.EXPIRED, rule_code__in=MISSED),
            tenant_id=tenant_id,
            handed_at__lte=max(one.at for one in said),
            window_ends_at__gte=min(one.at for one in said) - timedelta(hours=REPLY_HOURS.maximum or 0),
        )
        .exclude(channel__in=_UNSEEN)
        .order_by("pk")
    )


def _prove(tenant_id: int, touches: list[Touch], said: list[Said], staff: set[str]) -> int:
    people = people_of(tenant_id, touches)
    own = preferences.values(tenant_id, LIKENESS, REPLY_HOURS)
    posted = policy.hits(
        wanted=[one for touch in touches for one in posts(touch, people)],
        said=[one for one in said if one.by in staff],
        least=own[LIKENESS.key] / 100,
    )
    proven = {hit.wanted.touch_id for hit in posted}
    hours = timedelta(hours=own[REPLY_HOURS.key])
    answered = policy.replies(
        wanted=[one for touch in touches if touch.pk not in proven for one in _answers(touch, people, hours)],
        said=[one for one in said if one.by not in staff],
    )
    found = [(ProofKind.ARCHIVE, hit) for hit in posted] + [(ProofKind.REPLY, hit) for hit in answered]
    return proofs_kept(tenant_id, {touch.pk: touch for touch in touches}, found, people)


def proofs_kept(
    tenant_id: int, touches: dict[int, Touch], found: list[tuple[ProofKind, Hit]], people: People
) -> int:
    """Write these proofs down and confirm what they are enough for, as far as it is not yet. Returns how many.

    The caller holds the touches' locks. Safe to repeat.
    """
    if not found:
        return 0
    kept = _keep(tenant_id, found, people)
    done = {touch_id for touch_id, touch in touches.items() if touch.state == TouchState.CONFIRMED}
    _note_people(tenant_id, [one for one in kept if one.customer_id and one.touch_id in done])
    return _confirm(tenant_id, touches, [one for one in kept if one.touch_id not in done])


def people_of(tenant_id: int, touches: list[Touch]) -> People:
    """{touch: [(customer, external_userid)]} of the private ones. One query."""
    private = [touch.pk for touch in touches if touch.channel not in GROUP_CHANNELS]
    found: People = defaultdict(list)
    rows = TouchRecipient.objects.filter(tenant_id=tenant_id, touch__in=private).exclude(
        state=RecipientState.BLOCKED
    )
    for touch_id, customer_id, external in rows.values_list(
        "touch_id", "customer_id", "customer__external_userid"
    ):
        found[touch_id].append((customer_id, external))
    return found


def _wanted(touch: Touch, people: People, since: datetime, until: datetime) -> list[Wanted]:
    if touch.staff is None:
        return []
    room = touch.group.chat_id if touch.group is not None and touch.channel in GROUP_CHANNELS else ""
    whom = [""] if room else [external for _customer, external in people.get(touch.pk, ()) if external]
    return [Wanted(touch.pk, room, touch.staff.userid, one, touch.text, since, until) for one in whom]


def posts(touch: Touch, people: People) -> list[Wanted]:
    """What would prove this touch, which was handed over: its words to each of its people, or in its group."""
    assert touch.handed_at is not None
    return _wanted(touch, people, touch.handed_at, touch.window_ends_at)


def _answers(touch: Touch, people: People, hours: timedelta) -> list[Wanted]:
    if touch.state != TouchState.SUBMITTED or touch.done_at is None:
        return []
    return _wanted(touch, people, touch.done_at, touch.done_at + hours)


def _keep(tenant_id: int, found: list[tuple[ProofKind, Hit]], people: People) -> list[TouchProof]:
    """Write the proofs down. Returns those that are ours: a message that another worker used meanwhile is not."""
    customers = {
        (touch_id, external): customer for touch_id, some in people.items() for customer, external in some
    }
    now = clock.now()
    TouchProof.objects.bulk_create(
        [
            TouchProof(
                tenant_id=tenant_id,
                touch_id=hit.wanted.touch_id,
                customer_id=customers.get((hit.wanted.touch_id, hit.wanted.person)),
                kind=kind,
                state=ProofState.ACCEPTED,
                source=hit.said.id,
                likeness=None if kind == ProofKind.REPLY else round(100 * hit.likeness),
                at=hit.said.at,
                reviewed_at=now,
            )
            for kind, hit in sorted(found, key=lambda pair: pair[1].said.id)
        ],
        ignore_conflicts=True,
    )
    mine = {(hit.said.id, hit.wanted.touch_id) for _kind, hit in found}
    rows = TouchProof.objects.filter(tenant_id=tenant_id, source__in=[source for source, _touch in mine])
    return [row for row in rows.order_by("at", "pk") if (row.source, row.touch_id) in mine]


def _confirm(tenant_id: int, touches: dict[int, Touch], kept: list[TouchProof]) -> int:
    by_touch: dict[int, list[TouchProof]] = defaultdict(list)
    for proof in kept:
        by_touch[proof.touch_id].append(proof)
    private = [touch_id for touch_id in by_touch if touches[touch_id].channel not in GROUP_CHANNELS]
    proven = _people_proven(tenant_id, private)
    over = [
        touch_id
        for touch_id in sorted(by_touch)
        if touches[touch_id].channel in GROUP_CHANNELS
        or policy.is_proven(people=touches[touch_id].recipients_count, proven=proven.get(touch_id, 0))
    ]
    late = [touches[touch_id] for touch_id in over if touches[touch_id].state == TouchState.EXPIRED]
    before = _taken_up(tenant_id, late)
    _note_people(tenant_id, [one for one in (*kept, *before) if one.customer_id])
    first = {one.touch_id: one for one in reversed(before)}
    done = [
        proof_confirms(touches[touch_id], first.get(touch_id, by_touch[touch_id][0])) for touch_id in over
    ]
    touches_store(done)
    touches_confirmed(tenant_id=tenant_id, touches=done, now=clock.now())
    _count_again(tenant_id, late)
    return len(done)


def _taken_up(tenant_id: int, touches: list[Touch]) -> list[TouchProof]:
    """Touches that were given up as missed go on with everybody they were for; returns all their proofs, the earliest
    first. Two statements, none without a touch."""
    if not touches:
        return []
    ids = [one.pk for one in touches]
    TouchRecipient.objects.filter(
        tenant_id=tenant_id, touch__in=ids, state=RecipientState.MISSED, rule_code=Rule.NOT_SENT
    ).update(state=RecipientState.PLANNED, rule_code="")
    rows = TouchProof.objects.filter(tenant_id=tenant_id, touch__in=ids, state=ProofState.ACCEPTED)
    return list(rows.order_by("at", "pk"))


def _count_again(tenant_id: int, touches: list[Touch]) -> None:
    """They reached people after all: against the caps of their day they count again."""
    if not touches:
        return
    blocked = TouchRecipient.objects.filter(
        tenant_id=tenant_id, touch__in=[one.pk for one in touches], state=RecipientState.BLOCKED
    )
    gate_restore(
        tenant_id=tenant_id,
        keys=[f"{REF}:{one.pk}" for one in touches],
        now=clock.now(),
        left_out=[(f"{REF}:{touch}", one) for touch, one in blocked.values_list("touch_id", "customer_id")],
    )
    own_sends_stand_for(tenant_id=tenant_id, touch_ids=[one.pk for one in touches])


def _note_people(tenant_id: int, proofs: Sequence[TouchProof]) -> None:
    """Whom a proof speaks of was written to, at the first proof of it. One statement, none without a proof."""
    first: dict[tuple[int, int | None], datetime] = {}
    for proof in proofs:
        place = (proof.touch_id, proof.customer_id)
        first[place] = min(proof.at, first.get(place, proof.at))
    if first:
        rows = [(touch_id, customer_id, at) for (touch_id, customer_id), at in first.items()]
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [*(list(column) for column in zip(*rows, strict=True)), tenant_id])


def _people_proven(tenant_id: int, touch_ids: Collection[int]) -> dict[int, int]:
    """{touch: people of whom a proof speaks}; absent for none. One query, none without a touch."""
    if not touch_ids:
        return {}
    rows = TouchProof.objects.filter(tenant_id=tenant_id, touch__in=touch_ids, customer__isnull=False)
    counted = rows.order_by().values("touch_id").annotate(people=Count("customer", distinct=True))
    return dict(counted.values_list("touch_id", "people"))


def proof_confirms(touch: Touch, proof: TouchProof, *, by: str = "") -> Touch:
    """Move a touch to confirmed by one proof; the caller holds its lock and stores it."""
    evidence = {**touch.evidence, "kind": proof.kind, "proof_at": proof.at.isoformat(), "proof": proof.pk}
    if by:
        evidence["confirmed_by"] = by
    if proof.likeness is not None:
        evidence["likeness"] = proof.likeness
    at = None
    if touch.state in (
        TouchState.HANDED,
        TouchState.EXPIRED,
    ):  # not before it was in hand, however early it was said
        at = max(proof.at, touch.handed_at or proof.at)
    return touch_move(touch, TouchState.CONFIRMED, at=at, evidence=evidence)
