"""One lead's page: why this tier, on any day; its way here; what could be said."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, F, Func, JSONField, TextField, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from contacts.enums import BehaviourKind
from contacts.selectors.timeline import CHANGE, TimelineEntry
from leads.enums import (
    MARK_KINDS,
    SLA_SETTINGS,
    CloseReason,
    FollowResult,
    LeadEventKind,
    NeedKind,
    NextAction,
)
from leads.models import FollowUp, Lead, LeadEvent, Need
from leads.policies.history import tier_through_rules
from leads.policies.tiers import Act, Mark, Result, TierState, Window, tier_of
from leads.policies.wording import condition_words, step_words
from leads.selectors.acts import acts_for
from leads.selectors.rules import rules_stored
from tenants import preferences


def _history_without(*words: str) -> Func:
    keys = Cast(Value(list(words), output_field=ArrayField(TextField())), ArrayField(TextField()))
    return Func(F("data"), keys, template="(%(expressions)s)", arg_joiner=" - ", output_field=JSONField())


# LeadEvent.data when a person is erased: tiers, results and codes stay, what people wrote goes. A lead that was lost
# has a code as its reason.
HISTORY_WITHOUT_WORDS = Case(
    When(kind=LeadEventKind.CLOSED_NOT_BUYING, then=_history_without("note")),
    default=_history_without("text", "note", "reason", "action"),
)


@dataclass(frozen=True)
class Check:
    """One tier in the "why" panel: met or not, in words, with the behaviours that count."""

    tier: str
    met: bool
    words: list[str]
    acts: list[Act]


@dataclass(frozen=True)
class Evidence:
    """One behaviour that makes the tier, in words."""

    at: datetime
    words: str


@dataclass(frozen=True)
class OneStep:
    """One behaviour away: what, to which tier, and how fast we would have to answer."""

    words: str
    tier: str
    sla_min: int


@dataclass(frozen=True)
class Why:
    """Why a lead has its tier at a moment, by the rule in force then."""

    result: Result
    as_of: datetime
    checks: list[Check]
    one_steps: list[OneStep]
    evidence: list[Evidence]
    same_today: bool | None  # whether today's rule says the same; None when it is the same rule
    rule_today: int


def why_of(*, lead: Lead, as_of: datetime, now: datetime) -> Why:
    """The tier of a lead at `as_of`, derived from behaviours, not from stored rows. Four queries."""
    rules = rules_stored(tenant_id=lead.tenant_id, now=now)
    window = Window(lead.window.starts_at, lead.window.ends_at)
    acts = acts_for(
        tenant_id=lead.tenant_id,
        customer_ids=[lead.customer_id],
        since=lead.window.starts_at,
        rules=[rule for _, rule in rules],
    ).get(lead.customer_id, [])
    marks = [
        Mark(row.kind, row.at)
        for row in LeadEvent.objects.filter(lead=lead, kind__in=MARK_KINDS).order_by("at", "id")
    ]
    today = rules[-1][1]
    result = tier_through_rules(acts, rules=rules, window=window, as_of=as_of, marks=marks)
    other = tier_of(acts, rule=today, window=window, as_of=as_of, marks=marks)
    minutes = preferences.values(lead.tenant_id, *SLA_SETTINGS.values())
    return Why(
        result=result,
        as_of=as_of,
        checks=[_check(state) for state in result.states],
        one_steps=[
            OneStep(step_words(part.code, part.missing), tier, minutes[SLA_SETTINGS[tier].key])
            for tier, part in result.one_steps
        ],
        evidence=[Evidence(act.at, _act_words(act)) for act in result.evidence[:8]],
        same_today=None if result.rule_number == today.number else other.tier == result.tier,
        rule_today=today.number,
    )


def _act_words(act: Act) -> str:
    label = str(BehaviourKind(act.kind).label)
    return f"{label}: {act.text or act.title}" if act.text or act.title else label


def _check(state: TierState) -> Check:
    return Check(
        tier=state.tier,
        met=state.met,
        words=[condition_words(one.code, one.have, one.need) for one in state.conditions],
        acts=[act for one in state.conditions for act in one.items][:12],
    )


def follow_ups_of(lead_id: int, *, limit: int = 8) -> list[FollowUp]:
    """The last talks with the customer about this lead, the newest first. One query."""
    return list(FollowUp.objects.filter(lead_id=lead_id).order_by("-at", "-pk")[:limit])


def lead_timeline(*, tenant_id: int, customer_id: int, limit: int) -> list[TimelineEntry]:
    """The history of a customer's leads, newest first, for the one timeline of the customer. One query.

    Corrections of what was never shown are left out: for each moment only the last word is told.
    """
    rows = LeadEvent.objects.filter(tenant_id=tenant_id, lead__customer_id=customer_id).order_by("-at", "-id")
    seen: set[tuple[int, datetime]] = set()
    entries: list[LeadEvent] = []
    for row in rows[: limit * 2]:
        if row.kind == LeadEventKind.TIER:
            if (row.lead_id, row.at) in seen or row.data["from"] == row.data["to"]:
                continue
            seen.add((row.lead_id, row.at))
        entries.append(row)
    needs = _need_texts(entries)
    return [_entry(row, needs) for row in entries[:limit]]


def _need_texts(events: list[LeadEvent]) -> dict[int, str]:
    """{need: its words}: the history names the need only, so that erasing a person takes the words away. One query at
    most.
    """
    ids = [row.data.get("need") for row in events if row.kind == LeadEventKind.NEED]
    return dict(Need.objects.filter(pk__in=ids).values_list("pk", "text")) if ids else {}


def _entry(event: LeadEvent, needs: dict[int, str]) -> TimelineEntry:
    who = event.actor_name or "Qunce"
    if event.kind == LeadEventKind.TIER:
        names = {"before": event.data["from"] or _("Unranked"), "now": event.data["to"] or _("Unranked")}
        return TimelineEntry(
            at=event.at,
            facet=CHANGE,
            icon_name="target-arrow",
            text=_("Tier %(before)s → %(now)s") % names,
            detail=_("%(who)s · rule v%(number)s") % {"who": who, "number": event.data["rule"]},
        )
    said: list[object] = [event.data.get(key) for key in ("text", "note", "reason", "action")]
    if event.kind == LeadEventKind.FOLLOWED:
        said = [FollowResult(event.data["result"]).label, *said]
    if event.kind == LeadEventKind.CLOSED_NOT_BUYING and event.data.get("reason") in CloseReason.values:
        said = [CloseReason(event.data["reason"]).label, event.data.get("note")]
    if event.kind == LeadEventKind.NEED:
        said = [NeedKind(event.data["what"]).label, needs.get(event.data["need"], "")]
    if event.kind == LeadEventKind.NEXT_SET and event.data.get("action") in NextAction.values:
        said = [NextAction(event.data["action"]).label]
    return TimelineEntry(
        at=event.at,
        facet=CHANGE,
        icon_name="user-check",
        text=str(event.get_kind_display()),
        detail=" · ".join(str(part) for part in [*said, who] if part),
        is_mine=True,
    )
