"""Declarative request validation, strict like the server: types, sizes, UTF-8 byte limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.wire.errors import WireError

BAD_PARAMETER = 40058


@dataclass(frozen=True)
class Field:
    """One request field. `kind` is str, int, bool, list or dict; limits left None are not checked."""

    kind: type
    required: bool = False
    max_chars: int | None = None
    max_bytes: int | None = None
    max_items: int | None = None
    low: int | None = None
    high: int | None = None
    choices: tuple[Any, ...] = ()
    items: type | None = None
    item_max_chars: int | None = None
    item_choices: tuple[Any, ...] = ()
    missing_code: int = BAD_PARAMETER
    over_code: int = BAD_PARAMETER
    default: Any = None
    spec: Mapping[str, Field] = field(default_factory=dict)


def _fail(code: int, name: str, why: str) -> None:
    raise WireError(code, f"{name}: {why}")


def _check_text(name: str, rule: Field, value: str) -> None:
    if rule.required and not value:
        _fail(rule.missing_code, name, "must not be empty")
    if rule.max_chars is not None and len(value) > rule.max_chars:
        _fail(rule.over_code, name, f"longer than {rule.max_chars} characters")
    if rule.max_bytes is not None and len(value.encode()) > rule.max_bytes:
        _fail(rule.over_code, name, f"longer than {rule.max_bytes} bytes")


def _check_list(name: str, rule: Field, value: list[Any]) -> None:
    if rule.required and not value:
        _fail(rule.missing_code, name, "must not be empty")
    if rule.max_items is not None and len(value) > rule.max_items:
        _fail(rule.over_code, name, f"more than {rule.max_items} items")
    for item in value:
        if rule.items is not None and not isinstance(item, rule.items):
            _fail(BAD_PARAMETER, name, f"items must be {rule.items.__name__}")
        if rule.item_max_chars is not None and len(item) > rule.item_max_chars:
            _fail(rule.over_code, name, f"an item is longer than {rule.item_max_chars} characters")
        if rule.item_choices and item not in rule.item_choices:
            _fail(BAD_PARAMETER, name, f"items must be among {list(rule.item_choices)}")
        if rule.spec:
            check(item, rule.spec, prefix=f"{name}[].")


def _check_number(name: str, rule: Field, value: int) -> None:
    if rule.low is not None and value < rule.low:
        _fail(rule.over_code, name, f"below {rule.low}")
    if rule.high is not None and value > rule.high:
        _fail(rule.over_code, name, f"above {rule.high}")


def _check_kind(name: str, rule: Field, value: Any) -> None:
    whole = rule.kind is int and isinstance(value, bool)
    if rule.kind is bool and isinstance(value, int) and value in (0, 1):
        return
    if whole or not isinstance(value, rule.kind):
        _fail(BAD_PARAMETER, name, f"must be {rule.kind.__name__}")


def check_value(name: str, rule: Field, value: Any) -> None:
    """Check one value against its rule. Raises WireError."""
    _check_kind(name, rule, value)
    if rule.choices and value not in rule.choices:
        _fail(BAD_PARAMETER, name, f"must be one of {list(rule.choices)}")
    if isinstance(value, str):
        _check_text(name, rule, value)
    elif isinstance(value, list):
        _check_list(name, rule, value)
    elif isinstance(value, int):
        _check_number(name, rule, value)
    elif isinstance(value, dict) and rule.spec:
        check(value, rule.spec, prefix=f"{name}.")


def check(body: Mapping[str, Any], spec: Mapping[str, Field], *, prefix: str = "") -> dict[str, Any]:
    """The body with defaults filled in. Raises WireError on the first fault."""
    if not isinstance(body, dict):
        raise WireError(BAD_PARAMETER, f"{prefix or 'body'}: must be an object")
    out = dict(body)
    for name, rule in spec.items():
        value = body.get(name)
        if value is None:
            if rule.required:
                _fail(rule.missing_code, prefix + name, "is required")
            if rule.default is not None:
                out[name] = rule.default
            continue
        check_value(prefix + name, rule, value)
    return out


def check_query(query: Mapping[str, str], spec: Mapping[str, Field]) -> dict[str, Any]:
    """Like `check` for a query string: whole numbers are converted first."""
    values: dict[str, Any] = dict(query)
    for name, rule in spec.items():
        raw = values.get(name)
        if rule.kind is int and raw is not None:
            try:
                values[name] = int(raw)
            except ValueError:
                _fail(BAD_PARAMETER, name, "must be a whole number")
    return check(values, spec)
