"""Every /cgi-bin call the simulator answers, in one table."""

from __future__ import annotations

from simulator.wire.api import (
    contact_way,
    contacts,
    customers,
    groups,
    mass_send,
    media,
    messages,
    moments,
    owned,
    tags,
    tokens,
    transfers,
    welcome,
)
from simulator.wire.endpoint import Endpoint

MODULES = (
    tokens,
    contacts,
    customers,
    tags,
    contact_way,
    groups,
    mass_send,
    welcome,
    media,
    messages,
    transfers,
    moments,
    owned,
)
ENDPOINTS: dict[str, Endpoint] = {row.path: row for module in MODULES for row in module.ENDPOINTS}
