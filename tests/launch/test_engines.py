"""The embedded engines, as real processes: started, reused, stopped, and healed after a crash."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from launch.procs import is_alive
from tests.launch.conftest import Checkout, cpu_of_children_s, make_checkout, put_away

pytestmark = pytest.mark.slow

BOTH_RUN = re.compile(r"Postgres: running on port \d+\nValkey: running on port \d+\n")


def _said(checkout: Checkout, *arguments: str, **settings: str) -> str:
    done = checkout.launch(*arguments, **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _environment(checkout: Checkout) -> dict[str, str]:
    lines = _said(checkout, "env").splitlines()
    return dict(re.fullmatch(r"export (\w+)='?(.*?)'?", line).groups() for line in lines)


def test_engines_start_are_reused_and_stop(checkout):
    assert _said(checkout, "engines", "up").startswith("Postgres and Valkey started")

    began_s = cpu_of_children_s()
    again = _said(checkout, "engines", "up")
    took_s = cpu_of_children_s() - began_s

    assert again.startswith("Engines are running already")
    assert took_s < 1
    assert BOTH_RUN.fullmatch(_said(checkout, "engines", "status"))
    assert _said(checkout, "engines", "down").startswith("Valkey and Postgres stopped")
    stopped = checkout.launch("engines", "status")
    assert (stopped.returncode, stopped.stdout) == (3, "Postgres: stopped\nValkey: stopped\n")


def test_engines_started_twice_at_once_run_once(checkout):
    starts = [
        subprocess.Popen(
            [checkout.python, "-m", "launch", "engines", "up"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **checkout.options(),
        )
        for _ in range(3)
    ]  # fmt: skip
    said = sorted(start.communicate(timeout=240)[0].split(" (")[0] for start in starts)

    assert said == [
        "Engines are running already",
        "Engines are running already",
        "Postgres and Valkey started",
    ]


def test_roles_let_the_application_write_rows_and_nothing_more(running):
    code = (
        "import os, psycopg2\n"
        "owner = psycopg2.connect(os.environ['DATABASE_OWNER_URL']); owner.autocommit = True\n"
        "owner.cursor().execute('CREATE TABLE thing (id serial PRIMARY KEY)')\n"
        "app = psycopg2.connect(os.environ['DATABASE_URL']); app.autocommit = True\n"
        "cursor = app.cursor(); cursor.execute('INSERT INTO thing DEFAULT VALUES')\n"
        "for text in ('CREATE TABLE t (i int)', 'DROP TABLE thing', 'TRUNCATE thing', 'CREATE ROLE r',\n"
        "             'CREATE DATABASE d', 'ALTER ROLE qunce_app BYPASSRLS'):\n"
        "    try:\n"
        "        cursor.execute(text)\n"
        "        print('allowed:', text)\n"
        "    except psycopg2.errors.InsufficientPrivilege:\n"
        "        print('refused')\n"
    )

    assert _said(running, "run", "--", sys.executable, "-c", code).split() == ["refused"] * 6


def test_postgres_keeps_what_it_acknowledged(running):
    settings = {
        name: running.query(f"SHOW {name}")
        for name in ("fsync", "full_page_writes", "synchronous_commit", "server_encoding", "max_connections")
    }

    assert settings == {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "server_encoding": "UTF8",
        "max_connections": "200",
    }
    assert running.query("SELECT datlocale FROM pg_database WHERE datname = 'qunce'") == "C.UTF-8"


def test_valkey_is_durable_and_never_evicts(running):
    code = (
        "import os, redis\n"
        "line = redis.Redis.from_url(os.environ['REDIS_URL'])\n"
        "print(*(line.config_get(name)[name]\n"
        "        for name in ('appendonly', 'appendfsync', 'maxmemory-policy')))"
    )

    assert _said(running, "run", "--", sys.executable, "-c", code).split() == [
        "yes",
        "everysec",
        "noeviction",
    ]


def test_secrets_are_private_and_stay_the_same(checkout):
    first = _environment(checkout)
    _said(checkout, "engines", "down")
    second = _environment(checkout)

    assert second == first
    assert set(first) == {
        "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL",
        "QUNCE_CLOCK_FILE", "QUNCE_SECRET_KEY", "QUNCE_FIELD_KEY",
    }  # fmt: skip
    local = checkout.root / ".local"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in local.glob("*.json")}
    assert modes == {"engines.json": "0o600", "secrets.json": "0o600"}


def test_engines_killed_heal_with_their_data(checkout):
    checkout.query("CREATE TABLE kept AS SELECT 42 AS answer")
    checkout.kill(checkout.postgres_pid())
    checkout.kill(int((checkout.root / ".local/valkey/valkey.pid").read_text()))

    assert _said(checkout, "engines", "up").startswith("Postgres and Valkey started")
    assert checkout.query("SELECT answer FROM kept") == "42"


def test_postgres_heals_when_its_old_process_number_is_someone_elses(checkout):
    checkout.query("CREATE TABLE kept AS SELECT 42 AS answer")
    checkout.kill(checkout.postgres_pid())
    lock = checkout.root / ".local/postgres/postmaster.pid"
    bystander = subprocess.Popen(["sleep", "3600"])
    try:
        lock.write_text("\n".join([str(bystander.pid), *lock.read_text().splitlines()[1:]]) + "\n")

        assert checkout.query("SELECT answer FROM kept") == "42"
        assert bystander.poll() is None
    finally:
        bystander.send_signal(signal.SIGKILL)
        bystander.wait()


@pytest.mark.parametrize("stopped_before", [True, False])
def test_engines_heal_when_the_state_file_is_lost(checkout, stopped_before):
    checkout.query("CREATE TABLE kept AS SELECT 42 AS answer")
    valkey = int((checkout.root / ".local/valkey/valkey.pid").read_text())
    if stopped_before:
        _said(checkout, "engines", "down")
    (checkout.root / ".local/engines.json").unlink()

    assert checkout.query("SELECT answer FROM kept") == "42"
    assert not is_alive(valkey), "two servers on one data folder"


def test_engines_move_on_when_their_port_was_taken_meanwhile(checkout):
    checkout.query("CREATE TABLE kept AS SELECT 42 AS answer")
    _said(checkout, "engines", "down")
    before = json.loads((checkout.root / ".local/engines.json").read_text())
    with socket.create_server(("127.0.0.1", before["postgres"]["port"])):
        assert checkout.query("SELECT answer FROM kept") == "42"

    after = json.loads((checkout.root / ".local/engines.json").read_text())
    assert after["postgres"]["port"] != before["postgres"]["port"]


def test_two_checkouts_run_side_by_side(checkout, tmp_path):
    other = make_checkout(tmp_path / "another")
    try:
        checkout.query("CREATE TABLE mine AS SELECT 1 AS answer")
        assert other.query("SELECT to_regclass('mine')") == "None"

        _said(other, "engines", "down")

        assert BOTH_RUN.fullmatch(_said(checkout, "engines", "status"))
    finally:
        put_away(other)


def test_ordinary_user_runs_the_engines_as_themselves(ordinary_checkout):
    assert _said(ordinary_checkout, "engines", "up").startswith("Postgres and Valkey started")

    owner = ordinary_checkout.user if ordinary_checkout.user is not None else os.geteuid()
    assert (ordinary_checkout.root / ".local/postgres").stat().st_uid == owner
    assert BOTH_RUN.fullmatch(_said(ordinary_checkout, "engines", "status"))
    assert _said(ordinary_checkout, "engines", "down").startswith("Valkey and Postgres stopped")


def test_run_hands_over_the_exit_code_and_the_addresses(running):
    code = "import os, sys; print(os.environ['REDIS_URL'][:8]); sys.exit(7)"

    done = running.launch("run", "--", sys.executable, "-c", code)

    assert (done.returncode, done.stdout, done.stderr) == (7, "redis://\n", "")


def test_external_engines_are_used_and_none_is_started(checkout):
    given = {
        "DATABASE_URL": "postgres://app@db.example/qunce",
        "DATABASE_OWNER_URL": "postgres://owner@db.example/qunce",
        "REDIS_URL": "redis://cache.example/0",
    }

    said = _said(checkout, "env", **given)

    assert [f"export {name}={value}" in said.splitlines() for name, value in given.items()] == [True] * 3
    assert not (checkout.root / ".local/postgres").exists()
    assert not (checkout.root / ".local/valkey").exists()


def test_clean_stops_the_engines_and_removes_what_was_made(checkout):
    _said(checkout, "engines", "up")
    data = (checkout.root / ".local/postgres").resolve()
    postgres = checkout.postgres_pid()

    _said(checkout, "clean")

    assert not (checkout.root / ".local").exists()
    assert not data.exists()
    assert not is_alive(postgres)
