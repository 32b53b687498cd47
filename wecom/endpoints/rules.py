"""Makers of rules between fields. Each rule is pure and carries the sentence that the docs show."""

from datetime import datetime, timedelta, timezone
from typing import Any

from wecom.endpoints.checking import is_empty
from wecom.endpoints.shape import Fault, Rule, Values

DAY_S = 86_400
BACK_DAYS = 180
VENDOR_ZONE = timezone(timedelta(hours=8))  # WeCom floors days to midnight in China


def found(values: Values, dotted: str) -> Any:
    """The value at "a.b", or None."""
    held: Any = values
    for name in dotted.split("."):
        if not isinstance(held, dict):
            return None
        held = held.get(name)
    return held


def any_of(*names: str) -> Rule:
    """At least one of the fields has a value."""

    def test(values: Values, now_s: float | None) -> Fault:
        if any(not is_empty(found(values, name)) for name in names):
            return None
        return names[0], f"is missing (one of {', '.join(names)} is needed)"

    return Rule(f"one of {', '.join(names)}", test)


def at_most_one_of(*names: str) -> Rule:
    """No two of the fields have a value."""

    def test(values: Values, now_s: float | None) -> Fault:
        given = [name for name in names if not is_empty(found(values, name))]
        return (given[1], f"cannot go with {given[0]}") if len(given) > 1 else None

    return Rule(f"at most one of {', '.join(names)}", test)


def needs(name: str, *, when: str, equals: Any) -> Rule:
    """A field is needed while another has a certain value."""

    def test(values: Values, now_s: float | None) -> Fault:
        if found(values, when) == equals and is_empty(found(values, name)):
            return name, f"is missing ({when} is {equals})"
        return None

    return Rule(f"{name} needed when {when} is {equals}", test)


def only_when(name: str, *, when: str, among: tuple[Any, ...]) -> Rule:
    """A field may have a value only while another has one of certain values."""

    def test(values: Values, now_s: float | None) -> Fault:
        if found(values, name) and found(values, when) not in among:
            return name, f"goes only with {when} {among[-1]}"
        return None

    return Rule(f"{name} only when {when} is {among[-1]}", test)


def span(first: str, last: str, *, days: int) -> Rule:
    """Two moments in order, at most so many days apart."""

    def test(values: Values, now_s: float | None) -> Fault:
        begin, end = values.get(first), values.get(last)
        if begin is None or end is None:
            return None
        if end < begin:
            return last, f"is before {first}"
        return (last, f"is more than {days} days after {first}") if end - begin > days * DAY_S else None

    return Rule(f"{first} to {last} within {days} days", test)


def not_older(first: str, *, days: int = BACK_DAYS) -> Rule:
    """A moment at most so many days ago."""

    def test(values: Values, now_s: float | None) -> Fault:
        begin = values.get(first)
        if begin is None or now_s is None or begin >= now_s - days * DAY_S:
            return None
        return first, f"is more than {days} days ago"

    return Rule(f"{first} at most {days} days ago", test)


def _midnight(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, VENDOR_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def whole_days(first: str, last: str, *, days: int = 30) -> Rule:
    """Days for statistics: at most `days` of them, both ends counted, from 180 days ago to yesterday."""

    def test(values: Values, now_s: float | None) -> Fault:
        if values.get(first) is None:
            return None
        begin, end = _midnight(values[first]), _midnight(values.get(last) or values[first])
        if end < begin:
            return last, f"is before {first}"
        if (end - begin).days >= days:
            return last, f"makes {(end - begin).days + 1} days, {days} are allowed"
        if now_s is None:
            return None
        today = _midnight(now_s)
        if end >= today:
            return last if values.get(last) else first, "is not before today"
        if begin < today - timedelta(days=BACK_DAYS):
            return first, f"is more than {BACK_DAYS} days ago"
        return None

    return Rule(f"{first} to {last} at most {days} days, from {BACK_DAYS} days ago to yesterday", test)


def object_of_kind(kind: str = "msgtype") -> Rule:
    """The object that the kind names is there."""

    def test(values: Values, now_s: float | None) -> Fault:
        name = values.get(kind)
        return (str(name), f"is missing ({kind} is {name})") if name and is_empty(values.get(name)) else None

    return Rule(f"the object that {kind} names", test)


def objects_of_kind(name: str, kind: str = "msgtype") -> Rule:
    """Each entry of a list holds the object that its kind names, and no other kind's."""

    def test(values: Values, now_s: float | None) -> Fault:
        for index, entry in enumerate(values.get(name) or []):
            if is_empty(entry.get(entry[kind])):
                return f"{name}[{index}].{entry[kind]}", f"is missing ({kind} is {entry[kind]})"
        return None

    return Rule(f"each of {name} holds the object that its {kind} names", test)


def image_source(name: str = "attachments") -> Rule:
    """An image names its upload or its address."""

    def test(values: Values, now_s: float | None) -> Fault:
        for index, entry in enumerate(values.get(name) or []):
            image = entry.get("image") or {}
            if entry.get("msgtype") == "image" and not (image.get("media_id") or image.get("pic_url")):
                return f"{name}[{index}].image.media_id", "is missing (or pic_url)"
        return None

    return Rule(f"an image of {name} has media_id or pic_url", test)
