"""Every WeCom call we make, as a table: path, method, what may be sent, whether it may be repeated.

One module for each chapter of the vendor notes (PROTOCOL 3.1 to 3.14). Limits are WeCom's documented ones; they
are checked before the wire. docs/wecom.md shows this table (`manage.py wecom_endpoints --write`).
"""

from wecom.endpoints import (
    archive,
    contacts,
    customers,
    groups,
    intercepts,
    links,
    mass_sends,
    media,
    messages,
    moments,
    tags,
    tokens,
    ways,
    welcomes,
)
from wecom.endpoints.checking import check_file, check_request
from wecom.endpoints.shape import GET, POST, Endpoint, FileLimit, Limit, Rule

__all__ = [
    "ENDPOINTS",
    "GET",
    "POST",
    "Endpoint",
    "FileLimit",
    "Limit",
    "Rule",
    "check_file",
    "check_request",
]

_MODULES = (
    tokens,
    contacts,
    customers,
    tags,
    ways,
    groups,
    mass_sends,
    welcomes,
    moments,
    intercepts,
    media,
    messages,
    links,
    archive,
)
ENDPOINTS: dict[str, Endpoint] = {row.name: row for module in _MODULES for row in module.ROWS}
