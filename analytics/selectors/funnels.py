"""Reading funnels: what is kept of them, segment by segment, and who is behind a figure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from analytics.enums import Segment
from analytics.models import Funnel, FunnelFigures, FunnelPerson
from analytics.policies import share
from contacts.selectors.channels import channel_list
from contacts.selectors.tags import tags_managed
from groups.enums import Circle, Kind

REACHED, DROPPED, WAITING = "reached", "dropped", "waiting"
PARTS = (REACHED, DROPPED, WAITING)


@dataclass(frozen=True)
class StepRow:
    """One step: how many reached it, of the first and of the one before, and who of them went no further."""

    step: int
    reached: int
    of_first: float | None
    of_before: float | None
    dropped: int
    waiting: int
    median_s: float | None


@dataclass(frozen=True)
class SegmentRow:
    """One value of what people are told apart by, with its steps. `key` is as kept, "tier:A"."""

    key: str
    label: str
    steps: tuple[StepRow, ...]


def funnel_list(*, tenant_id: int) -> QuerySet[Funnel]:
    """Funnels that were given a name, by name."""
    return Funnel.objects.filter(tenant_id=tenant_id).exclude(name="").order_by("name", "pk")


def funnel_get(*, tenant_id: int, funnel_id: int) -> Funnel:
    """One funnel. Raises Funnel.DoesNotExist."""
    return Funnel.objects.get(tenant_id=tenant_id, pk=funnel_id)


def ends_of(*, tenant_id: int, funnels: Sequence[Funnel]) -> dict[int, tuple[int, int]]:
    """{funnel: (how many took the first step, how many the last)} of those that were counted. One query."""
    rows = FunnelFigures.objects.filter(tenant_id=tenant_id, funnel__in=funnels, segment="")
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for funnel_id, step, reached in rows.values_list("funnel_id", "step", "reached"):
        found[funnel_id][step] = reached
    return {
        one.pk: (found[one.pk].get(1, 0), found[one.pk].get(len(one.steps), 0))
        for one in funnels
        if one.until is not None
    }


def funnel_steps(*, funnel: Funnel) -> tuple[StepRow, ...]:
    """The steps of everybody. One query."""
    return _steps(FunnelFigures.objects.filter(tenant_id=funnel.tenant_id, funnel=funnel, segment=""), funnel)


def funnel_segments(*, funnel: Funnel, by: str) -> list[SegmentRow]:
    """The steps of each value of a segment, the largest first. Two queries at most."""
    rows = FunnelFigures.objects.filter(
        tenant_id=funnel.tenant_id, funnel=funnel, segment__startswith=f"{by}:"
    )
    grouped: dict[str, list[FunnelFigures]] = defaultdict(list)
    for one in rows:
        grouped[one.segment].append(one)
    names = segment_names(tenant_id=funnel.tenant_id, by=by)
    found = [
        SegmentRow(key, segment_label(key, names), _steps(some, funnel))
        for key, some in sorted(grouped.items())
    ]
    return sorted(found, key=lambda one: -one.steps[0].reached)


def _steps(rows: "QuerySet[FunnelFigures] | list[FunnelFigures]", funnel: Funnel) -> tuple[StepRow, ...]:
    known = {one.step: one for one in rows}
    told: list[StepRow] = []
    for step in range(1, len(funnel.steps) + 1):
        row = known.get(step) or FunnelFigures(step=step, reached=0, waiting=0, dropped=0)
        first, before = (told[0].reached, told[-1].reached) if told else (row.reached, 0)
        told.append(
            StepRow(
                step, row.reached, share(row.reached, first), share(row.reached, before) if told else None,
                row.dropped, row.waiting, row.median_s,
            )
        )  # fmt: skip
    return tuple(told)


def segment_names(*, tenant_id: int, by: str) -> dict[str, str]:
    """{value as kept: its name} of channels, tags, circles and types of groups. One query at most."""
    if by == Segment.CHANNEL:
        return {str(one.pk): one.name for one in channel_list(tenant_id=tenant_id, archived=None)}
    if by == Segment.TAG:
        return {str(one.pk): one.name for one in tags_managed(tenant_id=tenant_id)}
    if by == Segment.CIRCLE:
        return {str(one.value): str(one.label) for one in Circle}
    if by == Segment.KIND:
        return {str(one.value): str(one.label) for one in Kind}
    return {}


def segment_label(key: str, names: dict[str, str]) -> str:
    """A value as people read it."""
    by, _colon, value = key.partition(":")
    if value:
        return names.get(value, value)
    return {
        Segment.TIER: _("No tier"), Segment.CHANNEL: _("No known channel"), Segment.KIND: _("In no group of a type"),
        Segment.CIRCLE: _("In no circle"), Segment.TAG: _("No tag"),
    }[Segment(by)]  # fmt: skip


def funnel_people(*, funnel: Funnel, step: int, part: str, segment: str = "") -> QuerySet[FunnelPerson]:
    """The people of a figure, as many as it said: of those kept with the last count."""
    rows = FunnelPerson.objects.filter(tenant_id=funnel.tenant_id, funnel=funnel)
    if segment:
        rows = rows.filter(segments__contains=[segment])
    if part == REACHED:
        return rows.filter(reached__gte=step)
    if funnel.until is None or step >= len(funnel.steps):
        return rows.none()
    edge = funnel.until - timedelta(hours=funnel.window_hours)
    rows = rows.filter(reached=step)
    return rows.filter(moments__0__gt=edge) if part == WAITING else rows.filter(moments__0__lte=edge)
