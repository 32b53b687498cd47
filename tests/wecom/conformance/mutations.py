"""Valid values, spoilt in one place: for every limit of a row, a request that is just beyond it."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wecom.endpoints import Endpoint, Limit

Steps = tuple[str | int, ...]
LONG = "好"  # three bytes: bytes and characters are told apart


@dataclass(frozen=True)
class Mutation:
    """`field` is how our refusal names it, `limit` what is broken, `values` the whole request."""

    field: str
    limit: str
    values: dict[str, Any]

    @property
    def leaf(self) -> str:
        return self.field.rpartition(".")[2].partition("[")[0]


def mutations(row: Endpoint, values: dict[str, Any]) -> Iterator[Mutation]:
    """One request for each limit of each field that the values reach."""
    for field, limit, steps in places(row.fields, values):
        for name, spoilt in _spoilt(limit, _at(values, steps), is_query=row.method == "GET" or row.is_upload):
            yield Mutation(field, name, _with(values, steps, spoilt))


def places(
    spec: Mapping[str, Limit], values: Mapping[str, Any], prefix: str = "", steps: Steps = ()
) -> Iterator[tuple[str, Limit, Steps]]:
    """Where a limit can be tried: every field of every object that is there."""
    for name, limit in spec.items():
        field, here, value = f"{prefix}{name}", (*steps, name), values.get(name)
        if value is not None or limit.kind is not dict or limit.required:
            yield field, limit, here  # of the objects that a kind chooses from, those that are there
        if limit.spec and isinstance(value, dict):
            yield from places(limit.spec, value, f"{field}.", here)
        if limit.spec and isinstance(value, list):
            for index, item in enumerate(value):
                yield from places(limit.spec, item, f"{field}[{index}].", (*here, index))


def sized(spec: Mapping[str, Limit], prefix: str = "") -> Iterator[str]:
    """The fields that have a limit worth a request, objects in lists without their number."""
    for name, limit in spec.items():
        yield f"{prefix}{name}"
        yield from sized(limit.spec, f"{prefix}{name}.")


def _spoilt(limit: Limit, value: Any, *, is_query: bool) -> Iterator[tuple[str, Any]]:
    if limit.required:
        yield "missing", None
    if limit.bytes is not None:
        yield "bytes", LONG * (limit.bytes // 3 + 1)
    if limit.chars is not None:
        yield "chars", LONG * (limit.chars + 1)
    if limit.pieces is not None:
        yield "pieces", "|".join(f"x{number}" for number in range(limit.pieces + 1))
    if limit.items is not None:
        yield "items", _many(value, limit.items + 1, limit)
    if limit.low is not None and not (limit.one_of and limit.low in limit.one_of):
        yield "low", limit.low - 1
    if limit.high is not None:
        yield "high", limit.high + 1
    if limit.one_of:
        yield "one_of", "nonsense" if isinstance(limit.one_of[0], str) else 77
    if limit.matches:
        yield "matches", "not allowed!"
    if limit.each is not None:
        sample = list(value or []) or [0]
        for name, spoilt in _spoilt(limit.each, sample[0], is_query=False):
            if name != "missing":
                yield f"each {name}", [spoilt]
    if limit.kind is not None and not (is_query and limit.kind is str):
        yield "kind", 5 if limit.kind in (str, list, dict) else "nonsense"


def _many(value: Any, count: int, limit: Limit) -> list[Any]:
    sample = (value or [None])[0]
    if isinstance(sample, dict):
        return [copy.deepcopy(sample) for _ in range(count)]
    if isinstance(sample, int) or (limit.each and limit.each.kind is int):
        return list(range(1, count + 1))
    return [f"{sample or 'x'}{number}" for number in range(count)]


def _at(values: Any, steps: Steps) -> Any:
    for step in steps[:-1]:
        values = values[step]
    return values.get(steps[-1])


def _with(values: dict[str, Any], steps: Steps, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(values)
    held: Any = made
    for step in steps[:-1]:
        held = held[step]
    if value is None:
        held.pop(steps[-1], None)
        if not held and len(steps) > 1:
            held["other"] = 1  # an empty object would count as not given
    else:
        held[steps[-1]] = value
    return made
