"""What apps add to the shell: menu items, search, freshness, the bell. Called in each app's nav.py at start-up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.enums import Permission

if TYPE_CHECKING:
    from tenants.models import Tenant

LINE = 100  # items from this order on stand below the line of the menu
Count = Callable[[HttpRequest], int | QuerySet | None]


@dataclass(frozen=True)
class Item:
    """One entry of the left menu. `order` from LINE on stands below the line."""

    key: str
    label: Any
    icon: str
    url_name: str
    order: int
    permission: str
    count: Count | None = None
    is_late: bool = False


@dataclass(frozen=True)
class Hit:
    """One search result. `kind` is the heading it stands under; `detail` is the grey text at its end."""

    kind: Any
    label: str
    url: str
    detail: str = ""
    icon: str = ""
    tier: str = ""


@dataclass(frozen=True)
class Fresh:
    """How fresh one source is. `at` is aware UTC or None; tone is "", "ok", "warn" or "bad"."""

    label: Any
    at: datetime | None
    tone: str = "ok"
    note: Any = ""


@dataclass(frozen=True)
class Notice:
    """One line of the bell; `detail`: the grey text under it."""

    text: Any
    url: str
    at: datetime | None = None
    detail: Any = ""
    tone: str = ""


@dataclass(frozen=True)
class Setting:
    """One entry of the settings page."""

    label: Any
    help: Any
    icon: str
    url_name: str
    order: int
    permission: str


@dataclass(frozen=True)
class MembersTab:
    """A part of "Members and roles" that another app shows."""

    label: Any
    url_name: str


@dataclass(frozen=True)
class Bell:
    """One source of notices: its lines, asked for when the bell is opened, and how many notices there are."""

    lines: Callable[[HttpRequest], Iterable[Notice]]
    count: Count


MemberNotes = Callable[["Tenant", list[int]], dict[int, str]]


@dataclass
class _Registry:
    items: dict[str, Item] = field(default_factory=dict)
    settings: dict[str, Setting] = field(default_factory=dict)
    searches: list[Callable[["Tenant", str], Iterable[Hit]]] = field(default_factory=list)
    freshness: list[Callable[[HttpRequest], Iterable[Fresh]]] = field(default_factory=list)
    bells: list[Bell] = field(default_factory=list)
    bell_links: list[tuple[Any, str, str]] = field(default_factory=list)
    members_tabs: dict[str, MembersTab] = field(default_factory=dict)
    member_notes: list[tuple[Any, MemberNotes]] = field(default_factory=list)


_registry = _Registry()


def register(
    *,
    key: str,
    label: Any,
    icon: str,
    url_name: str,
    order: int,
    permission: str = Permission.VIEW,
    count: Count | None = None,
    is_late: bool = False,
) -> None:
    """Add a menu item. The item of the page shown is marked by `url_name`, else by its namespace.

    `count` is asked once a page: a figure, or the query whose rows are counted with those of all other items in one
    statement. None shows nothing, nor does 0. `is_late` paints the count red.
    """
    _registry.items[key] = Item(key, label, icon, url_name, order, permission, count, is_late)


def register_setting(
    *, label: Any, help: Any, icon: str, url_name: str, order: int, permission: str = Permission.MANAGE
) -> None:
    """Add an entry to the settings page."""
    _registry.settings[url_name] = Setting(label, help, icon, url_name, order, permission)


def register_search(search: Callable[["Tenant", str], Iterable[Hit]]) -> None:
    """Add a search: called in the tenant's scope with at least one character; at most 5 hits are shown."""
    if search not in _registry.searches:
        _registry.searches.append(search)


def register_freshness(source: Callable[[HttpRequest], Iterable[Fresh]]) -> None:
    """Add lines to the freshness panel; called once a page in the tenant's scope."""
    if source not in _registry.freshness:
        _registry.freshness.append(source)


def register_bell(*, lines: Callable[[HttpRequest], Iterable[Notice]], count: Count) -> None:
    """Add notices to the bell. `count` is asked once a page in the tenant's scope, as that of a menu item is; `lines`
    only when somebody opens the bell."""
    bell = Bell(lines, count)
    if bell not in _registry.bells:
        _registry.bells.append(bell)


def register_bell_link(*, label: Any, icon: str, url_name: str) -> None:
    """Add a way on to the foot of the bell."""
    if (label, icon, url_name) not in _registry.bell_links:
        _registry.bell_links.append((label, icon, url_name))


def register_members_tab(*, label: Any, url_name: str) -> None:
    """Add a tab beside the list of members."""
    _registry.members_tabs[url_name] = MembersTab(label, url_name)


def register_member_notes(*, label: Any, notes: MemberNotes) -> None:
    """Add a column to the list of members: `notes(tenant, member_ids) -> {member id: text}`. Once a provider."""
    if all(known is not notes for _label, known in _registry.member_notes):
        _registry.member_notes.append((label, notes))


def members_tabs() -> list[MembersTab]:
    return list(_registry.members_tabs.values())


def member_notes() -> list[tuple[Any, MemberNotes]]:
    return list(_registry.member_notes)


def items() -> list[Item]:
    return sorted(_registry.items.values(), key=lambda one: one.order)


def settings() -> list[Setting]:
    return sorted(_registry.settings.values(), key=lambda one: one.order)


def searches() -> list[Callable[["Tenant", str], Iterable[Hit]]]:
    return list(_registry.searches)


def freshness() -> list[Callable[[HttpRequest], Iterable[Fresh]]]:
    return list(_registry.freshness)


def bells() -> list[Bell]:
    return list(_registry.bells)


def bell_links() -> list[tuple[Any, str, str]]:
    """(label, icon, url name), in their order."""
    return list(_registry.bell_links)


register(key="console", label=_("Settings"), icon="settings", url_name="console:settings", order=900)
register_setting(
    label=_("Members and roles"), help=_("Invite by link, change roles, remove"), icon="users",
    url_name="console:members", order=10,
)  # fmt: skip
register_setting(
    label=_("Preferences"), help=_("Limits, times and thresholds of your company"), icon="adjustments",
    url_name="console:preferences", order=30,
)  # fmt: skip
register_setting(
    label=_("API keys"), help=_("For your own systems that send events"), icon="key",
    url_name="console:api_keys", order=40,
)  # fmt: skip
register_setting(
    label=_("Audit log"), help=_("Who did what, when, and what it was before"), icon="history",
    url_name="console:audit", order=90,
)  # fmt: skip
register_setting(
    label=_("My account"), help=_("Name, language, password, two-step sign-in"), icon="user-circle",
    url_name="console:profile", order=95, permission=Permission.VIEW,
)  # fmt: skip
