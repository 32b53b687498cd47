"""Every route of the product, as the resolver knows them: the walks compare them with what each demands.

Console: `tests.isolation.demands`; phone, public and account routes: `strangers`.
"""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


def routes() -> Iterator[tuple[str, str, Any]]:
    """(name with namespaces, path, view) of every route but the admin's."""
    yield from _walk(get_resolver().url_patterns, "", "")


def _walk(patterns: list, prefix: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
    for one in patterns:
        path = prefix + str(one.pattern).removeprefix("^")
        if isinstance(one, URLResolver):
            if one.namespace != "admin":
                inner = f"{namespace}{one.namespace}:" if one.namespace else namespace
                yield from _walk(one.url_patterns, path, inner)
        elif isinstance(one, URLPattern):
            yield f"{namespace}{one.name or path}", path, one.callback


def console_names() -> list[str]:
    return [name for name, path, _view in routes() if path.startswith("t/<slug:tenant_slug>/")]


def phone_names() -> list[str]:
    return [name for name, path, _view in routes() if path.startswith("m/<slug:phone_slug>/")]


def public_names() -> list[str]:
    console = {*console_names(), *phone_names()}
    return [name for name, _path, _view in routes() if name not in console]
