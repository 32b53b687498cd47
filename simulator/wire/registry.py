"""Every /cgi-bin call the simulator answers, in one table."""

from __future__ import annotations

from simulator.wire.api import (
    acquisition,
    contact_way,
    contacts,
    customers,
    groups,
    join_way,
    mass_send,
    media,
    messages,
    moments,
    msgaudit,
    products,
    rules,
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
    join_way,
    mass_send,
    welcome,
    media,
    messages,
    transfers,
    moments,
    rules,
    products,
    acquisition,
    msgaudit,
)
ENDPOINTS: dict[str, Endpoint] = {row.path: row for module in MODULES for row in module.ENDPOINTS}
