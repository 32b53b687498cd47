"""Reading the figures of days: a period against the one before, the trend, peers of groups, the people of a figure."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from django.db import connection
from django.db.models import F, FloatField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce

from analytics.models import DayFigures, DayFill
from analytics.policies import share
from analytics.selectors.day_rows import ACTS, BOUGHT, DID, JOINED, LEFT, PRESENT, day_values
from contacts.enums import BehaviourKind
from contacts.selectors.facts import kinds_told
from groups.selectors.seats import seats_by_id

PERIODS = (7, 28)
TREND_DAYS = 90
AGES = (7, 28, 90)  # groups are peers of their type between these ages, in days
SUMMED = ("joined", "left", "removed", "messages", "orders", "paid_fen")
ROLLING = ("active", "speakers", "buyers")
PEOPLE = ("customers", *ROLLING)  # figures that count people
MOVES = ("joined", "left")  # figures that count times


@dataclass(frozen=True)
class Newest:
    """The newest day that was summed, up to when it tells, and the first day there is."""

    day: date
    until: datetime
    first: date


def newest_day(*, tenant_id: int) -> Newest | None:
    """None until the first fill."""
    rows = DayFill.objects.filter(tenant_id=tenant_id, until__isnull=False).order_by("day")
    last = rows.last()
    first = rows.values_list("day", flat=True).first()
    if last is None or last.until is None or first is None:
        return None
    return Newest(last.day, last.until, first)


Figures = Mapping[str, int | None]
NOTHING: Figures = dict.fromkeys((*SUMMED, *PEOPLE, "net"), None)


@dataclass(frozen=True)
class Period:
    """A period's figures and those of as many days before, None where unknown: before the first day nobody sat in any
    group, but there is nothing to compare with. `rows`: days until then, oldest first, at most TREND_DAYS."""

    days: int
    now: Figures
    before: Figures
    rows: list[DayFigures]


def period_of(*, tenant_id: int, newest: Newest, days: int, group_id: int | None = None) -> Period:
    """The last `days` days of a group or the company. What lies before the first day is unknown. Three queries."""
    first = newest.day - timedelta(days=max(2 * days, TREND_DAYS) - 1)
    rows = DayFigures.objects.filter(
        tenant_id=tenant_id, group_id=group_id, day__gte=first, day__lte=newest.day
    )
    known = {one.day: one for one in rows}
    wanted = BehaviourKind.MESSAGE.value, BehaviourKind.ORDER.value
    told = kinds_told(tenant_id=tenant_id, kinds=wanted)

    def at(last: date) -> Figures:
        return _untold(_figures(known, last, days), told)

    ends = newest.day - timedelta(days=days)
    before = NOTHING if ends - timedelta(days=days - 1) < newest.first else at(ends)
    span = (newest.day - timedelta(days=back) for back in reversed(range(TREND_DAYS)))
    shown = [known.get(day) or DayFigures(day=day) for day in span if day >= newest.first]
    return Period(days, at(newest.day), before, shown)


def days_between(*, tenant_id: int, first: date, last: date) -> dict[date, DayFigures]:
    """The company's figures by day. One query."""
    rows = DayFigures.objects.filter(tenant_id=tenant_id, group_id=None, day__gte=first, day__lte=last)
    return {one.day: one for one in rows}


def told_kinds(*, tenant_id: int) -> set[str]:
    """Which of messages and orders any source ever told of. One query."""
    return kinds_told(tenant_id=tenant_id, kinds=(BehaviourKind.MESSAGE.value, BehaviourKind.ORDER.value))


def figures_in(
    rows: Mapping[date, DayFigures], *, last: date, days: int, span: int, told: Collection[str]
) -> Figures:
    """The company's figures of the `days` up to `last`, as the overview tells them; people who did something within the
    last `span` (1, 7 or 28). `rows` are at least those days, `told` as `told_kinds` gives it."""
    return _untold(_figures(rows, last, days, span), told)


def _figures(
    known: Mapping[date, DayFigures], last: date, days: int, rolling: int | None = None
) -> dict[str, int | None]:
    span = [known[day] for back in range(days) if (day := last - timedelta(days=back)) in known]
    ends = known.get(last) or DayFigures(day=last)
    found: dict[str, int | None] = {name: sum(getattr(one, name) for one in span) for name in SUMMED}
    found["customers"] = ends.customers
    found |= {name: getattr(ends, f"{name}_{rolling or days}") for name in ROLLING}
    found["net"] = (found["joined"] or 0) - (found["left"] or 0)
    return found


def _untold(found: dict[str, int | None], told: Collection[str]) -> dict[str, int | None]:
    """What no source ever told of is unknown, not zero (R116)."""
    unknown = set()
    if BehaviourKind.MESSAGE.value not in told:
        unknown |= {"messages", "speakers"}
    if BehaviourKind.ORDER.value not in told:
        unknown |= {"orders", "buyers", "paid_fen"}
    return {name: None if name in unknown else value for name, value in found.items()}


