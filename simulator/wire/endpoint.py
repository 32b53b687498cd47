"""What one /cgi-bin call is: path, method, permission, validators, handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.wire.checks import Field
from simulator.wire.errors import WireError
from simulator.world.entities import App, UploadJob
from simulator.world.model import Corp, World


@dataclass(frozen=True)
class Upload:
    """The one file of a multipart request."""

    filename: str
    content_type: str
    body: bytes


@dataclass
class Call:
    """A validated request on its way to its handler."""

    world: World
    corp: Corp
    app: App
    query: dict[str, Any]
    body: dict[str, Any]
    now: float
    base_url: str
    upload: Upload | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    later: list[UploadJob] = field(default_factory=list)


@dataclass(frozen=True)
class RawAnswer:
    """A binary answer, for media/get."""

    body: bytes
    content_type: str
    filename: str
    content_range: str = ""


Handler = Callable[[Call], "dict[str, Any] | RawAnswer"]


@dataclass(frozen=True)
class Endpoint:
    path: str
    method: str
    permission: str
    handler: Handler
    spec: Mapping[str, Field] = field(default_factory=dict)
    is_upload: bool = False
    needs_token: bool = True


def get(path: str, permission: str, handler: Handler, **spec: Field) -> Endpoint:
    return Endpoint(path, "GET", permission, handler, spec)


def post(path: str, permission: str, handler: Handler, **spec: Field) -> Endpoint:
    return Endpoint(path, "POST", permission, handler, spec)


def page(items: list[Any], cursor: str, limit: int) -> tuple[list[Any], str]:
    """A slice and the cursor of the next one; a cursor is the offset in plain digits here. Raises 40058 for another."""
    if cursor and not (cursor.isascii() and cursor.isdigit()):
        raise WireError(40058, "invalid cursor")
    start = int(cursor or 0)
    following = start + limit
    return items[start:following], str(following) if following < len(items) else ""
