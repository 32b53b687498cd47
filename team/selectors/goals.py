"""What every plan is to serve (R96): the north star in force, and how a plan says that it serves it.

The north star itself is analytics', which registers here; plans of any app ask by this page and note by
`team.services.goals`, so that none of them needs to know more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tenants.audit import Actor
from tenants.errors import DomainError

if TYPE_CHECKING:
    from tenants.models import Tenant

WORDS_MOST = 200


@dataclass(frozen=True)
class Goal:
    """The north star that plans serve now: its id, and what it is in words for the reader."""

    star_id: int
    label: str


@dataclass(frozen=True)
class Served:
    """How a plan serves a north star, in the words of whoever said it."""

    star_id: int
    label: str
    words: str
    said_by: str
    said_at: datetime


class Goals(Protocol):
    """What keeps north stars."""

    def now(self, *, tenant: "Tenant") -> Goal | None: ...
    def note(self, *, tenant: "Tenant", kind: str, plan_id: int, words: str, actor: Actor) -> None: ...
    def of(self, *, tenant_id: int, kind: str, plan_ids: Collection[int]) -> dict[int, Served]: ...
    def beside(self, *, tenant: "Tenant", kind: str, plan_id: int) -> tuple[Goal | None, Served | None]: ...
    def missing(self, goal: Goal) -> DomainError: ...


class _Nothing:
    """Without a keeper of north stars nothing is asked."""

    def now(self, *, tenant: "Tenant") -> Goal | None:
        return None

    def note(self, *, tenant: "Tenant", kind: str, plan_id: int, words: str, actor: Actor) -> None:
        return None

    def of(self, *, tenant_id: int, kind: str, plan_ids: Collection[int]) -> dict[int, Served]:
        return {}

    def beside(self, *, tenant: "Tenant", kind: str, plan_id: int) -> tuple[Goal | None, Served | None]:
        return None, None

    def missing(self, goal: Goal) -> DomainError:
        return DomainError()


_keepers: list[Goals] = [_Nothing()]


def goals_register(keeper: Goals) -> None:
    """Called once at start-up by what keeps north stars."""
    _keepers[:] = [keeper]


def keeper() -> Goals:
    """What keeps north stars."""
    return _keepers[0]


def goal_now(*, tenant: "Tenant") -> Goal | None:
    """The north star that plans serve today, or None: nobody is asked."""
    return _keepers[0].now(tenant=tenant)


def goals_served(*, tenant_id: int, kind: str, plan_ids: Collection[int]) -> dict[int, Served]:
    """{plan: what was said of it last} of those of which something was said. One query."""
    return _keepers[0].of(tenant_id=tenant_id, kind=kind, plan_ids=plan_ids)


def goal_beside(*, tenant: "Tenant", kind: str, plan_id: int) -> tuple[Goal | None, Served | None]:
    """The north star that plans serve today, and what was said of this plan last, of whatever star. One query."""
    return _keepers[0].beside(tenant=tenant, kind=kind, plan_id=plan_id)
