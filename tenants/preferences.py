"""A tenant's settings: every number of the requirements is one, with its default, never a constant.

An app declares its settings in its `enums.py`:

    CAP_PER_DAY = declare("touch.cap_per_day", default=3, kind=INTEGER, label=_("Messages a person and day"))

and reads them with `value(tenant_id, CAP_PER_DAY)`. The settings page lists what is declared.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import time
from typing import Any

from tenants.enums import PreferenceKind
from tenants.errors import PreferenceInvalid
from tenants.models import Preference


@dataclass(frozen=True)
class Declared:
    """One setting: its key is stored data."""

    key: str
    default: Any
    kind: str
    label: Any
    help: Any = ""
    minimum: float | None = None
    maximum: float | None = None


_declared: dict[str, Declared] = {}
_parsers: dict[str, Callable[[Any], Any]] = {
    PreferenceKind.INTEGER: int,
    PreferenceKind.DECIMAL: float,
    PreferenceKind.TIME: lambda raw: raw if isinstance(raw, time) else time.fromisoformat(str(raw)),
    PreferenceKind.TEXT: str,
    PreferenceKind.FLAG: lambda raw: raw in (True, "true", "on", "1", 1),
}


def declare(
    key: str,
    *,
    default: Any,
    kind: str,
    label: Any,
    help: Any = "",
    minimum: float | None = None,
    maximum: float | None = None,
) -> Declared:
    """Name a setting once, at import. The same key twice with another default is a programming error."""
    made = Declared(key, default, kind, label, help, minimum, maximum)
    known = _declared.setdefault(key, made)
    if known.default != default:
        raise ValueError(f"preference {key} is declared twice")
    return known


def declared() -> list[Declared]:
    """All settings, by key."""
    return [_declared[key] for key in sorted(_declared)]


def parse(setting: Declared, raw: Any) -> Any:
    """The typed value. Raises PreferenceInvalid."""
    try:
        typed = _parsers[setting.kind](raw)
    except (TypeError, ValueError) as error:
        raise PreferenceInvalid from error
    if setting.minimum is not None and typed < setting.minimum:
        raise PreferenceInvalid
    if setting.maximum is not None and typed > setting.maximum:
        raise PreferenceInvalid
    return typed


# {tenant id: what it has set}, while one page is read.
_page: ContextVar[dict[int, dict[str, Any]] | None] = ContextVar("preferences_of_page", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Inside, a tenant's settings are asked for once: for a page that is read and changes none."""
    held = _page.set({})
    try:
        yield
    finally:
        _page.reset(held)


def value(tenant_id: int, setting: Declared) -> Any:
    """The tenant's value, or the default. Needs the tenant's scope; one query at most."""
    return values(tenant_id, setting)[setting.key]


def values(tenant_id: int, *settings: Declared) -> dict[str, Any]:
    """Several at once, {key: value}, in one query at most."""
    own = _stored(tenant_id, [one.key for one in settings])
    return {one.key: parse(one, own[one.key]) if one.key in own else one.default for one in settings}


def _stored(tenant_id: int, keys: list[str]) -> dict[str, Any]:
    """{key: stored value} of those that are set; inside `read_once` others may be among them."""
    rows = Preference.objects.filter(tenant_id=tenant_id)
    page = _page.get()
    if page is None:
        return dict(rows.filter(key__in=keys).values_list("key", "value"))
    if tenant_id not in page:
        page[tenant_id] = dict(rows.values_list("key", "value"))
    return page[tenant_id]
