"""Rankings (R127): what is ranked, declared by the apps that know the cases, and everybody's standing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Case, Q, QuerySet, Value, When

from team.enums import RANKING_CASES
from team.policies.ranking import Cell, Standing, standings
from tenants import preferences
from tenants.models import Tenant


@dataclass(frozen=True)
class CaseLine:
    """One case as the page shows it. `hit`: whether it went well; `detail` says what it was; `is_drawer`: its address
    opens beside the page.
    """

    name: str
    url: str
    at: datetime
    hit: bool
    detail: str = ""
    is_drawer: bool = False


@dataclass(frozen=True)
class Ranked:
    """A figure that staff are compared by.

    `cells(tenant=, since=, until=)` -> cells of everybody in [since, until), UTC. `cases(tenant=, staff_id=, since=,
    until=, stratum=, hit=)` -> the rows behind them as dicts with `at` and `hit`, newest first, as many as the cells
    say; stratum and hit None: all. `lines(tenant=, rows=)` -> those rows as people read them, in the same order.
    `stratum_label(key)` names a difficulty, `difficulty` all of them. `case_label`,
    `hit_label`: heads of the columns. `caution`: what the interval does not know. Constant queries each.
    """

    key: str
    label: Any
    definition: Any
    case_label: Any
    hit_label: Any
    difficulty: Any
    cells: Callable[..., list[Cell]]
    cases: Callable[..., QuerySet]
    lines: Callable[..., list[CaseLine]]
    stratum_label: Callable[[str], str]
    caution: Any = ""
    order: int = 100


def true_when(condition: Q) -> Case:
    """A column of a provider's rows: true where the condition holds, false where it does not or is unknown."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


_ranked: dict[str, Ranked] = {}


def register_ranked(ranked: Ranked) -> None:
    """Declare a figure. Called at start-up; the same key again replaces it."""
    _ranked[ranked.key] = ranked


def ranked_figures() -> list[Ranked]:
    """What is declared, in the order of the pages."""
    return sorted(_ranked.values(), key=lambda one: one.order)


def ranked_get(key: str) -> Ranked | None:
    return _ranked.get(key)


def ranking(*, tenant: Tenant, ranked: Ranked, since: datetime, until: datetime) -> list[Standing]:
    """Everybody's standing by one figure, the placed first. The provider's queries and one for the setting."""
    cells: Iterable[Cell] = ranked.cells(tenant=tenant, since=since, until=until)
    return standings(cells, cases_least=preferences.value(tenant.pk, RANKING_CASES))
