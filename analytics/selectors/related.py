"""Figures beside a north star (R97), and what colleagues scored (R98): targets, verdicts, how they go together."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from analytics.enums import Course, LifeStep
from analytics.metrics import AIMS, Metric
from analytics.models import RelatedMetric, Score
from analytics.policies import verdict_of
from analytics.selectors.standings import NOWHERE, Ground, Standing, Together, standing_in, together

HUNDREDTHS = 100  # of a point: as targets and means of scores are kept
SCORES_SHOWN = 200


@dataclass(frozen=True)
class Beside:
    """One figure beside a north star. `scores`: of one that is scored, each scorer's latest, the newest first."""

    row: RelatedMetric
    standing: Standing
    together: Together
    scores: Sequence[Score] = ()

    @property
    def is_manual(self) -> bool:
        return not self.row.metric

    @property
    def metric(self) -> Metric | None:
        return AIMS[self.row.metric].metric if self.row.metric else None

    @property
    def label(self) -> Any:
        return self.metric.label if self.metric else self.row.name

    @property
    def scored_at(self) -> datetime | None:
        return max((one.scored_at for one in self.scores), default=None)


def related_get(*, tenant_id: int, related_id: int) -> RelatedMetric:
    """Raises RelatedMetric.DoesNotExist, a foreign one like an unknown one."""
    return RelatedMetric.objects.select_related("star").get(tenant_id=tenant_id, pk=related_id)


def related_of(ground: Ground) -> list[tuple[LifeStep, list[Beside]]]:
    """The tree under a north star: each step in the order of RARRA with its figures, what moves it most first.

    Two queries besides those of the ground; of a team some for each figure.
    """
    star = ground.star
    chosen = RelatedMetric.objects.filter(tenant_id=star.tenant_id, star=star, is_dropped=False)
    rows = list(chosen.order_by("impact", "pk"))
    scores = _latest([one.pk for one in rows if not one.metric], star.tenant_id)
    found: dict[str, list[Beside]] = defaultdict(list)
    for row in rows:
        found[row.step].append(_beside(ground, row, scores.get(row.pk, [])))
    return [(step, found[step]) for step in LifeStep]


def _beside(ground: Ground, row: RelatedMetric, scores: list[Score]) -> Beside:
    if not row.metric:
        return Beside(row, _scored(row, scores), Together(0, None), scores)
    aim = AIMS[row.metric]
    return Beside(row, standing_in(ground, aim, row.target), together(ground, AIMS[ground.star.metric], aim))


def _scored(row: RelatedMetric, scores: list[Score]) -> Standing:
    """The mean of each scorer's latest points: reached, or behind; there is no course from day to day."""
    if not scores:
        return NOWHERE
    mean = round(HUNDREDTHS * sum(one.points for one in scores) / len(scores))
    return Standing(
        mean, None, verdict_of(Course.ADDS, actual=mean, target=row.target, base=None, gone=1.0), 1.0
    )


def _latest(related_ids: list[int], tenant_id: int) -> dict[int, list[Score]]:
    """{figure: each scorer's latest score, the newest first}. One query."""
    rows = Score.objects.filter(tenant_id=tenant_id, related_id__in=related_ids)
    newest = rows.order_by("related_id", "scorer_key", "-day").distinct("related_id", "scorer_key")
    found: dict[int, list[Score]] = defaultdict(list)
    for one in sorted(newest, key=lambda score: score.scored_at, reverse=True):
        found[one.related_id].append(one)
    return found


def scores_all(*, tenant_id: int, related_id: int) -> list[Score]:
    """Everything that was scored, the latest first."""
    rows = Score.objects.filter(tenant_id=tenant_id, related_id=related_id)
    return list(rows.order_by("-scored_at", "-pk")[:SCORES_SHOWN])


def score_of_day(*, tenant_id: int, related_id: int, scorer_key: str, day: date) -> Score | None:
    """What this colleague gave on this day."""
    rows = Score.objects.filter(tenant_id=tenant_id, related_id=related_id, scorer_key=scorer_key)
    return rows.filter(day=day).first()
