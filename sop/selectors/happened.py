"""What a trigger step waits for, as it is on record: when it happened, in which group, to whom."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from contacts.enums import BehaviourKind
from contacts.selectors import behaviours_for
from contacts.selectors.tags import tag_spans
from groups.selectors import members_current
from groups.selectors.group_tags import group_tag_spans
from groups.selectors.members import customer_spells
from sop.enums import GROUP_CHANNELS, Anchor, TouchState
from sop.models import Run, RunGroup, Step, Touch, TouchRecipient
from sop.policies import triggers as policy
from sop.policies.triggers import Chain
from tenants import clock

CLICKS = (BehaviourKind.LINK_CLICK, BehaviourKind.PURCHASE_CLICK, BehaviourKind.PAY_CLICK)
SENT = (TouchState.SUBMITTED, TouchState.CONFIRMED)


@dataclass(frozen=True)
class Happened:
    """Aware UTC; `customer_id` None where it happened to the group."""

    at: datetime
    customer_id: int | None = None


Found = tuple[RunGroup, list[Happened]]


def happened(*, run: Run, step: Step, rows: Sequence[RunGroup], zone: str) -> Iterator[Found]:
    """For each group of the run, what happened since it takes part. A few queries a step, whatever their number."""
    read = {
        Anchor.GROUP_TAG: _group_tags,
        Anchor.GROUP_SIZE: _sizes,
        Anchor.CUSTOMER_TAG: _tags,
        Anchor.BEHAVIOUR: _acts,
        Anchor.MEMBER_JOIN: _joins,
    }
    if step.anchor == Anchor.ANSWERS:
        yield from _answers(run, step, rows)
    elif step.anchor in read and (step.is_personal or step.anchor != Anchor.MEMBER_JOIN):
        yield from read[Anchor(step.anchor)](step, rows)


def _since(rows: Sequence[RunGroup]) -> datetime:
    return min(row.added_at for row in rows)


def _group_tags(step: Step, rows: Sequence[RunGroup]) -> Iterator[Found]:
    spans = group_tag_spans(
        tenant_id=step.tenant_id, tag_id=step.trigger_tag or 0, group_ids=[row.group_id for row in rows]
    )
    for row in rows:
        yield row, [Happened(at) for at in policy.gains(spans.get(row.group_id, ()), row.added_at)]


def _sizes(step: Step, rows: Sequence[RunGroup]) -> Iterator[Found]:
    spans: dict[int, list[policy.Span]] = defaultdict(list)
    seats = customer_spells(
        tenant_id=step.tenant_id, group_ids=[row.group_id for row in rows], since=_since(rows)
    )
    for group_id, _customer, joined_at, left_at in seats:
        spans[group_id].append((joined_at, left_at))
    for row in rows:
        reached = policy.sizes_reached(spans[row.group_id], step.trigger_count, row.added_at)
        yield row, [Happened(at) for at in reached]


def _joins(step: Step, rows: Sequence[RunGroup]) -> Iterator[Found]:
    seats = customer_spells(
        tenant_id=step.tenant_id, group_ids=[row.group_id for row in rows], since=_since(rows)
    )
    by_group: dict[int, list[Happened]] = defaultdict(list)
    for group_id, customer_id, joined_at, _left in seats:
        if customer_id is not None:
            by_group[group_id].append(Happened(joined_at, customer_id))
    for row in rows:
        yield row, [one for one in by_group[row.group_id] if one.at >= row.added_at]


def _seated(step: Step, rows: Sequence[RunGroup]) -> tuple[dict[int, list[int]], list[int]]:
    """({group: customers in it now}, all of them)."""
    seats = members_current(tenant_id=step.tenant_id, group_ids=[row.group_id for row in rows])
    return seats, sorted({one for people in seats.values() for one in people})


def _tags(step: Step, rows: Sequence[RunGroup]) -> Iterator[Found]:
    seats, people = _seated(step, rows)
    spans = tag_spans(tenant_id=step.tenant_id, tag_id=step.trigger_tag or 0, customer_ids=people)
    for row in rows:
        yield (
            row,
            [
                Happened(at, one)
                for one in seats[row.group_id]
                for at in policy.gains(spans.get(one, ()), row.added_at)
            ],
        )


def _acts(step: Step, rows: Sequence[RunGroup]) -> Iterator[Found]:
    seats, people = _seated(step, rows)
    acts = behaviours_for(
        tenant_id=step.tenant_id, customer_ids=people, since=_since(rows), kinds=[step.trigger_kind]
    )
    if step.trigger_object:
        acts = acts.filter(object_id=step.trigger_object)
    times: dict[int, list[datetime]] = defaultdict(list)
    for one, at in acts.values_list("customer_id", "occurred_at"):
        times[one].append(at)
    for row in rows:
        found = []
        for one in seats[row.group_id]:
            mine = [at for at in times[one] if at >= row.added_at]
            found += [
                Happened(at, one) for at in policy.nth_within(mine, step.trigger_count, step.trigger_hours)
            ]
        yield row, found


def _answers(run: Run, step: Step, rows: Sequence[RunGroup]) -> Iterator[Found]:
    chains = chains_of(run=run, steps=[step], group_ids=[row.group_id for row in rows])[step.key]
    for row in rows:
        chain = chains.get(row.group_id)
        reached = chain.reached_at if chain is not None else None
        yield row, [Happened(reached)] if reached is not None else []


def chains_of(*, run: Run, steps: Sequence[Step], group_ids: Sequence[int]) -> dict[str, dict[int, Chain]]:
    """{key of a step: {group: how far the answers to the earlier step are}}; a group is absent until that earlier step
    has been sent there. Five queries, whatever the number of steps."""
    now = clock.now()
    sources = (
        Touch.objects.filter(
            tenant_id=run.tenant_id,
            run=run,
            step__key__in={step.trigger_step for step in steps},
            group__in=group_ids,
            state__in=SENT,
            is_talk=False,
        )
        .select_related("step")
        .order_by("-handed_at", "-pk")
    )
    sent = {(touch.step.key, touch.group_id): touch for touch in sources if touch.group_id is not None}
    people = _asked(run, sent.values())
    acts = _answers_to(run, steps, sent.values(), people)
    found: dict[str, dict[int, Chain]] = {step.key: {} for step in steps}
    for step in steps:
        for (key, group_id), touch in sent.items():
            if key == step.trigger_step:
                found[step.key][group_id] = policy.chain_of(
                    sent_at=_sent_at(touch),
                    acts=[
                        (one, at)
                        for one in people[touch.pk]
                        for at, where, what in acts[step.trigger_kind, one]
                        if _answers_it(step, touch, where, what)
                    ],
                    count=step.trigger_count,
                    hours=step.trigger_hours,
                    now=now,
                )
    return found


def _answers_to(
    run: Run, steps: Sequence[Step], sent: Collection[Touch], people: dict[int, set[int]]
) -> dict[tuple[str, int], list[tuple[datetime, int | None, str]]]:
    """{(kind, customer): (when, in which group, with which object) of each act since the first of these was sent}."""
    found: dict[tuple[str, int], list[tuple[datetime, int | None, str]]] = defaultdict(list)
    if sent:
        acts = behaviours_for(
            tenant_id=run.tenant_id,
            customer_ids=set().union(*people.values()),
            since=min(_sent_at(touch) for touch in sent),
            kinds={step.trigger_kind for step in steps},
        ).order_by()
        rows = acts.values_list("kind", "customer_id", "occurred_at", "group_id", "object_id")
        for kind, one, at, group_id, object_id in rows:
            found[kind, one].append((at, group_id, object_id))
    return found


def _sent_at(touch: Touch) -> datetime:
    """WeCom tells to the second when a mass send went out; of the rest we know since when it could be sent."""
    told = touch.evidence.get("confirmed_at") if touch.evidence.get("kind") == "send_result" else None
    if told:
        return datetime.fromisoformat(told)
    return touch.handed_at or touch.done_at or touch.planned_at


def _asked(run: Run, sent: Collection[Touch]) -> dict[int, set[int]]:
    """{touch: customers who may answer}: those in its group for a group message, those it reached for a private one."""
    if not sent:
        return {}
    seats = members_current(
        tenant_id=run.tenant_id, group_ids={touch.group_id for touch in sent if touch.group_id}
    )
    private = [touch.pk for touch in sent if touch.channel not in GROUP_CHANNELS]
    reached: dict[int, set[int]] = defaultdict(set)
    rows = TouchRecipient.objects.filter(tenant_id=run.tenant_id, touch__in=private).exclude(state="blocked")
    for touch_id, one in rows.values_list("touch_id", "customer_id"):
        reached[touch_id].add(one)
    return {
        touch.pk: set(seats[touch.group_id or 0]) if touch.channel in GROUP_CHANNELS else reached[touch.pk]
        for touch in sent
    }


def _answers_it(step: Step, touch: Touch, group_id: int | None, object_id: str) -> bool:
    """A message counts in the group it answers; a click counts when it is on a link of that step."""
    if step.trigger_object:
        return object_id == step.trigger_object
    if step.trigger_kind == BehaviourKind.MESSAGE and touch.channel in GROUP_CHANNELS:
        return group_id == touch.group_id
    if step.trigger_kind in CLICKS and touch.step.links:
        return object_id in {link.get("object_id") or link["key"] for link in touch.step.links}
    return True
