"""One corp for all conformance tests; made once, because its members and groups take a while."""

from collections.abc import Iterator
from typing import Any

import pytest

from tenants import clock
from tests.simulated import Simulator
from tests.wecom.conformance.harness import World
from wecom.gateway import standing

_worlds: dict[str, World] = {}


@pytest.fixture
def world(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The corp. What a refusal stops for the app is told to nobody here: tests/wecom/test_client.py sees to that."""
    simulator.set_time(clock.now())
    monkeypatch.setattr(standing, "mark_broken", _nothing)
    monkeypatch.setattr(standing, "note_missing_permission", _nothing)
    if simulator.url not in _worlds:
        _worlds[simulator.url] = World(simulator)
    found = _worlds[simulator.url]
    found.client.called.clear()
    yield found
    simulator.faults(found.corp_id, answer_code={}, busy_next=0, rate_limit={})
    found.forget_limits()


def _nothing(**values: Any) -> None:
    """Instead of what needs a database."""


@pytest.fixture(scope="session", autouse=True)
def _close_sinks() -> Iterator[None]:
    yield
    for world in _worlds.values():
        world.sink.close()
