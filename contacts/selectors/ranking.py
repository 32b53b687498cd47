"""Whether customers' questions were answered in time, for the ranking (R75, R127)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from console.shell import tenant_url
from contacts.models import Question
from team.policies.ranking import Cell
from team.selectors.ranking import CaseLine, true_when

PRIVATE, IN_GROUP = "private", "group"


def place_label(stratum: str) -> str:
    """Where a question was asked, as the page names a difficulty."""
    return _("Asked in private") if stratum == PRIVATE else _("Asked in a group")


def _due(tenant: Any, since: datetime, until: datetime) -> QuerySet:
    """Questions whose answer was due in [since, until), by who had to answer: the friend, or the group's owner.

    `hit`: somebody of the team answered before that moment, as the sweep has it. What was closed without an answer
    before it was due asked for none.
    """
    rows = Question.objects.filter(tenant=tenant, due_at__gte=since, due_at__lt=until)
    rows = rows.exclude(replied_at=None, closed_at__lt=F("due_at"))
    rows = rows.annotate(who=Coalesce("staff_id", "group__owner_id")).filter(who__isnull=False)
    return rows.annotate(hit=true_when(Q(replied_at__lt=F("due_at"))), moment=F("due_at"))


def reply_cells(*, tenant: Any, since: datetime, until: datetime) -> list[Cell]:
    """Questions by who had to answer and where they were asked, and those answered in time. One query."""
    rows = (
        _due(tenant, since, until)
        .order_by()
        .values("who", "is_private")
        .annotate(cases=Count("pk"), hits=Count("pk", filter=Q(hit=True)))
    )
    return [
        Cell(row["who"], PRIVATE if row["is_private"] else IN_GROUP, row["cases"], row["hits"])
        for row in rows
    ]


def reply_cases(
    *,
    tenant: Any,
    staff_id: int,
    since: datetime,
    until: datetime,
    stratum: str | None = None,
    hit: bool | None = None,
) -> QuerySet:
    """The questions behind `reply_cells` of one person."""
    rows = _due(tenant, since, until).filter(who=staff_id)
    if stratum is not None:
        rows = rows.filter(is_private=stratum == PRIVATE)
    if hit is not None:
        rows = rows.filter(hit=hit)
    found = rows.annotate(question_id=F("pk")).values("question_id", "moment", "hit")
    return found.order_by("-moment", "question_id")


def reply_lines(*, tenant: Any, rows: Iterable[dict[str, Any]]) -> list[CaseLine]:
    """The questions of these cases, with who asked and where. One query."""
    some = list(rows)
    found = (
        Question.objects.filter(tenant=tenant, pk__in={row["question_id"] for row in some})
        .select_related("customer", "group")
        .in_bulk()
    )
    made = []
    for row in some:
        question = found[row["question_id"]]
        made.append(CaseLine(
            name=str(question.customer or "") or _("Someone in the group"),
            url=tenant_url(tenant, "contacts:question", pk=question.pk), at=row["moment"], hit=row["hit"],
            detail=str(question.group or "") or _("Asked in private"),
        ))  # fmt: skip
    return made
