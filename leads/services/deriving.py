"""One batch of people: what is read once for it, and each lead derived from behaviours in memory. Nothing is written.

`services.recompute` writes what comes out; the preview of a rule (`services.rule_reports`) only looks at it, so that
it shows what publishing will do.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from contacts.selectors.identity import opted_out_persons, persons_of
from leads.enums import MARK_KINDS, SLA_SETTINGS, LeadEventKind, LeadState
from leads.models import Lead, LeadEvent, WindowMember
from leads.policies.follow import Outcome, first_action, outcome_of, sla_due_at, waiting_since
from leads.policies.history import log_rows, tier_through_rules
from leads.policies.rules import Rule
from leads.policies.tiers import Act, Mark, Result, Window, evidence_data
from leads.selectors.acts import acts_for
from tenants import clock, preferences

DERIVED = (
    "tier", "tier_since", "evidence", "counts", "suggestion", "s_suggested_at", "rule_version", "state", "closed_at",
    "close_reason", "close_note", "refunded_at", "waiting_since", "sla_due_at", "next_action", "next_action_at",
    "next_set_at", "owner_id",
)  # fmt: skip


@dataclass
class Batch:
    """What one batch reads once and what it is going to write."""

    tenant_id: int
    now: datetime
    rules: list[tuple[datetime, Rule]]
    minutes: dict[str, int]
    members: list[WindowMember]
    leads: dict[tuple[int, int], Lead]
    acts: dict[int, list[Act]]
    marks: dict[int, list[LeadEvent]]
    logged: dict[int, dict[datetime, str]]
    persons: dict[int, int]  # of merged records: the one that stands for the person
    opted_out: dict[int, datetime]  # person -> when it first wanted no marketing, with any record
    made: list[Lead] = field(default_factory=list)
    changed: list[Lead] = field(default_factory=list)
    rows: list[tuple[Lead, tuple[datetime, str, str], int]] = field(default_factory=list)
    moves: list[list[Any]] = field(default_factory=list)
    _seats: dict[tuple[int, int], list[WindowMember]] = field(default_factory=dict)

    def person(self, member: WindowMember) -> int:
        return self.persons.get(member.customer_id, member.customer_id)

    def seats(self, member: WindowMember) -> list[WindowMember]:
        """The records of this member's person in this window, the first to join first."""
        if not self._seats:
            for one in self.members:
                self._seats.setdefault((one.window_id, self.person(one)), []).append(one)
            for some in self._seats.values():
                some.sort(key=lambda one: (one.joined_at, one.pk))
        return self._seats[member.window_id, self.person(member)]

    def stands_for_person(self, member: WindowMember) -> bool:
        """One person is one lead of a window: that of the record which joined first."""
        return self.seats(member)[0] is member

    def marks_of_person(self, member: WindowMember) -> list[LeadEvent]:
        """What people decided about any of the person's records in this window, in order."""
        found = (self.leads.get((one.window_id, one.customer_id)) for one in self.seats(member))
        return sorted(
            (mark for lead in found if lead for mark in self.marks[lead.pk]), key=lambda one: one.pk
        )

    def opted_out_at(self, member: WindowMember) -> datetime | None:
        return self.opted_out.get(self.person(member))


def batch_read(
    tenant_id: int,
    customer_ids: Sequence[int],
    window_id: int | None,
    *,
    rules: list[tuple[datetime, Rule]],
    has_lock: bool,
) -> Batch | None:
    """These people's places in a window, or in all they are in, with everything their tiers depend on.

    `has_lock` locks the places until the transaction ends, in key order. Constant queries. None without a place.
    """
    wanted = WindowMember.objects.filter(tenant_id=tenant_id, customer_id__in=customer_ids)
    if window_id is not None:
        wanted = wanted.filter(window_id=window_id)
    wanted = wanted.select_related("window", "customer").annotate(group_owner_id=F("group__owner_id"))
    if has_lock:
        wanted = wanted.select_for_update(of=("self",))
    members = list(wanted.order_by("pk"))
    if not members:
        return None
    since = min(one.window.starts_at for one in members)
    people = sorted({one.customer_id for one in members})
    leads = Lead.objects.filter(tenant_id=tenant_id, customer_id__in=people).select_related(
        "window", "customer"
    )
    found = {(one.window_id, one.customer_id): one for one in leads}
    marks, logged = _read_history(tenant_id, [one.pk for one in found.values()])
    minutes = preferences.values(tenant_id, *SLA_SETTINGS.values())
    return Batch(
        tenant_id=tenant_id,
        now=clock.now(),
        rules=rules,
        minutes={tier: minutes[setting.key] for tier, setting in SLA_SETTINGS.items()},
        members=members,
        leads=found,
        acts=acts_for(
            tenant_id=tenant_id, customer_ids=people, since=since, rules=[rule for _, rule in rules]
        ),
        marks=marks,
        logged=logged,
        **_read_persons(tenant_id, people),
    )


