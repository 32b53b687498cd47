"""What apps above add: blocks beside Today, figures of a person."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from team.models import Staff
from tenants.preferences import Declared


@dataclass(frozen=True)
class RailBlock:
    """One block beside Today. `rows` are dicts: label, value, and at will max, tone, note, url, time, chip."""

    title: Any
    rows: list[dict[str, Any]] = field(default_factory=list)
    note: Any = ""
    url: str = ""
    order: int = 100


RailProvider = Callable[..., RailBlock | None]
_rail: list[RailProvider] = []


def register_rail(provider: RailProvider) -> None:
    """Show a block beside Today: `provider(tenant=, staff=, now=) -> RailBlock | None`; `staff` None is everyone.

    A provider makes a constant number of queries. The same provider twice counts once.
    """
    if provider not in _rail:
        _rail.append(provider)


def rail_blocks(*, tenant: Any, staff: Staff | None, now: datetime) -> list[RailBlock]:
    """What the providers have to say, in their order."""
    made = [provider(tenant=tenant, staff=staff, now=now) for provider in _rail]
    return sorted((one for one in made if one is not None), key=lambda one: one.order)


@dataclass(frozen=True)
class Load:
    """A column of the staff list: `provider(tenant_id=, staff_ids=)` -> {staff id: count}; ids None: all staff.

    `limit`: the setting above which the count is too much for one person, if there is one.
    """

    label: Any
    provider: Callable[..., dict[int, int]]
    limit: Declared | None = None


_loads: list[Load] = []


def register_load(
    *, label: Any, provider: Callable[..., dict[int, int]], limit: Declared | None = None
) -> None:
    """Add a figure to the staff list. The same provider twice counts once."""
    if all(one.provider is not provider for one in _loads):
        _loads.append(Load(label, provider, limit))


def loads() -> list[Load]:
    return list(_loads)
