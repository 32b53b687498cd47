"""What customers need, over all leads: how often, who, what answers it (R74); doubts with the answers that worked."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from content.selectors import script_by_ids
from leads.enums import NOTED_KINDS, DoubtState, LeadState, NeedKind
from leads.models import Doubt, Lead, Need, NeedScript

LISTED = 200  # of each: the commonest
KNOWN = 40  # words offered while somebody types


@dataclass(frozen=True)
class NeedCount:
    """One need or doubt: how many people have it, how many leads are open or won, how many doubts were answered.

    `answered` is None for what is no doubt. `won` counts all who bought.
    """

    kind: str
    text: str
    people: int
    open: int
    won: int
    answered: int | None

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.text

    @property
    def kind_label(self) -> Any:
        return NeedKind(self.kind).label


@dataclass(frozen=True)
class Answer:
    """Words that answered a doubt: how often, and how many of those people bought."""

    text: str
    times: int
    won: int


def need_counts(leads: QuerySet[Lead], *, tenant_id: int, kind: str = "") -> list[NeedCount]:
    """The commonest needs and doubts of these leads, of one kind or of all; each person once. Two queries at most."""
    ids = leads.order_by().values("pk")
    told = {
        "people": Count("lead__customer_id", distinct=True),
        "open": Count("lead_id", distinct=True, filter=Q(lead__state=LeadState.OPEN)),
        "won": Count("lead_id", distinct=True, filter=Q(lead__state=LeadState.WON)),
    }
    rows: list[dict[str, Any]] = []
    if kind != NeedKind.OBJECTION:
        noted = Need.objects.filter(tenant_id=tenant_id, lead__in=ids)
        noted = noted.filter(kind=kind) if kind else noted
        common = noted.values("kind", "text").annotate(**told).order_by("-people")[:LISTED]
        rows += [{**row, "answered": None} for row in common]
    if kind in ("", NeedKind.OBJECTION):
        raised = Doubt.objects.filter(tenant_id=tenant_id, lead__in=ids).values("text")
        answered = Count("pk", filter=Q(state=DoubtState.ANSWERED))
        found = raised.annotate(**told, answered=answered).order_by("-people")[:LISTED]
        rows += [{"kind": NeedKind.OBJECTION.value, **row} for row in found]
    rows.sort(key=lambda row: (-row["people"], row["kind"], row["text"]))
    return [NeedCount(**row) for row in rows[:LISTED]]


def people_asked(leads: QuerySet[Lead]) -> tuple[int, int]:
    """(people of these leads of whom anything is noted, all people of these leads). One query."""
    told = leads.order_by().aggregate(
        noted=Count("customer_id", distinct=True, filter=Q(needs__isnull=False) | Q(doubts__isnull=False)),
        everyone=Count("customer_id", distinct=True),
    )
    return told["noted"], told["everyone"]


def scripts_tied(*, tenant_id: int, needs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Any]:
    """{(kind, text): the script in use that answers it}. Two queries, none without needs."""
    wanted = set(needs)
    if not wanted:
        return {}
    rows = NeedScript.objects.filter(tenant_id=tenant_id, text__in={text for _kind, text in wanted})
    ties = {(row.kind, row.text): row.script_id for row in rows if (row.kind, row.text) in wanted}
    scripts = script_by_ids(tenant_id=tenant_id, script_ids=set(ties.values()))
    return {key: scripts[pk] for key, pk in ties.items() if pk in scripts and scripts[pk].archived_at is None}


def needs_of(lead_id: int) -> list[Need]:
    """What is noted of one lead, in the order of the kinds. One query."""
    rows = list(Need.objects.filter(lead_id=lead_id).order_by("noted_at", "pk"))
    return sorted(rows, key=lambda row: NOTED_KINDS.index(row.kind))


def need_words_known(*, tenant_id: int) -> list[str]:
    """Words that are used already, the commonest first: one need keeps one wording. One query."""
    rows = (
        Need.objects.filter(tenant_id=tenant_id).values("text").annotate(n=Count("pk")).order_by("-n", "text")
    )
    return [row["text"] for row in rows[:KNOWN]]


def answers_to(*, tenant_id: int, texts: Iterable[str]) -> dict[str, list[Answer]]:
    """{doubt: the answers noted for it, those that people bought after first}. One query."""
    wanted = set(texts)
    if not wanted:
        return {}
    rows = (
        Doubt.objects.filter(tenant_id=tenant_id, text__in=wanted, state=DoubtState.ANSWERED)
        .exclude(answer="")
        .values(said=F("text"), words=F("answer"))
        .annotate(times=Count("pk"), won=Count("pk", filter=Q(lead__state=LeadState.WON)))
        .order_by("-won", "-times", "words")
    )
    found: dict[str, list[Answer]] = defaultdict(list)
    for row in rows:
        found[row["said"]].append(Answer(row["words"], row["times"], row["won"]))
    return dict(found)


def competitors_said(*, tenant_id: int) -> list[tuple[str, int]]:
    """[(a competitor that customers consider, of how many people it is noted)], the commonest first. One query."""
    rows = Need.objects.filter(tenant_id=tenant_id, kind=NeedKind.COMPETITOR).values_list("text")
    return list(rows.annotate(n=Count("lead__customer_id", distinct=True)).order_by("-n", "text")[:LISTED])