def _read_persons(tenant_id: int, customer_ids: Sequence[int]) -> dict[str, Any]:
    """Who of these is which person, and who of the persons wants no marketing. Two queries."""
    persons = persons_of(tenant_id=tenant_id, customer_ids=customer_ids)
    return {
        "persons": persons,
        "opted_out": opted_out_persons(tenant_id=tenant_id, customer_ids=customer_ids),
    }


def _read_history(
    tenant_id: int, lead_ids: Sequence[int]
) -> tuple[dict[int, list[LeadEvent]], dict[int, dict[datetime, str]]]:
    marks: dict[int, list[LeadEvent]] = defaultdict(list)
    logged: dict[int, dict[datetime, str]] = defaultdict(dict)
    kinds = [*MARK_KINDS, LeadEventKind.TIER]
    for row in LeadEvent.objects.filter(tenant_id=tenant_id, lead_id__in=lead_ids, kind__in=kinds).order_by(
        "id"
    ):
        if row.kind == LeadEventKind.TIER:
            logged[row.lead_id][row.at] = row.data["to"]
        else:
            marks[row.lead_id].append(row)
    return marks, logged


def derive(batch: Batch, member: WindowMember) -> datetime | None:
    """Compute one lead; note in the batch what is to be written. Returns when it may move without an event."""
    lead = batch.leads.get((member.window_id, member.customer_id))
    stands = batch.stands_for_person(member)
    events = batch.marks_of_person(member) if stands else []
    marks = [Mark(one.kind, one.at) for one in events]
    window = Window(member.window.starts_at, member.window.ends_at)
    acts = batch.acts.get(member.customer_id, ()) if stands else ()
    result = tier_through_rules(acts, rules=batch.rules, window=window, as_of=batch.now, marks=marks)
    outcome = outcome_of(result, marks, batch.opted_out_at(member) if stands else None, batch.now)
    if lead is None:
        if outcome.state == LeadState.UNRANKED or (outcome.state == LeadState.OPTED_OUT and not result.tier):
            return result.next_change_at
        lead = Lead(
            tenant_id=batch.tenant_id,
            window=member.window,
            customer=member.customer,
            group_id=member.group_id,
        )
        batch.made.append(lead)
    before = [getattr(lead, name) for name in DERIVED]
    old = (lead.tier, lead.state if lead.pk else "")
    _apply(lead, result, outcome, batch)
    _apply_close(lead, events)
    if lead.pk and before != [getattr(lead, name) for name in DERIVED]:
        batch.changed.append(lead)
    if old != (lead.tier, lead.state):
        batch.moves.append([lead, old[0], lead.tier, old[1], lead.state])
    logged = batch.logged[lead.pk] if lead.pk else {}
    batch.rows += [(lead, row, result.rule_number) for row in log_rows(logged, result.steps)]
    return result.next_change_at


def _apply(lead: Lead, result: Result, outcome: Outcome, batch: Batch) -> None:
    """Set what behaviours and marks decide."""
    lead.tier, lead.tier_since = result.tier, result.since
    lead.evidence = evidence_data(result)
    lead.counts = {part.code: part.have for state in result.states for part in state.conditions}
    lead.rule_version = result.rule_number
    lead.state, lead.closed_at, lead.refunded_at = outcome.state, outcome.closed_at, result.refunded_at
    asked = result.suggestion if outcome.state == LeadState.OPEN else None
    lead.s_suggested_at = asked.act.at if asked else None
    lead.suggestion = (
        {
            "id": asked.act.id,
            "at": asked.act.at.isoformat(),
            "text": asked.act.text[:120],
            "word": asked.word,
            "lapses_at": asked.lapses_at.isoformat(),
        }
        if asked
        else None
    )
    lead.waiting_since = lead.sla_due_at = None
    if outcome.state == LeadState.OPEN:
        lead.waiting_since = waiting_since(result, lead.followed_at)
        lead.sla_due_at = sla_due_at(result, lead.waiting_since, lead.followed_at, batch.minutes)
        _plan(lead, result, batch.minutes)
    else:
        lead.next_action, lead.next_action_at, lead.next_set_at = "", None, None


def _plan(lead: Lead, result: Result, minutes: dict[str, int]) -> None:
    """An open lead always has a next action: a person's plan, until the customer moves again after it was made."""
    planned_at = lead.next_set_at if lead.next_action and lead.next_action_at else None
    if planned_at is not None and (lead.waiting_since is None or planned_at >= lead.waiting_since):
        return
    since = lead.followed_at or lead.tier_since or lead.s_suggested_at
    lead.next_action = str(first_action(result))
    lead.next_action_at = lead.sla_due_at or (since and since + timedelta(minutes=minutes[lead.column]))
    lead.next_set_at = None


def _apply_close(lead: Lead, events: Sequence[LeadEvent]) -> None:
    """The reason of a lead that was closed by hand stands in its history."""
    lead.close_reason = lead.close_note = ""
    if lead.state == LeadState.NOT_BUYING:
        last = max(
            (one for one in events if one.kind == LeadEventKind.CLOSED_NOT_BUYING), key=lambda one: one.at
        )
        lead.close_reason, lead.close_note = last.data.get("reason", "other"), last.data.get("note", "")
