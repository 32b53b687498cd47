"""Own mass sends that carry out what was planned: they prove its touch, and its people are counted once (R54, R58).

WeCom does not say that a colleague's mass send is a planned message done by hand. Its list tells who made it, its
words, whom it reached and when; that is what the archive tells of a message, and the same rules judge it
(`sop.policies.proofs`). Words changed beyond the asked-for likeness are another message and count apart.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q

from groups.services.own_sends import own_sends_count
from sop.enums import Channel, TouchState
from sop.enums.proofs import LIKENESS, ProofKind
from sop.models import Touch, TouchProof
from sop.policies import proofs as policy
from sop.policies.proofs import Hit, Said, Wanted
from sop.services import proving
from sop.services.own_given import SOURCE
from team.selectors import staff_by_userids
from tenants import clock, preferences
from wecom.inbox import wake
from wecom.selectors import reach_between, reach_said

LOOK_TASK = "sop.own_sends_early"
BY_HAND = (Channel.GROUP_FORWARD, Channel.STAFF_TASK)
STANDS = (TouchState.HANDED, TouchState.SUBMITTED, TouchState.CONFIRMED)
# The planned words sent this long before the task came carried it out too: whoever sends early sends once.
EARLY = timedelta(hours=2)
SAME_MOMENT = timedelta(minutes=5)  # an archived message and WeCom's word of it are one within this


def own_sends_planned(tenant_id: int, rows: Sequence[Any]) -> set[int]:
    """Which of these rows of WeCom's raw log carried out a touch that counts already; the touches are proven by it.

    In the caller's transaction; locks the touches in the order of their numbers. Safe to repeat. Two queries where
    nothing is alike.
    """
    words = reach_said(tenant_id=tenant_id, msgids={one.msgid for one in rows})
    said = {f"{SOURCE}{one.pk}": _said(one, words[one.msgid]) for one in rows if one.msgid in words}
    touches = _by_hand(tenant_id, list(said.values())) if said else []
    if not touches:
        return set()
    people = proving.people_of(tenant_id, touches)
    # Who waited for the locks read its rows before: another may have matched them meanwhile.
    proofs = TouchProof.objects.filter(tenant_id=tenant_id, source__in=list(said))
    known = dict(proofs.values_list("source", "touch__state"))
    fresh = [one for source, one in said.items() if source not in known]
    found = _alike(tenant_id, touches, people, fresh)
    proving.proofs_kept(
        tenant_id, {one.pk: one for one in touches}, [(ProofKind.OWN_SEND, hit) for hit in found], people
    )
    standing = {one.pk for one in touches if one.state in STANDS}
    matched = {hit.said.id for hit in found if hit.wanted.touch_id in standing}
    matched |= {source for source, state in known.items() if state in STANDS}
    return {int(source.removeprefix(SOURCE)) for source in matched}


def own_sends_early_ask(*, tenant_id: int, handed: Sequence[Touch]) -> None:
    """Touches were handed over: have the sends of just before looked at once more, if there are any. At most one query
    and one task for many batches."""
    if any(one.channel in BY_HAND for one in handed) and _early(tenant_id):
        wake.tick("own_early", LOOK_TASK, tenant_id)


def own_sends_early_look(*, tenant_id: int) -> None:
    """What colleagues sent just before their tasks came carried them out, if it says the same. Safe to repeat."""
    own_sends_count(tenant_id=tenant_id, reach_ids=_early(tenant_id))


def _early(tenant_id: int) -> list[int]:
    now = clock.now()
    return reach_between(tenant_id=tenant_id, since=now - EARLY, until=now)


def _said(row: Any, words: str) -> Said:
    is_group = row.kind == "group"
    return Said(
        f"{SOURCE}{row.pk}", row.sender, row.receiver_id if is_group else "",
        frozenset() if is_group else frozenset({row.receiver_id}), row.sent_at, words,
    )  # fmt: skip


def _by_hand(tenant_id: int, said: Sequence[Said]) -> list[Touch]:
    """Touches done by hand that these sends may have carried out, locked."""
    rooms = {one.room for one in said if one.room}
    staff = staff_by_userids(tenant_id=tenant_id, userids={one.by for one in said if not one.room})
    rows = Touch.objects.select_for_update(of=("self",)).select_related(
        "step", "run__tenant", "group", "staff"
    )
    return list(
        rows.filter(
            Q(group__chat_id__in=rooms, channel=Channel.GROUP_FORWARD)
            | Q(staff__in=[one.pk for one in staff.values()], channel=Channel.STAFF_TASK),
            Q(state__in=STANDS) | Q(state=TouchState.EXPIRED, rule_code__in=proving.MISSED),
            tenant_id=tenant_id,
            is_talk=False,
            handed_at__lte=max(one.at for one in said) + EARLY,
            window_ends_at__gte=min(one.at for one in said),
        ).order_by("pk")
    )


def _alike(tenant_id: int, touches: list[Touch], people: proving.People, said: Sequence[Said]) -> list[Hit]:
    """Which send carried out which touch. Compared place by place: what went elsewhere is never alike."""
    wanted: dict[tuple[str, str], list[Wanted]] = defaultdict(list)
    taken = _taken(tenant_id, touches)
    for touch in touches:
        for one in proving.posts(touch, people):
            wanted[one.room, one.person].append(replace(one, since=_since(touch)))
    sends: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for message in said:
        sends[message.room, next(iter(message.to), "")].append(message)
    least = preferences.value(tenant_id, LIKENESS) / 100
    return [
        hit
        for place, messages in sends.items()
        for hit in policy.hits(
            wanted=[one for one in wanted.get(place, ()) if _is_free(one, messages, taken)],
            said=messages,
            least=least,
        )
    ]


def _since(touch: Touch) -> datetime:
    """From when on a send may have carried it out: on the local day of its hand-over, whose places it takes."""
    assert touch.handed_at is not None
    zone = touch.run.tenant.timezone
    midnight = clock.at_local(clock.local_date(touch.handed_at, zone), time.min, zone)
    return max(touch.handed_at - EARLY, midnight)


def _taken(tenant_id: int, touches: list[Touch]) -> dict[tuple[int, str], list[tuple[str, Any]]]:
    """{(touch, person)}: the messages that prove it already, each with its kind and moment. One query."""
    rows = TouchProof.objects.filter(
        tenant_id=tenant_id,
        touch__in=[one.pk for one in touches],
        kind__in=[ProofKind.OWN_SEND, ProofKind.ARCHIVE],
    )
    found: dict[tuple[int, str], list[tuple[str, Any]]] = defaultdict(list)
    for touch_id, person, kind, at in rows.values_list("touch_id", "customer__external_userid", "kind", "at"):
        found[touch_id, person or ""].append((kind, at))
    return found


def _is_free(
    one: Wanted, messages: Sequence[Said], taken: dict[tuple[int, str], list[tuple[str, Any]]]
) -> bool:
    """Whether one of these may still be the message that was planned. The archive may have told of it before, as of
    the same moment; a second one is a message more."""
    before = taken.get((one.touch_id, one.person), [])
    if any(kind == ProofKind.OWN_SEND for kind, _at in before):
        return False
    return not before or any(
        abs(message.at - at) <= SAME_MOMENT for message in messages for _kind, at in before
    )
