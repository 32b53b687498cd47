"""A service provider with suites that corps install (PROTOCOL 2.4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from simulator.wire import xml
from simulator.world.entities import App, Callback
from simulator.world.faults import Faults
from simulator.world.ledger import CallbackEvent, Ledger

TICKET_EVERY_S = 600
TICKET_LIFE_S = 1800
AUTH_CODE_LIFE_S = 600
TOKEN_LIFE_S = 7200


@dataclass
class Authorisation:
    """One corp's installation of a suite."""

    corp_id: str
    permanent_code: str
    agentid: int
    at: int


@dataclass
class Suite:
    """`kind` is third (a public app) or dk (built for one corp): there the permanent code is the app's secret."""

    suite_id: str
    secret: str
    provider_id: str
    kind: str = "third"
    callback: Callback = field(default_factory=Callback)
    faults: Faults = field(default_factory=Faults)
    ledger: Ledger = field(default_factory=Ledger)
    apps: dict[int, App] = field(default_factory=dict)
    tickets: list[tuple[str, float]] = field(default_factory=list)
    auth_codes: dict[str, tuple[str, float, str]] = field(default_factory=dict)
    authorisations: dict[str, Authorisation] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)

    @property
    def corp_id(self) -> str:
        """The receive id of its callbacks."""
        return self.suite_id

    def emit(self, info_type: str, at: float, **fields: Any) -> CallbackEvent | None:
        """Record a command event for the suite's callback URL."""
        if not self.callback.url:
            return None
        head: list[tuple[str, object]] = [
            ("SuiteId", self.suite_id),
            ("InfoType", info_type),
            ("TimeStamp", int(at)),
        ]
        plaintext = xml.render([*head, *fields.items()])
        return self.ledger.record(
            event=info_type, change_type="", lane=self.suite_id, plaintext=plaintext, at=int(at)
        )


@dataclass
class Provider:
    corp_id: str
    secret: str
    suites: dict[str, Suite] = field(default_factory=dict)
    tokens: dict[str, float] = field(default_factory=dict)
