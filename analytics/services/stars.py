"""Choosing a north star and changing it (R96, R122), and noting how plans serve it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from analytics.enums import Scope, Unit
from analytics.errors import PlanUnknown, ReasonMissing, ServesMissing, StarExists, StarInvalid
from analytics.metrics import AIMS
from analytics.models import NorthStar, Serving, StarChange
from analytics.selectors.camps import camp_get
from analytics.selectors.standings import SHARE_WHOLE
from analytics.selectors.stars import (
    plan_exists,
    servings_of,
    star_and_serving,
    star_for_plans,
    star_label,
    teams_to_choose,
)
from team.selectors.goals import WORDS_MOST, Goal, Served
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.errors import DomainError
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

TARGET_MOST = 10**13


@dataclass(frozen=True, kw_only=True)
class StarWish:
    """What a leader decides. `place`: 0, a department or a run; of a camp the days are the camp's own."""

    scope: str
    place: int
    metric: str
    target: int
    starts_on: date
    ends_on: date


def star_set(*, tenant: "Tenant", wish: StarWish, actor: Actor) -> NorthStar:
    """Choose the one figure that counts for a place and a period. A leader's right.

    Raises StarInvalid, StarExists where the place has one for any of these days, NotPermitted.
    """
    require(actor, Permission.APPROVE)
    name = _place_name(tenant, wish)
    _check(wish.scope, wish.metric, wish.target, wish.starts_on, wish.ends_on)
    row = NorthStar(
        tenant=tenant, scope=wish.scope, place=wish.place, place_name=name, metric=wish.metric,
        starts_on=wish.starts_on, ends_on=wish.ends_on, target=wish.target, set_by=actor.name[:128],
    )  # fmt: skip
    with transaction.atomic():
        _save(row)
        audit.record(
            tenant=tenant, actor=actor, verb="analytics.star.set", target=row,
            changes={"metric": [None, row.metric], "target": [None, row.target],
                     "ends_on": [None, row.ends_on.isoformat()]},
        )  # fmt: skip
    return row


def star_change(
    *, tenant: "Tenant", star_id: int, metric: str, target: int, ends_on: date, reason: str, actor: Actor
) -> NorthStar:
    """Another target, figure or end, with a reason; what it was before is kept. Without a change nothing happens.

    Raises ReasonMissing, StarInvalid, StarExists, NorthStar.DoesNotExist, NotPermitted.
    """
    require(actor, Permission.APPROVE)
    with transaction.atomic():
        row = NorthStar.objects.select_for_update().get(tenant=tenant, pk=star_id)
        told = {
            name: [str(getattr(row, name)), str(value)]
            for name, value in (("metric", metric), ("target", target), ("ends_on", ends_on))
            if getattr(row, name) != value
        }
        if not told:
            return row
        if not reason.strip():
            raise ReasonMissing
        _check(row.scope, metric, target, row.starts_on, ends_on)
        StarChange.objects.create(
            tenant=tenant, star=row, metric=row.metric, target=row.target, ends_on=row.ends_on,
            reason=reason.strip()[:200], changed_by=actor.name[:128],
        )  # fmt: skip
        row.metric, row.target, row.ends_on = metric, target, ends_on
        _save(row)
        audit.record(
            tenant=tenant, actor=actor, verb="analytics.star.changed", target=row, changes=told, reason=reason.strip()
        )  # fmt: skip
    return row


def _save(row: NorthStar) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "analytics_star_one" in str(error):
            raise StarExists from error
        raise


def _check(scope: str, metric: str, target: int, starts_on: date, ends_on: date) -> None:
    aim = AIMS.get(metric)
    if aim is None or scope not in aim.scopes or not 0 < target < TARGET_MOST or ends_on < starts_on:
        raise StarInvalid
    if aim.unit == Unit.SHARE and target > SHARE_WHOLE:
        raise StarInvalid


def _place_name(tenant: "Tenant", wish: StarWish) -> str:
    """What the place is called now. Raises StarInvalid for a place that is not the company's."""
    if wish.scope == Scope.COMPANY and not wish.place:
        return ""
    if wish.scope == Scope.TEAM:
        name = dict(teams_to_choose(tenant_id=tenant.pk)).get(wish.place)
        if name is not None:
            return name[:128]
    if wish.scope == Scope.CAMP:
        camp = camp_get(tenant_id=tenant.pk, run_id=wish.place)
        if camp is not None:
            return camp.name[:128]
    raise StarInvalid


def serving_note(*, tenant: "Tenant", kind: str, plan_id: int, words: str, actor: Actor) -> Serving | None:
    """How a plan serves the north star in force; None where there is none. Safe to repeat.

    Raises PlanUnknown, ServesMissing without words, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not plan_exists(tenant_id=tenant.pk, kind=kind, plan_id=plan_id):
        raise PlanUnknown
    told = words.strip()[:WORDS_MOST]
    if not told:
        raise ServesMissing
    star = star_for_plans(tenant_id=tenant.pk, day=clock.local_date(clock.now(), tenant.timezone))
    if star is None:
        return None
    key = {"tenant": tenant, "star": star, "kind": kind, "plan_id": plan_id}
    with transaction.atomic():
        row = Serving.objects.select_for_update().filter(**key).first()
        before = row.words if row else None
        if row is not None and before == told:
            return row
        said = {"words": told, "said_by": actor.name[:128], "said_at": clock.now()}
        row, _made = Serving.objects.update_or_create(**key, defaults=said)
        audit.record(
            tenant=tenant, actor=actor, verb="analytics.star.served", target=row, changes={"words": [before, told]}
        )  # fmt: skip
    return row


class StarKeeper:
    """North stars as the plans of other apps ask for them (team.services.goals)."""

    def now(self, *, tenant: "Tenant") -> Goal | None:
        """The one in force today."""
        star = star_for_plans(tenant_id=tenant.pk, day=clock.local_date(clock.now(), tenant.timezone))
        return _goal(star)

    def note(self, *, tenant: "Tenant", kind: str, plan_id: int, words: str, actor: Actor) -> None:
        serving_note(tenant=tenant, kind=kind, plan_id=plan_id, words=words, actor=actor)

    def of(self, *, tenant_id: int, kind: str, plan_ids: Collection[int]) -> dict[int, Served]:
        found = servings_of(tenant_id=tenant_id, kind=kind, plan_ids=plan_ids)
        return {pk: _served(one) for pk, one in found.items()}

    def beside(self, *, tenant: "Tenant", kind: str, plan_id: int) -> tuple[Goal | None, Served | None]:
        """The one in force today and what was said of a plan, in one query."""
        today = clock.local_date(clock.now(), tenant.timezone)
        star, said = star_and_serving(tenant_id=tenant.pk, day=today, kind=kind, plan_id=plan_id)
        return _goal(star), _served(said) if said is not None else None

    def missing(self, goal: Goal) -> DomainError:
        return ServesMissing()


def _goal(star: NorthStar | None) -> Goal | None:
    return None if star is None else Goal(star.pk, star_label(star))


def _served(said: Serving) -> Served:
    return Served(said.star_id, star_label(said.star), said.words, said.said_by, said.said_at)


__all__ = ["StarKeeper", "StarWish", "serving_note", "star_change", "star_set"]
