"""What other apps show on a group's page: tabs, and the figures of their touches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from groups.models import Group
from tenants.counting import rows_counted


@dataclass(frozen=True)
class Panel:
    """One tab of the group page that another app fills. `template` is rendered with what `context` returns;
    `counted` are the rows whose number stands on the tab; `shows` says on which groups it stands. `is_rare`: it stands
    under "More" until it is the one shown."""

    key: str
    label: Any
    template: str
    context: Callable[[Any, Group], dict[str, Any]]
    counted: Callable[[Group], QuerySet] | None = None
    order: int = 50
    is_rare: bool = False
    shows: Callable[[Group], bool] = lambda group: True


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    """Add a tab to every group's page. `context(request, group)`. The same key again replaces it."""
    _panels[panel.key] = panel


def panels() -> list[Panel]:
    """Registered tabs in order."""
    return sorted(_panels.values(), key=lambda panel: (panel.order, panel.key))


def panels_of(group: Group) -> list[Panel]:
    """The tabs that stand on this group's page, in order."""
    return [panel for panel in panels() if panel.shows(group)]


def panels_counted(group: Group) -> list[tuple[Panel, int | None]]:
    """The tabs of this group's page, each with its figure, None for none. One query for all of them."""
    found = panels_of(group)
    rows = {panel.key: panel.counted(group) for panel in found if panel.counted}
    counts = rows_counted(tenant_id=group.tenant_id, queries=rows)
    return [(panel, counts.get(panel.key) or None) for panel in found]


@dataclass(frozen=True)
class People:
    """The people behind figures of a tab, by the key that stands in the URL. `find(group, key)` gives customers."""

    prefix: str
    find: Callable[[Group, str], set[int]]
    label: Callable[[Group, str], str]


_people: dict[str, People] = {}


def register_people(people: People) -> None:
    """Let figures of a tab open their people: `?tab=members&people=<prefix...>`. The same prefix replaces it."""
    _people[people.prefix] = people


def people_behind(key: str) -> People | None:
    """Who answers for a key, or None."""
    return next((one for prefix, one in _people.items() if key.startswith(prefix)), None)


@dataclass(frozen=True)
class Touches:
    """What reached a group's customers in a range: distinct people. None: nobody measures it.

    `people` holds the customers behind each figure, under the figure's name.
    """

    intended: int | None = None
    reached: int | None = None
    group_sends: int | None = None
    private_sends: int | None = None
    people: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """Reached of those intended; None while there is nobody to divide by."""
        return self.reached / self.intended if self.intended and self.reached is not None else None


@dataclass(frozen=True)
class Week:
    """What is planned for a group in the next seven days, and what its last seven held."""

    ahead: int = 0
    sent: int = 0
    sent_marketing: int = 0


@dataclass(frozen=True)
class PlannedItem:
    """One thing planned for a group. `kind`: what it counts as (groups.enums.ContentKind, or norms); `label`: its
    content type in words; `who` carries it out; `is_post`: a message to the group, not to single persons."""

    at: datetime
    title: str
    kind: str
    label: Any = ""
    who: str = ""
    is_post: bool = True
    url: str = ""


Span = tuple[datetime, datetime]
TouchSource = Callable[..., list[Touches]]
_touches: list[TouchSource] = []
FollowedSource = Callable[..., dict[int, int]]
_followed: list[FollowedSource] = []
WeekSource = Callable[..., dict[int, Week]]
_weeks: list[WeekSource] = []
PlanSource = Callable[..., dict[int, list[PlannedItem]]]
_plans: list[PlanSource] = []


def register_touches(source: TouchSource) -> None:
    """Fill the touch panel: `source(tenant_id=, group_id=, spans=) -> [Touches]`, one of each (since, until).

    The last one counts.
    """
    _touches[:] = [source]


def touches_of(*, tenant_id: int, group_id: int, spans: Sequence[Span]) -> list[Touches] | None:
    """The touch figures of each [since, until), or None while nobody provides them."""
    return _touches[0](tenant_id=tenant_id, group_id=group_id, spans=spans) if _touches else None


def register_followed(source: FollowedSource) -> None:
    """Say who was followed up: `source(tenant_id=, customer_ids=, since=, until=) -> {customer id: times}`."""
    _followed[:] = [source]


def followed_in(
    *, tenant_id: int, customer_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, int] | None:
    """{customer id: how often staff followed up in [since, until)}, or None while nobody measures it."""
    if not _followed:
        return None
    return _followed[0](tenant_id=tenant_id, customer_ids=list(customer_ids), since=since, until=until)


def register_weeks(source: WeekSource) -> None:
    """Say what a week holds: `source(tenant_id=, group_ids=, now=) -> {group id: Week}`. The last one counts."""
    _weeks[:] = [source]


def weeks_of(*, tenant_id: int, group_ids: Iterable[int], now: datetime) -> dict[int, Week] | None:
    """{group id: Week}, or None while nobody provides them. A constant number of queries."""
    wanted = list(group_ids)
    if not _weeks or not wanted:
        return None
    found = _weeks[0](tenant_id=tenant_id, group_ids=wanted, now=now)
    return {one: found.get(one, Week()) for one in wanted}


def register_plans(source: PlanSource) -> None:
    """Say what is planned: `source(tenant_id=, group_ids=, since=, until=) -> {group id: items by time}`. The last one
    counts."""
    _plans[:] = [source]


def plans_of(
    *, tenant_id: int, group_ids: Iterable[int], since: datetime, until: datetime
) -> dict[int, list[PlannedItem]]:
    """{group id: what is planned for it in [since, until), by time}; groups without anything are left out."""
    wanted = list(group_ids)
    if not _plans or not wanted:
        return {}
    return _plans[0](tenant_id=tenant_id, group_ids=wanted, since=since, until=until)
