"""Looking at processes without extra packages."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether a process with this number exists, whoever owns it. A zombie counts as dead."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state_of(pid) != "Z"


def command_of(pid: int) -> str:
    """Command line of a process, "" when it is gone."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            return ""
    shown = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], check=False, capture_output=True, text=True
    )
    return shown.stdout.strip()


def _state_of(pid: int) -> str:
    try:
        # After the command in parentheses, which may itself hold spaces.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def started_at(pid: int) -> str:
    """When a process started, in the system's own words. Tells a process from a later one with its number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        shown = subprocess.run(
            ["ps", "-p", str(pid), "-o", "lstart="], check=False, capture_output=True, text=True
        )
        return shown.stdout.strip()


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], check=False, capture_output=True, text=True)
    children: dict[int, list[int]] = {}
    for line in shown.stdout.splitlines():
        child, parent = (int(word) for word in line.split())
        children.setdefault(parent, []).append(child)
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def memory_kb(pid: int) -> int:
    """Resident memory of a process in kB, with pages that several share counted in parts where Linux tells."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    except (OSError, StopIteration):
        shown = subprocess.run(
            ["ps", "-p", str(pid), "-o", "rss="], check=False, capture_output=True, text=True
        )
        return int(shown.stdout.strip() or 0)
