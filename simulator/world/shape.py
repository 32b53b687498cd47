"""A fingerprint of the world's data classes: a snapshot of another shape is not loaded."""

from __future__ import annotations

import hashlib
from dataclasses import fields, is_dataclass
from types import ModuleType

from simulator.world import acquisition, archive, entities, faults, ledger, model, provider

MODULES: tuple[ModuleType, ...] = (acquisition, archive, entities, faults, ledger, model, provider)


def fingerprint() -> str:
    """Changes whenever a field of a stored class comes or goes."""
    names = {
        f"{kind.__module__}.{kind.__name__}.{field.name}"
        for module in MODULES
        for kind in vars(module).values()
        if isinstance(kind, type) and is_dataclass(kind)
        for field in fields(kind)
    }
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
