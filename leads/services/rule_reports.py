"""What a rule would do now, and how past camps went by it: counted in a task, kept as figures with their people.

    data   {"looked_at": 812, "moves": [{"from": "B", "to": "A", "people": 12}],
            "past": {"camps": ["第5期"], "people": 900, "bought": 120,
                     "tiers": [{"tier": "A", "old": [80, 20], "new": [120, 22]}],
                     "kinds": [{"kind": "purchase_click", "steps": [[0, 600, 12], [1, 300, 108]]}]},
            "orders": [{"from": "unknown", "to": "active", "orders": 3, "people": 2}]}
    people {"moves": {"B>A": [customer ids]}, "orders": {"unknown>active": [customer ids]},
            "past": [[customer id, old tier, new tier, bought, {"lesson": 3}]]}

"from" and "to" are places: a tier, "S?" for a suggested S, "" for unranked, or a state that ended the lead; of orders
they say why the customer bought (R72).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from contacts.selectors.identity import persons_of
from leads.enums import MARK_KINDS, TIERS
from leads.models import LeadEvent, RuleDraft, RuleReport, Window, WindowMember
from leads.policies.evidence import Past, Rate, by_behaviour, by_tier, past_of
from leads.policies.rules import COUNTABLE, INQUIRY, Rule, rule_parse, words_changed
from leads.policies.tiers import Mark
from leads.policies.tiers import Window as Span
from leads.selectors.acts import acts_for
from leads.selectors.rules import rule_version_list
from leads.services.deriving import batch_read, derive
from leads.services.recompute import BATCH, people_batches
from leads.services.rules import rules_current
from outbox.dispatch import enqueue
from tenants import clock

TASK = "leads.report_rules"
REPORT_LIMIT_S = 600
CAMPS_MAX = 12
PEOPLE_MAX = 20_000


# `provider(tenant_id=, words=, rule=) -> {(class now, class by the rule): [the customer of each such order]}` of the
# orders that nobody has confirmed; `words`: those that only one of the two rules listens for.
OrderMoves = Callable[..., Mapping[tuple[str, str], list[int]]]
_order_moves: list[OrderMoves] = []


def register_order_moves(provider: OrderMoves) -> None:
    """How an app above, which knows the sales messages too, says why people bought. Twice counts once."""
    if provider not in _order_moves:
        _order_moves.append(provider)


def rule_report_ask(*, tenant_id: int) -> RuleReport:
    """Have the draft, or the rule in force where there is none, counted in a task. Safe to repeat."""
    with transaction.atomic():
        number = rules_current(tenant_id=tenant_id)[-1][1].number
        draft = RuleDraft.objects.filter(tenant_id=tenant_id).first()
        rules = draft.rules if draft else rule_version_list(tenant_id=tenant_id)[-1].rules
        report, _ = RuleReport.objects.update_or_create(
            tenant_id=tenant_id,
            defaults={"number": number, "rules": rules, "asked_at": clock.now(), "made_at": None},
        )
        enqueue(TASK, tenant_id=tenant_id)
    return report


def rule_report_make(*, tenant_id: int) -> None:
    """Count what was asked for. Safe to repeat, also in parallel; when asked anew meanwhile, the later one counts."""
    report = RuleReport.objects.filter(tenant_id=tenant_id, made_at=None).first()
    if report is None:
        return
    known = rules_current(tenant_id=tenant_id)
    rule = rule_parse(known[-1][1].number + 1, report.rules)
    looked_at, moves = moves_by(tenant_id=tenant_id, rule=rule)
    camps, past = _past(tenant_id, [known[-1][1], rule])
    orders = _orders(tenant_id, report, rule)
    data = {
        "looked_at": looked_at,
        "moves": [
            {"from": before, "to": after, "people": len(ids)}
            for (before, after), ids in sorted(moves.items())
        ],
        "past": _past_data(camps, past),
        "orders": [
            {"from": before, "to": after, "orders": len(whose), "people": len(set(whose))}
            for (before, after), whose in sorted(orders.items())
        ],
    }
    people = {
        "moves": {f"{before}>{after}": sorted(ids) for (before, after), ids in moves.items()},
        "past": [[one.customer_id, *one.tiers, one.has_bought, one.did] for one in past],
        "orders": {f"{before}>{after}": sorted(set(whose)) for (before, after), whose in orders.items()},
    }
    RuleReport.objects.filter(
        tenant_id=tenant_id, pk=report.pk, asked_at=report.asked_at, rules=report.rules, made_at=None
    ).update(data=data, people=people, made_at=clock.now())


def _orders(tenant_id: int, report: RuleReport, rule: Rule) -> dict[tuple[str, str], list[int]]:
    """{(class now, class by the rule): the person of each order}; nothing while the words stay the same."""
    words = words_changed(rule_version_list(tenant_id=tenant_id)[-1].rules, report.rules)
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for provider in _order_moves if words else ():
        for move, whose in provider(tenant_id=tenant_id, words=words, rule=rule).items():
            found[move] += whose
    persons = persons_of(tenant_id=tenant_id, customer_ids={one for whose in found.values() for one in whose})
    return {move: [persons.get(one, one) for one in whose] for move, whose in found.items()}


def moves_by(*, tenant_id: int, rule: Rule) -> tuple[int, dict[tuple[str, str], list[int]]]:
    """(people looked at, {(place now, place by this rule): customer ids}) over all camps that run.

    The rule is tried as if it were published at this moment, by the very code that derives leads; nothing is
    written. Queries grow with the batches of 500 people.
    """
    now = clock.now()
    rules = [*rules_current(tenant_id=tenant_id), (now, rule)]
    looked_at: set[int] = set()
    moves: dict[tuple[str, str], list[int]] = defaultdict(list)
    members = WindowMember.objects.filter(tenant_id=tenant_id, window__ends_at__gt=now)
    seats: dict[int, set[int]] = defaultdict(set)
    for window_id, customer_id in members.values_list("window_id", "customer_id"):
        seats[window_id].add(customer_id)
    for window_id, customer_ids in sorted(seats.items()):
        looked_at |= customer_ids
        for ids in people_batches(tenant_id, customer_ids):
            batch = batch_read(tenant_id, ids, window_id, rules=rules, has_lock=False)
            if batch is None:
                continue
            before = {
                lead.customer_id: lead.standing
                for lead in batch.leads.values()
                if lead.window_id == window_id
            }
            for member in batch.members:
                derive(batch, member)
            of_window = [one for one in batch.leads.values() if one.window_id == window_id]
            after = {one.customer_id: one.standing for one in [*of_window, *batch.made]}
            for customer_id, place in sorted(after.items()):
                if before.get(customer_id, "") != place:
                    moves[before.get(customer_id, ""), place].append(customer_id)
    return len(looked_at), dict(moves)


def _past(tenant_id: int, rules: Sequence[Rule]) -> tuple[list[str], list[Past]]:
    """Everyone of the last camps that are over, each person once, with the latest camp. Batches of 500 people."""
    over = Window.objects.filter(tenant_id=tenant_id, ends_at__lte=clock.now()).order_by("-ends_at", "-pk")
    camps: list[str] = []
    past: list[Past] = []
    seen: set[int] = set()
    for window in over[:CAMPS_MAX]:
        rows = WindowMember.objects.filter(tenant_id=tenant_id, window=window).order_by("joined_at", "pk")
        joined = list(rows.values_list("customer_id", flat=True))
        persons = persons_of(tenant_id=tenant_id, customer_ids=joined)
        ids = []
        for one in joined:
            if persons.get(one, one) not in seen:
                seen.add(persons.get(one, one))
                ids.append(one)
        ids = ids[: PEOPLE_MAX - len(past)]
        for start in range(0, len(ids), BATCH):
            past += _past_of(window, ids[start : start + BATCH], rules)
        camps.append(window.name)
        if len(past) >= PEOPLE_MAX:
            break
    return camps, past


def _past_of(window: Window, customer_ids: list[int], rules: Sequence[Rule]) -> list[Past]:
    acts = acts_for(
        tenant_id=window.tenant_id, customer_ids=customer_ids, since=window.starts_at, rules=rules,
        more_kinds=COUNTABLE,
    )  # fmt: skip
    marks: dict[int, list[Mark]] = defaultdict(list)
    decided = LeadEvent.objects.filter(
        tenant_id=window.tenant_id,
        lead__window=window,
        lead__customer_id__in=customer_ids,
        kind__in=MARK_KINDS,
    ).order_by("at", "id")
    for customer_id, kind, at in decided.values_list("lead__customer_id", "kind", "at"):
        marks[customer_id].append(Mark(kind, at))
    span = Span(window.starts_at, window.ends_at)
    return [
        past_of(one, acts.get(one, []), rules=rules, kinds=COUNTABLE, window=span, marks=marks[one])
        for one in customer_ids
    ]


def _past_data(camps: list[str], past: Sequence[Past]) -> dict[str, Any]:
    old, new = by_tier(past, 0), by_tier(past, 1)
    return {
        "camps": camps,
        "people": len(past),
        "bought": sum(one.has_bought for one in past),
        "tiers": [{"tier": tier, "old": _pair(old[tier]), "new": _pair(new[tier])} for tier in (*TIERS, "")],
        "kinds": [
            {"kind": kind, "steps": [[least, *_pair(rate)] for least, rate in by_behaviour(past, kind)]}
            for kind in (INQUIRY, *COUNTABLE)
            if any(kind in one.did for one in past)
        ],
    }


def _pair(rate: Rate) -> list[int]:
    return [rate.people, rate.bought]
