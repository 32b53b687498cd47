"""A web server's figures are those of its own workers: a server that is gone leaves none behind."""

import os
import tempfile
from pathlib import Path

import pytest

from scrm import worker_figures


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(worker_figures, "_held", [])
    monkeypatch.setenv(worker_figures.VARIABLE, "")
    return tmp_path


def _folder(home: Path, pid: int) -> Path:
    folder = home / f"qunce-metrics-{os.getuid()}-{pid}"
    folder.mkdir()
    (folder / "counter_7.db").write_bytes(b"of before")
    return folder


def test_what_a_dead_server_left_is_removed_and_never_told_again(home: Path) -> None:
    dead, reused = _folder(home, 1), _folder(home, os.getppid())
    worker_figures.share()
    assert not dead.exists()
    assert os.environ[worker_figures.VARIABLE] == str(reused)
    assert [path.name for path in reused.iterdir()] == [worker_figures.LOCK]


def test_workers_of_one_server_share_and_leave_another_living_server_alone(home: Path) -> None:
    other = _folder(home, 1)
    held = worker_figures._hold(other)
    worker_figures.share()
    mine = Path(os.environ[worker_figures.VARIABLE])
    (mine / "counter_8.db").write_bytes(b"of a sibling")
    os.environ[worker_figures.VARIABLE] = ""
    worker_figures.share()
    assert (mine / "counter_8.db").exists()
    assert (other / "counter_7.db").exists()
    held.close()


def test_a_folder_that_the_environment_names_is_used_as_it_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = home / "named"
    monkeypatch.setenv(worker_figures.VARIABLE, str(named))
    left = _folder(home, 1)
    worker_figures.share()
    assert named.is_dir()
    assert left.exists()
