"""What goes wrong on a machine is one line that says what to do."""

import importlib.util
import socket
import sys

import pytest

from launch import preflight
from launch.errors import LaunchError
from tests.launch.conftest import Checkout

pytestmark = pytest.mark.slow


def _line(checkout: Checkout, *arguments: str, **settings: str) -> str:
    """The one line on standard error of a command that fails."""
    done = checkout.launch(*arguments, **settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.strip()


def test_old_python_is_told_which_one_is_needed(checkout):
    line = _line(checkout, "engines", "up", QUNCE_MIN_PYTHON="3.99")

    found = ".".join(str(part) for part in sys.version_info[:3])
    assert line == (
        f"qunce: Python {found} found, but Qunce needs 3.99 or newer: "
        "install it, then say `make PYTHON=/path/to/python3`."
    )


def test_full_disk_is_told_before_anything_is_made(checkout):
    line = _line(checkout, "engines", "up", QUNCE_MIN_FREE_MB="999999999")

    assert "MB are free on the disk" in line
    assert "999999999 MB are needed: free some space" in line
    assert not (checkout.root / ".local/postgres").exists()


def test_python_without_venv_is_told_how_to_get_it(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))

    with pytest.raises(LaunchError, match="install its venv module"):
        preflight.require_venv_module()


@pytest.mark.parametrize("variable", ["QUNCE_POSTGRES_PORT", "QUNCE_VALKEY_PORT"])
def test_asked_port_that_is_taken_is_named(checkout, variable):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = _line(checkout, "engines", "up", **{variable: str(port)})

    assert line == f"qunce: Port {port} ({variable}) is taken: choose another, or leave {variable} unset."


def test_demo_port_that_is_taken_is_named(checkout):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = _line(checkout, "demo", DEMO_PORT=str(port))

    assert line.startswith(f"qunce: Port {port} is taken: stop what uses it")


def test_demo_port_that_is_no_port_is_refused(checkout):
    assert _line(checkout, "demo", DEMO_PORT="eight") == (
        "qunce: DEMO_PORT=eight is not a port: give a number from 1 to 65535."
    )


def test_data_of_another_major_version_is_left_alone(checkout):
    checkout.launch("engines", "up")
    checkout.launch("engines", "down")
    version = checkout.root / ".local/postgres/PG_VERSION"
    version.write_text("17\n")

    line = _line(checkout, "engines", "up")

    assert "holds PostgreSQL 17 data, but PostgreSQL 18 is installed: move it away" in line
    assert version.read_text() == "17\n"


def test_folder_of_someone_else_is_named(ordinary_checkout):
    ordinary_checkout.launch("engines", "up")
    ordinary_checkout.launch("engines", "down")
    local = ordinary_checkout.root / ".local"
    local.chmod(0o500)
    try:
        line = _line(ordinary_checkout, "engines", "up")
    finally:
        local.chmod(0o755)

    assert line.startswith(f"qunce: {local} belongs to ")


def test_missing_engine_packages_are_told(checkout):
    checkout.python = sys._base_executable

    line = _line(checkout, "engines", "up")

    assert line == "qunce: The embedded engines are not installed: say `make engines`, which installs them."


def test_external_database_without_its_owner_is_told(checkout):
    assert _line(checkout, "env", DATABASE_URL="postgres://app@db.example/qunce") == (
        "qunce: DATABASE_URL is set, so set DATABASE_OWNER_URL too: migrations run as the owner."
    )


def test_command_that_is_missing_is_named(checkout):
    assert _line(checkout, "run", "--", "no-such-tool").startswith("qunce: no-such-tool was not found")


def test_damaged_state_file_is_named(checkout):
    checkout.launch("engines", "up")
    checkout.launch("engines", "down")
    state = checkout.root / ".local/engines.json"
    state.write_text("{")

    line = _line(checkout, "engines", "up")
    state.unlink()

    assert line == f"qunce: {state} is damaged: remove it and start again, it will be made anew."
