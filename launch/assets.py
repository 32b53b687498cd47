"""Files made from the sources: compiled catalogues and collected static files. Redone only when a source changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launch import engines
from launch.errors import LaunchError
from launch.layout import Layout
from launch.progress import step


@dataclass(frozen=True)
class Step:
    """One command of the checkout's Python before the product runs, and the files that it depends on."""

    title: str
    command: tuple[str, ...]
    sources: tuple[str, ...]


# A cluster that was removed and made anew has a new PG_VERSION file, so its schema is built again.
MIGRATE = Step(
    "Database schema",
    ("manage.py", "migrate", "--database", "owner", "--noinput", "--verbosity", "0"),
    ("*/migrations/*.py", "requirements/base.txt", ".local/postgres/PG_VERSION"),
)
MESSAGES = Step("Translations", ("manage.py", "messages", "--compile"), ("locale/**/*.po",))
# Parts of the libraries that no page uses; some of them also name files that their packages left out,
# which a manifest of hashed names (production) would refuse. The Dockerfile has the same list.
UNUSED = ("libs", "types", "*.scss", "*.html", "*.esm.*")
STATIC = Step(
    "Static files",
    (
        "manage.py",
        "collectstatic",
        "--noinput",
        "--verbosity",
        "0",
        *(f"--ignore={pattern}" for pattern in UNUSED),
    ),
    ("static/**/*", "node_modules/qunce.stamp", "requirements/base.txt", "scrm/settings/base.py"),
)

DEMO_STEPS = (MIGRATE, MESSAGES, STATIC)
TEST_STEPS = (MESSAGES,)


def prepare(layout: Layout, steps: tuple[Step, ...], *, extra: dict[str, str] | None = None) -> None:
    """Run the steps whose sources changed since their last success. The engines must be up. Raises LaunchError."""
    environment = os.environ | engines.environment(layout) | (extra or {})
    for one in steps:
        stamp = layout.local / "stamps" / one.title.replace(" ", "-").lower()
        digest = _digest(layout, one.sources)
        # Of a database elsewhere nothing is known here, so its schema is looked at every time.
        known = one is not MIGRATE or not os.environ.get("DATABASE_URL")
        if known and stamp.exists() and stamp.read_text() == digest:
            continue
        with step(one.title):
            _perform(layout, one, environment)
        if known:  # what was done to a database elsewhere says nothing about this checkout's own
            stamp.parent.mkdir(exist_ok=True)
            stamp.write_text(digest)


def _perform(layout: Layout, one: Step, environment: dict[str, str]) -> None:
    log = layout.logs / "setup.log"
    with log.open("a") as said:
        said.write(f"\n# {' '.join(one.command)}\n")
        said.flush()
        # In a session of its own, so that Ctrl-C reaches the supervisor alone.
        done = subprocess.run(
            [str(layout.venv_python), *one.command],
            check=False, cwd=layout.root, env=environment, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
        )  # fmt: skip
    if done.returncode != 0:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise LaunchError(f"{one.title} failed: {lines[-1]} (log: {log})")


def _digest(layout: Layout, sources: tuple[str, ...]) -> str:
    """Names, sizes and times of the sources, as one hash."""
    seen = hashlib.sha256()
    for pattern in sources:
        for path in sorted(layout.root.glob(pattern)):
            if path.is_file():
                seen.update(_fact(layout, path).encode())
    return seen.hexdigest()


def _fact(layout: Layout, path: Path) -> str:
    facts = path.stat()
    return f"{path.relative_to(layout.root)} {facts.st_size} {facts.st_mtime_ns}\n"
