"""What customers give service (R126): answers of forms that rate it from 1 to 5, by the colleague who asked them."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import cached_property

from contacts.enums import GroupQuestion, SurveyAnswerState
from contacts.models import SurveyAnswer
from contacts.selectors.service import ALL, BY_DAY, BY_GROUP, BY_STAFF, Wanted

SHOWN = 30
_COUNTED = (SurveyAnswerState.TAKEN, SurveyAnswerState.CONFIRMED)
_RATED = """
from contacts_surveyanswer a
join contacts_surveylink l on l.tenant_id = a.tenant_id and l.id = a.link_id
cross join lateral (
    select (e->>'value')::int as score from jsonb_array_elements(a.answers) e
    where e->>'counts' = %(counts)s and e->>'value' ~ '^[1-5]$' limit 1
) given
where a.tenant_id = %(tenant)s and a.state = any(%(states)s) and a.answered_at >= %(since)s
  and a.answered_at < %(until)s and (%(group)s::bigint is null or l.group_id = %(group)s)
  and (%(staff)s::bigint is null or l.staff_id = %(staff)s)
"""
_FIGURES = f"""
select l.staff_id, l.group_id, (a.answered_at at time zone %(zone)s)::date, grouping(l.staff_id), grouping(l.group_id),
    count(*), sum(score), count(*) filter (where score <= 2)
{_RATED} group by grouping sets ((), (l.staff_id), (l.group_id), ((a.answered_at at time zone %(zone)s)::date))
"""
_LOWEST = (
    f"select a.id, score, l.staff_id {_RATED} order by score, a.answered_at desc, a.id desc limit %(most)s"
)


@dataclass(frozen=True)
class Rated:
    """Ratings of a span: how many, their sum, and how many gave one or two."""

    count: int = 0
    total: int = 0
    low: int = 0

    @property
    def mean(self) -> float | None:
        """1 to 5; None where nobody rated."""
        return self.total / self.count if self.count else None


@dataclass(frozen=True)
class Rating:
    """One rating: the answer it stands in, 1 to 5, and the colleague who asked."""

    answer: SurveyAnswer
    score: int
    staff_id: int | None

    @cached_property
    def words(self) -> str:
        """What the person wrote beside it."""
        told = [one["value"] for one in self.answer.answers if one.get("counts") == GroupQuestion.FEEDBACK]
        return str(told[0]) if told else ""


def ratings(*, tenant_id: int, wanted: Wanted, zone: str) -> dict[str, dict[Any, Rated]]:
    """{"all": {None: …}, "staff": {id or None: …}, "group": {id or None: …}, "day": {local day: …}}. One query."""
    found: dict[str, dict[Any, Rated]] = {ALL: {None: Rated()}, BY_STAFF: {}, BY_GROUP: {}, BY_DAY: {}}
    for staff_id, group_id, day, no_staff, no_group, *counts in _all(_FIGURES, tenant_id, wanted, zone=zone):
        made = Rated(counts[0], counts[1] or 0, counts[2])
        if not no_staff:
            found[BY_STAFF][staff_id] = made
        elif not no_group:
            found[BY_GROUP][group_id] = made
        elif day is not None:
            found[BY_DAY][day] = made
        else:
            found[ALL][None] = made
    return found


def ratings_lowest(*, tenant_id: int, wanted: Wanted) -> list[Rating]:
    """The ratings behind the figures, the lowest first, then the latest; at most SHOWN. Two queries."""
    rows = _all(_LOWEST, tenant_id, wanted, most=SHOWN)
    kept = (
        SurveyAnswer.objects.filter(tenant_id=tenant_id)
        .select_related("customer")
        .in_bulk([one[0] for one in rows])
    )
    return [Rating(kept[answer_id], score, staff_id) for answer_id, score, staff_id in rows]


def _all(statement: str, tenant_id: int, wanted: Wanted, **more: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "tenant": tenant_id, "counts": str(GroupQuestion.SERVICE), "states": [str(one) for one in _COUNTED],
                "since": wanted.since, "until": wanted.until, "group": wanted.group_id,
                "staff": wanted.staff_id, **more,
            },
        )  # fmt: skip
        return cursor.fetchall()