def paid_by(
    *, tenant_id: int, group_ids: Sequence[int], day: date, until: datetime, days: int, zone: str
) -> int:
    """What members of these groups paid within the last `days`, in fen, each order once, less what was given back."""
    values = day_values(tenant_id=tenant_id, day=day, until=until, zone=zone, days=days)
    values |= {"groups": list(group_ids), "d28": values[f"d{days}"]}
    once = "select distinct order_id, paid_fen from bought where group_id = any(%(groups)s)"
    with connection.cursor() as cursor:
        cursor.execute(f"with {BOUGHT} select coalesce(sum(paid_fen), 0)::bigint from ({once}) once", values)
        found: int = cursor.fetchone()[0]
    return found


def messages_in(*, tenant_id: int, group_ids: Sequence[int], last: date, days: int) -> int:
    """Messages of customers in these groups on the `days` up to `last`."""
    rows = DayFigures.objects.filter(
        tenant_id=tenant_id, group_id__in=group_ids, day__gt=last - timedelta(days=days), day__lte=last
    )
    return rows.aggregate(n=Sum("messages"))["n"] or 0


def league(*, tenant_id: int, newest: Newest) -> QuerySet:
    """Every group with customers on the newest day, with the share of active people of 7 days, the net of 7 days and
    messages a customer."""
    day, week = newest.day, newest.day - timedelta(days=6)
    same = DayFigures.objects.filter(
        tenant_id=tenant_id, group_id=OuterRef("group_id"), day__gte=week, day__lte=day
    ).order_by()

    def over_week(name: str) -> Coalesce:
        return Coalesce(Subquery(same.values("group_id").annotate(n=Sum(name)).values("n")), 0)

    rows = DayFigures.objects.filter(tenant_id=tenant_id, day=day, group__isnull=False, customers__gt=0)
    return rows.select_related("group__owner").annotate(
        active_share=Cast(F("active_7"), FloatField()) / F("customers"),
        speakers_share=Cast(F("speakers_7"), FloatField()) / F("customers"),
        net=over_week("joined") - over_week("left"),
        messages_7=over_week("messages"),
    )


@dataclass(frozen=True)
class Peers:
    """Groups of one type and age, the group itself among them; `middle`: the median of their active shares."""

    count: int
    middle: float


def peers_of(*, tenant_id: int, newest: Newest) -> dict[int, Peers]:
    """{group: its peers} of every group of the league. One query."""
    rows = DayFigures.objects.filter(
        tenant_id=tenant_id, day=newest.day, group__isnull=False, customers__gt=0
    ).annotate(since=Coalesce("group__goes_live_at", "group__created_at", "group__added_at"))
    sorts: dict[tuple[str, int], list[tuple[int, float]]] = defaultdict(list)
    for group_id, kind, since, active, customers in rows.values_list(
        "group_id", "group__kind", "since", "active_7", "customers"
    ):
        sorts[kind, age_of(since, newest.until)].append((group_id, share(active, customers) or 0.0))
    return {
        group_id: Peers(len(some), median(one for _pk, one in some))
        for some in sorts.values()
        for group_id, _share in some
    }


def age_of(since: datetime, at: datetime) -> int:
    """Which of the spans that AGES part a group's age lies in: 0 for the first week."""
    return bisect_right(AGES, max((at - since).days, 0))


_PEOPLE = {
    "customers": "true", "active": "did_{days}", "speakers": "said_{days}",
}  # fmt: skip


def figure_persons(
    *,
    tenant_id: int,
    group_ids: Sequence[int] | None,
    figure: str,
    day: date,
    until: datetime,
    days: int,
    zone: str,
) -> list[int]:
    """The persons that a figure of PEOPLE counted, by the same rows as the fill; negative: no customer is known yet.

    `group_ids`: of these groups only, each person once; None: of the company. Raises KeyError for another figure.
    """
    values = day_values(tenant_id=tenant_id, day=day, until=until, zone=zone)
    values["groups"] = None if group_ids is None else list(group_ids)
    if figure == "buyers":
        test = f"ordered_at >= %(d{days})s and (%(groups)s::bigint[] is null or group_id = any(%(groups)s))"
        sql = f"with {BOUGHT} select distinct person from bought where {test} order by 1"
    else:
        test = _PEOPLE[figure].format(days=days)
        rows = "anywhere where true" if group_ids is None else "did where group_id = any(%(groups)s)"
        sql = f"with {PRESENT}, {ACTS}, {DID} select distinct person from {rows} and {test} order by 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for (pk,) in cursor.fetchall()]


def figure_moves(
    *,
    tenant_id: int,
    group_ids: Sequence[int] | None,
    figure: str,
    day: date,
    until: datetime,
    days: int,
    zone: str,
) -> QuerySet:
    """The comings or goings that a figure of MOVES counted, the latest first. Raises KeyError for another figure."""
    values = day_values(tenant_id=tenant_id, day=day, until=until, zone=zone, days=days)
    test = {"joined": JOINED, "left": LEFT}[figure].format(since=f"d{days}")
    where = f"m.tenant_id = %(tenant)s and {test}"
    with connection.cursor() as cursor:
        cursor.execute(f"select m.id from groups_member m where {where}", values)
        found = [pk for (pk,) in cursor.fetchall()]
    rows = seats_by_id(tenant_id=tenant_id, member_ids=found)
    moment = {"joined": "joined_at", "left": "left_at"}[figure]
    rows = rows.filter(group_id__in=group_ids) if group_ids is not None else rows
    return rows.annotate(moment=F(moment)).order_by("-moment", "-pk")
