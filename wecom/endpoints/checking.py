"""Holding a request against its row before the wire: a refusal here costs no call and names the field."""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from wecom.endpoints.shape import Endpoint, FileLimit, Limit, Values
from wecom.errors import InvalidRequest

MEGABYTE = 1024 * 1024


def is_empty(value: Any) -> bool:
    """Whether WeCom takes a value as not given. False and 0 are values."""
    return value is None or value == "" or value == [] or value == {}


def check_request(endpoint: Endpoint, values: Values, *, now_s: float | None = None) -> None:
    """Raises InvalidRequest for what WeCom would refuse, naming the field and the limit. Pure.

    `now_s` is the present in unix seconds; without it, limits of age are not checked.
    """
    unknown = sorted(set(values) - set(endpoint.fields))
    if unknown:
        raise InvalidRequest(f"unknown fields: {', '.join(unknown)}", path=endpoint.path)
    _check_fields(endpoint.path, "", values, endpoint.fields)
    for rule in endpoint.rules:
        fault = rule.test(values, now_s)
        if fault:
            raise InvalidRequest(" ".join(fault), path=endpoint.path)


def check_file(endpoint: Endpoint, values: Values, *, filename: str, content: bytes) -> None:
    """Raises InvalidRequest for a file that WeCom would refuse by its size or its name. Pure."""
    limit: FileLimit | None = endpoint.files.get(str(values.get(endpoint.file_kind, "")))
    if not filename:
        raise InvalidRequest("filename is missing", path=endpoint.path)
    if limit is None:
        return
    if len(content) < limit.least_bytes:
        raise InvalidRequest(f"media has {len(content)} bytes, more than 5 are needed", path=endpoint.path)
    if len(content) > limit.most_bytes:
        allowed = f"{limit.most_bytes // MEGABYTE} MB"
        raise InvalidRequest(f"media has {len(content)} bytes, {allowed} are allowed", path=endpoint.path)
    if limit.suffixes and not filename.lower().endswith(limit.suffixes):
        raise InvalidRequest(f"filename does not end in {', '.join(limit.suffixes)}", path=endpoint.path)


def _check_fields(path: str, prefix: str, values: Values, spec: Mapping[str, Limit]) -> None:
    for name, limit in spec.items():
        _check(path, f"{prefix}{name}", values.get(name), limit)


def _refuse(path: str, where: str, why: str) -> NoReturn:
    raise InvalidRequest(f"{where} {why}", path=path)


def _check(path: str, where: str, value: Any, limit: Limit) -> None:
    if is_empty(value):
        if limit.required:
            _refuse(path, where, "is missing")
        return
    if limit.kind is not None and not _is_kind(value, limit.kind):
        _refuse(path, where, f"is not of the kind {limit.kind.__name__}")
    if isinstance(value, str):
        _check_text(path, where, value, limit)
    elif isinstance(value, list):
        _check_list(path, where, value, limit)
    elif isinstance(value, dict):
        _check_fields(path, f"{where}.", value, limit.spec)
    elif isinstance(value, int) and not isinstance(value, bool):
        _check_number(path, where, value, limit)
    if limit.one_of and value not in limit.one_of:
        _refuse(path, where, f"is none of {', '.join(map(str, limit.one_of))}")


def _is_kind(value: Any, kind: type) -> bool:
    if kind is bool:
        return isinstance(value, bool) or value in (0, 1)
    if kind is int and isinstance(value, bool):
        return False
    return isinstance(value, kind)


def _check_text(path: str, where: str, value: str, limit: Limit) -> None:
    size = len(value.encode("utf-8", "replace"))
    if limit.bytes is not None and size > limit.bytes:
        _refuse(path, where, f"has {size} bytes, {limit.bytes} are allowed")
    if limit.chars is not None and len(value) > limit.chars:
        _refuse(path, where, f"has {len(value)} characters, {limit.chars} are allowed")
    if limit.pieces is not None and len(value.split("|")) > limit.pieces:
        _refuse(path, where, f"names {len(value.split('|'))}, {limit.pieces} are allowed")
    if limit.matches and not re.fullmatch(limit.matches, value):
        _refuse(path, where, f"does not look like {limit.matches}")


def _check_list(path: str, where: str, value: list[Any], limit: Limit) -> None:
    if limit.items is not None and len(value) > limit.items:
        _refuse(path, where, f"has {len(value)} entries, {limit.items} are allowed")
    for index, item in enumerate(value):
        if limit.spec:
            if not isinstance(item, dict):
                _refuse(path, f"{where}[{index}]", "is not of the kind dict")
            _check_fields(path, f"{where}[{index}].", item, limit.spec)
        elif limit.each is not None:
            _check(path, f"{where}[{index}]", item, limit.each)


def _check_number(path: str, where: str, value: int, limit: Limit) -> None:
    if limit.low is not None and value < limit.low:
        span = f"{limit.low} and more" if limit.high is None else f"{limit.low} to {limit.high}"
        _refuse(path, where, f"is {value}, {span} is allowed")
    if limit.high is not None and value > limit.high:
        _refuse(path, where, f"is {value}, {limit.low} to {limit.high} is allowed")
