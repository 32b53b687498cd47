"""Faults that can be switched while running. All chances come from one seeded stream per corp."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, fields
from typing import Any


def _checked(name: str, value: Any, present: Any) -> Any:
    """The value in the fault's own type. Raises ValueError, before anything is changed."""
    if isinstance(present, bool):
        if value not in (True, False):
            raise ValueError(f"{name} is true or false")
        return bool(value)
    if isinstance(present, dict):
        if not isinstance(value, dict):
            raise ValueError(f"{name} is an object")
        return dict(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{name} is a number, 0 or more")
    if name.endswith("_p") and value > 1:
        raise ValueError(f"{name} is a share from 0 to 1")
    return value


@dataclass
class Faults:
    """Everything off by default; see docs/simulator.md for what each one does."""

    duplicate_p: float = 0.0
    drop_p: float = 0.0
    delay_p: float = 0.0
    delay_s: float = 60.0
    reorder_p: float = 0.0
    busy_p: float = 0.0
    busy_next: int = 0
    answer_code: dict[str, Any] = field(default_factory=dict)
    http_error_p: float = 0.0
    garbage_p: float = 0.0
    rate_limit: dict[str, Any] = field(default_factory=dict)
    concurrency_limit: int = 0
    new_token_each_time: bool = False
    revoke_token_p: float = 0.0
    revoke_code: int = 40014
    slow_p: float = 0.0
    slow_ms: int = 0
    slow_after_effect: bool = False
    no_welcome_code_p: float = 0.0
    legacy_payload: bool = False
    group_lag_s: float = 0.0
    dispatch_s: float = 0.0
    welcome_race_p: float = 0.0
    welcome_busy_p: float = 0.0
    personal_send_p: float = 0.0
    drop_app_messages: bool = False
    archive_network_p: float = 0.0
    shop_duplicate_p: float = 0.0
    shop_late_p: float = 0.0
    shop_shuffle: bool = False
    seed: int = 1
    rng: random.Random = field(default_factory=lambda: random.Random(1), repr=False)
    calls: dict[str, list[float]] = field(default_factory=dict, repr=False)
    blocked_until: dict[str, float] = field(default_factory=dict, repr=False)

    def chance(self, probability: float) -> bool:
        return probability > 0 and self.rng.random() < probability

    def as_dict(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self) if f.repr}

    def update(self, changes: dict[str, Any]) -> None:
        """Set the named faults. Raises ValueError for a name that does not exist."""
        known = set(self.as_dict())
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"unknown faults: {', '.join(unknown)}")
        checked = {name: _checked(name, value, getattr(self, name)) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)
        if "seed" in changes:
            self.rng = random.Random(self.seed)
        if "rate_limit" in changes:
            self.calls.clear()
            self.blocked_until.clear()
