"""Figures beside a north star: choosing, changing, dropping one (R97), and scoring what no machine can watch (R98)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from analytics.enums import Impact, LifeStep, Unit
from analytics.errors import RelatedExists, RelatedInvalid, ScoreInvalid
from analytics.metrics import AIMS
from analytics.models import NorthStar, RelatedMetric, Score
from analytics.selectors.related import HUNDREDTHS
from analytics.selectors.standings import SHARE_WHOLE
from analytics.services.stars import TARGET_MOST
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

POINTS = range(1, 6)
_TOLD = ("step", "metric", "name", "rubric", "link", "strategy", "impact", "target")


@dataclass(frozen=True, kw_only=True)
class RelatedWish:
    """What stands beside a north star. Without `metric` it is scored by hand: `name` and `rubric` say what."""

    step: str
    metric: str
    name: str
    rubric: str
    link: str
    strategy: str
    impact: int
    target: int


def scorer_key(actor: Actor) -> str:
    """Who scores, for good."""
    return f"{actor.kind}:{actor.id}"


def related_save(
    *, tenant: "Tenant", star_id: int, wish: RelatedWish, actor: Actor, related_id: int | None = None
) -> RelatedMetric:
    """Put a figure beside a north star, or change one. Safe to repeat.

    Raises RelatedInvalid, RelatedExists, NorthStar.DoesNotExist, RelatedMetric.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        star = NorthStar.objects.get(tenant=tenant, pk=star_id)
        row = RelatedMetric(tenant=tenant, star=star)
        if related_id is not None:
            row = RelatedMetric.objects.select_for_update().get(tenant=tenant, star=star, pk=related_id)
        before = {name: getattr(row, name) for name in _TOLD} if row.pk else {}
        _take(row, star, wish)
        changes = {
            name: [str(before[name]) if before else None, str(getattr(row, name))]
            for name in _TOLD
            if not before or before[name] != getattr(row, name)
        }
        if changes:
            row.set_by, row.set_at = actor.name[:128], clock.now()
            _save(row)
            audit.record(
                tenant=tenant, actor=actor, verb="analytics.related.saved", target=row, changes=changes
            )
    return row


def _take(row: RelatedMetric, star: NorthStar, wish: RelatedWish) -> None:
    name, rubric, link, strategy = (one.strip() for one in (wish.name, wish.rubric, wish.link, wish.strategy))
    if wish.step not in LifeStep.values or wish.impact not in Impact.values or not link or not strategy:
        raise RelatedInvalid
    if not 0 < wish.target < TARGET_MOST:
        raise RelatedInvalid
    if wish.metric:
        name = rubric = ""
        _check_counted(star, wish)
    elif not name or not rubric or wish.target > max(POINTS) * HUNDREDTHS:
        raise RelatedInvalid
    row.step, row.metric, row.impact, row.target = wish.step, wish.metric, wish.impact, wish.target
    row.name, row.rubric, row.link, row.strategy = name[:60], rubric[:2000], link[:200], strategy[:200]


def _check_counted(star: NorthStar, wish: RelatedWish) -> None:
    aim = AIMS.get(wish.metric)
    if aim is None or star.scope not in aim.scopes or wish.metric == star.metric:
        raise RelatedInvalid
    if aim.unit == Unit.SHARE and wish.target > SHARE_WHOLE:
        raise RelatedInvalid


def _save(row: RelatedMetric) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "analytics_related_once" in str(error):
            raise RelatedExists from error
        raise


def related_drop(*, tenant: "Tenant", related_id: int, actor: Actor) -> RelatedMetric:
    """Look at it no longer; what was scored stays. Safe to repeat. Raises RelatedMetric.DoesNotExist, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = RelatedMetric.objects.select_for_update().get(tenant=tenant, pk=related_id)
        if not row.is_dropped:
            row.is_dropped = True
            row.save(update_fields=["is_dropped"])
            audit.record(tenant=tenant, actor=actor, verb="analytics.related.dropped", target=row)
    return row


def score_give(*, tenant: "Tenant", related_id: int, points: int, note: str, actor: Actor) -> Score:
    """What one colleague saw, 1 to 5; a second time on one day replaces the first.

    Raises ScoreInvalid, RelatedMetric.DoesNotExist (also of a figure that is counted), NotPermitted.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        rows = RelatedMetric.objects.select_for_update().filter(metric="", is_dropped=False)
        row = rows.get(tenant=tenant, pk=related_id)
        if points not in POINTS:
            raise ScoreInvalid
        day = clock.local_date(clock.now(), tenant.timezone)
        key = {"tenant": tenant, "related": row, "day": day, "scorer_key": scorer_key(actor)}
        before = Score.objects.filter(**key).values_list("points", flat=True).first()
        said = {
            "points": points,
            "note": note.strip()[:200],
            "scorer": actor.name[:128],
            "scored_at": clock.now(),
        }
        score, _made = Score.objects.update_or_create(**key, defaults=said)
        audit.record(
            tenant=tenant, actor=actor, verb="analytics.related.scored", target=row,
            changes={"points": [before, points]},
        )  # fmt: skip
    return score
