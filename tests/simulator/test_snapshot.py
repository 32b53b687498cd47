"""The world is written while everything goes on, as a whole or not at all."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator import snapshot
from simulator.clock import Clock
from simulator.runtime import Runtime
from simulator.world.model import World
from tests.simulator.conftest import CORP
from tests.waiting import wait_until


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _names(home: Path) -> list[str] | None:
    """The groups' names in the file, or None while there is none."""
    path = home / snapshot.NAME
    if not path.exists():
        return None
    _version, world = pickle.loads(path.read_bytes())
    return [group.name for corp in world.corps.values() for group in corp.groups.values()]


def _rename(client: httpx.Client, name: str) -> None:
    corp = client.get(f"/sim/corps/{CORP['corp_id']}").json()
    body = {"corp_id": corp["corp_id"], "chat_id": corp["groups"][0]["chat_id"], "name": name}
    client.post("/sim/group/rename", json=body).raise_for_status()


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """To its end in a thread of its own: a browser test's loop may still live in this one. Raises what it raises."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


def test_requests_go_on_while_the_world_of_that_moment_is_written(
    web: httpx.Client, runtime: Runtime, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, dump = tmp_path / "begun", tmp_path / "go_on", snapshot._dump

    def held(world: World, draft: Path) -> None:
        begun.touch()
        wait_until(go_on.exists, "leave to write")
        dump(world, draft)

    monkeypatch.setattr(snapshot, "_dump", held)
    _rename(web, "那一刻")
    writing = threading.Thread(target=asyncio.run, args=(runtime.save_beside(),))
    writing.start()
    wait_until(begun.exists, "the writing has begun")
    _rename(web, "之后")
    assert _names(home) is None
    go_on.touch()
    writing.join()
    assert "那一刻" in (_names(home) or [])
    run_apart(runtime.save_beside())
    assert "之后" in (_names(home) or [])


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_write_that_fails_or_is_ended_leaves_the_file_before(
    web: httpx.Client, runtime: Runtime, home: Path, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool
) -> None:
    def fails(world: World, draft: Path) -> None:
        draft.write_bytes(b"half")
        if is_cancelled:
            wait_until(lambda: False, "the end of this process")
        raise OSError("the disk is full")

    runtime.save()
    before = _names(home)
    monkeypatch.setattr(snapshot, "_dump", fails)
    _rename(web, "改名")

    async def run() -> None:
        writing = asyncio.create_task(runtime.save_beside())
        while is_cancelled and not list(home.glob("*.draft")):
            await asyncio.sleep(0.01)
        if is_cancelled:
            writing.cancel()
        await writing

    with pytest.raises(asyncio.CancelledError if is_cancelled else OSError):
        run_apart(run())
    assert runtime.world.is_dirty
    assert [path.name for path in home.iterdir()] == [snapshot.NAME]
    assert _names(home) == before


def test_a_simulator_that_is_killed_comes_back_with_a_whole_world(tmp_path: Path, home: Path) -> None:
    home.mkdir()
    (home / "world.1.draft").write_bytes(b"half")
    command: list[Any] = [
        sys.executable,
        "-m",
        "simulator",
        "--port",
        "0",
        "--size",
        "small",
        "--snapshot-s",
        "0.01",
    ]
    command += ["--live", "--state-dir", home, "--clock-file", tmp_path / "clock"]
    running = subprocess.Popen(command)
    try:
        wait_until((home / snapshot.NAME).exists, "a first file", within_s=60)
    finally:
        running.kill()
        running.wait()
    assert len(_names(home) or []) == 4
    assert Runtime(clock=Clock(), state_dir=home).load()
    assert [path.name for path in home.iterdir()] == [snapshot.NAME]
