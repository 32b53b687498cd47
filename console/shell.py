"""What the frame of every page shows: menu, companies, freshness, bell, the clock."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from console import nav
from tenants import clock
from tenants.counting import rows_counted
from tenants.enums import Role
from tenants.roles import allows

if TYPE_CHECKING:
    from tenants.models import Tenant

SHEETS = {
    "groups": "groups", "contacts": "leads", "leads": "leads", "team": "leads", "sop": "sop", "content": "sop",
    "analytics": "insights", "campaigns": "insights",
}  # fmt: skip
_TONES = ("bad", "warn", "ok", "")
_SOME_PK = 987_654_321
_BELL = "bell_"  # no menu item's key begins so


@dataclass(frozen=True)
class MenuItem:
    """A menu item as one visitor sees it."""

    label: Any
    icon: str
    url: str
    is_current: bool
    count: int | None
    is_late: bool
    opens_group: bool


@dataclass(frozen=True)
class Freshness:
    """The sources' lines, and the worst of their tones."""

    lines: list[nav.Fresh]
    tone: str


def tenant_url(tenant: "Tenant", name: str, **kwargs: Any) -> str:
    """The URL of a console page of this tenant: tenant_url(tenant, "groups:detail", pk=1)."""
    pk = kwargs.get("pk")
    if len(kwargs) == 1 and type(pk) is int and pk >= 0:
        before, after = _around_pk(tenant.slug, name)
        return f"{before}{pk}{after}"
    return reverse(name, kwargs={"tenant_slug": tenant.slug, **kwargs})


@lru_cache(maxsize=4096)
def _around_pk(slug: str, name: str) -> tuple[str, str]:
    """A page's address before and after its number: a page of many rows has hundreds of one kind."""
    before, _pk, after = reverse(name, kwargs={"tenant_slug": slug, "pk": _SOME_PK}).rpartition(str(_SOME_PK))
    return before, after


def home_url(tenant: "Tenant", role: str) -> str:
    """Where work in a company starts: the first menu item that the role may open."""
    for one in nav.items():
        if allows(role, one.permission):
            try:
                return tenant_url(tenant, one.url_name)
            except NoReverseMatch:
                continue
    return "/"


def _current(request: HttpRequest) -> str:
    """The url_name of the menu item that the page shown stands under, or "".

    The page itself; else the item whose address begins the page's own, one of its namespace first (a settings page of
    any app stands under Settings); else an item of its namespace.
    """
    match, tenant = request.resolver_match, request.tenant  # type: ignore[attr-defined]
    if match is None:
        return ""
    root = f"/t/{tenant.slug}/"
    urls: dict[str, str] = {}
    for one in nav.items():
        try:
            urls[one.url_name] = tenant_url(tenant, one.url_name)
        except NoReverseMatch:
            continue
    if match.view_name in urls:
        return match.view_name
    siblings = [name for name in urls if match.namespaces and name.startswith(f"{match.namespaces[0]}:")]
    above = [name for name, url in urls.items() if url != root and request.path.startswith(url)]
    nearest = sorted(above, key=lambda name: len(urls[name]), reverse=True)
    return next(iter([*(one for one in nearest if one in siblings), *nearest, *siblings]), "")


def _menu(request: HttpRequest) -> list[MenuItem]:
    tenant, role = request.tenant, request.role  # type: ignore[attr-defined]
    current, counts = _current(request), _counts(request)
    made: list[MenuItem] = []
    before_line = True
    for one in nav.items():
        if not allows(role, one.permission):
            continue
        try:
            url = tenant_url(tenant, one.url_name)
        except NoReverseMatch:
            continue
        opens_group = before_line and one.order >= nav.LINE and bool(made)
        before_line = before_line and one.order < nav.LINE
        made.append(
            MenuItem(
                one.label,
                one.icon,
                url,
                one.url_name == current,
                counts.get(one.key),
                one.is_late,
                opens_group,
            )
        )
    return made


def _counts(request: HttpRequest) -> dict[str, int]:
    """{key: figure} of the menu items the visitor may open and of the bell's sources, keyed _BELL and a number; one
    statement counts them all, the first time a page asks."""
    known: dict[str, int] | None = getattr(request, "frame_counts", None)
    if known is None:
        tenant, role = request.tenant, request.role  # type: ignore[attr-defined]
        items = {one.key: one.count for one in nav.items() if one.count and allows(role, one.permission)}
        bells = {f"{_BELL}{number}": one.count for number, one in enumerate(nav.bells())}
        told = {key: count(request) for key, count in (items | bells).items()}
        queries = {key: figure for key, figure in told.items() if isinstance(figure, QuerySet)}
        known = {key: figure for key, figure in told.items() if isinstance(figure, int)}
        known |= rows_counted(tenant_id=tenant.pk, queries=queries)
        request.frame_counts = known  # type: ignore[attr-defined]
    return known


def _noticed(request: HttpRequest) -> int:
    """How many notices the bell holds."""
    return sum(figure for key, figure in _counts(request).items() if key.startswith(_BELL))


def _freshness(request: HttpRequest) -> Freshness:
    lines = [line for source in nav.freshness() for line in source(request)]
    worst = next((tone for tone in _TONES if any(line.tone == tone for line in lines)), "")
    return Freshness(lines, worst)


def _lazy(make: Any) -> Any:
    return SimpleLazyObject(make)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor. With a tenant, moments in templates are in its time zone from here on."""
    tenant = getattr(request, "tenant", None)
    match = getattr(request, "resolver_match", None)
    namespace = match.namespaces[0] if match and match.namespaces else ""
    sheet = SHEETS.get(namespace.removesuffix("_phone"), "")
    context = {
        "tenant": tenant,
        "role": getattr(request, "role", None),
        "now": clock.now(),
        "is_simulated": clock.is_simulated(),
        "html_lang": "zh-Hans" if (get_language() or "").startswith("zh") else "en",
        "sheet": f"css/{sheet}.css" if sheet else "",
    }
    if tenant is None:
        timezone.deactivate()
        return context
    timezone.activate(tenant.timezone)
    if getattr(request, "role", None) is None:
        return context
    return context | {
        "members_tabs": nav.members_tabs(),
        "role_label": Role(request.role).label,  # type: ignore[attr-defined]
        "menu": _lazy(lambda: _menu(request)),
        "places": getattr(request, "places", []),
        "freshness": _lazy(lambda: _freshness(request)),
        "notice_count": _lazy(lambda: _noticed(request)),
        "bell_links": nav.bell_links(),
    }
