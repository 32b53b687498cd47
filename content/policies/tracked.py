"""Tracked links that words name as {链接:名}. Pure.

They are [{"key", "title", "kind", "url"}], with "object_id" where one is known.
`links_read` is the one place that says whether a link can be kept. An empty `url` is the run's: the product's page for
links to buy, the key interaction's for the others.
"""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from content.enums import LinkKind
from tenants.errors import DomainError

MOST: Final = 9
KEY_CHARS: Final = 40  # the key of a radar link holds it beside a step's key and a group's number
TITLE_CHARS: Final = 64
URL_CHARS: Final = 1000
OBJECT_CHARS: Final = 128


class TrackedRefused(DomainError, ValueError):
    """The link cannot be kept; the message says what to do."""

    code = "LINK-01"
    message = _("This link cannot be tracked.")


class TooManyLinks(TrackedRefused):
    code = "LINK-02"
    message = _("At most 9 tracked links a message. Take some off.")


class NameMissing(TrackedRefused):
    code = "LINK-03"
    message = _("A link needs a name of at most 40 characters without braces: the text names it.")


class NameTwice(TrackedRefused):
    code = "LINK-04"
    message = _("Two links have the same name. Give one another name.")


class AddressWrong(TrackedRefused):
    code = "LINK-05"
    message = _("A link's address begins with https:// and has at most 1,000 characters.")


class KindUnknown(TrackedRefused):
    code = "LINK-06"
    message = _("Say what the link leads to.")


def links_read(rows: Iterable[Any]) -> list[dict[str, str]]:
    """Links as they are kept. Raises TrackedRefused."""
    found = [_read(one) for one in rows]
    if len(found) > MOST:
        raise TooManyLinks
    if len({one["key"].casefold() for one in found}) != len(found):
        raise NameTwice
    return found


def _read(raw: Any) -> dict[str, str]:
    given = {name: str(raw.get(name) or "").strip() for name in ("key", "title", "kind", "url", "object_id")} \
        if isinstance(raw, dict) else {}  # fmt: skip
    key = given.get("key") or given.get("title", "")
    if not key or len(key) > KEY_CHARS or set(key) & set("{}\n\r"):
        raise NameMissing
    if given["kind"] not in LinkKind.values:
        raise KindUnknown
    if given["url"] and not _is_address(given["url"]):
        raise AddressWrong
    kept = {
        "key": key,
        "title": (given["title"] or key)[:TITLE_CHARS],
        "kind": given["kind"],
        "url": given["url"],
    }
    return {**kept, "object_id": given["object_id"][:OBJECT_CHARS]} if given["object_id"] else kept


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return len(url) <= URL_CHARS and parts.scheme in ("http", "https") and bool(parts.hostname)
