"""North stars (R96): which are in force, where they stand by the figures of screens, which plans serve them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import F, FilteredRelation, Q, QuerySet

from analytics.enums import Scope, Unit
from analytics.metrics import AIMS
from analytics.models import NorthStar, Serving, StarChange
from analytics.selectors.standings import SHARE_WHOLE, Standing, ground_of, standing_in
from console.formats import MISSING
from console.templatetags.q import figure, money, percent
from team.enums import PlanKind
from team.selectors import departments

if TYPE_CHECKING:
    from tenants.models import Tenant

# Plans that say how they serve a star, the newest first.
_PLANS = """
select s.kind, s.plan_id, s.words, s.said_by, s.said_at,
    coalesce(r.name, c.name, t.name || ' v' || v.number, '')
from analytics_serving s
left join sop_run r on s.kind = 'run' and r.tenant_id = s.tenant_id and r.id = s.plan_id
left join campaigns_campaign c on s.kind = 'campaign' and c.tenant_id = s.tenant_id and c.id = s.plan_id
left join sop_version v on s.kind = 'version' and v.tenant_id = s.tenant_id and v.id = s.plan_id
left join sop_template t on t.tenant_id = v.tenant_id and t.id = v.template_id
where s.tenant_id = %s and s.star_id = %s order by s.said_at desc, s.id desc limit %s
"""
# Plans that run now and say nothing of the star yet.
_SILENT = """
select 'run', r.id, r.name from sop_run r
join sop_version v on v.tenant_id = r.tenant_id and v.id = r.version_id
join sop_template t on t.tenant_id = v.tenant_id and t.id = v.template_id and t.kind not in ('event', 'crisis')
where r.tenant_id = %(tenant)s and r.state = 'running' and not exists (
    select 1 from analytics_serving s where s.tenant_id = r.tenant_id and s.star_id = %(star)s and s.kind = 'run'
        and s.plan_id = r.id)
union all
select 'campaign', c.id, c.name from campaigns_campaign c
where c.tenant_id = %(tenant)s and c.state = 'running' and not exists (
    select 1 from analytics_serving s where s.tenant_id = c.tenant_id and s.star_id = %(star)s and s.kind = 'campaign'
        and s.plan_id = c.id)
order by 1, 2 desc limit %(most)s
"""
_TABLES = {"run": "sop_run", "version": "sop_version", "campaign": "campaigns_campaign"}
PLANS_MOST = 200


@dataclass(frozen=True)
class Plan:
    """A plan and what was said of it; without words nobody has said how it serves."""

    kind: str
    plan_id: int
    name: str
    words: str = ""
    said_by: str = ""
    said_at: datetime | None = None

    @property
    def kind_label(self) -> object:
        return PlanKind(self.kind).label


def star_list(*, tenant_id: int) -> QuerySet[NorthStar]:
    """All north stars, the latest period first, the company's before a team's before a camp's."""
    return NorthStar.objects.filter(tenant_id=tenant_id).order_by("-starts_on", "-pk")


def star_get(*, tenant_id: int, star_id: int) -> NorthStar:
    """Raises NorthStar.DoesNotExist, a foreign one like an unknown one."""
    return NorthStar.objects.get(tenant_id=tenant_id, pk=star_id)


def stars_in_force(*, tenant_id: int, day: date) -> list[NorthStar]:
    """Those whose period holds the day: the company's first, then teams', then camps'. One query."""
    return _by_scope(star_list(tenant_id=tenant_id).filter(starts_on__lte=day, ends_on__gte=day))


def _by_scope(stars: Iterable[NorthStar]) -> list[NorthStar]:
    order = [one.value for one in Scope]
    return sorted(stars, key=lambda one: (order.index(one.scope), -one.pk))


def star_for_plans(*, tenant_id: int, day: date) -> NorthStar | None:
    """The one that plans of this day serve: the company's, else a team's. A camp's is its own."""
    return _for_plans(stars_in_force(tenant_id=tenant_id, day=day))


