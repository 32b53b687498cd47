"""Reads of the trust stages: what is counted of people, who stands where and for how long, one person's standing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Avg, Case, Count, F, Q, QuerySet, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext as _

from contacts.enums import STAGE_GUIDE, BehaviourKind, OrderState, StageSource, TrustStage
from contacts.models import Behaviour, Customer, Follow, Order, StageMove, StageRun
from contacts.policies.stages import DAYS, FRIENDS, LEARNT, ORDERS, SEEN, SPOKE
from contacts.selectors import LIVE_FOLLOWS, member_ids
from contacts.selectors.identity import as_persons, records_under
from tenants import clock

RUN_STUCK = timedelta(minutes=2)
_LEARNT = (BehaviourKind.LESSON, BehaviourKind.LIVE, BehaviourKind.RADAR, BehaviourKind.ASSIGNMENT)
_PASSIVE = (BehaviourKind.JOIN, BehaviourKind.LEAVE)


def stage_counts(*, tenant_id: int, customer_ids: Iterable[int], zone: str) -> dict[int, dict[str, int]]:
    """{person: {count: number}} of the acts that are evidence; four queries for any number of people.

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
    return found


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
    guide: tuple[Any, ...]


def stage_distribution(*, tenant_id: int, now: datetime, group_id: int | None = None) -> list[StageRow]:
    """Who stands on which stage, all seven in order; of one group's present customers with `group_id`."""
    people = Customer.objects.filter(tenant_id=tenant_id, person=None)
    if group_id is not None:
        members = member_ids(tenant_id=tenant_id, group_id=group_id)
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
            stage=int(stage),
            label=stage.label,
            people=told[stage]["people"] if stage in told else 0,
            share=told[stage]["people"] / total if stage in told else 0.0,
            days=told[stage]["spent"] / timedelta(days=1) if stage in told else None,
            guide=STAGE_GUIDE[stage],
        )
        for stage in TrustStage
    ]


@dataclass(frozen=True)
class Standing:
    """Where one person stands: since when, on what evidence or whose word, and what to do."""

    label: Any
    days: int
    evidence: str
    reason: str
    by: str
    need: Any
    action: Any


def stage_moves(*, tenant_id: int, customer_ids: Iterable[int], limit: int) -> list[StageMove]:
    """How these records came to their stages, the latest first."""
    rows = StageMove.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    return list(rows.order_by("-at", "-pk")[:limit])


def standing_of(*, customer: Customer, now: datetime, moves: Iterable[StageMove]) -> Standing:
    """One person's standing. `moves`: those of the person's records, the latest first."""
    last = next((one for one in moves if one.customer_id == customer.pk), None)
    by_hand = last is not None and last.source == StageSource.HAND
    need, action, _content = STAGE_GUIDE[TrustStage(customer.stage)]
    return Standing(
        label=TrustStage(customer.stage).label,
        days=max((now - (customer.stage_at or customer.first_seen_at)).days, 0),
        evidence=evidence_words(last.evidence) if last else "",
        reason=last.reason if last and by_hand else "",
        by=last.moved_by if last and by_hand else "",
        need=need,
        action=action,
    )


def evidence_words(evidence: dict[str, list[int]]) -> str:
    """What was counted for a move, in words."""
    words = {
        SEEN: _("acts on record"),
        FRIENDS: _("staff as friends"),
        SPOKE: _("messages of theirs"),
        LEARNT: _("lessons, assignments or views"),
        DAYS: _("active days"),
        ORDERS: _("paid orders"),
    }
    said = [
        _("%(what)s: %(found)s, needs %(least)s") % {"what": words[name], "found": found, "least": least}
        for name, (found, least) in sorted(evidence.items())
    ]
    return " · ".join(said)


def stage_run_last(*, tenant_id: int) -> StageRun | None:
    """The latest time that everyone was judged anew, on its way or done."""
    return StageRun.objects.filter(tenant_id=tenant_id).order_by("-asked_at", "-pk").first()


def stage_runs_stuck() -> list[int]:
    """Tenants whose run stopped halfway. Across tenants: call inside unscoped()."""
    rows = StageRun.objects.filter(done_at=None, touched_at__lt=clock.now() - RUN_STUCK)
    return list(rows.order_by("pk").values_list("tenant_id", flat=True))
