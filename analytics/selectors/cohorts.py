"""Reading retention by join week: the cells that are kept, what a cohort is of, the people behind a cell."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet

from analytics.enums import CohortOf
from analytics.models import CohortCells, WeekFill
from analytics.selectors.camps import camp_list
from analytics.selectors.cohort_rows import CELLS, STAYED, week_values
from contacts.selectors.channels import channel_list
from groups.selectors.lists import group_list

NEWCOMERS = "people"  # the figure that is everybody of the cohort
FOUND_MOST = 20


@dataclass(frozen=True)
class Choice:
    """Something that cohorts can be of."""

    pk: int
    name: str


def cohorts_of(*, tenant_id: int, of: str, of_id: int) -> QuerySet[CohortCells]:
    """The weeks in which somebody joined it, the newest first."""
    return CohortCells.objects.filter(tenant_id=tenant_id, of=of, of_id=of_id).order_by("-week")


def counted_until(*, tenant_id: int) -> datetime | None:
    """The midnight up to which the newest week is told; None before the first count."""
    told = WeekFill.objects.filter(tenant_id=tenant_id, until__isnull=False).order_by("-week")
    return told.values_list("until", flat=True).first()


def cohort_choices(*, tenant_id: int, of: str, words: str = "") -> list[Choice]:
    """Camps, channels, or groups by a part of their name (FOUND_MOST of them), to choose from. At most one query."""
    if of == CohortOf.CAMP:
        return [Choice(one.run_id, one.name) for one in camp_list(tenant_id=tenant_id)]
    if of == CohortOf.CHANNEL:
        return [Choice(one.pk, one.name) for one in channel_list(tenant_id=tenant_id, archived=None)]
    if of == CohortOf.GROUP:
        rows = group_list(tenant_id=tenant_id).filter(name__icontains=words).order_by("name", "pk")
        return [Choice(one.pk, str(one)) for one in rows[:FOUND_MOST]]
    return []


def cohort_persons(
    *, tenant_id: int, of: str, of_id: int, week: date, figure: str, until: datetime, zone: str
) -> list[int]:
    """The persons that a cell counted, by the same rows as the fill; negative: no customer is known yet.

    Raises KeyError for a figure that does not exist.
    """
    test = {NEWCOMERS: "true", **{cell: cell for cell in CELLS}}[figure]
    values = week_values(tenant_id=tenant_id, week=week, until=until, zone=zone, of=of, of_id=of_id)
    with connection.cursor() as cursor:
        cursor.execute(f"with {STAYED} select person from stayed where {test} order by 1", values)
        return [pk for (pk,) in cursor.fetchall()]
