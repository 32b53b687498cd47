"""What other apps offer to do with the groups picked in the list."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from groups.models import Group


@dataclass(frozen=True)
class BulkVerb:
    """One button of the bulk bar. `open(request, groups)` answers with the page on which it is decided.

    Only who may operate sees it and reaches it.
    """

    key: str
    label: Any
    open: Callable[[Any, list[Group]], Any]
    order: int = 50


_verbs: dict[str, BulkVerb] = {}


def register_bulk(verb: BulkVerb) -> None:
    """Add a button for picked groups. The same key again replaces it."""
    _verbs[verb.key] = verb


def bulk_verbs() -> list[BulkVerb]:
    """Registered buttons in order."""
    return sorted(_verbs.values(), key=lambda verb: (verb.order, verb.key))


def bulk_verb(key: str) -> BulkVerb | None:
    return _verbs.get(key)