def _for_plans(stars: Iterable[NorthStar]) -> NorthStar | None:
    return next((one for one in stars if one.scope != Scope.CAMP), None)


def star_of_camp(*, tenant_id: int, run_id: int) -> NorthStar | None:
    """The camp's own north star."""
    return star_list(tenant_id=tenant_id).filter(scope=Scope.CAMP, place=run_id).first()


def star_past(*, tenant_id: int, star_id: int) -> QuerySet[StarChange]:
    """What it was before each change, the latest first."""
    return StarChange.objects.filter(tenant_id=tenant_id, star_id=star_id).order_by("-pk")


def servings_of(*, tenant_id: int, kind: str, plan_ids: Collection[int]) -> dict[int, Serving]:
    """{plan: what was said of it last}. One query."""
    rows = Serving.objects.filter(tenant_id=tenant_id, kind=kind, plan_id__in=list(plan_ids))
    return {one.plan_id: one for one in rows.select_related("star").order_by("pk")}


def star_and_serving(
    *, tenant_id: int, day: date, kind: str, plan_id: int
) -> tuple[NorthStar | None, Serving | None]:
    """The star that plans of this day serve, and what was said of this plan last, of whatever star. One query."""
    said = Q(servings__kind=kind, servings__plan_id=plan_id)
    rows = star_list(tenant_id=tenant_id).annotate(
        said=FilteredRelation("servings", condition=said),
        said_words=F("said__words"), said_by=F("said__said_by"), said_at=F("said__said_at"), said_pk=F("said__pk"),
    )  # fmt: skip
    found = list(rows.filter(Q(starts_on__lte=day, ends_on__gte=day) | Q(said__isnull=False)))
    last = max((one for one in found if one.said_pk), key=lambda one: one.said_pk, default=None)
    serving = None
    if last is not None:
        serving = Serving(star=last, words=last.said_words, said_by=last.said_by, said_at=last.said_at)
    return _for_plans(_by_scope(one for one in found if one.starts_on <= day <= one.ends_on)), serving


def plans_serving(*, tenant_id: int, star_id: int) -> list[Plan]:
    """Plans that say how they serve it. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PLANS, [tenant_id, star_id, PLANS_MOST])
        return [Plan(kind, pk, name, words, by, at) for kind, pk, words, by, at, name in cursor.fetchall()]


def plans_silent(*, tenant_id: int, star_id: int) -> list[Plan]:
    """Runs and campaigns that run now and say nothing of it yet. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, {"tenant": tenant_id, "star": star_id, "most": PLANS_MOST})
        return [Plan(*row) for row in cursor.fetchall()]


def plan_exists(*, tenant_id: int, kind: str, plan_id: int) -> bool:
    """Whether the company has this plan."""
    if kind not in _TABLES:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            f"select exists (select 1 from {_TABLES[kind]} where tenant_id = %s and id = %s)",
            [tenant_id, plan_id],
        )
        return bool(cursor.fetchone()[0])


def teams_to_choose(*, tenant_id: int) -> list[tuple[int, str]]:
    """(department, name), by name."""
    return sorted(departments(tenant_id=tenant_id).items(), key=lambda one: (one[1], one[0]))


def standing_of(*, tenant: "Tenant", star: NorthStar) -> Standing:
    """Where a north star stands now, or stood when its period ended."""
    return standing_in(ground_of(tenant=tenant, star=star), AIMS[star.metric], star.target)


def amount(metric: str, value: int | None) -> str:
    """A figure of an aim as people read it, with its unit: 1,200, ¥3,000, 12.5 %; a dash where unknown."""
    unit = AIMS[metric].unit
    if value is None:
        return MISSING
    if unit == Unit.FEN:
        return money(value)
    if unit == Unit.SHARE:
        return percent(value / SHARE_WHOLE)
    return figure(value)


def star_label(star: NorthStar) -> str:
    """A north star in a line: whose it is, which figure, the target."""
    whose = star.place_name or str(Scope(star.scope).label)
    return f"{whose} · {AIMS[star.metric].metric.label} {amount(star.metric, star.target)}"
