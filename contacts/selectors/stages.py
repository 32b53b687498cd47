"""Reads of the trust stages: what is counted of people, who stands where and for how long, one person's standing."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Avg, Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext as _

from contacts.enums import STAGE_GUIDE, BehaviourKind, OrderState, StageSource, TrustStage
from contacts.models import Behaviour, Customer, Follow, Order, StageMove, StageRun, StageSetting
from contacts.policies.stages import (
    BROUGHT,
    BUILT_IN,
    DAYS,
    FRIENDS,
    LEARNT,
    ORDERS,
    SEEN,
    SPOKE,
    Need,
    StageRule,
    waits_for,
)
from contacts.selectors import LIVE_FOLLOWS, member_ids
from contacts.selectors.camps import camp_people
from contacts.selectors.identity import as_persons, records_under
from tenants import clock

RUN_STUCK = timedelta(minutes=2)
_LEARNT = (BehaviourKind.LESSON, BehaviourKind.LIVE, BehaviourKind.RADAR, BehaviourKind.ASSIGNMENT)
_PASSIVE = (BehaviourKind.JOIN, BehaviourKind.LEAVE)


Brought = Callable[..., Iterable[tuple[int, datetime]]]


class _Above:
    """What the app above tells; filled once at start."""

    brought: Brought | None = None


def register_brought(brought: Brought) -> None:
    """`brought(tenant_id=, customer_ids=) -> [(customer id, when)]`, one for each person whom a record brought."""
    _Above.brought = staticmethod(brought)


@dataclass(frozen=True)
class Stage:
    """One stage as this company has it. `own_rule`: the rule is its own; `setting` None: nothing of it is."""

    number: int
    name: Any
    state: Any
    need: Any
    action: Any
    content: Any
    rule: StageRule
    setting: StageSetting | None = None

    @property
    def own_rule(self) -> bool:
        return self.setting is not None and self.setting.counts is not None


def stages_of(*, tenant_id: int) -> dict[int, Stage]:
    """{1 to 7: the stage in the company's words, by its rule}, in order. One query."""
    own = {row.stage: row for row in StageSetting.objects.filter(tenant_id=tenant_id)}
    return {int(stage): _stage(stage, own.get(stage)) for stage in TrustStage}


def _stage(stage: TrustStage, own: StageSetting | None) -> Stage:
    said = (own.name, own.state, own.need, own.action, own.content) if own else ("",) * 5
    built_in = (stage.label, *STAGE_GUIDE[stage])
    name, state, need, action, content = [ours or word for ours, word in zip(said, built_in, strict=True)]
    rule = BUILT_IN.get(stage, StageRule({}))
    if own is not None and own.counts is not None:
        rule = StageRule(own.counts, own.any_of)
    return Stage(int(stage), name, state, need, action, content, rule, own)


def stage_names(*, tenant_id: int) -> dict[int, Any]:
    """{1 to 7: what the company calls the stage}, in order. One query."""
    return {number: one.name for number, one in stages_of(tenant_id=tenant_id).items()}


def stage_counts(
    *, tenant_id: int, customer_ids: Iterable[int], zone: str, needs: Collection[Need]
) -> dict[int, dict[str, int]]:
    """{person: {count: number}} of the acts that are evidence; seven queries at most for any number of people. Whom
    somebody brought is read only where some of the `needs` waits for it.

    What any record of a person did counts. Of somebody moved back by hand only what came after that counts. Days are
    the company's.
    """
    found: dict[int, dict[str, int]] = {one: {} for one in customer_ids}
    ids = [*found, *records_under(tenant_id=tenant_id, person_ids=found)]
    acts = (
        _after(Behaviour.objects.filter(tenant_id=tenant_id, customer_id__in=ids), "occurred_at")
        .values("who")
        .annotate(
            seen=Count("pk"),
            spoke=Count("pk", filter=Q(kind=BehaviourKind.MESSAGE)),
            learnt=Count("pk", filter=Q(kind__in=_LEARNT)),
            days=Count(
                TruncDate("occurred_at", tzinfo=ZoneInfo(zone)), distinct=True, filter=~Q(kind__in=_PASSIVE)
            ),
        )
    )
    for row in acts:
        found[row["who"]] |= {name: row[name] for name in (SEEN, SPOKE, LEARNT, DAYS)}
    for name, rows in (
        (FRIENDS, _after(Follow.objects.filter(state__in=LIVE_FOLLOWS), "followed_at")),
        (ORDERS, _after(Order.objects.filter(state=OrderState.PAID), "ordered_at")),
    ):
        mine = rows.filter(tenant_id=tenant_id, customer_id__in=ids)
        for who, number in mine.values_list("who").annotate(Count("pk")):
            found[who][name] = number
    waiting = {who for who, told in found.items() if waits_for(BROUGHT, told, needs)}
    if waiting:
        _count_brought(tenant_id, found, waiting)
    return found


def _count_brought(tenant_id: int, found: dict[int, dict[str, int]], people: set[int]) -> None:
    """Count whom the records of these people brought, after the person's last move back. Three queries."""
    if _Above.brought is None:
        return
    rows = Customer.objects.filter(Q(pk__in=people) | Q(person_id__in=people), tenant_id=tenant_id)
    told = {pk: (who or pk, held) for pk, who, held in rows.values_list("pk", "person_id", "stage_held_at")}
    for record, at in _Above.brought(tenant_id=tenant_id, customer_ids=told):
        who = told[record][0]
        held = told[who][1]
        if held is None or at > held:
            found[who][BROUGHT] = found[who].get(BROUGHT, 0) + 1


def _after(rows: QuerySet[Any], field: str) -> QuerySet[Any]:
    """Those after the person's last move back; `who` is the record that stands for the person."""
    held = Case(
        When(customer__person__isnull=False, then=F("customer__person__stage_held_at")),
        default=F("customer__stage_held_at"),
    )
    rows = rows.annotate(who=Coalesce(F("customer__person_id"), F("customer_id")), held=held)
    return rows.filter(Q(held=None) | Q(**{f"{field}__gt": F("held")}))


@dataclass(frozen=True)
class StageRow:
    """One stage of a distribution. `days` is the mean of days in it so far; None where nobody stands."""

    stage: int
    label: Any
    people: int
    share: float
    days: float | None
    told: Stage

    @property
    def rule_words(self) -> str:
        return rule_words(self.told.rule)


def stage_distribution(
    *, tenant_id: int, now: datetime, group_id: int | None = None, camp_id: int | None = None
) -> list[StageRow]:
    """Who stands on which stage, all seven in order; of the present customers of one group, or of one camp's groups,
    with `group_id` or `camp_id`."""
    people = Customer.objects.filter(tenant_id=tenant_id, person=None)
    if group_id is not None or camp_id is not None:
        members = (
            camp_people(tenant_id=tenant_id, camp_id=camp_id)
            if camp_id is not None
            else member_ids(tenant_id=tenant_id, group_id=group_id or 0)
        )
        people = people.filter(pk__in=as_persons(tenant_id=tenant_id, customer_ids=members))
    rows = (
        people.order_by()
        .values("stage")
        .annotate(people=Count("pk"), spent=Avg(now - Coalesce("stage_at", "first_seen_at")))
    )
    told = {row["stage"]: row for row in rows}
    total = sum(row["people"] for row in told.values())
    return [
        StageRow(
            stage=stage,
            label=one.name,
            people=told[stage]["people"] if stage in told else 0,
            share=told[stage]["people"] / total if stage in told else 0.0,
            days=told[stage]["spent"] / timedelta(days=1) if stage in told else None,
            told=one,
        )
        for stage, one in stages_of(tenant_id=tenant_id).items()
    ]


@dataclass(frozen=True)
class Standing:
    """Where one person stands: since when, on what evidence or whose word, and what to do."""

    label: Any
    days: int
    evidence: str
    reason: str
    by: str
    state: Any
    need: Any
    action: Any
    content: Any


def stage_moves(*, tenant_id: int, customer_ids: Iterable[int], limit: int) -> list[StageMove]:
    """How these records came to their stages, the latest first."""
    rows = StageMove.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    return list(rows.order_by("-at", "-pk")[:limit])


def standing_of(
    *, customer: Customer, now: datetime, moves: Iterable[StageMove], stages: Mapping[int, Stage]
) -> Standing:
    """One person's standing. `moves`: those of the person's records, the latest first; `stages`: see stages_of."""
    last = next((one for one in moves if one.customer_id == customer.pk), None)
    by_hand = last is not None and last.source == StageSource.HAND
    stage = stages[customer.stage]
    return Standing(
        label=stage.name,
        days=max((now - (customer.stage_at or customer.first_seen_at)).days, 0),
        evidence=evidence_words(last.evidence) if last else "",
        reason=last.reason if last and by_hand else "",
        by=last.moved_by if last and by_hand else "",
        state=stage.state,
        need=stage.need,
        action=stage.action,
        content=stage.content,
    )


def count_words() -> dict[str, str]:
    """{what is counted of a person: in words}, in the order in which it is asked."""
    return {
        SEEN: _("acts on record"),
        FRIENDS: _("staff as friends"),
        SPOKE: _("messages of theirs"),
        LEARNT: _("lessons, assignments or views"),
        DAYS: _("active days"),
        ORDERS: _("paid orders"),
        BROUGHT: _("people they brought"),
    }


def evidence_words(evidence: dict[str, list[int]]) -> str:
    """What was counted for a move, in words."""
    words = count_words()
    said = [
        _("%(what)s: %(found)s, needs %(least)s") % {"what": words[name], "found": found, "least": least}
        for name, (found, least) in sorted(evidence.items())
    ]
    return " · ".join(said)


def rule_words(rule: StageRule) -> str:
    """What brings people to a stage, in words; "" for nothing."""
    said = [
        _("%(what)s ≥ %(least)s") % {"what": word, "least": rule.counts[name]}
        for name, word in count_words().items()
        if name in rule.counts
    ]
    return (_(" or ") if rule.any_of else _(" and ")).join(said)


def stage_run_last(*, tenant_id: int) -> StageRun | None:
    """The latest time that everyone was judged anew, on its way or done."""
    return StageRun.objects.filter(tenant_id=tenant_id).order_by("-asked_at", "-pk").first()


def stage_runs_stuck() -> list[int]:
    """Tenants whose run stopped halfway. Across tenants: call inside unscoped()."""
    rows = StageRun.objects.filter(done_at=None, touched_at__lt=clock.now() - RUN_STUCK)
    return list(rows.order_by("pk").values_list("tenant_id", flat=True))
