"""What a group brought its customers and us: process and result of delivery (R17), outcomes of new users (R18).

Everything counts customers in the group now, from when each joined. Behaviours of other groups do not count. What
no source has ever told is unknown: `people` is None and the page shows a dash.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from contacts.enums import BehaviourKind, OrderState
from contacts.selectors import behaviours_for, orders_for
from contacts.selectors.facts import kinds_told
from groups.enums import ASSESSMENT_PASS, GAIN_LEAST, LEARNED_ASSIGNMENTS, LEARNED_LESSONS, Kind, SubKind
from groups.models import Group, Member, NewUserGoal
from groups.policies.openings import DEAL, FEEDBACK, REFERRAL, REPURCHASE, UPGRADE
from groups.policies.surveys import Answered, Voices, learned, survey_of, value_of, voices_of
from tenants import preferences

PREFIX = "result-"
_READ = (BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT, BehaviourKind.FORM, BehaviourKind.REDEEM)


@dataclass(frozen=True)
class Result:
    """One figure with its people and what they are a share of. `rule` says how it is counted."""

    key: str
    label: str
    rule: str
    people: set[int] | None
    of: int
    is_process: bool = False
    goal_percent: int | None = None

    @property
    def share(self) -> float | None:
        return len(self.people) / self.of if self.people is not None and self.of else None


@dataclass(frozen=True)
class Purchase:
    """One paid order of one person."""

    at: datetime
    amount_fen: int


@dataclass(frozen=True)
class Evidence:
    """What is known of the customers of one group: since when each is in, what each did, said and bought since."""

    since: dict[int, datetime]
    did: dict[str, Counter[int]]
    voices: Voices
    orders: dict[int, list[Purchase]]
    referrers: set[int]
    told: set[str]
    own: dict[str, Any]

    def who(self, kind: str) -> set[int] | None:
        """Who did it at least once; None when nobody anywhere ever did."""
        return set(self.did[kind]) if kind in self.told else None


def evidence_of(*, group: Group) -> Evidence:
    """Read one group: a constant number of queries whatever its size."""
    tenant_id = group.tenant_id
    rows = Member.objects.filter(
        tenant_id=tenant_id, group=group, left_at=None, is_staff=False, customer__isnull=False
    ).values_list("customer_id", "userid", "joined_at")
    since = {who: at for who, _userid, at in rows if who is not None}
    by_userid = {userid: who for who, userid, _at in rows if who is not None}
    did: dict[str, Counter[int]] = {kind: Counter() for kind in _READ}
    said: list[Answered] = []
    stream = behaviours_for(tenant_id=tenant_id, customer_ids=since, kinds=_READ).filter(
        Q(group_id=None) | Q(group_id=group.pk)
    )
    for one in stream:
        if one.customer_id is None or one.occurred_at < since[one.customer_id]:
            continue
        did[one.kind][one.customer_id] += 1
        if one.kind == BehaviourKind.FORM and (survey := survey_of(one.object_id)):
            value = value_of(survey, one.data, one.text)
            said.append(Answered(one.customer_id, survey, one.occurred_at, value, one.text))
    return Evidence(
        since=since, did=did, voices=voices_of(said), orders=_orders(tenant_id, since),
        referrers=_referrers(tenant_id, since, by_userid),
        told=kinds_told(tenant_id=tenant_id, kinds=[*_READ, BehaviourKind.ORDER]),
        own=preferences.values(tenant_id, GAIN_LEAST, LEARNED_LESSONS, LEARNED_ASSIGNMENTS, ASSESSMENT_PASS),
    )  # fmt: skip


def _orders(tenant_id: int, since: dict[int, datetime]) -> dict[int, list[Purchase]]:
    """{customer id: paid orders, the earliest first}; refunded ones apart."""
    found: dict[int, list[Purchase]] = {}
    rows = orders_for(tenant_id=tenant_id, customer_ids=since).filter(
        state=OrderState.PAID, ordered_at__isnull=False
    )
    for who, at, amount in rows.order_by("ordered_at", "pk").values_list(
        "customer_id", "ordered_at", "amount_fen"
    ):
        if who is not None and at is not None:
            found.setdefault(who, []).append(Purchase(at, amount or 0))
    return found


def _referrers(tenant_id: int, since: dict[int, datetime], by_userid: dict[str, int]) -> set[int]:
    """Who brought somebody into any group after joining this one."""
    brought = Member.objects.filter(tenant_id=tenant_id, invited_by__in=list(by_userid), is_staff=False)
    return {
        by_userid[inviter]
        for inviter, at in brought.values_list("invited_by", "joined_at")
        if at >= since[by_userid[inviter]]
    }


def bought_again(orders: Iterable[Purchase], since: datetime) -> bool:
    """Whether one order followed an earlier one and was placed after joining."""
    rows = list(orders)
    return len(rows) > 1 and rows[-1].at >= since


def traded_up(orders: Iterable[Purchase], since: datetime) -> bool:
    """Whether an order after joining is worth more than every earlier one."""
    most: int | None = None
    for one in orders:
        if most is not None and one.amount_fen > most and one.at >= since:
            return True
        most = max(most or 0, one.amount_fen)
    return False


def results_of(*, group: Group) -> list[Result]:
    """The figures of a delivery or new-user group; [] for any other."""
    make = _MAKERS.get((group.kind, group.sub_kind)) or _MAKERS.get((group.kind, ""))
    return make(group, evidence_of(group=group)) if make else []


def _expectation(known: Evidence) -> list[Result]:
    voices, here = known.voices, len(known.since)
    asked = BehaviourKind.FORM in known.told and bool(voices.expectation)
    both = len(voices.both)
    return [
        Result("expected", _("Expectation asked at entry"), _("answered, of the customers in the group"),
               set(voices.expectation) if asked else None, here, is_process=True),
        Result("rated", _("Asked again at the end"), _("answered, of those asked at entry"),
               voices.both if voices.rating else None, len(voices.expectation), is_process=True),
        Result("met", _("Expectation met"), _("rating at least what was expected, of those asked twice"),
               voices.met() if both else None, both),
    ]  # fmt: skip


def _learning(group: Group, known: Evidence) -> list[Result]:
    voices, here, own = known.voices, len(known.since), known.own
    need = (own[LEARNED_LESSONS.key], own[LEARNED_ASSIGNMENTS.key])
    done = {
        who for who in known.since
        if learned(
            lessons=known.did[BehaviourKind.LESSON][who], assignments=known.did[BehaviourKind.ASSIGNMENT][who],
            points=voices.assessment.get(who), need=need, pass_points=own[ASSESSMENT_PASS.key],
        )
    }  # fmt: skip
    is_known = bool(known.told & {BehaviourKind.LESSON, BehaviourKind.ASSIGNMENT}) or bool(voices.assessment)
    gained = {who for who, value in voices.gain.items() if value >= own[GAIN_LEAST.key]}
    points = own[ASSESSMENT_PASS.key]
    passed = {who for who, value in voices.assessment.items() if value >= points}
    rule = _("%(lessons)s lessons and %(assignments)s assignments, or the assessment passed; of the customers") % {
        "lessons": need[0], "assignments": need[1],
    }  # fmt: skip
    return [
        Result("lesson", _("Took a lesson"), _("at least one, of the customers in the group"),
               known.who(BehaviourKind.LESSON), here, is_process=True),
        Result("assignment", _("Handed in an assignment"), _("at least one, of the customers in the group"),
               known.who(BehaviourKind.ASSIGNMENT), here, is_process=True),
        Result("asked", _("Asked about the sense of gain"), _("answered, of the customers in the group"),
               set(voices.gain) if voices.gain else None, here, is_process=True),
        Result("gained", _("Floor: sense of gain"), _("%(n)s or more of 5, of those who answered") % {
               "n": own[GAIN_LEAST.key]}, gained if voices.gain else None, len(voices.gain)),
        Result("passed", _("Assessment passed"), _("%(n)s points or more, of those assessed") % {"n": points},
               passed if voices.assessment else None, len(voices.assessment)),
        Result("learned", _("Goal: learned"), rule, done if is_known else None, here),
        *_expectation(known),
    ]  # fmt: skip


def _service(group: Group, known: Evidence) -> list[Result]:
    voices, here = known.voices, len(known.since)
    return [
        Result("redeemed", _("Pass: redeemed the service"), _("of the customers in the group"),
               known.who(BehaviourKind.REDEEM), here),
        Result("beyond", _("Excellent: beyond expectation"), _("rating above what was expected, of those asked twice"),
               voices.beyond() if voices.both else None, len(voices.both)),
        *_expectation(known),
    ]  # fmt: skip


def _new_users(group: Group, known: Evidence) -> list[Result]:
    here, orders = len(known.since), known.orders
    goal = NewUserGoal.objects.filter(tenant_id=group.tenant_id, group=group).first()
    goals = goal.goals if goal else {}
    sold = BehaviourKind.ORDER in known.told

    def bought(test: Callable[[list[Purchase], datetime], bool]) -> set[int] | None:
        return {who for who, rows in orders.items() if test(rows, known.since[who])} if sold else None

    told = known.voices.feedback
    rows = [
        Result(REPURCHASE, _("Repurchase"), _("ordered again after joining"), bought(bought_again), here),
        Result(UPGRADE, _("Upgrade"), _("an order after joining above every earlier one"), bought(traded_up), here),
        Result(REFERRAL, _("Referral"), _("brought somebody into a group after joining"), known.referrers, here),
    ]  # fmt: skip
    if DEAL in goals:
        rows += [
            Result(FEEDBACK, _("Real feedback"), _("said something in own words"), set(told) if told else None, here),
            Result(DEAL, _("Deal"), _("ordered after joining"), bought(lambda r, at: r[-1].at >= at), here),
        ]  # fmt: skip
    return [
        Result(one.key, one.label, one.rule, one.people, one.of, goal_percent=goals.get(one.key))
        for one in rows
    ]


_MAKERS: dict[tuple[str, str], Callable[[Group, Evidence], list[Result]]] = {
    (Kind.DELIVERY, SubKind.LEARNING): _learning,
    (Kind.DELIVERY, SubKind.SERVICE): _service,
    (Kind.NEW_USER, ""): _new_users,
}


def people_of_result(group: Group, key: str) -> set[int]:
    """The customers behind one figure; nobody for an unknown key."""
    found = {one.key: one.people for one in results_of(group=group)}
    return found.get(key.removeprefix(PREFIX)) or set()


def label_of_result(group: Group, key: str) -> str:
    """What a figure is called."""
    return next((one.label for one in results_of(group=group) if one.key == key.removeprefix(PREFIX)), key)


def goal_of(*, tenant_id: int, group_id: int) -> NewUserGoal | None:
    """The ready plan a group began with."""
    return NewUserGoal.objects.filter(tenant_id=tenant_id, group_id=group_id).first()


def goal_words(*, tenant_id: int, groups: Iterable[Group]) -> dict[int, str]:
    """{group id: what it is for and the share of its customers each outcome should reach, in words}. One query."""
    named = {one.pk: one for one in groups}
    labels = {
        REPURCHASE: _("Repurchase"), UPGRADE: _("Upgrade"), REFERRAL: _("Referral"), FEEDBACK: _("Real feedback"),
        DEAL: _("Deal"),
    }  # fmt: skip
    rows = NewUserGoal.objects.filter(tenant_id=tenant_id, group_id__in=list(named))
    goals = dict(rows.values_list("group_id", "goals"))
    return {pk: " · ".join(_goal_parts(one, goals.get(pk, {}), labels)) for pk, one in named.items()}


def _goal_parts(group: Group, goals: Mapping[str, int], labels: Mapping[str, Any]) -> list[str]:
    shares = [f"{labels[key]} {percent}%" for key, percent in goals.items() if key in labels]
    return [*([str(group.get_purpose_display())] if group.purpose else []), *shares]
