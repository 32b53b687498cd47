"""A tenant's settings: every number of the requirements is one, with its default, never a constant.

An app declares its settings in its `enums.py`:

    CAP_PER_DAY = declare("touch.cap_per_day", default=3, kind=INTEGER, label=_("Messages a person and day"))

and reads them with `value(tenant_id, CAP_PER_DAY)`. The settings page lists what is declared.
"""

from collections.abc import Callable
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


def value(tenant_id: int, setting: Declared) -> Any:
    """The tenant's value, or the default. Needs the tenant's scope; one query."""
    row = (
        Preference.objects.filter(tenant_id=tenant_id, key=setting.key)
        .values_list("value", flat=True)
        .first()
    )
    return setting.default if row is None else parse(setting, row)


def values(tenant_id: int, *settings: Declared) -> dict[str, Any]:
    """Several at once, {key: value}, in one query."""
    own = dict(
        Preference.objects.filter(tenant_id=tenant_id, key__in=[one.key for one in settings]).values_list(
            "key", "value"
        )
    )
    return {one.key: parse(one, own[one.key]) if one.key in own else one.default for one in settings}
