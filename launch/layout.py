"""Where things lie in a checkout."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launch.errors import LaunchError


@dataclass(frozen=True)
class Layout:
    """Paths of one checkout. `root` is absolute and has no symbolic links in it."""

    root: Path

    @classmethod
    def here(cls) -> Layout:
        return cls(Path(__file__).resolve().parent.parent)

    @property
    def local(self) -> Path:
        """Everything that a start makes; `make clean` removes it."""
        return self.root / ".local"

    @property
    def logs(self) -> Path:
        return self.local / "logs"

    @property
    def state_file(self) -> Path:
        return self.local / "engines.json"

    @property
    def secrets_file(self) -> Path:
        return self.local / "secrets.json"

    @property
    def clock_file(self) -> Path:
        return self.local / "clock"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def venv_python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that tell this checkout from its neighbours on the same machine."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:12]

    def make_local(self) -> None:
        """Create `.local` and its log folder. Repeatable.

        Raises LaunchError when this user may not write there.
        """
        try:
            self.local.mkdir(mode=0o755, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
        except PermissionError:
            raise LaunchError(not_ours(self.local if self.local.exists() else self.root)) from None
        for folder in (self.local, self.logs):
            if not os.access(folder, os.W_OK | os.X_OK):
                raise LaunchError(not_ours(folder))

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """One starter or stopper at a time in this checkout; the kernel frees it when the holder dies."""
        self.make_local()
        try:
            handle = (self.local / "launch.lock").open("w")
        except PermissionError:
            raise LaunchError(not_ours(self.local / "launch.lock")) from None
        with handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def not_ours(path: Path) -> str:
    """The line for a path that this user cannot use."""
    try:
        owner = path.owner()
    except (KeyError, OSError):
        owner = "another user"
    return f"{path} belongs to {owner}: run as {owner}, or remove it (`rm -rf`, its data goes with it)."
