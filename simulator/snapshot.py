"""The world in a file. While the simulator runs, a child process writes it, so that no request waits.

A file is written beside, synced and then renamed by the simulator itself: whatever is killed when, the file is a
whole world, and a child that outlives its simulator replaces nothing.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import traceback
from pathlib import Path

from simulator.world.model import World
from simulator.world.shape import fingerprint

NAME = "world.pickle"
LOOK_S = 0.05
STDERR = 2


def write(world: World, path: Path) -> None:
    """Write the world and wait for it. Raises OSError."""
    draft = _draft(path)
    _dump(world, draft)
    os.replace(draft, path)


async def write_beside(world: World, path: Path) -> None:
    """Write the world as it is now, from a copy of this process. Raises OSError when it was not written.

    A cancelled write is ended and leaves nothing behind.
    """
    draft = _draft(path)
    child = os.fork()
    if child == 0:
        _dump_and_exit(world, draft)
    try:
        status = await _ended(child)
    except asyncio.CancelledError:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        draft.unlink(missing_ok=True)
        raise
    if status != 0:
        draft.unlink(missing_ok=True)
        raise OSError(f"the process that writes the world ended with {status}")
    os.replace(draft, path)


def sweep(path: Path) -> None:
    """Remove the half-written files of a simulator that was killed."""
    for draft in path.parent.glob(f"{path.stem}.*.draft"):
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_suffix(f".{os.getpid()}.draft")


def _dump(world: World, draft: Path) -> None:
    with draft.open("wb") as file:
        pickle.dump((fingerprint(), world), file, protocol=5)
        file.flush()
        os.fsync(file.fileno())


def _dump_and_exit(world: World, draft: Path) -> None:
    """The child's whole life. It holds no connection and no listening port, and never returns into the server."""
    code = 1
    try:
        gc.disable()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(STDERR + 1, os.sysconf("SC_OPEN_MAX"))
        _dump(world, draft)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


async def _ended(child: int) -> int:
    """Its exit code once it has ended; minus the signal that ended it."""
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        await asyncio.sleep(LOOK_S)
