"""Who reacts to what: the one page of cross-app reactions.

EVENTS: domain event -> handlers, called by the outbox with (tenant_id, events).
INBOUND: WeCom event -> handlers, called by wecom's ingest with one normalised event in the tenant's scope.
A handler is named by its dotted path; the path is stored in deliveries, so moving one is a migration.
"""

from django.utils.module_loading import import_string

from outbox import registry

EVENTS: dict[str, list[str]] = {}

INBOUND: dict[str, list[str]] = {}


def connect() -> None:
    """Fill the registries; called once when all apps are loaded. A misspelt path stops the start."""
    for event_name, paths in EVENTS.items():
        for path in paths:
            registry.register(event_name, path, import_string(path))
