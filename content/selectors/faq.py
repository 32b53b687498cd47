"""Reads of the FAQ (R23): what is asked, what answered it, what found no answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from content.enums import FAQ_KINDS
from content.models import Script, ScriptAsk


@dataclass(frozen=True)
class AskFigures:
    """Searches of a span: how many, how many of them used an answer."""

    asked: int = 0
    answered: int = 0

    @property
    def unanswered(self) -> int:
        return self.asked - self.answered

    @property
    def share(self) -> float | None:
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True)
class OpenQuestion:
    """Searches of one question that used no answer: one of its wordings, how often, by how many people."""

    key: str
    words: str
    times: int
    people: int
    last_at: datetime


@dataclass(frozen=True)
class Hit:
    """A script and how often a search ended with it."""

    script: Script
    times: int
    last_at: datetime | None


def _asks(tenant_id: int, since: datetime, group_id: int | None) -> QuerySet[ScriptAsk]:
    rows = ScriptAsk.objects.filter(tenant_id=tenant_id, at__gte=since)
    return rows if group_id is None else rows.filter(group_id=group_id)


def ask_figures(*, tenant_id: int, since: datetime, group_id: int | None = None) -> AskFigures:
    """Of the company, or of one group. One query."""
    told = _asks(tenant_id, since, group_id).aggregate(
        asked=Count("pk"), answered=Count("pk", filter=Q(script__isnull=False))
    )
    return AskFigures(told["asked"], told["answered"])


def _open(tenant_id: int, since: datetime, group_id: int | None) -> QuerySet[ScriptAsk]:
    return _asks(tenant_id, since, group_id).filter(script=None, settled_at=None)


def open_keys(*, tenant_id: int, since: datetime, group_id: int | None = None) -> QuerySet:
    """One row for each question that `open_questions` would tell without its limit."""
    return _open(tenant_id, since, group_id).values("key").distinct()


def open_questions(
    *, tenant_id: int, since: datetime, group_id: int | None = None, limit: int = 20
) -> list[OpenQuestion]:
    """Questions whose searches used no answer, the most frequent first; one meaning counts together. One query."""
    rows = (
        _open(tenant_id, since, group_id)
        .values("key")
        .annotate(words=Min("words"), times=Count("pk"), people=Count("asker", distinct=True), last=Max("at"))
        .order_by("-times", "-last", "key")
    )
    return [
        OpenQuestion(row["key"], row["words"], row["times"], row["people"], row["last"])
        for row in rows[:limit]
    ]


def hits_of(*, tenant_id: int, script_ids: Iterable[int], since: datetime) -> dict[int, int]:
    """{script: searches that ended with it}; absent for none."""
    rows = ScriptAsk.objects.filter(tenant_id=tenant_id, script_id__in=list(script_ids), at__gte=since)
    return dict(rows.values("script_id").annotate(n=Count("pk")).values_list("script_id", "n"))


def group_hits(*, tenant_id: int, group_id: int, since: datetime) -> list[Hit]:
    """Answers used in one group, the most used first. Two queries."""
    rows = (
        _asks(tenant_id, since, group_id)
        .filter(script__isnull=False)
        .values("script_id")
        .annotate(n=Count("pk"), last=Max("used_at"))
        .order_by("-n", "script_id")
    )
    told = list(rows)
    known = Script.objects.filter(tenant_id=tenant_id).in_bulk([row["script_id"] for row in told])
    return [Hit(known[row["script_id"]], row["n"], row["last"]) for row in told if row["script_id"] in known]


def faq_scripts(*, tenant_id: int) -> QuerySet[Script]:
    """The agreed answers about product, offers and after-sales, by kind and question: what a hand-over carries."""
    rows = Script.objects.filter(tenant_id=tenant_id, archived_at=None, kind__in=FAQ_KINDS)
    return rows.order_by("kind", "-uses", "title", "pk")


def answers_used_in(*, tenant_id: int, group_ids: QuerySet, since: datetime) -> QuerySet[Script]:
    """The answers that searches in these groups ended with, by question. `group_ids`: a query of ids."""
    used = ScriptAsk.objects.filter(
        tenant_id=tenant_id, group_id__in=group_ids, at__gte=since, script__isnull=False
    )
    rows = Script.objects.filter(tenant_id=tenant_id, archived_at=None, pk__in=used.values("script_id"))
    return rows.order_by("title", "pk")


def asks_open_in(*, tenant_id: int, group_ids: QuerySet, since: datetime) -> QuerySet[ScriptAsk]:
    """The latest search of each question in these groups that no answer was used for."""
    rows = _open(tenant_id, since, None).filter(group_id__in=group_ids).select_related("group")
    return rows.order_by("key", "-at", "-pk").distinct("key")
