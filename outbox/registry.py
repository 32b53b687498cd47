"""Event name -> handlers. Filled once at start-up from scrm/wiring.py."""

from collections.abc import Callable
from typing import Any

Handler = Callable[..., None]
_handlers: dict[str, dict[str, Handler]] = {}


def register(event_name: str, handler_name: str, handler: Handler) -> None:
    """A handler takes `tenant_id` and `events`, a list of one event class, touches only the database, and may be
    called again with events it has seen. Network work it hands on with `dispatch.enqueue`."""
    _handlers.setdefault(event_name, {})[handler_name] = handler


def handlers_of(event_name: str) -> list[str]:
    return list(_handlers.get(event_name, {}))


def find(event_name: str, handler_name: str) -> Handler | None:
    return _handlers.get(event_name, {}).get(handler_name)


def all_handlers() -> dict[str, dict[str, Any]]:
    return _handlers
