"""`make check`: every habit of the project in one go; all of them run, and what failed is shown."""

from __future__ import annotations

import base64
import concurrent.futures
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from launch import engines
from launch.layout import Layout

# Written in parts, so that this file does not trip its own check.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("npmmirror", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
        ("proxy", "golang", "org"),
    )
)
LOCK_WORDS = ("--index-url", "--extra-index-url", "--find-links", "--trusted-host", '"resolved"')
TOOLS_AT_ONCE = 2

Outcome = tuple[bool, str]


def run(layout: Layout) -> int:
    """Run every check, two at a time; 0 when all hold, else 1. The engines must be up."""
    began = time.monotonic()
    failed: list[str] = []
    with concurrent.futures.ThreadPoolExecutor(TOOLS_AT_ONCE) as pool:
        waiting = {pool.submit(_timed, check): name for name, check in _checks(layout)}
        for ended in concurrent.futures.as_completed(waiting):
            (good, said), seconds = ended.result()
            print(f"{'ok    ' if good else 'FAILED'} {waiting[ended]} ({seconds:.1f} s)", flush=True)
            if not good:
                failed.append(waiting[ended])
                print("\n".join(f"       {line}" for line in said.strip().splitlines()[-60:]), flush=True)
    total = time.monotonic() - began
    print(f"make check: {', '.join(failed)} failed" if failed else "make check: all hold", f"({total:.0f} s)")
    return 1 if failed else 0


def _timed(check: Callable[[], Outcome]) -> tuple[Outcome, float]:
    began = time.monotonic()
    return check(), time.monotonic() - began


def _checks(layout: Layout) -> list[tuple[str, Callable[[], Outcome]]]:
    """Name and check, longest first."""
    tools = layout.venv / "bin"
    local = os.environ | engines.environment(layout)

    def tool(*command: str, env: dict[str, str] | None = None) -> Callable[[], Outcome]:
        return lambda: _tool(layout, [str(tools / command[0]), *command[1:]], env or local)

    return [
        ("types", tool("mypy")),
        ("templates are well formed", tool("djlint", "templates", "--lint", "--quiet")),
        ("imports follow the layers", tool("lint-imports", "--no-logo")),
        ("translations are complete", tool("python", "manage.py", "messages", "--check")),
        ("the table of WeCom calls is present", tool("python", "manage.py", "wecom_endpoints", "--check")),
        ("migrations are complete", tool("python", "manage.py", "makemigrations", "--check", "--dry-run")),
        ("ready to deploy", tool("python", "manage.py", "check", "--deploy", "--fail-level", "WARNING",
                                 env=_production(local))),
        ("lint", tool("ruff", "check", "--quiet", ".")),
        ("format", tool("ruff", "format", "--check", "--quiet", ".")),
        ("no registry is named", lambda: no_registry(layout)),
    ]  # fmt: skip


def _production(local: dict[str, str]) -> dict[str, str]:
    """An environment like a deployment's, with made-up secrets."""
    return local | {
        "DJANGO_SETTINGS_MODULE": "scrm.settings.prod",
        "QUNCE_SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
        "QUNCE_FIELD_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "QUNCE_HOSTS": "qunce.example",
        "QUNCE_TRUSTED_ORIGINS": "https://qunce.example",
        "QUNCE_PUBLIC_URL": "https://qunce.example",
        "EMAIL_URL": "smtp+tls://user:password@mail.example:587",
    }


def _tool(layout: Layout, command: list[str], environment: dict[str, str]) -> Outcome:
    done = subprocess.run(
        command, check=False, cwd=layout.root, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


def no_registry(layout: Layout) -> Outcome:
    """No tracked file names a package registry, and no lock records where a package came from."""
    found: list[str] = []
    hosts = re.compile("|".join(re.escape(host) for host in REGISTRY_HOSTS))
    for path in tracked(layout):
        try:
            text = path.read_text()
        except (UnicodeDecodeError, OSError):
            continue
        name = path.relative_to(layout.root)
        found += [f"{name}: names {host}" for host in sorted(set(hosts.findall(text)))]
        if name.parts[0] == "requirements" or name.name == "package-lock.json":
            found += [f"{name}: contains {word}" for word in LOCK_WORDS if word in text]
    return not found, "\n".join(found)


def tracked(layout: Layout) -> list[Path]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, cwd=layout.root, capture_output=True, text=True,
    )  # fmt: skip
    return [
        layout.root / name for name in listed.stdout.split("\0") if name and (layout.root / name).is_file()
    ]
