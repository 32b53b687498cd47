"""The folder in which the workers of one web server keep their own figures, so that whichever is asked tells them all.

Whoever uses a folder holds a shared lock in it for as long as it lives. What nobody holds is left over from a server
that is gone: it is removed, and never counted again. Nothing of Django may be imported here: prometheus_client
decides when it is first imported, which is when Django's apps are loaded.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
LOCK = "in-use"
# Open for the life of the process: closing it would give up the lock. A forked worker has it too.
_held: list[IO[bytes]] = []


def share() -> None:
    """Choose this server's folder, unless the environment names one, and hold it."""
    if os.environ.get(VARIABLE):
        Path(os.environ[VARIABLE]).mkdir(mode=0o700, parents=True, exist_ok=True)
        return
    prefix = f"qunce-metrics-{os.getuid()}-"
    home = Path(tempfile.gettempdir())
    for folder in home.glob(f"{prefix}*"):
        _remove_if_free(folder)
    folder = home / f"{prefix}{os.getppid()}"
    _held.append(_hold(folder))
    os.environ[VARIABLE] = str(folder)


def _remove_if_free(folder: Path) -> None:
    """Remove a folder that no living process holds; one whose lock cannot be had stays."""
    try:
        with _open(folder) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    except OSError:
        return


def _hold(folder: Path) -> IO[bytes]:
    """The shared lock on a folder that stands; made anew when somebody removes it in between."""
    while True:
        folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            lock = _open(folder)
            fcntl.flock(lock, fcntl.LOCK_SH)
            if os.path.samestat((folder / LOCK).stat(), os.fstat(lock.fileno())):
                return lock


def _open(folder: Path) -> IO[bytes]:
    return (folder / LOCK).open("ab")
